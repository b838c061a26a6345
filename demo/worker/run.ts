import {
  type ChangeableOption,
  type Checkpoint,
  decisionBoundary,
  type Epoch,
  Network,
  type Score,
  type Step,
  type Task,
  Trainer,
} from '../../src/index.ts'
import {
  type Evaluation,
  MAP_SIDE,
  type ParameterEdit,
  type Regions,
  type ShownData,
  type StartState,
} from '../protocol.ts'
import type { Kind, Settings } from '../settings.ts'
import { evaluate, evaluationData } from './evaluation.ts'
import type { Prepared } from './prepare.ts'
import { describeData } from './display.ts'
import { Losses } from './losses.ts'
import { LayerOutputs } from './maps.ts'
import { type Moment, Moments } from './moments.ts'
import { optimizerOf } from './optimizers.ts'
import { PlaneGrid } from './plane.ts'

const tasks: Record<Kind, Task> = {
  classes: 'classification',
  images: 'classification',
  labels: 'multilabel',
  regression: 'regression',
}

/** One run: a network, its data, its backend, and the moments that can be restored. */
export class Run {
  readonly network: Network
  readonly moments = new Moments()
  /** Called when the GPU is lost, also while nothing is computed: the next call of the trainer replaces it. */
  onLoss: (() => void) | undefined
  #settings: Settings
  #prepared: Prepared
  #shown: ShownData
  #grid: PlaneGrid
  #layerOutputs: LayerOutputs
  #trainer: Trainer | undefined
  #losses: Losses | undefined
  #epochs: AsyncIterableIterator<Epoch> | undefined
  #steps: AsyncIterableIterator<Step> | undefined
  /** The moment that the network is in. */
  #moment: Moment | undefined
  /** The number of epochs in the next call. */
  #atOnce = 1

  constructor(settings: Settings, prepared: Prepared) {
    this.#settings = settings
    this.#prepared = prepared
    this.#shown = describeData(prepared, settings)
    this.#grid = new PlaneGrid(prepared, this.#shown)
    const { hidden, init, seed } = settings
    const sizes = [prepared.train.inputs.cols, ...hidden, prepared.train.targets.cols]
    this.network = Network.create({ sizes, activations: settings.activations, init, seed })
    this.#layerOutputs = new LayerOutputs(this.network)
    const { encoding, scaling, targetScaling, classes } = prepared.train
    const features = prepared.kind === 'images' ? undefined : prepared.train.features
    const task = tasks[prepared.kind]
    Object.assign(this.network, { encoding, scaling, targetScaling, classes, features, task })
  }

  get settings(): Settings {
    return this.#settings
  }

  get prepared(): Prepared {
    return this.#prepared
  }

  get shown(): ShownData {
    return this.#shown
  }

  /** The moment that the network is in: the latest one, unless the user returned to an earlier one. */
  get moment(): Moment {
    return this.#moment!
  }

  get isRewound(): boolean {
    return this.moment !== this.moments.latest
  }

  /** Replaces the data by other data of the same shape, without changing the network. */
  async changeData(settings: Settings, prepared: Prepared): Promise<void> {
    await this.#endIterators()
    const { points, across, up, shownTarget } = settings
    this.#settings = { ...this.#settings, points, across, up, shownTarget }
    this.#prepared = prepared
    this.#shown = describeData(prepared, settings)
    this.#grid = new PlaneGrid(prepared, this.#shown)
  }

  /**
   * Trains with other hyperparameters, or on another backend, from now on. Parameters and optimizer state stay.
   * @throws what the trainer refuses; the settings before then remain
   */
  async changeSettings(settings: Settings): Promise<void> {
    const before = this.#settings
    await this.release()
    this.#settings = settings
    try {
      await this.trainer()
    } catch (error) {
      this.#settings = before
      throw error
    }
  }

  /** The trainer in the state of {@link moment}, created where there is none. */
  async trainer(): Promise<Trainer> {
    if (this.#trainer) return this.#trainer
    const { loss, batch, seed, l1, l2, dropout, backend } = this.#settings
    const optimizer = optimizerOf(this.#settings)
    const trainer = await Trainer.create(this.network, { backend, loss, optimizer, batchSize: batch, seed, l1, l2, dropout }) // prettier-ignore
    try {
      if (this.#moment) await resume(trainer, this.#moment.checkpoint)
    } catch (error) {
      trainer.dispose()
      throw error
    }
    this.#losses = new Losses(trainer, () => this.onLoss?.())
    return (this.#trainer = trainer)
  }

  /** Whether a lost GPU was replaced since the last time that this was asked. */
  takeRecovery(): boolean {
    return this.#losses?.takeRecovery() ?? false
  }

  /** Scores the untrained network, which is the first moment. */
  async scoreUntrained(): Promise<void> {
    await this.trainer()
    await this.#keep(await this.#score())
  }

  /** Continues from the state of another training with the same settings and data; with scores, to the same bits. */
  async continueFrom({ checkpoint, train, test = null }: StartState): Promise<void> {
    const trainer = await this.trainer()
    await resume(trainer, train ? checkpoint : { ...checkpoint, arithmetic: undefined })
    await this.#keep(train ? { train, test } : await this.#score())
  }

  /** Trains on one minibatch, then scores the network. */
  async minibatch(): Promise<void> {
    const trainer = await this.trainer()
    await this.#epochs?.return?.()
    this.#epochs = undefined
    this.#steps ??= trainer.steps(this.#prepared.train)
    await this.#orRelease(this.#steps.next())
    await this.#keep(await this.#score())
  }

  async #score(): Promise<{ train: Score; test: Score | null }> {
    const trainer = await this.trainer()
    const { train, test } = this.#prepared
    return { train: await trainer.evaluate(train), test: test ? await trainer.evaluate(test) : null }
  }

  /** Keeps the current state as a moment, and copies its parameters to the network. */
  async #keep(scores: Pick<Moment, 'train' | 'test'>, edited = false): Promise<void> {
    const checkpoint = await (await this.trainer()).checkpoint()
    const { epoch, step, snapshot } = checkpoint
    this.network.parameters.set(snapshot.parameters)
    this.#moment = this.moments.keep({ epoch, step, ...scores, edited, checkpoint })
  }

  /**
   * Trains one epoch, or the rest of an epoch that was begun with {@link minibatch}; or `count` epochs in one call, with a
   * moment after the last one only.
   */
  async epoch(count = 1): Promise<void> {
    const trainer = await this.trainer()
    await this.#steps?.return?.()
    this.#steps = undefined
    const { train, test } = this.#prepared
    const atOnce = () => this.#atOnce
    this.#epochs ??= trainer.epochs(train, { epochs: 1e9, atOnce, ...(test && { validation: test }) })
    this.#atOnce = count
    let result = await this.#orRelease(this.#epochs.next())
    for (let i = 1; i < count; i++) result = await this.#orRelease(this.#epochs.next())
    const { loss, accuracy, validation } = result.value as Epoch
    // The scores of an epoch do not count correct labels.
    const isCounted = this.#prepared.kind !== 'labels'
    const scores = { train: { loss, ...(accuracy !== undefined && { accuracy }) }, test: validation }
    await this.#keep(isCounted ? scores : await this.#score())
  }

  /** On an error, for example a divergence, the trainer is released. */
  async #orRelease<T>(training: Promise<T>): Promise<T> {
    try {
      return await training
    } catch (error) {
      await this.release()
      throw error
    }
  }

  /** Restores the last moment whose number is at most this one. The later ones are kept. */
  async rewindTo(number: number): Promise<void> {
    const moment = this.moments.find(number)
    if (moment === this.#moment) return
    await this.#endIterators()
    if (this.#trainer) await resume(this.#trainer, { ...moment.checkpoint, arithmetic: undefined })
    this.network.parameters.set(moment.checkpoint.snapshot.parameters)
    this.#moment = moment
  }

  /** Sets a weight or a bias, from which training continues. The optimizer's state stays. */
  async edit({ layer, index, from, value }: ParameterEdit): Promise<void> {
    const { weights, biases, sizes } = this.network
    const values = from === undefined ? biases[layer - 1] : weights[layer - 1]
    const at = from === undefined ? index : index * sizes[layer - 1]! + from
    // The network may have changed since the user chose the value.
    if (!values || at >= values.length || !Number.isFinite(value)) return
    values[at] = value
    const { checkpoint } = this.moment
    const snapshot = { ...checkpoint.snapshot, parameters: this.network.parameters.slice() }
    await this.#endIterators()
    await resume(await this.trainer(), { ...checkpoint, snapshot, arithmetic: undefined })
    await this.#keep(await this.#score(), true)
  }

  /** Disposes the trainer; {@link trainer} creates another one. */
  async release(): Promise<void> {
    await this.#endIterators()
    this.#trainer?.dispose()
    this.#losses?.stop()
    this.#trainer = this.#losses = undefined
  }

  async #endIterators(): Promise<void> {
    await this.#epochs?.return?.()
    await this.#steps?.return?.()
    this.#epochs = undefined
    this.#steps = undefined
  }

  /** Predictions over the plane, computed by the training backend; undefined for pictures. */
  async regions(side: number): Promise<Regions | undefined> {
    if (this.#prepared.kind === 'images') return undefined
    // Limit the memory for inputs with many columns by computing fewer points.
    const most = Math.max(MAP_SIDE, Math.floor(Math.sqrt(2e6 / this.network.sizes[0]!)))
    const count = Math.min(side, most)
    const { data } = await (await this.trainer()).predict(this.#grid.points(count))
    return this.#grid.regions(count, data, this.network.activations.at(-1)!)
  }

  /** Evaluates the network on the test data, or on the training data if there are no test data. */
  async evaluate(): Promise<Evaluation> {
    const predictions = await (await this.trainer()).predict(evaluationData(this.#prepared).inputs)
    const boundary = decisionBoundary(this.network)
    return evaluate(this.#prepared, predictions, { boundary, shownOutput: this.#shown.shownOutput })
  }

  /** The outputs for one picture; undefined if its size does not match the network. */
  async classify(pixels: Float32Array): Promise<Float32Array | undefined> {
    if (pixels.length !== this.network.sizes[0]) return undefined
    return (await (await this.trainer()).predict([[...pixels]])).data
  }

  /** Outputs of every neuron over the plane; none for pictures. */
  maps(): Float32Array[] {
    return this.#prepared.kind === 'images' ? [] : this.#layerOutputs.of(this.#grid.points(MAP_SIDE))
  }
}

/** Continues from a checkpoint of this run, with the hyperparameters and the data that the run has now. */
async function resume(trainer: Trainer, checkpoint: Checkpoint): Promise<void> {
  const settings = { ...checkpoint.settings, batchSize: trainer.batchSize }
  const changed: ChangeableOption[] = ['learningRate', 'l1', 'l2', 'dropout']
  await trainer.resume({ ...checkpoint, data: undefined, settings }, { changed })
}
