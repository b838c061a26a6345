import type { Progress } from './protocol.ts'

/** Losses and scores after an epoch. */
export interface HistoryPoint {
  epoch: number
  trainLoss: number
  testLoss: number | null
  /** Null for regression, which has none. */
  trainScore: number | null
  testScore: number | null
}

/** The most points of a curve; with more, every second point is removed. */
const MAX_POINTS = 600

/** The history with the report as its last point; points of the same and of later epochs are removed. */
export function withReport(history: readonly HistoryPoint[], { epoch, train, test }: Progress): HistoryPoint[] {
  const kept = history.filter((point) => point.epoch < epoch)
  const thinned = kept.length < MAX_POINTS ? kept : kept.filter((_, i) => i % 2 === 0)
  const point = {
    epoch,
    trainLoss: train.loss,
    testLoss: test?.loss ?? null,
    trainScore: train.accuracy ?? null,
    testScore: test?.accuracy ?? null,
  }
  return [...thinned, point]
}

/** The share of the epochs that the recent part shows. */
const RECENT = 0.2
/** The fewest points of the recent part; with fewer, it shows no shape. */
const FEWEST = 8

/** The points of the last fifth of the epochs. */
export function recentPart(history: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const last = history.at(-1)?.epoch ?? 0
  const first = history.findIndex(({ epoch }) => epoch >= last * (1 - RECENT))
  return history.slice(Math.max(0, Math.min(first, history.length - FEWEST)))
}

/** The index of the point whose epoch is closest to this one; −1 if there are no points. */
export function nearestPoint(points: readonly HistoryPoint[], epoch: number): number {
  const after = points.findIndex((point) => point.epoch >= epoch)
  if (after < 0) return points.length - 1
  const before = after - 1
  return before >= 0 && epoch - points[before]!.epoch < points[after]!.epoch - epoch ? before : after
}
