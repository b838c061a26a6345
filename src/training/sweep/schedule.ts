import type { CheckedHalving } from './options.ts'

/** A part of a sweep after which weak networks are left out. */
export interface Stage {
  /** The share of its epochs after which each network is compared. */
  readonly until: number
  /** The share of the networks that train on; 1 in the last stage. */
  readonly keep: number
}

/** The rounds of successive halving; a single one without it. */
export function stagesOf(halving: CheckedHalving | false): Stage[] {
  if (!halving) return [{ until: 1, keep: 1 }]
  const { rounds, keep } = halving
  return Array.from({ length: rounds }, (_, r) => {
    const isLast = r === rounds - 1
    return { until: keep ** (rounds - 1 - r), keep: isLast ? 1 : keep }
  })
}

/** The epoch, from 1 on, with which a stage ends. */
export const lastEpoch = ({ until }: Stage, epochs: number) => Math.max(1, Math.round(until * epochs))

/** How many of some networks train on after a stage; at least one. */
export const countKept = ({ keep }: Stage, networks: number) =>
  Math.min(networks, Math.max(1, Math.ceil(keep * networks)))

/** Epochs that all networks together are trained for, if none diverges. */
export function plannedEpochs(stages: readonly Stage[], epochs: readonly number[]): number {
  const mean = epochs.reduce((sum, own) => sum + own / epochs.length, 0)
  let [planned, networks, before] = [0, epochs.length, 0]
  for (const stage of stages) {
    planned += networks * mean * (stage.until - before)
    networks = countKept(stage, networks)
    before = stage.until
  }
  return planned
}
