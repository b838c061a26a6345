import type { PopulationSums, Sums } from '../backend.ts'
import type { ResidentEpochs } from './plans/resident/epochs.ts'

/** Pairs of loss and correct predictions of a group of epochs, for each network and epoch; as the device kept them. */
interface Scores {
  /** The place of the group's first epoch in the sums, and the number of its epochs. */
  readonly first: number
  readonly count: number
  readonly values: Float32Array | Float64Array
}

/** Adds up the pairs of each epoch (those of rows, or of invocations). */
function addUp(scores: Float32Array, pairs: number): Float32Array | Float64Array {
  if (pairs === 1) return scores
  const sums = new Float64Array(scores.length / pairs)
  for (let place = 0; place < sums.length; place += 2) {
    let [loss, right] = [0, 0]
    for (let i = pairs * place; i < pairs * (place + 2); i += 2) {
      loss += scores[i]!
      right += scores[i + 1]!
    }
    sums[place] = loss
    sums[place + 1] = right
  }
  return sums
}

/** Whether all losses are finite, and no pair is marked: one pass without a branch, because there are many. */
function areFinite(values: Float32Array | Float64Array): boolean {
  let [rest, least] = [0, 0]
  for (let i = 0; i < values.length; i += 2) {
    rest += values[i]! * 0
    least = Math.min(least, values[i + 1]!)
  }
  return rest === 0 && least >= 0
}

/**
 * The sums of all networks, as groups of epochs fill them. The pairs that the device kept stay as they are until they are
 * asked for: thousands of networks have millions of them.
 */
export class ScoredSums implements PopulationSums {
  readonly epochs: number
  readonly samples: number
  readonly trained: Uint32Array
  readonly #groups: Scores[] = []

  constructor({ networks, count, samples }: ResidentEpochs) {
    this.epochs = count
    this.samples = samples
    this.trained = new Uint32Array(networks)
  }

  /**
   * Takes in the next group of epochs.
   * @param scores for each network and epoch `pairs` pairs, as in readback.ts
   * @param leftOut networks that were not trained
   * @returns for each network that diverged, the epoch of the group in which it did
   */
  add(
    { count }: ResidentEpochs,
    scores: Float32Array,
    pairs: number,
    leftOut: ReadonlySet<number>,
  ): Map<number, number> {
    const last = this.#groups.at(-1)
    const values = addUp(scores, pairs)
    this.#groups.push({ first: last ? last.first + last.count : 0, count, values })
    const { trained } = this
    const bad = areFinite(values) ? new Map<number, number>() : this.#findBad(values, count, leftOut)
    for (let k = 0; k < trained.length; k++) trained[k]! += count
    for (const k of leftOut) trained[k]! -= count
    for (const [k, epoch] of bad) trained[k]! += epoch + 1 - count
    return bad
  }

  #findBad(values: Scores['values'], count: number, leftOut: ReadonlySet<number>): Map<number, number> {
    const bad = new Map<number, number>()
    for (let k = 0; k < this.trained.length; k++) {
      if (leftOut.has(k)) continue
      for (let e = 0; e < count && !bad.has(k); e++) {
        if (!Number.isFinite(lossAt(values, k * count + e))) bad.set(k, e)
      }
    }
    return bad
  }

  loss(network: number, epoch: number): number {
    const { values, place } = this.#at(network, epoch)
    return lossAt(values, place)
  }

  right(network: number, epoch: number): number {
    const { values, place } = this.#at(network, epoch)
    return Math.max(0, values[2 * place + 1]!)
  }

  #at(network: number, epoch: number): { values: Scores['values']; place: number } {
    const isWithin = Number.isInteger(epoch) && epoch >= 0 && epoch < (this.trained[network] ?? 0)
    const group = isWithin && this.#groups.find(({ first, count }) => epoch < first + count)
    if (!group)
      throw new RangeError(`epoch ${epoch} of network ${network}: there are sums of ${this.trained[network] ?? 0}`)
    return { values: group.values, place: network * group.count + epoch - group.first }
  }

  /** The sums of each network: sums[network][epoch]. */
  list(): Sums[][] {
    const { samples, trained } = this
    const sumsOf = (k: number) => (_: unknown, e: number) => ({
      loss: this.loss(k, e),
      right: this.right(k, e),
      samples,
    })
    return Array.from(trained, (count, k) => Array.from({ length: count }, sumsOf(k)))
  }
}

/** A negative number of correct predictions marks a parameter that is infinite or NaN; see brokenSums. */
function lossAt(values: Scores['values'], place: number): number {
  const loss = values[2 * place]!
  return values[2 * place + 1]! < 0 && Number.isFinite(loss) ? NaN : loss
}
