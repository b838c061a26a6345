import type { LoadedData, Sums } from '../backend/backend.ts'
import { type Profiler, timed } from '../backend/profiler.ts'
import type { Dataset } from '../data/dataset.ts'
import { fingerprint } from '../data/fingerprint.ts'
import { DataStream } from '../data/stream.ts'
import { DivergedError, InputError } from '../core/errors.ts'
import { splitParameters } from '../model/layout.ts'
import type { Network } from '../model/network.ts'
import { type Checkpoint, checkSameRun } from './checkpoint.ts'
import type { Epoch } from './history.ts'
import { countMinibatches, epochOrder } from '../data/minibatch.ts'
import type { CheckedFitOptions, Settings, Step } from './options.ts'
import { stateSlots } from '../optimizer/optimizer.ts'
import { newPlateau, type PlateauState, rateWith, watchPlateau } from '../optimizer/schedule.ts'
import { addSums, meanScore, type Score } from './score.ts'
import { settledEpochs, type StartedEpochs } from './started.ts'
import type { StoppingState } from './stopping.ts'
import type { WindowedNetwork } from './windows.ts'

/** An epoch of which some steps were made one by one. */
interface Begun {
  readonly shuffle: boolean
  readonly order: Uint32Array
  /** How many samples of it were visited. */
  visited: number
  /** Of the steps so far. */
  readonly sums: Sums
}

/**
 * How far the training of a placed network is, and how it goes on: epochs and steps with their orders and rates, and
 * checkpoints. The trainer says when, and that nothing else happens meanwhile.
 */
export class Run {
  readonly #network: Network
  readonly #placed: WindowedNetwork
  readonly #settings: Settings
  /** Orders of the next epochs of a data set that is being trained on, made while a device was at work. */
  #prepared: { data: LoadedData; prepared: Uint32Array[] } | undefined
  #begun: Begun | undefined
  #plateau: PlateauState = newPlateau()
  /** Epochs whose results are still to come, and how many they and their steps are. */
  readonly #started: StartedEpochs[] = []
  #ahead = { epochs: 0, steps: 0 }
  /** When the results of the last epochs were known. */
  #lastEnd = 0
  /** What the data of checkpoints are told by, and of the one that was resumed, until they are seen again. */
  #data: string | undefined
  #resumed: string | undefined
  #epoch = 0
  #step = 0

  constructor(network: Network, placed: WindowedNetwork, settings: Settings) {
    this.#network = network
    this.#placed = placed
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

  /** Trains one minibatch, the next of the epoch that is under way. */
  async trainStep(data: LoadedData, shuffle: boolean): Promise<Step> {
    const { batchSize, seed } = this.#settings
    const { samples } = data
    const begun = this.#begunEpoch(samples, shuffle) ?? {
      shuffle,
      order: epochOrder(samples, seed, this.#epoch + 1, shuffle),
      visited: 0,
      sums: { loss: 0, right: 0, samples: 0 },
    }
    const order = begun.order.subarray(begun.visited, begun.visited + batchSize)
    const plan = { order, batchSize, learningRate: this.#rateOf(this.#epoch), stepsBefore: this.#step }
    const sums = (await (await this.#placed.startEpochs(data, [plan])).sums)[0]!
    this.#step++
    if (!Number.isFinite(sums.loss)) throw await this.#diverged(sums.loss)
    begun.visited += order.length
    addSums(begun.sums, sums)
    this.#begun = begun.visited < samples ? begun : undefined
    const epoch = this.#epoch + 1
    if (!this.#begun) this.#epoch = epoch
    return { step: this.#step, epoch, ...meanScore(sums), samples: order.length }
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
    train: LoadedData,
    validation: LoadedData | undefined,
    count: number,
    next: number,
    { shuffle, signal }: CheckedFitOptions,
  ): Promise<void> {
    const began = performance.now()
    const { batchSize, seed } = this.#settings
    const begun = this.#begunEpoch(train.samples, shuffle)
    this.#begun = undefined
    const [epochsBefore, stepsBefore] = [this.#epoch + this.#ahead.epochs, this.#step + this.#ahead.steps]
    const ordersFrom = (first: number, many: number) =>
      Array.from({ length: many }, (_, i) => epochOrder(train.samples, seed, first + i, shuffle))
    const { prepared } = train === this.#prepared?.data ? this.#prepared : { prepared: [] }
    this.#prepared = undefined
    const orders = await timed(this.#profiler, 'host', 'orders of the epochs', () => {
      if (begun) return [begun.order.subarray(begun.visited)]
      const kept = prepared.slice(0, count)
      return [...kept, ...ordersFrom(epochsBefore + 1 + kept.length, count - kept.length)]
    })
    const steps = countMinibatches(orders[0]!.length, batchSize)
    const plans = orders.map((order, i) => {
      const learningRate = this.#rateOf(epochsBefore + i)
      return { order, batchSize, learningRate, stepsBefore: stepsBefore + i * steps, signal }
    })
    const parts: { sums: Promise<Sums[]>; validated: Promise<Sums> | undefined }[] = []
    this.#started.push({ plans, steps, began, sumsBefore: begun?.sums, parts })
    this.#ahead.epochs += count
    this.#ahead.steps += count * steps
    for (const together of validation ? plans.map((plan) => [plan]) : [plans]) {
      const { sums } = await this.#placed.startEpochs(train, together)
      const validated = validation && (await this.#placed.startScore(validation)).sums
      parts.push({ sums, validated })
    }
    // Where time is measured, nothing may overlap.
    if (next > 0 && !this.#profiler) {
      this.#prepared = { data: train, prepared: ordersFrom(epochsBefore + 1 + count, next) }
    }
  }

  /** What the epochs came to that were started first of those whose results are still to come. */
  async finishEpochs({ samples }: LoadedData): Promise<Epoch[]> {
    const { plans, parts, steps, sumsBefore, began } = this.#started[0]!
    const count = plans.length
    const scores: { score: Score; validation: Score | null }[] = []
    for (const { sums, validated } of parts) {
      const each = await sums
      if (sumsBefore) addSums(each[0]!, sumsBefore)
      scores.push(...each.map((one) => ({ score: meanScore(one), validation: null })))
      const last = scores.at(-1)!
      if (!Number.isFinite(last.score.loss)) {
        this.#epoch += scores.length
        this.#step += scores.length * steps
        throw await this.#diverged(last.score.loss)
      }
      if (validated) last.validation = meanScore(await validated)
    }
    this.#started.shift()
    this.#ahead.epochs -= count
    this.#ahead.steps -= count * steps
    this.#epoch += count
    this.#step += count * steps
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
      const { learningRate } = plans[i]!
      return { epoch, ...score, validation, steps: whole, learningRate, seconds, samplesPerSecond }
    })
  }

  /** After a failure or an abort: waits for what was started. What was trained of it to the end counts. */
  async settle(): Promise<void> {
    for (const group of this.#started.splice(0)) {
      if (!(await settledEpochs(group))) continue
      this.#epoch += group.plans.length
      this.#step += group.plans.length * group.steps
    }
    this.#ahead = { epochs: 0, steps: 0 }
  }

  /** The learning rate of an epoch, counted from 0. */
  #rateOf(epoch: number): number {
    return rateWith(this.#settings.optimizer.learningRate, epoch, this.#plateau)
  }

  async #diverged(loss: number): Promise<DivergedError> {
    const epoch = this.#epoch
    for (const group of this.#started.splice(0)) await settledEpochs(group)
    this.#ahead = { epochs: 0, steps: 0 }
    await this.#placed.restoreCheckpoint()
    const { weights, biases } = splitParameters(this.#network.layers, await this.#placed.readParameters())
    return new DivergedError({ epoch, loss, weights, biases })
  }

  /** Reads through the data only where a checkpoint asks for it. */
  see(train: Dataset | DataStream, keep: boolean): void {
    if (!keep && this.#resumed === undefined) return
    this.#data = train instanceof DataStream ? train.fingerprint : fingerprint(train)
    if (this.#resumed !== undefined && this.#resumed !== this.#data) {
      throw new InputError('train: these are other data than those that the checkpoint was trained on')
    }
    this.#resumed = undefined
  }

  /**
   * How many epochs may be started now together, and how many may be under way: what must be seen after each epoch does
   * not allow more than one, and a checkpoint is made of an epoch's very end.
   */
  limitsOf(data: LoadedData, { earlyStopping, checkpoint }: CheckedFitOptions): { together: number; ahead: number } {
    const { learningRate } = this.#settings.optimizer
    const plateau = typeof learningRate === 'object' && learningRate.plateau !== undefined
    if (earlyStopping || plateau || this.#begun) return { together: 1, ahead: 1 }
    const { batchSize } = this.#settings
    const most = checkpoint ? checkpoint.every - (this.#epoch % checkpoint.every) : Infinity
    const together = Math.min(this.#placed.epochsAtOnce(data, batchSize), most - this.#ahead.epochs)
    return { together, ahead: Math.min(this.#placed.epochsAhead(data, batchSize), most) }
  }

  /** Epochs that were started and whose results are still to come. */
  get ahead(): number {
    return this.#ahead.epochs
  }

  /** The end of a loop: its data are seen no more. */
  forgetOrders(): void {
    this.#prepared = undefined
  }

  /** All that a resumed run needs. */
  async checkpoint(stopping: StoppingState | undefined): Promise<Checkpoint> {
    const snapshot = await this.#placed.snapshot()
    return {
      epoch: this.#epoch,
      step: this.#step,
      seed: this.#settings.seed,
      data: this.#data,
      settings: this.#described,
      snapshot,
      plateau: { ...this.#plateau },
      stopping: stopping && { ...stopping },
    }
  }

  /** What a run is made with, as a checkpoint keeps it. */
  get #described(): Record<string, unknown> {
    const { loss, optimizer, batchSize, l1, l2, dropout } = this.#settings
    const { sizes, activations } = this.#network
    return { sizes, activations, loss, optimizer, batchSize, l1, l2, dropout }
  }

  /** Puts everything where a checkpoint was made. @throws InputError for a checkpoint of another run */
  async resume(checkpoint: Checkpoint): Promise<void> {
    checkSameRun(this.#described, checkpoint, this.#settings.seed)
    const { parameters, state } = checkpoint.snapshot
    const count = this.#network.parameters.length
    const slots = stateSlots(this.#settings.optimizer)
    if (parameters.length !== count || state.length !== slots * count) {
      throw new InputError(
        `checkpoint: expected ${count} parameters and ${slots * count} numbers of state, ` +
          `got ${parameters.length} and ${state.length}`,
      )
    }
    await this.#placed.restore(checkpoint.snapshot)
    this.#epoch = checkpoint.epoch
    this.#step = checkpoint.step
    this.#plateau = { ...checkpoint.plateau }
    this.#resumed = checkpoint.data
    this.#begun = undefined
  }
}
