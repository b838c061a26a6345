import type { PopulationSums, Sums } from '../backend.ts'
import type { ResidentEpochs } from './plans/resident/epochs.ts'

const emptySums = (networks: number, epochs: number, samples: number): PopulationSums => ({
  epochs,
  samples,
  trained: new Uint32Array(networks),
  losses: new Float64Array(networks * epochs),
  right: new Uint32Array(networks * epochs),
})

/**
 * The sums of a group of epochs, as the device kept them: for each network and epoch some pairs of loss and correct
 * predictions, as in readback.ts.
 * @param isTrained whether a network has sums
 * @returns the sums, and for each network that diverged, the epoch in which it did
 */
export function sumsOfScores(
  scores: Float32Array,
  { networks, count, samples }: ResidentEpochs,
  pairs: number,
  isTrained: (network: number) => boolean,
): { sums: PopulationSums; bad: Map<number, number> } {
  const sums = emptySums(networks, count, samples)
  const bad = new Map<number, number>()
  for (let k = 0; k < networks; k++) {
    if (!isTrained(k)) continue
    sums.trained[k] = count
    for (let e = 0; e < count; e++) {
      const place = k * count + e
      let [loss, right] = [0, 0]
      for (let i = 2 * pairs * place; i < 2 * pairs * (place + 1); i += 2) {
        loss += scores[i]!
        right += scores[i + 1]!
      }
      // A negative number marks a parameter that is infinite or NaN; see brokenSums.
      if (right < 0 && Number.isFinite(loss)) loss = NaN
      sums.losses[place] = loss
      sums.right[place] = Math.max(0, right)
      if (Number.isFinite(loss)) continue
      bad.set(k, e)
      sums.trained[k] = e + 1
      break
    }
  }
  return { sums, bad }
}

/** The sums of groups of epochs that follow each other. */
export function joinSums(groups: readonly PopulationSums[]): PopulationSums {
  if (groups.length === 1) return groups[0]!
  const networks = groups[0]!.trained.length
  const epochs = groups.reduce((sum, group) => sum + group.epochs, 0)
  const joined = emptySums(networks, epochs, groups[0]!.samples)
  let first = 0
  for (const { epochs: count, trained, losses, right } of groups) {
    for (let k = 0; k < networks; k++) {
      const [from, to] = [k * count, k * epochs + first]
      joined.losses.set(losses.subarray(from, from + trained[k]!), to)
      joined.right.set(right.subarray(from, from + trained[k]!), to)
      joined.trained[k]! += trained[k]!
    }
    first += count
  }
  return joined
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
