import type { EpochCounts, EpochOrder, Placement, Snapshot, Sums } from '../backend/backend.ts'
import { type Profiler, timed } from '../backend/profiler.ts'
import { countMinibatches, epochOrder } from '../data/minibatch.ts'
import type { DivergedError } from '../core/errors.ts'
import type { Network } from '../model/network.ts'
import { newPlateau, type PlateauState, rateWith, watchPlateau } from '../optimizer/schedule.ts'
import { EpochOrders } from './epoch-orders.ts'
import { type FindCause, type RunStart, runStart } from './autopsy/run.ts'
import { divergedError } from './divergence.ts'
import type { Feed } from './feed/feed.ts'
import type { Epoch } from './history.ts'
import type { Step } from './options.ts'
import type { CheckedFitOptions, Settings } from './settings.ts'
import { addSums, meanScore, type Score } from './score.ts'
import type { Begun, SessionState } from './session-state.ts'
import { settledEpochs, type StartedEpochs } from './started-epochs.ts'

/**
 * Trains epochs and steps of a placed network, with their orders and learning rates, and counts them. It does not decide
 * when training ends (fitting.ts), nor which call may run (queue.ts).
 */
export class Session {
  readonly #network: Network
  readonly #placement: Placement
  readonly #settings: Settings
  readonly #findCause: FindCause | undefined
  readonly #orders: EpochOrders
  #begun: Begun | undefined
  #plateau: PlateauState = newPlateau()
  readonly #started: StartedEpochs[] = []
  /** The numbers of epochs and steps that were started, and whose results are still to come. */
  #ahead = { epochs: 0, steps: 0 }
  /** The loss of an epoch that is not finite, while the epochs before it are reported. */
  #badLoss: number | undefined
  /** When the results of the last epochs were known. */
  #lastEnd = 0
  #epoch = 0
  #step = 0
  /** Whether the samples of the last epochs that were started are shuffled. */
  #isShuffled = true
  #start: RunStart | undefined

  /** @param findCause left out, the cause of a divergence is not looked for */
  constructor(network: Network, placement: Placement, settings: Settings, findCause?: FindCause) {
    this.#network = network
    this.#placement = placement
    this.#settings = settings
    this.#findCause = findCause
    this.#orders = new EpochOrders(settings.seed)
    this.#startFrom(network.parameters, 0)
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
    const { shuffle, samples, visited, sums } = this.#begun ?? {}
    const begun = sums && { shuffle: shuffle!, samples: samples!, visited: visited!, sums: { ...sums } }
    return { epoch: this.#epoch, step: this.#step, plateau: { ...this.#plateau }, ...(begun && { begun }) }
  }

  /** Goes on from where a checkpoint was made, with these parameters. */
  restore({ epoch, step, plateau, begun }: SessionState, parameters: Snapshot['parameters']): void {
    this.#epoch = epoch
    this.#step = step
    this.#startFrom(parameters, epoch)
    this.#plateau = { ...plateau }
    this.#begun = begun && { ...begun, sums: { ...begun.sums }, order: undefined }
  }

  /** Goes on with other parameters. */
  restart(parameters: Float32Array): void {
    this.#startFrom(parameters, this.#epoch)
  }

  /** Remembers where the training began, for the search of a cause. */
  #startFrom(parameters: ArrayLike<number>, epoch: number): void {
    this.#start = this.#findCause && runStart(parameters, epoch)
  }

  /** Trains one minibatch, the next of the epoch that is under way. */
  async trainStep(feed: Feed, shuffle: boolean): Promise<Step> {
    const { batchSize } = this.#settings
    const { samples } = feed
    this.#isShuffled = shuffle
    const begun: Begun = this.#begunEpoch(samples, shuffle) ?? {
      shuffle,
      samples,
      order: undefined,
      visited: 0,
      sums: { loss: 0, right: 0, samples: 0 },
    }
    const order = this.#orderOf(begun).subarray(begun.visited, begun.visited + batchSize)
    const learningRate = this.#rateOf(this.#epoch)
    const [sums] = await feed.train([{ order, batchSize, learningRate, stepsBefore: this.#step }]).result
    if (!Number.isFinite(sums!.loss)) throw await this.#diverged(feed, sums!.loss, begun.visited / batchSize)
    this.#step++
    begun.visited += order.length
    addSums(begun.sums, sums!)
    this.#begun = begun.visited < samples ? begun : undefined
    const epoch = this.#epoch + 1
    if (!this.#begun) this.#epoch = epoch
    return { step: this.#step, epoch, ...this.#mean(sums!), samples: order.length }
  }

  /** The epoch that steps have begun, if it is one of such data. */
  #begunEpoch(samples: number, shuffle: boolean): Begun | undefined {
    return this.#begun?.samples === samples && this.#begun.shuffle === shuffle ? this.#begun : undefined
  }

  #orderOf(begun: Begun): Uint32Array {
    begun.order ??= epochOrder(begun.samples, this.#settings.seed, this.#epoch + 1, begun.shuffle)
    return begun.order
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
    this.#isShuffled = shuffle
    const begun = this.#begunEpoch(train.samples, shuffle)
    this.#begun = undefined
    const [epochsBefore, stepsBefore] = [this.#epoch + this.#ahead.epochs, this.#step + this.#ahead.steps]
    const indices = await timed(this.#profiler, 'host', 'orders of the epochs', () =>
      begun
        ? [this.#orderOf(begun).subarray(begun.visited)]
        : this.#orders.take(train, epochsBefore + 1, count, shuffle),
    )
    const { batchSize } = this.#settings
    const steps = countMinibatches(indices[0]!.length, batchSize)
    const orders = indices.map((order, i) => {
      const learningRate = this.#rateOf(epochsBefore + i)
      return { order, batchSize, learningRate, stepsBefore: stepsBefore + i * steps, signal }
    })
    const parts: { sums: Promise<Sums[]>; validated: Promise<Sums> | undefined }[] = []
    const minibatchesBefore = (begun?.visited ?? 0) / batchSize
    this.#started.push({ orders, steps, began, sumsBefore: begun?.sums, minibatchesBefore, parts })
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
      this.#orders.prepare(train, epochsBefore + 1 + count, next, shuffle)
    }
  }

  /**
   * The results of the epochs that were started first of those whose results are still to come.
   * @throws DivergedError for the first epoch that is not finite; the results of those before it come first
   */
  async finishEpochs(feed: Feed): Promise<Epoch[]> {
    const { orders, parts, steps, sumsBefore, minibatchesBefore, began } = this.#started[0]!
    const scores: { score: Score; validation: Score | null }[] = []
    let bad: number | undefined = this.#badLoss
    for (const { sums, validated } of bad === undefined ? parts : []) {
      const each = await sums
      if (sumsBefore) addSums(each[0]!, sumsBefore)
      const finite = each.filter(({ loss }) => Number.isFinite(loss))
      scores.push(...finite.map((one) => ({ score: this.#mean(one), validation: null })))
      bad = each[finite.length] && this.#mean(each[finite.length]!).loss
      if (bad !== undefined) break
      if (validated) scores.at(-1)!.validation = this.#mean(await validated)
    }
    if (bad !== undefined && scores.length === 0) throw await this.#diverged(feed, bad, minibatchesBefore)
    this.#badLoss = bad
    const count = scores.length
    if (bad === undefined) {
      this.#started.shift()
      this.#ahead.epochs -= orders.length
      this.#ahead.steps -= orders.length * steps
    }
    this.#count(count, steps)
    const { score, validation } = scores.at(-1)!
    const { learningRate } = this.#settings.optimizer
    if (typeof learningRate === 'object' && learningRate.plateau) {
      watchPlateau(learningRate.plateau, this.#plateau, (validation ?? score).loss)
    }
    return this.#reports(orders, scores, feed, began)
  }

  /** The last epochs that were trained, with the time of each. */
  #reports(
    orders: readonly EpochOrder[],
    scores: readonly { readonly score: Score; readonly validation: Score | null }[],
    { samples }: Feed,
    began: number,
  ): Epoch[] {
    const now = performance.now()
    const count = scores.length
    const seconds = (now - Math.max(began, this.#lastEnd)) / 1000 / count
    this.#lastEnd = now
    const samplesPerSecond = samples / seconds
    const steps = countMinibatches(samples, this.#settings.batchSize)
    return scores.map(({ score, validation }, i) => {
      const epoch = this.#epoch - count + 1 + i
      const { learningRate } = orders[i]!
      return { epoch, ...score, validation, steps, learningRate, seconds, samplesPerSecond }
    })
  }

  #mean(sums: Sums): Score {
    return meanScore(sums, this.#network.task, this.#network.sizes.at(-1)!)
  }

  #count(epochs: number, steps: number): void {
    this.#epoch += epochs
    this.#step += epochs * steps
  }

  /**
   * After a failure or an abort: waits for what was started. Epochs of it that were trained to the end count; where they
   * diverged, the placement goes back to the last good parameters.
   */
  async finishStarted(): Promise<void> {
    let isBroken = this.#badLoss !== undefined
    for (const group of this.#started.splice(0)) {
      const end = await settledEpochs(group)
      if (end === 'trained' && !isBroken) this.#count(group.orders.length, group.steps)
      isBroken ||= end === 'diverged'
    }
    this.#reset()
    if (isBroken) await this.#placement.readParameters()
  }

  #reset(): void {
    this.#ahead = { epochs: 0, steps: 0 }
    this.#orders.forget()
    this.#badLoss = undefined
  }

  /** The learning rate of an epoch, counted from 0. */
  #rateOf(epoch: number): number {
    return rateWith(this.#settings.optimizer.learningRate, epoch, this.#plateau)
  }

  /** @param minibatchesBefore the steps of the epoch that were made one by one before what diverged */
  async #diverged(feed: Feed, loss: number, minibatchesBefore: number): Promise<DivergedError> {
    for (const group of this.#started.splice(0)) await settledEpochs(group)
    this.#reset()
    const fault = await feed.locateFault()
    const parameters = await this.#placement.readParameters()
    const diverged = { epoch: this.#epoch + 1, loss, fault, minibatchesBefore, shuffle: this.#isShuffled }
    return divergedError(
      diverged,
      { network: this.#network, settings: this.#settings, start: this.#start, feed, findCause: this.#findCause },
      parameters,
    )
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
