import type { EpochCounts, Placement, Sums } from '../backend/backend.ts'
import { type Profiler, timed } from '../backend/profiler.ts'
import { countMinibatches, epochOrder } from '../data/minibatch.ts'
import { DivergedError } from '../core/errors.ts'
import { splitParameters } from '../model/layout.ts'
import type { Network } from '../model/network.ts'
import { newPlateau, type PlateauState, rateWith, watchPlateau } from '../optimizer/schedule.ts'
import type { Feed } from './feed/feed.ts'
import type { Epoch } from './history.ts'
import type { Step } from './options.ts'
import type { CheckedFitOptions, Settings } from './settings.ts'
import { addSums, meanScore, type Score } from './score.ts'
import { settledEpochs, type StartedEpochs } from './started-epochs.ts'

/** An epoch of which some steps were made one by one. */
interface Begun {
  readonly shuffle: boolean
  readonly order: Uint32Array
  /** How many samples of it were visited. */
  visited: number
  /** Of the steps so far. */
  readonly sums: Sums
}

/** The state of training in a checkpoint, in addition to the parameters. */
export interface SessionState {
  readonly epoch: number
  readonly step: number
  readonly plateau: PlateauState
}

/**
 * Trains epochs and steps of a placed network, with their orders and learning rates, and counts them. It does not decide
 * when training ends (fitting.ts), nor which call may run (queue.ts).
 */
export class Session {
  readonly #network: Network
  readonly #placement: Placement
  readonly #settings: Settings
  /** Orders of the next epochs of the data that are trained on, made while the device was at work. */
  #prepared: { readonly feed: Feed; readonly orders: Uint32Array[] } | undefined
  #begun: Begun | undefined
  #plateau: PlateauState = newPlateau()
  readonly #started: StartedEpochs[] = []
  /** The numbers of epochs and steps that were started, and whose results are still to come. */
  #ahead = { epochs: 0, steps: 0 }
  /** When the results of the last epochs were known. */
  #lastEnd = 0
  #epoch = 0
  #step = 0

  constructor(network: Network, placement: Placement, settings: Settings) {
    this.#network = network
    this.#placement = placement
    this.#settings = settings
  }

  get #profiler(): Profiler | undefined {
    return this.#settings.profiler
  }

  /** Epochs trained so far. */
  get epoch(): number {
    return this.#epoch
  }

  /** Steps made so far. */
  get step(): number {
    return this.#step
  }

  /** Epochs that were started and whose results are still to come. */
  get ahead(): number {
    return this.#ahead.epochs
  }

  get state(): SessionState {
    return { epoch: this.#epoch, step: this.#step, plateau: { ...this.#plateau } }
  }

  /** Goes on from where a checkpoint was made. */
  restore({ epoch, step, plateau }: SessionState): void {
    this.#epoch = epoch
    this.#step = step
    this.#plateau = { ...plateau }
    this.#begun = undefined
  }

  /** Trains one minibatch, the next of the epoch that is under way. */
  async trainStep(feed: Feed, shuffle: boolean): Promise<Step> {
    const { batchSize, seed } = this.#settings
    const { samples } = feed
    const begun = this.#begunEpoch(samples, shuffle) ?? {
      shuffle,
      order: epochOrder(samples, seed, this.#epoch + 1, shuffle),
      visited: 0,
      sums: { loss: 0, right: 0, samples: 0 },
    }
    const order = begun.order.subarray(begun.visited, begun.visited + batchSize)
    const learningRate = this.#rateOf(this.#epoch)
    const [sums] = await feed.train([{ order, batchSize, learningRate, stepsBefore: this.#step }]).result
    this.#step++
    if (!Number.isFinite(sums!.loss)) throw await this.#diverged(sums!.loss, this.#epoch + 1)
    begun.visited += order.length
    addSums(begun.sums, sums!)
    this.#begun = begun.visited < samples ? begun : undefined
    const epoch = this.#epoch + 1
    if (!this.#begun) this.#epoch = epoch
    return { step: this.#step, epoch, ...meanScore(sums!), samples: order.length }
  }

  /** The epoch that steps have begun, if it is one of such data. */
  #begunEpoch(samples: number, shuffle: boolean): Begun | undefined {
    return this.#begun?.order.length === samples && this.#begun.shuffle === shuffle ? this.#begun : undefined
  }

  /**
   * Hands `count` epochs over, and the scoring of the validation data after each of them, to be trained after those that
   * were started before; the orders of `next` more are made meanwhile.
   */
  async startEpochs(
    train: Feed,
    validation: Feed | undefined,
    count: number,
    next: number,
    { shuffle, signal }: CheckedFitOptions,
  ): Promise<void> {
    const began = performance.now()
    const begun = this.#begunEpoch(train.samples, shuffle)
    this.#begun = undefined
    const [epochsBefore, stepsBefore] = [this.#epoch + this.#ahead.epochs, this.#step + this.#ahead.steps]
    const indices = await timed(this.#profiler, 'host', 'orders of the epochs', () =>
      begun ? [begun.order.subarray(begun.visited)] : this.#takeOrders(train, epochsBefore + 1, count, shuffle),
    )
    const { batchSize } = this.#settings
    const steps = countMinibatches(indices[0]!.length, batchSize)
    const orders = indices.map((order, i) => {
      const learningRate = this.#rateOf(epochsBefore + i)
      return { order, batchSize, learningRate, stepsBefore: stepsBefore + i * steps, signal }
    })
    const parts: { sums: Promise<Sums[]>; validated: Promise<Sums> | undefined }[] = []
    this.#started.push({ orders, steps, began, sumsBefore: begun?.sums, parts })
    this.#ahead.epochs += count
    this.#ahead.steps += count * steps
    for (const together of validation ? orders.map((order) => [order]) : [orders]) {
      const training = train.train(together)
      await training.accepted
      const scoring = validation?.score()
      await scoring?.accepted
      parts.push({ sums: training.result, validated: scoring?.result })
    }
    // Where time is measured, nothing may overlap.
    if (next > 0 && !this.#profiler) {
      this.#prepared = { feed: train, orders: this.#makeOrders(train, epochsBefore + 1 + count, next, shuffle) }
    }
  }

  #makeOrders({ samples }: Feed, first: number, count: number, shuffle: boolean): Uint32Array[] {
    return Array.from({ length: count }, (_, i) => epochOrder(samples, this.#settings.seed, first + i, shuffle))
  }

  /** The orders of `count` epochs from `first` on, those that were prepared among them. */
  #takeOrders(feed: Feed, first: number, count: number, shuffle: boolean): Uint32Array[] {
    const prepared = feed === this.#prepared?.feed ? this.#prepared.orders.slice(0, count) : []
    this.#prepared = undefined
    return [...prepared, ...this.#makeOrders(feed, first + prepared.length, count - prepared.length, shuffle)]
  }

  /** The results of the epochs that were started first of those whose results are still to come. */
  async finishEpochs({ samples }: Feed): Promise<Epoch[]> {
    const { orders, parts, steps, sumsBefore, began } = this.#started[0]!
    const scores: { score: Score; validation: Score | null }[] = []
    for (const { sums, validated } of parts) {
      const each = await sums
      if (sumsBefore) addSums(each[0]!, sumsBefore)
      scores.push(...each.map((one) => ({ score: meanScore(one), validation: null })))
      const last = scores.at(-1)!
      if (!Number.isFinite(last.score.loss)) {
        this.#count(scores.length, steps)
        throw await this.#diverged(last.score.loss, this.#epoch)
      }
      if (validated) last.validation = meanScore(await validated)
    }
    const count = orders.length
    this.#started.shift()
    this.#ahead.epochs -= count
    this.#ahead.steps -= count * steps
    this.#count(count, steps)
    const { score, validation } = scores.at(-1)!
    const { learningRate } = this.#settings.optimizer
    if (typeof learningRate === 'object' && learningRate.plateau) {
      watchPlateau(learningRate.plateau, this.#plateau, (validation ?? score).loss)
    }
    const now = performance.now()
    const seconds = (now - Math.max(began, this.#lastEnd)) / 1000 / count
    this.#lastEnd = now
    const samplesPerSecond = samples / seconds
    const whole = countMinibatches(samples, this.#settings.batchSize)
    return scores.map(({ score, validation }, i) => {
      const epoch = this.#epoch - count + 1 + i
      const { learningRate } = orders[i]!
      return { epoch, ...score, validation, steps: whole, learningRate, seconds, samplesPerSecond }
    })
  }

  #count(epochs: number, steps: number): void {
    this.#epoch += epochs
    this.#step += epochs * steps
  }

  /** After a failure or an abort: waits for what was started. Epochs of it that were trained to the end count. */
  async finishStarted(): Promise<void> {
    for (const group of this.#started.splice(0)) {
      if (await settledEpochs(group)) this.#count(group.orders.length, group.steps)
    }
    this.#ahead = { epochs: 0, steps: 0 }
    this.#prepared = undefined
  }

  /** The learning rate of an epoch, counted from 0. */
  #rateOf(epoch: number): number {
    return rateWith(this.#settings.optimizer.learningRate, epoch, this.#plateau)
  }

  async #diverged(loss: number, epoch: number): Promise<DivergedError> {
    for (const group of this.#started.splice(0)) await settledEpochs(group)
    this.#ahead = { epochs: 0, steps: 0 }
    const { weights, biases } = splitParameters(this.#network.layers, await this.#placement.readParameters())
    return new DivergedError({ epoch, loss, weights, biases })
  }

  /**
   * How many epochs may be started now: one, where the next depends on this one's result; up to the next checkpoint, where
   * there are any, because a checkpoint is made of an epoch's very end.
   */
  limitsOf(feed: Feed, { earlyStopping, checkpoint }: CheckedFitOptions): EpochCounts {
    const { learningRate } = this.#settings.optimizer
    const plateau = typeof learningRate === 'object' && learningRate.plateau !== undefined
    if (earlyStopping || plateau || this.#begun) return { together: 1, ahead: 1 }
    const most = checkpoint ? checkpoint.every - (this.#epoch % checkpoint.every) : Infinity
    const { together, ahead } = feed.epochs(this.#settings.batchSize)
    return { together: Math.min(together, most - this.#ahead.epochs), ahead: Math.min(ahead, most) }
  }
}
