import type { Backend, LoadedData } from '../backend/backend.ts'
import { type Profile, type Profiler, timed } from '../backend/profiler.ts'
import { Dataset } from '../data/dataset.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { DataStream } from '../data/stream.ts'
import { InputError } from '../core/errors.ts'
import { splitParameters } from '../model/layout.ts'
import type { Network } from '../model/network.ts'
import type { LossName } from '../loss/loss.ts'
import {
  ask,
  type AtOnce,
  checkAtOnce,
  checkData,
  type CheckedFitOptions,
  checkFit,
  checkIsDataset,
  checkSettings,
  type EpochsOptions,
  type ValidatedEpochsOptions,
  type FitOptions,
  type Settings,
  type Step,
  type TrainerOptions,
  type ValidatedFitOptions,
} from './options.ts'
import type { Checkpoint } from './checkpoint.ts'
import { type Epoch, type History, makeHistory, type Outcome, type ValidatedEpoch } from './history.ts'
import type { Optimizer } from '../optimizer/optimizer.ts'
import { chooseBackend } from './backends.ts'
import { type Evaluation, isRegression, meanScore, RegressionTally } from './score.ts'
import { Run } from './session.ts'
import { type EarlyStopping, isOver, newStopping, type StoppingState, watchStopping } from './stopping.ts'
import { type LoopName, Turns } from './turns.ts'
import { checkDataset } from './validation.ts'
import { WindowedNetwork } from './windows.ts'

export type { Epoch, EpochsOptions, FitOptions, History, Outcome, Step, TrainerOptions }
export type { ValidatedEpoch, ValidatedEpochsOptions, ValidatedFitOptions }

/** Samples of a stream that are predicted at once. */
const PREDICTED_AT_ONCE = 8192

/**
 * A network placed on a backend, and trained there.
 * @example
 * const trainer = await Trainer.create(network, { loss: 'quadratic', optimizer: sgd({ learningRate: 3 }), batchSize: 10 })
 * const history = await trainer.fit(train, { epochs: 30, validation: test })
 * await trainer.read()   // the trained parameters are now in `network`
 * trainer.dispose()
 */
export class Trainer {
  readonly network: Network
  readonly backend: Backend
  readonly loss: LossName
  readonly optimizer: Optimizer
  readonly batchSize: number
  readonly seed: number
  readonly #profiler: Profiler | undefined
  readonly #turns: Turns
  readonly #placed: WindowedNetwork
  readonly #opened: boolean
  readonly #run: Run
  /** Early stopping of a run that was resumed, for the next loop. */
  #stopping: StoppingState | undefined

  private constructor(
    network: Network,
    backend: Backend,
    opened: boolean,
    placed: WindowedNetwork,
    settings: Settings,
  ) {
    this.network = network
    this.backend = backend
    this.loss = settings.loss
    this.optimizer = settings.optimizer
    this.batchSize = settings.batchSize
    this.seed = settings.seed
    this.#run = new Run(network, placed, settings)
    this.#profiler = settings.profiler
    this.#turns = new Turns(settings.profiler)
    this.#opened = opened
    this.#placed = placed
  }

  /**
   * Places a copy of the network's parameters on a backend and allocates all that training needs.
   * @throws InputError for options that do not fit; BackendUnavailableError where what was asked for cannot be had
   */
  static async create(network: Network, options: TrainerOptions = {}): Promise<Trainer> {
    const settings = checkSettings(network, options)
    const { profiler } = settings
    const began = performance.now()
    const { backend, opened } = await timed(profiler, 'open', 'adapter and device', () =>
      chooseBackend(options.backend ?? 'auto'),
    )
    try {
      const check = (chunk: Dataset) => {
        checkDataset(network, settings.loss, chunk, 'stream')
      }
      const placed = new WindowedNetwork(await backend.place(network, settings), settings, check)
      profiler?.addWall(performance.now() - began)
      return new Trainer(network, backend, opened, placed, settings)
    } catch (error) {
      if (opened) backend.dispose()
      throw error
    }
  }

  /**
   * Bytes of device memory planned and held, known before the first step; data sets count while they are in use. (What
   * the host maps to read results lies in its own memory and does not count.)
   */
  get memory(): number {
    return this.#placed.memory
  }

  /**
   * Bytes of device memory that `fit` with these data will hold: exact, but at most so many for streams, and where
   * validation data are so large that they pass through in windows.
   * @throws InputError for a stream that was made without an example
   * @example if (trainer.memoryFor(train, { validation }) > 2e9) console.log('more than 2 GB')
   */
  memoryFor(train: Dataset | DataStream, options: Pick<FitOptions, 'validation' | 'classWeights'> = {}): number {
    const { train: weighted, validation } = checkFit(this, train, options)
    return this.#placed.memoryFor(weighted, validation)
  }

  /**
   * Where the time went, of everything that this trainer has done so far: opening, compiling, encoding, submitting, each
   * kernel (on a GPU by its own clock), reading back, the host. The entries add up to the wall time of the trainer's calls.
   * @throws InputError where the trainer was not created with `profile: true`
   * @example
   * const trainer = await Trainer.create(network, { backend: 'webgpu', profile: true })
   * await trainer.fit(train)
   * for (const { name, seconds, share } of trainer.profile().entries) console.log(name, seconds, share)
   */
  profile(): Profile {
    if (!this.#profiler) {
      throw new InputError('trainer: profile() needs clocks; create the trainer with { profile: true }')
    }
    return this.#profiler.report()
  }

  /** Epochs trained so far. */
  get epoch(): number {
    return this.#run.epoch
  }

  /** Steps made so far. */
  get step(): number {
    return this.#run.step
  }

  /**
   * Trains for some epochs. Called again, it goes on where it was: twice 5 epochs are the same as 10.
   *
   * A GPU trains small networks many epochs in one go, and is given the next before it has told of those: the trainer may be
   * some epochs ahead when `onEpoch` is called. With early stopping or a plateau schedule it is not, nor is it when a
   * checkpoint is written; `epochs` never is, unless it is asked for several at once.
   */
  fit(train: Dataset | DataStream, options: ValidatedFitOptions): Promise<History<ValidatedEpoch>>
  fit(train: Dataset | DataStream, options?: FitOptions): Promise<History>
  async fit(train: Dataset | DataStream, options: FitOptions | ValidatedFitOptions = {}): Promise<History> {
    const checked = checkFit(this, train, options as FitOptions)
    const epochs: Epoch[] = []
    const began = performance.now()
    const running = this.#groups('fit', checked, Infinity)
    let result = await running.next()
    for (; !result.done; result = await running.next()) for (const epoch of result.value) epochs.push(epoch)
    const seconds = (performance.now() - began) / 1000
    const { name, description } = this.backend
    return makeHistory({
      epochs,
      seed: this.seed,
      backend: { name, description },
      steps: epochs.reduce((sum, { steps }) => sum + steps, 0),
      seconds,
      samplesPerSecond: (epochs.length * train.length) / seconds,
      ...result.value,
    })
  }

  /**
   * Trains one epoch each time the next is asked for; leaving the loop stops cleanly.
   * @example for await (const { epoch, loss } of trainer.epochs(train, { epochs: 30 })) if (loss < 0.01) break
   */
  epochs(train: Dataset | DataStream, options: ValidatedEpochsOptions): AsyncIterableIterator<ValidatedEpoch, Outcome>
  epochs(train: Dataset | DataStream, options?: EpochsOptions): AsyncIterableIterator<Epoch, Outcome>
  epochs(
    train: Dataset | DataStream,
    options: EpochsOptions | ValidatedEpochsOptions = {},
  ): AsyncIterableIterator<Epoch, Outcome> {
    const { atOnce = 1, ...others } = options as EpochsOptions
    return this.#oneByOne(this.#groups('epochs', checkFit(this, train, others), checkAtOnce(atOnce)))
  }

  async *#oneByOne(groups: AsyncGenerator<readonly Epoch[], Outcome>): AsyncGenerator<Epoch, Outcome> {
    try {
      for (;;) {
        const result = await groups.next()
        if (result.done) return result.value
        yield* result.value
      }
    } finally {
      // Where the loop was left.
      await groups.return(undefined as never)
    }
  }

  /**
   * Trains one minibatch each time the next is asked for, those that `epochs` would train and in their order, epoch after
   * epoch without an end. `fit` and `epochs` finish an epoch that was begun so. For looking closely: whole epochs are faster.
   * @example for await (const { step, loss } of trainer.steps(train)) if (step === 100) break
   */
  async *steps(
    train: Dataset,
    options: Pick<FitOptions, 'shuffle' | 'classWeights' | 'signal'> = {},
  ): AsyncIterableIterator<Step> {
    const { train: weighted, shuffle, signal } = checkFit(this, checkIsDataset(train, 'train'), options)
    const loaded: LoadedData[] = []
    this.#turns.startLoop('steps', signal)
    try {
      const data = await this.#load('steps', weighted, loaded)
      for (;;) {
        signal?.throwIfAborted()
        yield await this.#turns.run('steps', () => this.#run.trainStep(data, shuffle))
      }
    } finally {
      this.#endLoop(loaded)
    }
  }

  #endLoop(loaded: readonly LoadedData[]): void {
    for (const handle of loaded) handle.dispose()
    this.#run.forgetOrders()
    this.#turns.endLoop()
  }

  /** @param loaded where a loop's data are kept until it ends */
  #load(name: LoopName, data: Dataset | DataStream, loaded: LoadedData[]): Promise<LoadedData> {
    return this.#turns.run(name, async () => {
      const handle = await this.#place(data)
      loaded.push(handle)
      return handle
    })
  }

  #place(data: Dataset | DataStream): Promise<LoadedData> {
    return data instanceof DataStream ? this.#placed.loadStream(data) : this.#placed.load(data)
  }

  /**
   * Epochs in the groups in which they are trained.
   * @param atOnce epochs that are trained before the first is reported; Infinity for as many as pays, and more ahead
   */
  async *#groups(
    name: LoopName,
    options: CheckedFitOptions,
    atOnce: AtOnce,
  ): AsyncGenerator<readonly Epoch[], Outcome> {
    const { train, epochs, validation, onEpoch, signal, earlyStopping, checkpoint } = options
    this.#run.see(train, checkpoint !== undefined)
    this.#turns.startLoop(name, signal)
    const loaded: LoadedData[] = []
    const load = (data: Dataset | DataStream) => this.#load(name, data, loaded)
    const stopping = earlyStopping && (this.#stopping ?? newStopping())
    this.#stopping = undefined
    let stopped: Outcome['stopped'] =
      earlyStopping && stopping && isOver(earlyStopping, stopping) ? 'earlyStopping' : 'epochs'
    let written = this.epoch
    const write = async () => {
      if (this.epoch === written) return
      written = this.epoch
      await checkpoint?.write(await this.#turns.run(name, () => this.#run.checkpoint(stopping)))
    }
    let failed = false
    try {
      const trainData = await load(train)
      const validationData = validation === train ? trainData : validation && (await load(validation))
      for (let begun = 0, done = 0, until = 0; done < epochs && stopped === 'epochs';) {
        signal?.throwIfAborted()
        if (done === until) until = Math.min(epochs, done + ask(atOnce))
        begun += await this.#startEpochs(name, trainData, validationData, until - begun, epochs - begun, options)
        const trained = await this.#turns.run(name, () => this.#run.finishEpochs(trainData))
        done += trained.length
        const enough = stopping && earlyStopping && (await this.#watch(name, earlyStopping, stopping, trained))
        if (enough) stopped = 'earlyStopping'
        for (const epoch of onEpoch ? trained : []) {
          await onEpoch?.(epoch)
          this.#turns.check(name)
        }
        if (checkpoint && this.epoch % checkpoint.every === 0) await write()
        yield trained
      }
      if (checkpoint) await write()
      const { snapshot, bestEpoch } = stopping ?? {}
      if (snapshot) await this.#turns.run(name, () => this.#placed.restore(snapshot))
      return { stopped, bestEpoch: bestEpoch ?? null }
    } catch (error) {
      failed = true
      throw error
    } finally {
      await this.#run.settle()
      this.#endLoop(loaded)
      // Where the loop was left.
      if (checkpoint && !failed) await write()
    }
  }

  /** Hands over as many epochs as should be under way, of `most`; `rest` are to come in all. @returns how many */
  async #startEpochs(
    name: LoopName,
    train: LoadedData,
    validation: LoadedData | undefined,
    most: number,
    rest: number,
    options: CheckedFitOptions,
  ): Promise<number> {
    let begun = 0
    while (begun < most) {
      const { together, ahead } = this.#run.limitsOf(train, options)
      if (this.#run.ahead >= ahead) break
      const count = Math.min(together, most - begun)
      const next = Math.min(count, rest - begun - count)
      await this.#turns.run(name, () => this.#run.startEpochs(train, validation, count, next, options))
      begun += count
    }
    return begun
  }

  async #watch(
    name: LoopName,
    rule: Required<EarlyStopping>,
    state: StoppingState,
    trained: readonly Epoch[],
  ): Promise<boolean> {
    let enough = false
    for (const epoch of trained) {
      enough ||= await watchStopping(rule, state, epoch, () => this.#turns.run(name, () => this.#placed.snapshot()))
    }
    return enough
  }

  /**
   * Goes on where a checkpoint was made: parameters, optimizer, schedule, early stopping, epochs and steps are as they
   * were. With the data and options of that run, the epochs that follow are, to the bit, those that would have followed.
   * @throws InputError for a checkpoint of other sizes, activations or options, named
   * @example
   * const trainer = await Trainer.create(network, options) // as before, the seed too
   * await trainer.resume(decodeCheckpoint(text))
   * await trainer.fit(train, { epochs: 100 - trainer.epoch })
   */
  async resume(checkpoint: Checkpoint): Promise<void> {
    await this.#turns.run('resume', () => this.#run.resume(checkpoint))
    this.#stopping = checkpoint.stopping && { ...checkpoint.stopping }
  }

  /** Loss and accuracy over a data set or a stream; for regression also R² and the mean absolute error. */
  async evaluate(data: Dataset | DataStream): Promise<Evaluation> {
    checkData(this, data, 'data')
    return this.#turns.run('evaluate', async () => {
      const loaded = await this.#place(data)
      try {
        const score = { ...meanScore(await this.#placed.score(loaded)), samples: data.length }
        return { ...score, ...(await this.#regressionScore(data)) }
      } finally {
        loaded.dispose()
      }
    })
  }

  /** Of quantities; nothing of classes. A stream is passed through once more, as much as is predicted at once. */
  async #regressionScore(data: Dataset | DataStream) {
    const tally = new RegressionTally()
    for await (const part of data instanceof DataStream ? data.windows(PREDICTED_AT_ONCE) : [data]) {
      if (!isRegression(this.network.layers.at(-1)!, this.loss, part)) return undefined
      tally.add(await this.#placed.predict(part.inputs), part.targets)
    }
    return tally.score()
  }

  /** The network's outputs for each row of x: rows × last layer's size. */
  async predict(x: MatrixLike): Promise<Matrix> {
    const inputs = Matrix.from(x, 'x')
    const [first, last] = [this.network.sizes[0]!, this.network.sizes.at(-1)!]
    if (inputs.cols !== first) {
      throw new InputError(`x: expected ${first} columns, one an input of the network, got ${inputs.cols}`)
    }
    return this.#turns.run('predict', async () => new Matrix(inputs.rows, last, await this.#placed.predict(inputs)))
  }

  /** Loss and gradients of one minibatch, no update: the means over its samples, shaped as the network's parameters. */
  async gradients(
    x: MatrixLike,
    y: MatrixLike,
  ): Promise<{ loss: number; weights: Float32Array[]; biases: Float32Array[] }> {
    const minibatch = Dataset.from(x, y)
    checkDataset(this.network, this.loss, minibatch, 'minibatch')
    const { loss, gradient } = await this.#turns.run('gradients', () => this.#placed.trace(minibatch))
    return { loss, ...splitParameters(this.network.layers, Float32Array.from(gradient)) }
  }

  /** Copies the trained parameters back into `network`, and returns it. */
  async read(): Promise<Network> {
    this.network.parameters.set(await this.#turns.run('read', () => this.#placed.readParameters()))
    return this.network
  }

  /**
   * Frees everything the trainer holds; a device that was passed in is left alone. A call that is running is ended: it
   * rejects with an InputError.
   */
  dispose(): void {
    if (!this.#turns.dispose()) return
    this.#placed.dispose()
    if (this.#opened) this.backend.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
