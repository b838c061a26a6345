import type { Backend, Placement } from '../backend/backend.ts'
import { type Profile, timed } from '../backend/profiler.ts'
import { checkConstructor, KEY } from '../core/constructors.ts'
import { InputError } from '../core/errors.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { readOptions } from '../core/schema.ts'
import { Dataset } from '../data/dataset.ts'
import type { DataStream } from '../data/stream.ts'
import type { LossName } from '../loss/loss.ts'
import { splitParameters } from '../model/layout.ts'
import type { Network } from '../model/network.ts'
import type { PredictRows } from '../model/rows.ts'
import type { Optimizer } from '../optimizer/optimizer.ts'
import { chooseBackend } from './backends.ts'
import type { Checkpoint, Resumed, ResumeOptions } from './checkpoint.ts'
import { findCause } from './find-cause.ts'
import { oneByOne } from './fitting.ts'
import type { Gradients } from './gradients.ts'
import { type Epoch, type History, makeHistory, type Outcome, type ValidatedEpoch } from './history.ts'
import { LoadedData, type TrainingData } from './loaded.ts'
import {
  type EpochsOptions,
  epochsSchema,
  type FitOptions,
  fitSchema,
  memoryForSchema,
  type Step,
  stepsSchema,
  type TrainerOptions,
  type ValidatedEpochsOptions,
  type ValidatedFitOptions,
} from './options.ts'
import { PlacedNetwork } from './placed-network.ts'
import { isRecoverable, placeRecoverable } from './recovery/recoverable.ts'
import type { Evaluation } from './score.ts'
import { checkFit, checkIsDataset, checkIsTrainingData, checkSettings, takeData } from './settings.ts'

interface TrainerParts {
  readonly placed: PlacedNetwork
  readonly placement: Placement
  /** As it was chosen when the trainer was created, and whether it is disposed of with it. */
  readonly backend: Backend
  readonly isBackendOpened: boolean
}

/**
 * A network placed on a backend, and trained there. Calls queue: each waits for those that were made before, during training
 * for the running epoch or step at most. Only a second training during one is refused.
 * @example
 * using trainer = await Trainer.create(network, {
 *   optimizer: sgd({ learningRate: 3 }),
 *   batchSize: 10,
 * })
 * const history = await trainer.fit(train, { epochs: 30, validation: test })
 * await trainer.read()   // the trained parameters are now in `network`
 */
export class Trainer {
  /** The network; {@link Trainer.read} copies the trained parameters into it. */
  readonly network: Network
  /** The loss. */
  readonly loss: LossName
  /** The optimizer. */
  readonly optimizer: Optimizer
  /** Samples per minibatch. */
  readonly batchSize: number
  /** The seed of shuffling and dropout. */
  readonly seed: number
  readonly #placed: PlacedNetwork
  readonly #placement: Placement
  readonly #backend: Backend
  readonly #isBackendOpened: boolean

  private constructor(key: unknown, parts: TrainerParts) {
    checkConstructor(key, 'Trainer', 'await Trainer.create(network)')
    const { placed, placement, backend, isBackendOpened } = parts
    const { network, settings } = placed
    this.network = network
    this.#placement = placement
    this.#backend = backend
    this.loss = settings.loss
    this.optimizer = settings.optimizer
    this.batchSize = settings.batchSize
    this.seed = settings.seed
    this.#placed = placed
    this.#isBackendOpened = isBackendOpened
  }

  /**
   * Places a copy of the network's parameters on a backend and allocates all that training needs.
   * @param network the network; its parameters change only by {@link Trainer.read}
   * @param options the backend (default 'auto'), the loss ('quadratic'), the optimizer (SGD with a learning rate of
   *   0.1), the samples per minibatch (32), the seed, and penalties and dropout
   * @throws InputError for options that do not fit; BackendUnavailableError where the backend is not available
   */
  static async create(network: Network, options: TrainerOptions = {}): Promise<Trainer> {
    const { settings, backend: choice, onLoss, named } = checkSettings(network, options)
    const { profiler } = settings
    const began = performance.now()
    const opening = () => chooseBackend(choice, named)
    const { backend, opened } = await timed(profiler, 'open', 'adapter and device', opening)
    try {
      const placement =
        onLoss === 'recover'
          ? await placeRecoverable(backend, network, settings, named.threads)
          : await backend.place(network, settings)
      profiler?.addWall(performance.now() - began)
      const placed = new PlacedNetwork(network, placement, settings, findCause)
      return new Trainer(KEY, { placed, placement, backend, isBackendOpened: opened })
    } catch (error) {
      if (opened) backend.dispose()
      throw error
    }
  }

  /** What the network is trained on; another one where a GPU was lost and the CPU goes on. */
  get backend(): Backend {
    return isRecoverable(this.#placement) ? this.#placement.backend : this.#backend
  }

  /** How often a GPU device was lost, and another one, or the CPU, went on. */
  get recoveries(): number {
    return this.#placed.recoveries
  }

  /** Bytes of device memory planned and held, known before the first step; data sets count while they are in use. */
  get memory(): number {
    return this.#placed.memory
  }

  /**
   * Bytes of device memory that `fit` with these data will hold: exact, but an upper bound for streams, where validation
   * data are so large that they pass through in windows, and on the backend wasm, which copies no validation data.
   * @param train the samples that `fit` will take
   * @param options the `validation` data and the `classWeights` that `fit` will take. Default: none
   * @throws InputError for a stream that was made without an example
   * @example
   * const bytes = trainer.memoryFor(train, { validation })
   * if (bytes > 2e9) console.log('more than 2 GB')
   */
  memoryFor(train: TrainingData, options: Pick<FitOptions, 'validation' | 'classWeights'> = {}): number {
    const checked = checkFit(this.#placed, checkIsTrainingData(train), readOptions(memoryForSchema, options))
    return this.#placed.memoryFor(checked)
  }

  /**
   * Where the time went, of everything that this trainer has done so far: opening, compiling, encoding, submitting, each
   * kernel (on a GPU by its own clock), reading back, the host. The entries add up to the wall time of the trainer's calls.
   * @throws InputError where the trainer was not created with `profile: true`
   * @example
   * const trainer = await Trainer.create(network, {
   *   backend: 'webgpu',
   *   profile: true,
   * })
   * await trainer.fit(train)
   * for (const { name, seconds, share } of trainer.profile().entries) {
   *   console.log(name, seconds, share)
   * }
   */
  profile(): Profile {
    const { profiler } = this.#placed.settings
    if (!profiler) throw new InputError('trainer: profile() needs clocks; create the trainer with { profile: true }')
    return profiler.report()
  }

  /** Epochs trained so far. */
  get epoch(): number {
    return this.#placed.epoch
  }

  /** Steps made so far. */
  get step(): number {
    return this.#placed.session.step
  }

  /**
   * Uploads data once: `fit`, `epochs`, `steps`, `evaluate` and `predict` take the result in the place of the data, until
   * it is disposed of. Data that do not fit, and streams, pass through in windows each time.
   * @param data the samples, in their own units or preprocessed as the network needs it
   * @throws InputError for data that do not go with the network
   * @example
   * const data = await trainer.load(train)
   * await trainer.fit(data, { epochs: 30 })
   * const { accuracy } = await trainer.evaluate(data)
   * data.dispose()
   */
  async load(data: Dataset | DataStream): Promise<LoadedData> {
    return this.#placed.load(data)
  }

  /**
   * Trains for some epochs. Called again, it continues: twice 5 epochs are the same as 10.
   *
   * A GPU trains small networks many epochs at a time: the trainer may be some epochs ahead of `onEpoch`, except with early
   * stopping, with a plateau schedule, and when a checkpoint is written. `epochs` is ahead only if `atOnce` allows it.
   * @param train the samples to train on: a data set, a stream, or what {@link Trainer.load} returned
   * @param options the number of epochs (default 10), the validation data, early stopping, checkpoints, functions to
   *   call, and a signal that aborts. Each epoch of the history then has the scores of the validation samples
   */
  fit(train: TrainingData, options: ValidatedFitOptions): Promise<History<ValidatedEpoch>>
  /**
   * Trains for some epochs, without validation data: `validation` is null in each epoch of the history. The rest is as
   * with validation data.
   * @param train the samples to train on: a data set, a stream, or what {@link Trainer.load} returned
   * @param options the number of epochs (default 10), early stopping, which then watches the training data,
   *   checkpoints, functions to call, and a signal that aborts
   */
  fit(train: TrainingData, options?: FitOptions): Promise<History>
  async fit(train: TrainingData, options: FitOptions | ValidatedFitOptions = {}): Promise<History> {
    const checked = checkFit(this.#placed, checkIsTrainingData(train), readOptions(fitSchema, options))
    const epochs: Epoch[] = []
    const began = performance.now()
    const recoveriesBefore = this.recoveries
    const running = this.#placed.trainGroups('fit', checked, Infinity)
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
      recoveries: this.recoveries - recoveriesBefore,
      ...result.value,
    })
  }

  /**
   * Trains one epoch each time the next is asked for; leaving the loop stops cleanly.
   * @param train the samples to train on: a data set, a stream, or what {@link Trainer.load} returned
   * @param options those of {@link Trainer.fit} with validation data, and `atOnce`: how many epochs may be trained in
   *   one go (default 1). Each epoch then has the scores of the validation samples
   * @example
   * const epochs = trainer.epochs(train, { epochs: 30, validation: test })
   * for await (const { epoch, validation } of epochs) {
   *   console.log(epoch, validation.accuracy)
   *   if (validation.loss < 0.01) break
   * }
   */
  epochs(train: TrainingData, options: ValidatedEpochsOptions): AsyncIterator<ValidatedEpoch, Outcome> & AsyncIterableIterator<ValidatedEpoch> // prettier-ignore
  /**
   * Trains one epoch each time the next is asked for, without validation data: `validation` is null in each epoch.
   * Leaving the loop stops cleanly.
   * @param train the samples to train on: a data set, a stream, or what {@link Trainer.load} returned
   * @param options those of {@link Trainer.fit} without validation data, and `atOnce`: how many epochs may be trained
   *   in one go (default 1)
   * @example
   * for await (const { epoch, loss } of trainer.epochs(train, { epochs: 30 })) {
   *   console.log(epoch, loss)
   *   if (loss < 0.01) break
   * }
   */
  epochs(train: TrainingData, options?: EpochsOptions): AsyncIterator<Epoch, Outcome> & AsyncIterableIterator<Epoch>
  epochs(
    train: TrainingData,
    options: EpochsOptions | ValidatedEpochsOptions = {},
  ): AsyncIterator<Epoch, Outcome> & AsyncIterableIterator<Epoch> {
    const data = checkIsTrainingData(train)
    const { atOnce, ...others } = readOptions(epochsSchema, options)
    return oneByOne(this.#placed.trainGroups('epochs', checkFit(this.#placed, data, others), atOnce))
  }

  /**
   * Trains one minibatch each time the next is asked for: those of `epochs` in their order, without an end. `fit` and `epochs`
   * finish an epoch that was begun by steps. Whole epochs are faster.
   * @param train the samples to train on: a data set, or what {@link Trainer.load} returned; no stream
   * @param options whether samples are shuffled (default true), the weights of the classes, a function to call when a
   *   lost GPU was replaced, and a signal that aborts
   * @example
   * for await (const { step, loss } of trainer.steps(train)) {
   *   console.log(step, loss)
   *   if (step === 100) break
   * }
   */
  steps(
    train: Dataset | LoadedData,
    options: Pick<FitOptions, 'shuffle' | 'classWeights' | 'onRecovery' | 'signal'> = {},
  ): AsyncIterableIterator<Step> {
    const data = train instanceof LoadedData ? train : checkIsDataset(train, 'train')
    return this.#placed.trainSteps(checkFit(this.#placed, data, readOptions(stepsSchema, options)))
  }

  /**
   * A checkpoint of the current state, also within an epoch that {@link steps} has begun. Checkpoints that are made during
   * a training, with the state of early stopping, are written by the option `checkpoint` of `fit`.
   * @throws InputError while epochs are under way
   * @example
   * const before = await trainer.checkpoint()
   * await trainer.fit(train, { epochs: 5 })
   * await trainer.resume(before) // undoes these epochs
   */
  async checkpoint(): Promise<Checkpoint> {
    return this.#placed.checkpoint()
  }

  /**
   * Goes on where a checkpoint was made: parameters, optimizer, schedule, early stopping, epochs and steps are as they
   * were. With the data and options of that run, the epochs that follow are, to the bit, those that would have followed.
   * `{ changed: ['learningRate'] }` takes this trainer's learning rate instead (or weightDecay, clipNorm, l1, l2, dropout).
   * @param checkpoint what {@link Trainer.checkpoint} or the option `checkpoint` of `fit` gave
   * @param options `changed`: options whose values replace the checkpoint's. Default: none; a difference is an error
   * @throws InputError for a checkpoint of other sizes, activations or options, named; if deterministic, also of other bits
   * @example
   * // The options are those of the run before, its seed too.
   * const trainer = await Trainer.create(network, options)
   * await trainer.resume(decodeCheckpoint(text))
   * await trainer.fit(train, { epochs: 100 - trainer.epoch })
   */
  async resume(checkpoint: Checkpoint, options: ResumeOptions = {}): Promise<Resumed> {
    return this.#placed.resume(checkpoint, options)
  }

  /**
   * Loss over a data set or a stream, with accuracy, accuracy and exact match, or R² and mean absolute error, by the
   * task.
   * @param data the samples with their targets: a data set, a stream, or what {@link Trainer.load} returned
   */
  async evaluate(data: TrainingData): Promise<Evaluation> {
    return this.#placed.evaluate(data)
  }

  /**
   * The outputs for each row, in the units of the data, or each sample of loaded data: as {@link Network.predict} has
   * them.
   * @param x rows in the units of the data, as for {@link Network.predict}, or what {@link Trainer.load} returned
   */
  async predict(x: PredictRows | LoadedData): Promise<Matrix> {
    return this.#placed.predict(x)
  }

  /**
   * Loss and gradients of one minibatch, no update: the means over its samples, shaped as the network's parameters.
   * @param x the inputs of the minibatch, samples × inputs, in the units of the data
   * @param y its targets, samples × outputs, in the units of the data; of classes one-hot, or 0 and 1 in one column
   */
  async gradients(x: MatrixLike, y: MatrixLike): Promise<Gradients> {
    const { loss, gradient } = await this.#placed.trace(takeData(this.#placed, Dataset.from(x, y), 'minibatch'))
    return { loss, ...splitParameters(this.network.layers, Float32Array.from(gradient)) }
  }

  /** Copies the trained parameters back into `network`, and returns it. */
  async read(): Promise<Network> {
    this.network.parameters.set(await this.#placed.readParameters())
    return this.network
  }

  /**
   * Takes over the parameters that the program has set in `network`; the optimizer keeps its state. The opposite of `read`.
   * @throws InputError for parameters that are not finite, and while epochs are under way
   * @example
   * network.weights[0]?.fill(0)
   * await trainer.write()
   */
  async write(): Promise<void> {
    return this.#placed.write()
  }

  /** Frees everything the trainer holds but a device passed in. Calls that run or wait reject with an InputError. */
  dispose(): void {
    if (this.#placed.dispose() && this.#isBackendOpened) this.#backend.dispose()
  }

  /** Frees the device memory, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}
