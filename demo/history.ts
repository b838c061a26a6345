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
