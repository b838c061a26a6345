import { InputError } from '../core/errors.ts'
import type { Matrix, MatrixLike } from '../core/matrix.ts'
import { checkInstance } from '../core/errors.ts'
import { optional, readOptions } from '../core/schema.ts'
import type { Dataset } from '../data/dataset.ts'
import { decodeDescription } from '../model/description.ts'
import { Network } from '../model/network.ts'
import type { PredictRows } from '../model/rows.ts'
import { rateAt, type Schedule } from '../optimizer/schedule.ts'
import type { Checkpoint, Resumed, ResumeOptions } from '../training/checkpoint.ts'
import type { Gradients } from '../training/gradients.ts'
import { type Epoch, type History, makeHistory, type Outcome } from '../training/history.ts'
import { epochsSchema, fitSchema, type FitOptions, type Step, stepsSchema, type TrainerOptions, trainerSchema } from '../training/options.ts' // prettier-ignore
import type { Evaluation } from '../training/score.ts'
import { Connection } from './connect.ts'
import type { TrainerState } from './endpoint.ts'

/** Data that a trainer in a worker holds on its device, made by {@link RemoteTrainer.load}. */
export interface RemoteData {
  /** The number of samples. */
  readonly length: number
  /** Frees the copy on the device. */
  dispose(): Promise<void>
}

/** Data as the calls of a trainer in a worker take them. */
export type RemoteTrainingData = Dataset | RemoteData

/** Options of `fit` in a worker; functions are called on this side, and the training waits for them. */
export type RemoteFitOptions = Omit<FitOptions, 'validation'> & {
  /** Data that are scored after each epoch. */
  validation?: RemoteTrainingData | undefined
}

/** Options of `epochs` in a worker. */
export type RemoteEpochsOptions = RemoteFitOptions & {
  /** Epochs that may be trained before the first of them is asked for. Default 1. */
  atOnce?: number | undefined
}

/** Options of `steps` in a worker. */
export type RemoteStepsOptions = Pick<FitOptions, 'shuffle' | 'classWeights' | 'onRecovery' | 'signal'>

/** Data are checked in the worker, which knows those that it holds. */
const validation = optional<unknown>({ check: (_, value) => value })
const schemas = {
  fit: { ...fitSchema, fields: { ...fitSchema.fields, validation } },
  epochs: { ...epochsSchema, fields: { ...epochsSchema.fields, validation } },
  steps: stepsSchema,
}

/**
 * A trainer that computes in a worker, with the calls of `Trainer`: networks and data are copied to it with all their
 * names and preprocessing, and errors are of the same classes. `await trainer.read()` copies the parameters back.
 */
export class RemoteTrainer {
  /** The network on this side: names, task and preprocessing follow each call, parameters come with `read`. */
  readonly network: Network
  readonly #connection: Connection
  readonly #number: number
  readonly #schedule: Schedule | undefined
  readonly #loaded = new WeakMap<RemoteData, number>()
  #state: TrainerState | undefined

  /** @internal Use `connect(worker).Trainer.create(network, options)`. */
  constructor(connection: Connection, network: Network, schedule: Schedule | undefined) {
    if (!(connection instanceof Connection)) {
      throw new InputError('RemoteTrainer: use connect(worker).Trainer.create(network, options)')
    }
    this.#connection = connection
    this.network = network
    this.#schedule = schedule
    this.#number = connection.newTrainer()
  }

  /** @internal Places a copy of the network in the worker; see `Trainer.create`. A backend is given by its name. */
  static async create(connection: Connection, network: Network, options: TrainerOptions = {}): Promise<RemoteTrainer> {
    checkInstance('network', network, Network, 'Network')
    if (typeof (options as TrainerOptions | null)?.backend === 'object') {
      throw new InputError("backend: a worker takes a name, 'auto', 'webgpu', 'wasm' or 'cpu'; `threads` and `deterministic` are options of Trainer.create") // prettier-ignore
    }
    readOptions(trainerSchema, options)
    const { learningRate } = options.optimizer ?? {}
    const schedule = typeof learningRate === 'object' ? learningRate : undefined
    const trainer = new RemoteTrainer(connection, network, schedule)
    // Functions of schedules are not sent, but the rates that they give.
    const optimizer = schedule ? { ...options.optimizer, learningRate: JSON.parse(JSON.stringify(schedule)) as object } : options.optimizer // prettier-ignore
    await trainer.#call('create', { values: [network, { ...options, optimizer }], rates: trainer.#ratesFor(1) })
    return trainer
  }

  /** What the network is trained on, as the last answer said. */
  get backend(): {
    /** 'webgpu', 'wasm' or 'cpu'. */
    readonly name: string
    /** The name of the GPU, or what of the CPU computes. */
    readonly description: string
  } {
    return this.#known.backend
  }

  /** Epochs trained so far. */
  get epoch(): number {
    return this.#known.epoch
  }

  /** Steps made so far. */
  get step(): number {
    return this.#known.step
  }

  /** Bytes of device memory planned and held. */
  get memory(): number {
    return this.#known.memory
  }

  /** How often a GPU device was lost, and another one, or the CPU, went on. */
  get recoveries(): number {
    return this.#known.recoveries
  }

  /** The seed of shuffling and dropout. */
  get seed(): number {
    return this.#known.seed
  }

  get #known(): TrainerState {
    return this.#state!
  }

  /**
   * Trains for some epochs; see `Trainer.fit`.
   * @param train the samples to train on, which are copied to the worker, or what {@link RemoteTrainer.load} returned
   * @param options those of `Trainer.fit`; functions are called in this thread
   */
  async fit(train: RemoteTrainingData, options: RemoteFitOptions = {}): Promise<History> {
    readOptions(schemas.fit, options)
    const rates = this.#ratesFor(options.epochs ?? 10)
    return makeHistory((await this.#train('fit', train, options, rates).answer()) as History)
  }

  /**
   * Trains one epoch each time the next is asked for; see `Trainer.epochs`.
   * @param train the samples to train on, which are copied to the worker, or what {@link RemoteTrainer.load} returned
   * @param options those of `Trainer.epochs`; `atOnce` has to be a number. Functions are called in this thread
   */
  epochs(train: RemoteTrainingData, options: RemoteEpochsOptions = {}): AsyncGenerator<Epoch, Outcome> {
    readOptions(schemas.epochs, options)
    return this.#loop('epochs', train, options, options.atOnce ?? 1) as AsyncGenerator<Epoch, Outcome>
  }

  /**
   * Trains one minibatch each time the next is asked for; see `Trainer.steps`.
   * @param train the samples to train on, which are copied to the worker, or what {@link RemoteTrainer.load} returned
   * @param options those of `Trainer.steps`: `shuffle`, `classWeights`, `onRecovery` and `signal`
   */
  steps(train: RemoteTrainingData, options: RemoteStepsOptions = {}): AsyncGenerator<Step> {
    readOptions(schemas.steps, options)
    return this.#loop('steps', train, options, 1) as AsyncGenerator<Step>
  }

  async *#loop(method: string, train: RemoteTrainingData, options: RemoteFitOptions, ahead: number) {
    const training = this.#train(method, train, options, this.#ratesFor(ahead))
    const loop = await training.answer(true)
    try {
      for (;;) {
        const next = this.#call('next', { values: [loop], rates: this.#ratesFor(ahead + 1) })
        const { done, value } = (await training.guard(next)) as { done: boolean; value: unknown }
        if (done) return value
        yield value
      }
    } finally {
      training.end()
      await this.#call('return', { values: [loop] })
    }
  }

  /** A call with functions of this side and a signal. */
  #train(method: string, train: RemoteTrainingData, options: RemoteFitOptions, rates: readonly number[] | undefined) {
    const { onEpoch, onRecovery, checkpoint, signal, validation, ...others } = options
    signal?.throwIfAborted()
    const { write, ...every } = checkpoint ?? {}
    const sent = {
      ...others,
      ...(validation === undefined ? {} : { validation: this.#dataOf(validation) }),
      ...(checkpoint === undefined ? {} : { checkpoint: every }),
    }
    const callbacks = { ...(onEpoch && { onEpoch }), ...(onRecovery && { onRecovery }), ...(write && { write }) }
    const onState = this.#onState
    const { id, answer } = this.#connection.call(this.#number, method, { values: [this.#dataOf(train), sent], rates, callbacks, onState }) // prettier-ignore
    const abort = () => this.#connection.abort(id)
    signal?.addEventListener('abort', abort)
    const end = () => signal?.removeEventListener('abort', abort)
    const guard = async (work: Promise<unknown>) => {
      try {
        return await work
      } catch (error) {
        end()
        // An abort rejects with the reason that was given on this side.
        const isAbort = signal?.aborted && (error as Error).name === 'AbortError'
        throw isAbort ? (signal.reason as unknown) : this.#connection.errorFor(id, error)
      }
    }
    const value = async (goesOn = false) => {
      const { value: result } = (await guard(answer)) as { value: unknown }
      if (!goesOn) end()
      return result
    }
    return { answer: value, guard, end }
  }

  /**
   * Uploads data once; see `Trainer.load`.
   * @param data the samples, which are copied to the worker and from there to its device
   */
  async load(data: Dataset): Promise<RemoteData> {
    const { loaded, length } = (await this.#call('load', { values: [data] })) as { loaded: number; length: number }
    const dispose = async () => {
      await this.#call('unload', { values: [loaded] })
    }
    const remote = { length, dispose }
    this.#loaded.set(remote, loaded)
    return remote
  }

  /**
   * The loss and the scores over data; see `Trainer.evaluate`.
   * @param data the samples with their targets, or what {@link RemoteTrainer.load} returned
   */
  async evaluate(data: RemoteTrainingData): Promise<Evaluation> {
    return (await this.#call('evaluate', { values: [this.#dataOf(data)] })) as Evaluation
  }

  /**
   * The outputs for each row: rows × outputs; see `Trainer.predict`.
   * @param x rows in the units of the data, as for `Network.predict`, or what {@link RemoteTrainer.load} returned
   */
  async predict(x: PredictRows | RemoteData): Promise<Matrix> {
    return (await this.#call('predict', { values: [this.#dataOf(x)] })) as Matrix
  }

  /**
   * Loss and gradients of one minibatch; see `Trainer.gradients`.
   * @param x the inputs of the minibatch, samples × inputs, in the units of the data
   * @param y its targets, samples × outputs, in the units of the data; of classes one-hot, or 0 and 1 in one column
   */
  async gradients(x: MatrixLike, y: MatrixLike): Promise<Gradients> {
    return (await this.#call('gradients', { values: [x, y] })) as Gradients
  }

  /** Copies the trained parameters into `network`, and returns it. */
  async read(): Promise<Network> {
    this.network.parameters.set((await this.#call('read')) as Float32Array)
    return this.network
  }

  /** Takes over the parameters that the program has set in `network`; see `Trainer.write`. */
  async write(): Promise<void> {
    await this.#call('write', { values: [this.network.parameters.slice()] })
  }

  /** A checkpoint of the current state; see `Trainer.checkpoint`. */
  async checkpoint(): Promise<Checkpoint> {
    return (await this.#call('checkpoint')) as Checkpoint
  }

  /**
   * Goes on where a checkpoint was made; see `Trainer.resume`.
   * @param checkpoint what {@link RemoteTrainer.checkpoint}, `Trainer.checkpoint` or `fit`'s option `checkpoint` gave
   * @param options `changed`: options whose values replace the checkpoint's. Default: none; a difference is an error
   */
  async resume(checkpoint: Checkpoint, options: ResumeOptions = {}): Promise<Resumed> {
    return (await this.#call('resume', { values: [checkpoint, options] })) as Resumed
  }

  /** Frees everything that the trainer holds in the worker. The worker goes on. */
  async dispose(): Promise<void> {
    await this.#call('dispose')
  }

  async #call(
    method: string,
    given: { values?: readonly unknown[]; rates?: readonly number[] | undefined } = {},
  ): Promise<unknown> {
    // prettier-ignore
    return (await this.#connection.call(this.#number, method, { ...given, onState: this.#onState }).answer).value
  }

  /** What `fit` puts on a network in this thread, it puts there from the worker. */
  readonly #onState = (state: TrainerState | undefined): void => {
    if (!state) return
    this.#state = state
    Object.assign(this.network, decodeDescription({ ...state.description }, this.network.sizes))
  }

  #dataOf(data: unknown): unknown {
    const loaded = typeof data === 'object' && data !== null ? this.#loaded.get(data as RemoteData) : undefined
    return loaded === undefined ? data : { loaded }
  }

  /** The rates of the epochs up to those that a call may train. */
  #ratesFor(epochs: number): number[] | undefined {
    const schedule = this.#schedule
    if (!schedule) return undefined
    return Array.from({ length: (this.#state?.epoch ?? 0) + epochs + 1 }, (_, epoch) => rateAt(schedule, epoch))
  }
}
