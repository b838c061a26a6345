import {
  type BackendName,
  decisionBoundary,
  type Epoch,
  Network,
  type Score,
  type Step,
  type Task,
  Trainer,
} from '../../src/index.ts'
import { type Evaluation, MAP_SIDE, type ParameterEdit, type Regions, type ShownData } from '../protocol.ts'
import type { Kind, Settings } from '../settings.ts'
import { evaluate, evaluationData } from './evaluation.ts'
import type { Prepared } from './prepare.ts'
import { describeData } from './display.ts'
import { layerOutputs } from './maps.ts'
import { optimizerOf } from './optimizers.ts'
import { PlaneGrid } from './plane.ts'
import { Snapshots } from './snapshots.ts'

const tasks: Record<Kind, Task> = {
  classes: 'classification',
  images: 'classification',
  labels: 'multilabel',
  regression: 'regression',
}

/** One run: a network, its data, its backend, and its snapshots. */
export class Run {
  readonly settings: Settings
  readonly network: Network
  readonly snapshots = new Snapshots()
  #prepared: Prepared
  #shown: ShownData
  #grid: PlaneGrid
  #trainer: Trainer | undefined
  #epochs: AsyncIterableIterator<Epoch> | undefined
  #steps: AsyncIterableIterator<Step> | undefined
  #backend: BackendName
  #position = { epoch: 0, step: 0 }
  /** The number of epochs in the next call. */
  #atOnce = 1

  constructor(settings: Settings, prepared: Prepared) {
    this.settings = settings
    this.#prepared = prepared
    this.#shown = describeData(prepared, settings)
    this.#grid = new PlaneGrid(prepared, this.#shown)
    this.#backend = settings.backend
    const { hidden, init, seed } = settings
    const sizes = [prepared.train.inputs.cols, ...hidden, prepared.train.targets.cols]
    this.network = Network.create({ sizes, activations: settings.activations, init, seed })
    const { encoding, scaling, targetScaling, classes } = prepared.train
    const features = prepared.kind === 'images' ? undefined : prepared.train.features
    const task = tasks[prepared.kind]
    Object.assign(this.network, { encoding, scaling, targetScaling, classes, features, task })
  }

  get prepared(): Prepared {
    return this.#prepared
  }

  get shown(): ShownData {
    return this.#shown
  }

  get backend(): BackendName {
    return this.#backend
  }

  /** Replaces the data by other data of the same shape, without changing the network. */
  async changeData(settings: Settings, prepared: Prepared): Promise<void> {
    await this.#endIterators()
    this.#prepared = prepared
    this.#shown = describeData(prepared, settings)
    this.#grid = new PlaneGrid(prepared, this.#shown)
  }

  /** The trainer, created at the first call. */
  async trainer(): Promise<Trainer> {
    if (!this.#trainer) {
      const { loss, batch, seed, l1, l2, dropout } = this.settings
      this.#trainer = await Trainer.create(this.network, {
        backend: this.#backend,
        loss,
        optimizer: optimizerOf(this.settings),
        batchSize: batch,
        seed,
        l1,
        l2,
        dropout,
      })
    }
    return this.#trainer
  }

  /** Scores the untrained network, which is the first snapshot. */
  async scoreUntrained(): Promise<void> {
    await this.trainer()
    await this.#scoreAndKeep()
  }

  /** Trains on one minibatch, then scores the network. */
  async minibatch(): Promise<void> {
    const trainer = await this.trainer()
    await this.#epochs?.return?.()
    this.#epochs = undefined
    this.#steps ??= trainer.steps(this.#prepared.train)
    const before = trainer.epoch
    await this.#steps.next()
    await trainer.read()
    const { epoch, step } = this.#position
    this.#position = { epoch: epoch + trainer.epoch - before, step: step + 1 }
    await this.#scoreAndKeep()
  }

  async #scoreAndKeep(edited = false): Promise<void> {
    const scores = await this.#score()
    this.snapshots.keep({ ...this.#position, ...scores, edited, parameters: this.network.parameters.slice() })
  }

  async #score(): Promise<{ train: Score; test: Score | null }> {
    const trainer = await this.trainer()
    const { train, test } = this.#prepared
    return { train: await trainer.evaluate(train), test: test ? await trainer.evaluate(test) : null }
  }

  /**
   * Trains one epoch, or the rest of an epoch that was begun with {@link minibatch}; or `count` epochs in one call, with a
   * snapshot after the last one only.
   */
  async epoch(count = 1): Promise<void> {
    const trainer = await this.trainer()
    await this.#steps?.return?.()
    this.#steps = undefined
    const { train, test } = this.#prepared
    const atOnce = () => this.#atOnce
    this.#epochs ??= trainer.epochs(train, { epochs: 1e9, atOnce, ...(test && { validation: test }) })
    const done = trainer.step
    this.#atOnce = count
    let value = await this.#next(this.#epochs)
    for (let i = 1; i < count; i++) value = await this.#next(this.#epochs)
    await trainer.read()
    this.#position = { epoch: this.#position.epoch + count, step: this.#position.step + trainer.step - done }
    const { loss, accuracy, validation } = value
    // The scores of an epoch do not count correct labels.
    const scores =
      this.#prepared.kind === 'labels'
        ? await this.#score()
        : { train: { loss, ...(accuracy !== undefined && { accuracy }) }, test: validation }
    this.snapshots.keep({ ...this.#position, ...scores, parameters: this.network.parameters.slice() })
  }

  /** The next epoch. On an error, for example a divergence, the trainer is released. */
  async #next(epochs: AsyncIterator<Epoch, unknown>): Promise<Epoch> {
    try {
      return ((await epochs.next()) as { value: Epoch }).value
    } catch (error) {
      await this.release()
      throw error
    }
  }

  /** Restores a snapshot, from which training continues. */
  async rewindTo(index: number): Promise<void> {
    const snapshot = this.snapshots.at(index)
    if (!snapshot) return
    await this.release()
    this.network.parameters.set(snapshot.parameters)
    this.#position = { epoch: snapshot.epoch, step: snapshot.step }
  }

  /** Sets a weight or a bias, from which training continues. */
  async edit({ layer, index, from, value }: ParameterEdit): Promise<void> {
    const { weights, biases, sizes } = this.network
    const values = from === undefined ? biases[layer - 1] : weights[layer - 1]
    const at = from === undefined ? index : index * sizes[layer - 1]! + from
    // The network may have changed since the user chose the value.
    if (!values || at >= values.length || !Number.isFinite(value)) return
    await this.release()
    values[at] = value
    await this.#scoreAndKeep(true)
  }

  /** Moves the network with its current parameters to another backend. */
  async changeBackend(backend: BackendName): Promise<void> {
    await this.release()
    this.#backend = backend
  }

  /** Disposes the trainer; {@link trainer} creates another one. */
  async release(): Promise<void> {
    await this.#endIterators()
    this.#trainer?.dispose()
    this.#trainer = undefined
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
  async maps(): Promise<Float32Array[]> {
    return this.#prepared.kind === 'images' ? [] : layerOutputs(this.network, this.#grid.points(MAP_SIDE))
  }
}
