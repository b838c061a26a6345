import { dropoutKey } from '../../optimizer/dropout.ts'
import { ruleOf, stepScalars } from '../../optimizer/optimizer.ts'
import type { Layer } from '../../model/layout.ts'
import { brokenSums, type DataSource, type EpochOrder, type PlacementSettings, type Sums } from '../backend.ts'
import { areFinite, type Fault, layerOfFault } from '../fault.ts'
import { timed } from '../profiler.ts'
import { EventLoopClock, yieldToEventLoop } from './event-loop.ts'
import { drop } from './reference/stages.ts'
import type { Minibatch, MinibatchSums, Stages } from './stage-set.ts'
import { StepPace } from './step-pace.ts'
import { addPenalty, clip } from './update.ts'
import type { Values } from '../../core/values.ts'
import type { Workspace } from './workspace.ts'

/** Above this, float32 rounds to infinity or to its largest number. */
const LARGEST_FLOAT32 = 3.4028234663852886e38

/** Dropout of one hidden layer. */
interface LayerDropout {
  readonly share: number
  readonly key: number
}

/** Data with targets: what can be trained on and scored. */
export type TrainingSource = DataSource & { readonly targets: NonNullable<DataSource['targets']> }

/**
 * Runs the stages of a set: epochs of minibatches with dropout, penalty and clipping, and single passes. The one epoch
 * loop of all host backends.
 */
export class Engine {
  readonly stages: Stages
  readonly #layers: readonly Layer[]
  readonly #settings: PlacementSettings
  /** Dropout of each hidden layer; undefined where nothing is dropped. */
  readonly #dropouts: readonly LayerDropout[] | undefined
  readonly #penalty: { readonly l1: number; readonly l2: number } | undefined
  readonly #space: Workspace
  /** The parameters and the optimizer's state at the beginning of the epoch. */
  readonly #epochStart: { readonly parameters: Values; readonly state: Values }
  readonly #eventLoop = new EventLoopClock()
  readonly #isFloat64: boolean
  #disposed = false
  readonly #pace = new StepPace()

  constructor(layers: readonly Layer[], settings: PlacementSettings, stages: Stages) {
    this.stages = stages
    this.#isFloat64 = stages.parameters instanceof Float64Array
    this.#layers = layers
    this.#settings = settings
    const { dropout = [], seed = 0, l1 = 0, l2 = 0, batchSize } = settings
    if (dropout.some((share) => share > 0)) {
      this.#dropouts = dropout.map((share, layer) => ({ share, key: dropoutKey(seed, layer) }))
    }
    if (l1 > 0 || l2 > 0) this.#penalty = { l1, l2 }
    this.#space = stages.makeWorkspace(batchSize, this.#dropouts !== undefined)
    this.#epochStart = { parameters: stages.parameters.slice(), state: stages.state.slice() }
  }

  /** Bytes held, the parameters, gradients and state included. */
  get bytes(): number {
    const { parameters, gradients, state, bytes } = this.stages
    const arrays = [parameters, gradients, state, this.#epochStart.parameters, this.#epochStart.state]
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, bytes + this.#space.bytes)
  }

  /**
   * Trains one epoch. Where its loss is not finite, the parameters and the optimizer's state are reset to the beginning of
   * the epoch.
   */
  async trainEpoch(data: TrainingSource, epoch: EpochOrder): Promise<Sums> {
    this.checkDisposed()
    const { stages } = this
    this.#epochStart.parameters.set(stages.parameters)
    this.#epochStart.state.set(stages.state)
    const sums = await (stages.steps ? this.#trainSteps(data, epoch) : this.#trainMinibatches(data, epoch))
    this.checkDisposed()
    const checked = areFinite(stages.parameters) ? sums : brokenSums(sums)
    if (!Number.isFinite(checked.loss)) this.#returnTo(this.#epochStart)
    return checked
  }

  #returnTo({ parameters, state }: { readonly parameters: Values; readonly state: Values }): void {
    this.stages.parameters.set(parameters)
    this.stages.state.set(state)
  }

  /**
   * Finds where the last epoch stopped being finite: trains it again, and tests after each minibatch. Parameters and state
   * are those of its beginning, before and after.
   */
  async locateFault(data: TrainingSource, epoch: EpochOrder) {
    const { order, batchSize, learningRate, stepsBefore } = epoch
    const { parameters, state } = this.stages
    const before = { parameters: parameters.slice(), state: state.slice() }
    let loss = 0
    let fault: Fault | undefined
    for (let start = 0, index = 0; start < order.length && !fault; start += batchSize, index++) {
      const step = stepsBefore + index + 1
      const scalars = stepScalars(this.#settings.optimizer, step, learningRate)
      const rows = Math.min(batchSize, order.length - start)
      const minibatch = { order, start, rows, step, scalars, countsLabels: false }
      const whole = this.stages.steps?.(data, epoch, index, 1)
      loss = whole
        ? this.#inPrecision(whole.loss)
        : loss + this.#inPrecision(this.#trainMinibatch(data, minibatch).loss)
      if (Number.isFinite(loss) && areFinite(parameters)) {
        before.parameters.set(parameters)
        before.state.set(state)
      } else {
        const after = parameters.slice()
        this.#returnTo(before)
        fault = { minibatch: index, layer: this.#layerOfFault(data, minibatch, after) }
      }
      await this.#giveWay()
      this.checkDisposed()
    }
    this.#returnTo(this.#epochStart)
    return fault
  }

  /** @param after the parameters after the minibatch's step */
  #layerOfFault(data: TrainingSource, { order, start, rows, step }: Minibatch, after: Values): number {
    const space = this.#space
    space.take(data, start, rows, order)
    this.forward(space, rows, step)
    const { loss } = this.outputDelta(space, rows)
    this.backward(space, rows, step)
    const used = (values: Values, l: number) => values.subarray(0, rows * this.#layers[l]!.outputs)
    const values = { activations: space.a.map(used), loss, deltas: space.deltas.map(used), parameters: after }
    // Where every value is finite, the sum of the losses is not: it belongs to the output layer.
    return layerOfFault(this.#layers, values) ?? this.#layers.length - 1
  }

  resetState(): void {
    this.stages.state.fill(this.#settings.optimizer.initialAccumulator)
  }

  /** How many epochs of `steps` steps are worth handing over together. */
  epochsTogether(steps: number): number {
    return this.stages.steps ? this.#pace.epochsTogether(steps) : 1
  }

  /** An epoch of a set that makes several steps in one call. */
  async #trainSteps(data: TrainingSource, epoch: EpochOrder): Promise<Sums> {
    const sums: Sums = { loss: 0, right: 0, samples: epoch.order.length }
    const steps = Math.ceil(epoch.order.length / epoch.batchSize)
    for (let first = 0; first < steps;) {
      const count = Math.min(steps - first, this.#pace.steps)
      const began = performance.now()
      const { loss, right } = this.stages.steps!(data, epoch, first, count)
      sums.loss = this.#inPrecision(loss)
      sums.right = right
      first += count
      this.#pace.record(count, performance.now() - began)
      await this.#giveWay(epoch.signal)
      this.checkDisposed()
    }
    return sums
  }

  /** Lets the event loop run where it is time for it. */
  async #giveWay(signal?: AbortSignal): Promise<void> {
    if (!this.#eventLoop.isDue) return
    await timed(this.#settings.profiler, 'host', 'event loop', yieldToEventLoop)
    this.checkDisposed()
    signal?.throwIfAborted()
    this.#eventLoop.restart()
  }

  async #trainMinibatches(data: TrainingSource, epoch: EpochOrder): Promise<Sums> {
    const { order, batchSize, learningRate, stepsBefore, countsLabels = false, signal } = epoch
    const { optimizer } = this.#settings
    const sums: Sums = { loss: 0, right: 0, samples: order.length }
    // One object for all steps: with small networks, an allocation per step takes a tenth of the time.
    const scalars = stepScalars(optimizer, stepsBefore + 1, learningRate)
    const minibatch: Minibatch = { order, start: 0, rows: 0, step: stepsBefore, scalars, countsLabels }
    const { hasChangingScalars } = ruleOf(optimizer)
    for (let start = 0; start < order.length; start += batchSize) {
      minibatch.start = start
      minibatch.rows = Math.min(batchSize, order.length - start)
      minibatch.step++
      if (hasChangingScalars) minibatch.scalars = stepScalars(optimizer, minibatch.step, learningRate)
      const { loss, right } = this.#trainMinibatch(data, minibatch)
      sums.loss += this.#inPrecision(loss)
      sums.right += right
      if (this.#eventLoop.isDue) await this.#giveWay(signal)
    }
    return sums
  }

  #trainMinibatch(data: TrainingSource, minibatch: Minibatch): MinibatchSums {
    const { stages } = this
    const { scalars } = minibatch
    const began = this.#begin()
    const space = this.#space
    const sums = stages.minibatch?.(data, minibatch, space)
    if (sums) {
      this.#ended('forward to gradient', -1, began)
      this.#update(minibatch)
      return sums
    }
    const { order, start, rows, step, countsLabels } = minibatch
    space.take(data, start, rows, order)
    this.#ended('gather', -1, began)
    this.forward(space, rows, step)
    const scored = this.outputDelta(space, rows, countsLabels)
    // Where gradients are changed before the step, all of them have to be known first.
    const atOnce = this.#penalty === undefined && this.#settings.optimizer.clipNorm === 0
    this.backward(space, rows, step, atOnce ? scalars : undefined)
    this.#update(minibatch)
    return scored
  }

  #update({ scalars }: Minibatch): void {
    const { gradients, parameters } = this.stages
    const { clipNorm } = this.#settings.optimizer
    const began = this.#begin()
    if (this.#penalty) addPenalty(this.#layers, this.#penalty, parameters, gradients)
    if (clipNorm > 0) clip(gradients, clipNorm)
    this.stages.update(scalars)
    this.#ended('update', -1, began)
  }

  /** @param step the step's number, where units of a training workspace are dropped */
  forward(space: Workspace, rows: number, step = 0): void {
    this.#layers.forEach(({ outputs }, l) => {
      const began = this.#begin()
      this.stages.forward(l, space, rows)
      const dropout = this.#dropouts?.[l]
      if (dropout && space.dropped) drop(dropout, step, rows, outputs, space.a[l]!, space.dropped[l]!)
      this.#ended('forward', l, began)
    })
  }

  outputDelta(space: Workspace, rows: number, countsLabels = false): MinibatchSums {
    const began = this.#begin()
    const sums = this.stages.outputDelta(space, rows, countsLabels)
    this.#ended('outputDelta', -1, began)
    return sums
  }

  /**
   * Deltas and gradients from the output layer to the first. A layer's δ is passed on before its gradient is taken, because
   * its weights may change with the gradient.
   */
  backward(space: Workspace, rows: number, step = 0, scalars?: Minibatch['scalars']): void {
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      if (l > 0) this.#hiddenDelta(space, rows, l - 1, step)
      const began = this.#begin()
      this.stages.gradient(l, space, rows, scalars)
      this.#ended('gradient', l, began)
    }
  }

  #hiddenDelta(space: Workspace, rows: number, l: number, step: number): void {
    const began = this.#begin()
    this.stages.hiddenDelta(l, space, rows)
    const dropout = this.#dropouts?.[l]
    const deltas = space.deltas[l]!
    if (dropout && space.dropped) drop(dropout, step, rows, this.#layers[l]!.outputs, deltas, deltas)
    this.#ended('hiddenDelta', l, began)
  }

  /** A minibatch's loss; infinite where float32 cannot hold it, as it is on a GPU. */
  #inPrecision(loss: number): number {
    return this.#isFloat64 || Math.abs(loss) <= LARGEST_FLOAT32 ? loss : Math.fround(loss)
  }

  /** The time, where a profiler asks for it. */
  #begin(): number {
    return this.#settings.profiler ? performance.now() : 0
  }

  #ended(stage: string, layer: number, began: number): void {
    this.#settings.profiler?.add('kernel', layer < 0 ? stage : `${stage}[${layer}]`, performance.now() - began)
  }

  /** Work under way ends when the event loop has run next. */
  dispose(): void {
    this.#disposed = true
    this.stages.dispose()
  }

  checkDisposed(): void {
    if (this.#disposed) throw new Error('the network was disposed of')
  }
}
