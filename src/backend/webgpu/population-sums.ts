import type { PopulationSums, Sums } from '../backend.ts'
import type { ResidentEpochs } from './plans/resident/epochs.ts'

/** Sums that are to be filled in, of no epochs yet. */
export const emptySums = ({ networks, count, samples }: ResidentEpochs): PopulationSums => ({
  epochs: count,
  samples,
  trained: new Uint32Array(networks),
  losses: new Float64Array(networks * count),
  right: new Uint32Array(networks * count),
})

/** A group of epochs, and what the device kept of them. */
interface ScoredEpochs {
  readonly epochs: ResidentEpochs
  /** For each network and epoch some pairs of loss and correct predictions, as in readback.ts. */
  readonly scores: Float32Array
  /** How many pairs. */
  readonly pairs: number
  /** The place of the group's first epoch in the sums. */
  readonly first: number
}

/**
 * Fills in the sums of a group of epochs.
 * @param isTrained whether a network has sums
 * @returns for each network that diverged, the epoch of the group in which it did
 */
export function fillSums(
  sums: PopulationSums,
  { epochs: { networks, count }, scores, pairs, first }: ScoredEpochs,
  isTrained: (network: number) => boolean,
): Map<number, number> {
  const { trained, losses, right } = sums
  const bad = new Map<number, number>()
  let from = 0
  for (let k = 0; k < networks; k++, from = 2 * pairs * count * k) {
    if (!isTrained(k)) continue
    for (let e = 0; e < count; e++) {
      let [loss, correct] = [0, 0]
      for (const end = from + 2 * pairs; from < end; from += 2) {
        loss += scores[from]!
        correct += scores[from + 1]!
      }
      // A negative number marks a parameter that is infinite or NaN; see brokenSums.
      if (correct < 0 && Number.isFinite(loss)) loss = NaN
      const place = k * sums.epochs + first + e
      losses[place] = loss
      right[place] = Math.max(0, correct)
      trained[k]!++
      if (Number.isFinite(loss)) continue
      bad.set(k, e)
      break
    }
  }
  return bad
}

/** The sums of each network: sums[network][epoch]. */
export function listSums({ epochs, samples, trained, losses, right }: PopulationSums): Sums[][] {
  return Array.from(trained, (count, k) =>
    Array.from({ length: count }, (_, e) => {
      const place = k * epochs + e
      return { loss: losses[place]!, right: right[place]!, samples }
    }),
  )
}
