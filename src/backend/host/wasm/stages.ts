import type { Layer } from '../../../model/layout.ts'
import { ruleOf, type StepScalars, stepScalars } from '../../../optimizer/optimizer.ts'
import type { DataSource, EpochOrder, PlacementSettings } from '../../backend.ts'
import type { MinibatchSums, Stages } from '../stage-set.ts'
import { MOST_STEPS } from '../step-pace.ts'
import { Workspace, workspaceLengths } from '../workspace.ts'
import type { Addresses } from './addresses.ts'
import { CONTROL_BYTES, fields } from './control.ts'
import { addressOf, blockBytes, type Heap } from './heap.ts'
import { HeldData } from './held-data.ts'
import type { Pool } from './pool.ts'
import { scratchBytes } from './program.ts'
import { ThreadChoice } from './thread-choice.ts'
import { mayBlock } from './threads.ts'

/** What the generated module exports. */
export interface Program {
  work(thread: number): void
  [stage: string]: (...given: number[]) => void
}

/** What the stages of a network consist of. */
export interface Opened {
  readonly layers: readonly Layer[]
  readonly settings: PlacementSettings
  readonly heap: Heap
  /** The workspace of training. */
  readonly space: Workspace
  readonly parameters: Float32Array
  readonly gradients: Float32Array
  readonly state: Float32Array
  readonly addresses: Addresses
  readonly program: Program
  readonly pool: Pool | undefined
  /** The program's number in the pool; undefined on one thread. */
  readonly id: number | undefined
}

/** The stages of one network in WebAssembly. */
export class WasmStages implements Stages {
  readonly parameters: Float32Array
  readonly gradients: Float32Array
  readonly state: Float32Array
  readonly #opened: Opened
  readonly #program: Program
  readonly #control: { readonly words: Int32Array; readonly sums: Float64Array }
  readonly #scalars: Float32Array
  readonly #data: HeldData
  readonly #threads: ThreadChoice
  /** For passes that are not training: the rows' scores, and scratch memory for their gradients. */
  #scores: Float64Array | undefined
  #isSpaceTaken = false
  /** Bytes of the workspaces besides that of training. */
  #otherSpaces = 0
  #isDisposed = false

  constructor(opened: Opened) {
    const { heap, addresses, parameters, gradients, state, program } = opened
    this.#opened = opened
    this.#program = program
    this.#data = new HeldData(heap)
    this.#threads = new ThreadChoice(opened.id === undefined ? 1 : opened.pool!.threads)
    this.parameters = parameters
    this.gradients = gradients
    this.state = state
    const { buffer } = heap.memory
    this.#control = {
      words: new Int32Array(buffer, addresses.control, CONTROL_BYTES / 4),
      sums: new Float64Array(buffer, addresses.control, CONTROL_BYTES / 8),
    }
    this.#scalars = heap.floats(4 * MOST_STEPS)
    this.#control.words[fields.mayFirstSleep / 4] = Number(mayBlock())
  }

  get bytes(): number {
    const { heap, parameters, gradients, state, space } = this.#opened
    const arrays = parameters.byteLength + gradients.byteLength + state.byteLength + space.bytes + this.#otherSpaces
    return heap.bytes - arrays
  }

  makeWorkspace(rows: number, dropping: boolean): Workspace {
    const { layers, settings, space, heap } = this.#opened
    if (!this.#isSpaceTaken && rows === settings.batchSize && dropping === (space.dropped !== undefined)) {
      this.#isSpaceTaken = true
      return space
    }
    const other = new Workspace(layers, rows, (length) => heap.floats(length), false, dropping)
    this.#otherSpaces += other.bytes
    return other
  }

  freeWorkspace({ arrays, bytes }: Workspace): void {
    this.#otherSpaces -= bytes
    for (const values of arrays) this.#opened.heap.free(addressOf(values))
  }

  workspaceBytes(rows: number): number {
    const blocks = workspaceLengths(this.#opened.layers, rows).map((length) => blockBytes(4 * length))
    const scores = Math.max(0, blockBytes(16 * rows) - (this.#scores ? blockBytes(this.#scores.byteLength) : 0))
    return blocks.reduce((sum, bytes) => sum + bytes, scores)
  }

  dataBytes(data: DataSource): number {
    return this.#data.bytesOf(data)
  }

  forward(l: number, { below, z, a }: Workspace, rows: number): void {
    this.#program[`forward${l}`]!(addressOf(below[l]!.values), addressOf(z[l]!), addressOf(a[l]!), rows)
  }

  outputDelta({ z, a, deltas, targets, weights }: Workspace, rows: number, countsLabels = false): MinibatchSums {
    const l = this.#opened.layers.length - 1
    const scores = this.#scoresFor(rows)
    const [zs, as, ys, ds] = [z[l]!, a[l]!, targets, deltas[l]!].map(addressOf)
    this.#program.outputDelta!(zs!, as!, ys!, weights ? addressOf(weights) : 0, ds!, addressOf(scores), Number(countsLabels), rows) // prettier-ignore
    const sums = { loss: 0, right: 0 }
    for (let m = 0; m < rows; m++) {
      sums.loss += scores[2 * m]!
      sums.right += scores[2 * m + 1]!
    }
    return sums
  }

  #scoresFor(rows: number): Float64Array {
    const { heap } = this.#opened
    if (!this.#scores || this.#scores.length < 2 * rows) {
      if (this.#scores) heap.free(addressOf(this.#scores))
      this.#scores = heap.doubles(2 * rows)
    }
    return this.#scores
  }

  hiddenDelta(l: number, { z, a, deltas }: Workspace, rows: number): void {
    const [above, zs, as, ds] = [deltas[l + 1]!, z[l]!, a[l]!, deltas[l]!].map(addressOf)
    this.#program[`hiddenDelta${l}`]!(above!, zs!, as!, ds!, rows)
  }

  gradient(l: number, { deltas, below }: Workspace, rows: number): void {
    const { addresses, settings, heap, layers } = this.#opened
    const isLarge = rows > settings.batchSize
    const space = isLarge ? heap.allocate(scratchBytes(layers, rows)) : addresses.scratch
    this.#program[`gradient${l}`]!(addressOf(deltas[l]!), addressOf(below[l]!.values), rows, space)
    if (isLarge) heap.free(space)
  }

  update(step: StepScalars): void {
    this.#setScalars(0, step)
    this.#program.update!(addressOf(this.#scalars))
  }

  #setScalars(index: number, { stepSize, decay, correction, gradientStep }: StepScalars): void {
    const scalars = this.#scalars
    scalars[4 * index] = stepSize
    scalars[4 * index + 1] = decay
    scalars[4 * index + 2] = correction
    scalars[4 * index + 3] = gradientStep
  }

  steps(data: DataSource, epoch: EpochOrder, first: number, count: number): MinibatchSums {
    const { order, batchSize, learningRate, stepsBefore, countsLabels = false } = epoch
    const { optimizer } = this.#opened.settings
    const held = this.#data.hold(data)
    const { words, sums } = this.#control
    const set = (name: keyof typeof fields, value: number) => {
      words[fields[name] / 4] = value
    }
    set('inputs', held.inputs)
    set('targets', held.targets)
    set('weights', held.weights)
    set('order', this.#data.placeOrder(order, first === 0))
    set('first', first * batchSize)
    set('end', Math.min(order.length, (first + count) * batchSize))
    set('batchSize', batchSize)
    set('step', stepsBefore + first + 1)
    const threads = this.#threads.next()
    set('threads', threads)
    set('scalars', addressOf(this.#scalars))
    set('countsLabels', Number(countsLabels))
    const { hasChangingScalars } = ruleOf(optimizer)
    set('scalarStride', hasChangingScalars ? 16 : 0)
    for (let i = 0; i < (hasChangingScalars ? count : 1); i++) {
      this.#setScalars(i, stepScalars(optimizer, stepsBefore + first + i + 1, learningRate))
    }
    if (first === 0) sums.fill(0, fields.loss / 8)
    const began = performance.now()
    this.#work(threads)
    this.#threads.record(threads, (performance.now() - began) / count)
    return { loss: sums[fields.loss / 8]!, right: sums[fields.right / 8]! }
  }

  #work(threads: number): void {
    const { pool, id } = this.#opened
    if (threads === 1 || id === undefined || !pool) this.#program.work(0)
    else pool.run(id, () => this.#program.work(0))
  }

  release(data: DataSource): void {
    this.#data.release(data)
  }

  dispose(): void {
    const { pool, id, heap } = this.#opened
    if (id !== undefined) pool?.detach(id)
    // The threads of a pool that failed may not have ended yet.
    if (!this.#isDisposed && (id === undefined || !pool?.hasFailed)) heap.dispose()
    this.#isDisposed = true
  }
}
