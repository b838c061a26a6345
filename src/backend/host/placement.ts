import type { Dataset } from '../../data/dataset.ts'
import type { Matrix } from '../../core/matrix.ts'
import type { Layer } from '../../model/layout.ts'
import type { Network } from '../../model/network.ts'
import { dropoutKey } from '../../optimizer/dropout.ts'
import { type Optimizer, type StepScalars, stateSlots, stepScalars } from '../../optimizer/optimizer.ts'
import {
  brokenSums,
  type EpochPlan,
  type LoadedData,
  type PlacedNetwork,
  type PlacementSettings,
  type Snapshot,
  type Sums,
  type Trace,
} from '../backend.ts'
import { timed } from '../profiler.ts'
import * as reference from './reference/stages.ts'
import type { Values } from './reference/stages.ts'
import type { Rows } from './js/panels.ts'
import * as small from './js/small.ts'
import { type Pass, straightPass } from './js/straight.ts'
import * as tiled from './js/tiled.ts'
import { addPenalty, areFinite, clip, type Descent } from './update.ts'
import { type Source, Workspace } from './workspace.ts'

export type Precision = 'float32' | 'float64'

/** Evaluation and prediction go through the data in pieces of about this many values a layer. */
const PIECE_VALUES = 1 << 18
/**
 * Data sets of more samples than this do not fit a processor's caches: a small network then has its minibatch gathered
 * first, so that the processor waits for all of its rows at once and not for each.
 */
const MANY_SAMPLES = 1 << 15
/** How long training may hold the event loop, in milliseconds; short epochs add up to it. */
const STRETCH = 25

/**
 * Lets timers, signals and drawing have their turn. A message, because browsers hold timers back by 4 ms; a timer where
 * there are no messages (jsdom).
 */
const breathe = () =>
  new Promise<void>((resolve) => {
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })

class CPUData implements LoadedData {
  readonly samples: number
  readonly data: Dataset

  constructor(data: Dataset) {
    this.data = data
    this.samples = data.length
  }
  /** The data set's own arrays are read where they are. */
  get memory(): number {
    return 0
  }
  dispose(): void {
    // Nothing was allocated for it.
  }
}

/** The data of a handle that `load` gave. */
function ownData(handle: LoadedData): Dataset {
  if (handle instanceof CPUData) return handle.data
  throw new Error('the data were loaded by another backend')
}

/** One minibatch: its place in the epoch's order, its samples, and the step that it is. */
interface Minibatch {
  readonly order: Uint32Array
  readonly start: number
  readonly rows: number
  /** Counted from 1. */
  readonly step: number
  readonly stepSize: number
}

/** A network in host memory, in the precision asked for. */
export class CPUNetwork implements PlacedNetwork {
  readonly #settings: PlacementSettings
  readonly #layers: readonly Layer[]
  readonly #array: (length: number) => Values
  readonly #parameters: Values
  readonly #checkpoint: Values
  readonly #gradients: Values
  readonly #state: Values
  readonly #training: Workspace
  /** Where each parameter's step is taken with its gradient: plain sgd in float32. */
  readonly #descent: Descent | undefined
  readonly #penalty: { l1: number; l2: number } | undefined
  /** The parameters, for stages that read their rows. */
  readonly #parameterRows: Rows
  readonly #scratch: tiled.Scratch | undefined
  readonly #straight: Pass | undefined
  /** Dropout of each hidden layer; undefined where nothing is dropped. */
  readonly #drops: readonly { share: number; key: number }[] | undefined
  /** 0, 1, 2 … for a minibatch that was gathered. */
  readonly #places: Uint32Array
  /** The loss and the right answers of one straight pass. */
  readonly #scores = new Float64Array(2)
  #pieces: Workspace | undefined
  #lastBreath = performance.now()
  #disposed = false

  constructor(network: Network, settings: PlacementSettings, precision: Precision) {
    this.#settings = settings
    this.#layers = network.layers
    this.#array = precision === 'float32' ? (length) => new Float32Array(length) : (length) => new Float64Array(length)
    const count = network.parameters.length
    this.#parameters = this.#array(count)
    this.#parameters.set(network.parameters)
    this.#checkpoint = this.#parameters.slice()
    this.#gradients = this.#array(count)
    this.#state = this.#array(stateSlots(settings.optimizer) * count).fill(settings.optimizer.initialAccumulator)
    this.#scratch = precision === 'float32' ? new tiled.Scratch() : undefined
    const { dropout = [], seed = 0 } = settings
    if (dropout.some((share) => share > 0)) {
      this.#drops = dropout.map((share, layer) => ({ share, key: dropoutKey(seed, layer) }))
    }
    if (this.#scratch && !this.#drops) this.#straight = straightPass(this.#layers, settings.loss)
    this.#training = this.#makeWorkspace(settings.batchSize, this.#drops !== undefined)
    this.#places = Uint32Array.from({ length: settings.batchSize }, (_, m) => m)
    this.#parameterRows = { values: this.#parameters as Float32Array, order: undefined, first: 0 }
    const { name, momentum, weightDecay, clipNorm } = settings.optimizer
    const { l1 = 0, l2 = 0 } = settings
    if (l1 > 0 || l2 > 0) this.#penalty = { l1, l2 }
    else if (this.#scratch && name === 'sgd' && momentum === 0 && clipNorm === 0)
      this.#descent = { stepSize: 0, weightDecay }
  }

  get memory(): number {
    const arrays = [this.#parameters, this.#checkpoint, this.#gradients, this.#state]
    const spaces = this.#training.bytes + (this.#pieces?.bytes ?? 0) + (this.#scratch?.bytes ?? 0)
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, spaces)
  }

  /** Data sets stay where they are; scoring takes a workspace. */
  memoryFor(_train: Dataset, validation?: Dataset): number {
    const rows = validation ? this.#pieceRows(validation.length) : 0
    if (rows <= (this.#pieces?.rows ?? 0)) return this.memory
    return this.memory - (this.#pieces?.bytes ?? 0) + this.#makeWorkspace(rows).bytes
  }

  #makeWorkspace(rows: number, dropping = false): Workspace {
    const inPlace = this.#scratch !== undefined && !this.#straight && !small.isSmall(this.#layers[0]!)
    return new Workspace(this.#layers, rows, this.#array, inPlace, dropping)
  }

  /** The time where a profiler asks for it; {@link CPUNetwork.#ended} takes it. */
  #begin(): number {
    return this.#settings.profiler ? performance.now() : 0
  }

  #ended(stage: string, layer: number, began: number): void {
    this.#settings.profiler?.add('kernel', layer < 0 ? stage : `${stage}[${layer}]`, performance.now() - began)
  }

  /** A workspace for data that is not trained on: as large as is useful, made when first needed. */
  #piecesFor(samples: number): Workspace {
    const rows = this.#pieceRows(samples)
    if (!this.#pieces || this.#pieces.rows < rows) this.#pieces = this.#makeWorkspace(rows)
    return this.#pieces
  }

  #pieceRows(samples: number): number {
    const widest = Math.max(...this.#layers.map(({ inputs, outputs }) => Math.max(inputs, outputs)))
    return Math.min(samples, Math.max(1, Math.floor(PIECE_VALUES / widest)))
  }

  load(data: Dataset): Promise<LoadedData> {
    return Promise.resolve(new CPUData(data))
  }

  /** The data set's own arrays are read where they are. */
  mostRows(): number {
    return Infinity
  }

  passingBytes(): number {
    return 0
  }

  /** @param step its number, where units of a training workspace are dropped */
  #forward(space: Workspace, rows: number, step = 0): void {
    this.#layers.forEach((layer, l) => {
      const { values } = space.below[l]!
      const [z, a] = [space.z[l] as Float32Array, space.a[l] as Float32Array]
      const parameters = this.#parameters as Float32Array
      const began = this.#begin()
      if (!this.#scratch) reference.forward(layer, parameters, values, rows, z, a)
      else if (small.isSmall(layer)) small.forward(layer, parameters, values, rows, z, a)
      else tiled.forward(layer, parameters, space.below[l]!, rows, z, a, this.#scratch)
      const drop = this.#drops?.[l]
      if (drop && space.dropped) reference.drop(drop, step, rows, layer.outputs, a, space.dropped[l]!)
      this.#ended('forward', l, began)
    })
  }

  #outputDelta(space: Workspace, rows: number): { loss: number; right: number } {
    const l = this.#layers.length - 1
    const { z, a, deltas, targets, weights } = space
    const { loss } = this.#settings
    const began = this.#begin()
    const sums = reference.outputDelta(this.#layers[l]!, loss, z[l]!, a[l]!, targets, rows, deltas[l]!, weights)
    this.#ended('outputDelta', -1, began)
    return sums
  }

  /** Deltas and gradients from the top down; with a `descent`, steps of plain sgd instead of gradients. */
  #backward(space: Workspace, rows: number, descent?: Descent, step = 0): void {
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      if (l > 0) this.#hiddenDelta(space, rows, l - 1, step)
      this.#gradient(space, rows, l, descent)
    }
  }

  #hiddenDelta({ z, a, deltas, dropped }: Workspace, rows: number, l: number, step: number): void {
    const { activation } = this.#layers[l]!
    const next = this.#layers[l + 1]!
    const above = deltas[l + 1] as Float32Array
    const own = [z[l] as Float32Array, a[l] as Float32Array, deltas[l] as Float32Array] as const
    const parameters = this.#parameters as Float32Array
    const began = this.#begin()
    if (!this.#scratch) reference.hiddenDelta(next, parameters, above, rows, activation, ...own)
    else if (small.isSmall(next)) small.hiddenDelta(next, parameters, above, rows, activation, ...own)
    else tiled.hiddenDelta(next, this.#parameterRows, above, rows, activation, ...own, this.#scratch)
    const drop = this.#drops?.[l]
    if (drop && dropped) reference.drop(drop, step, rows, next.inputs, deltas[l]!, deltas[l]!)
    this.#ended('hiddenDelta', l, began)
  }

  #gradient(space: Workspace, rows: number, l: number, descent?: Descent): void {
    const layer = this.#layers[l]!
    const below = space.below[l]!
    const deltas = space.deltas[l] as Float32Array
    const target = (descent ? this.#parameters : this.#gradients) as Float32Array
    const began = this.#begin()
    if (!this.#scratch) reference.gradient(layer, deltas, below.values, rows, target)
    else if (small.isSmall(layer)) small.gradient(layer, deltas, below.values, rows, target, descent)
    else tiled.gradient(layer, deltas, below, rows, target, descent, this.#scratch)
    this.#ended('gradient', l, began)
  }

  epochsAtOnce(): number {
    return 1
  }

  epochsAhead(): number {
    return 1
  }

  async startEpochs(data: LoadedData, plans: readonly EpochPlan[]): Promise<{ sums: Promise<Sums[]> }> {
    const done: Sums[] = []
    for (const plan of plans) {
      const sums = await this.#trainEpoch(data, plan)
      done.push(sums)
      if (!Number.isFinite(sums.loss)) break
    }
    return { sums: Promise.resolve(done) }
  }

  async #trainEpoch(data: LoadedData, plan: EpochPlan): Promise<Sums> {
    const { order, batchSize, learningRate, stepsBefore, signal } = plan
    const { optimizer } = this.#settings
    const source = ownData(data)
    const sums: Sums = { loss: 0, right: 0, samples: 0 }
    this.#checkpoint.set(this.#parameters)
    for (let start = 0, step = stepsBefore + 1; start < order.length; start += batchSize, step++) {
      const rows = Math.min(batchSize, order.length - start)
      const scalars = stepScalars(optimizer, step, learningRate)
      // Straight-line code knows no weights of samples.
      const straight = source.weights ? undefined : this.#straight
      if (straight) this.#passStraight(straight, source, order, start, rows, sums)
      else this.#passInStages(source, { order, start, rows, step, stepSize: scalars.stepSize }, sums)
      if (!this.#descent || straight) this.#update(optimizer, scalars)
      if (performance.now() - this.#lastBreath > STRETCH) {
        await timed(this.#settings.profiler, 'host', 'event loop', breathe)
        this.#checkDisposed()
        signal?.throwIfAborted()
        this.#lastBreath = performance.now()
      }
    }
    return areFinite(this.#parameters) ? sums : brokenSums(sums)
  }

  #update(optimizer: Optimizer, scalars: StepScalars): void {
    const began = this.#begin()
    if (this.#penalty) addPenalty(this.#layers, this.#penalty, this.#parameters, this.#gradients)
    if (optimizer.clipNorm > 0) clip(this.#gradients, optimizer.clipNorm)
    reference.update(optimizer, scalars, this.#parameters, this.#gradients, this.#state)
    this.#ended('update', -1, began)
  }

  /** A minibatch's loss; infinite where float32 could not hold it, as it is on a GPU. */
  #inPrecision(loss: number): number {
    return this.#scratch === undefined || Number.isFinite(Math.fround(loss)) ? loss : Math.fround(loss)
  }

  /** A minibatch forward and back; what it loses is added to `sums`. */
  #passInStages(source: Dataset, minibatch: Minibatch, sums: Sums): void {
    const { order, start, rows, step, stepSize } = minibatch
    const space = this.#training
    const began = this.#begin()
    space.take(source, start, rows, order)
    this.#ended('gather', -1, began)
    this.#forward(space, rows, step)
    const { loss, right } = this.#outputDelta(space, rows)
    sums.loss += this.#inPrecision(loss)
    sums.right += right
    sums.samples += rows
    if (this.#descent) this.#descent.stepSize = stepSize
    this.#backward(space, rows, this.#descent, step)
  }

  /** As {@link CPUNetwork.#passInStages}, for a small network. */
  #passStraight(pass: Pass, source: Dataset, order: Uint32Array, start: number, rows: number, sums: Sums): void {
    const parameters = this.#parameters as Float32Array
    const gradients = this.#gradients as Float32Array
    const scores = this.#scores.fill(0)
    const began = this.#begin()
    const space = this.#training
    if (space.inputs && source.length > MANY_SAMPLES) {
      space.take(source, start, rows, order)
      const [x, y] = [space.inputs as Float32Array, space.targets as Float32Array]
      pass(parameters, x, y, this.#places, 0, rows, gradients, scores)
    } else {
      pass(parameters, source.inputs.data, source.targets.data, order, start, rows, gradients, scores)
    }
    this.#ended('forward to gradient', -1, began)
    sums.loss += this.#inPrecision(scores[0]!)
    sums.right += scores[1]!
    sums.samples += rows
  }

  async startScore(data: LoadedData): Promise<{ sums: Promise<Sums> }> {
    const source = ownData(data)
    const sums: Sums = { loss: 0, right: 0, samples: source.length }
    await this.#inPieces(source, (space, rows) => {
      const { loss, right } = this.#outputDelta(space, rows)
      sums.loss += loss
      sums.right += right
    })
    return { sums: Promise.resolve(sums) }
  }

  async predict(inputs: Matrix): Promise<Float32Array> {
    const outputs = this.#layers.at(-1)!.outputs
    const answers = new Float32Array(inputs.rows * outputs)
    await this.#inPieces({ inputs }, (space, rows, start) => {
      answers.set(space.a.at(-1)!.subarray(0, rows * outputs), start * outputs)
    })
    return answers
  }

  /** Forward over all rows, a piece at a time. */
  async #inPieces(source: Source, use: (space: Workspace, rows: number, start: number) => void): Promise<void> {
    const samples = source.inputs.rows
    const space = this.#piecesFor(samples)
    for (let start = 0; start < samples; start += space.rows) {
      const rows = Math.min(space.rows, samples - start)
      space.take(source, start, rows)
      this.#forward(space, rows)
      use(space, rows, start)
      if (start + rows < samples) {
        await breathe()
        this.#checkDisposed()
      }
    }
  }

  trace(minibatch: Dataset): Promise<Trace> {
    const rows = minibatch.length
    const space = this.#makeWorkspace(rows)
    space.take(minibatch, 0, rows)
    this.#forward(space, rows)
    const { loss } = this.#outputDelta(space, rows)
    this.#backward(space, rows)
    return Promise.resolve({
      loss: loss / rows,
      weightedInputs: space.z,
      activations: space.a,
      deltas: space.deltas,
      gradient: this.#gradients.slice(),
    })
  }

  readParameters(): Promise<Float32Array> {
    return Promise.resolve(Float32Array.from(this.#parameters))
  }

  snapshot(): Promise<Snapshot> {
    return Promise.resolve({ parameters: this.#parameters.slice(), state: this.#state.slice() })
  }

  restore({ parameters, state }: Snapshot): Promise<void> {
    this.#parameters.set(parameters)
    this.#state.set(state)
    return Promise.resolve()
  }

  restoreCheckpoint(): Promise<void> {
    this.#parameters.set(this.#checkpoint)
    this.#state.fill(this.#settings.optimizer.initialAccumulator)
    return Promise.resolve()
  }

  /** Host memory is the collector's; work that is under way ends when the event loop has had its turn. */
  dispose(): void {
    this.#disposed = true
  }

  #checkDisposed(): void {
    if (this.#disposed) throw new Error('the network was disposed of')
  }
}
