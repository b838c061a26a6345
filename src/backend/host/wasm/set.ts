import { countParameters, type Layer } from '../../../model/layout.ts'
import { ruleOf, type StepScalars, stateSlots, stepScalars } from '../../../optimizer/optimizer.ts'
import type { DataSource, EpochOrder, PlacementSettings } from '../../backend.ts'
import { MOST_STEPS } from '../engine.ts'
import type { MinibatchSums, Stages, StageSetting } from '../stage-set.ts'
import { Workspace } from '../workspace.ts'
import { CONTROL_BYTES, fields } from './control.ts'
import type { WasmFeatures } from './features.ts'
import { Heap } from './heap.ts'
import { makeKit } from './kit.ts'
import type { Pool } from './pool.ts'
import { type Addresses, scratchBytes, writeProgram } from './program.ts'
import { mayBlock } from './threads.ts'
import { isStraight } from './straight.ts'
import { ThreadChoice } from './thread-choice.ts'

/** What the generated module exports. */
interface Program {
  work(thread: number): void
  [stage: string]: (...given: number[]) => void
}

/** A data set in the memory of WebAssembly; addresses in bytes, 0 for none. */
interface HeldData {
  readonly inputs: number
  readonly targets: number
  readonly weights: number
}

const addressOf = (values: { readonly byteOffset: number }) => values.byteOffset

/** Opens the stages of a network in WebAssembly, on the threads of a pool. */
export async function openWasmStages(
  setting: StageSetting,
  pool: Pool | undefined,
  features: Pick<WasmFeatures, 'isRelaxed'>,
): Promise<Stages> {
  const { layers, settings } = setting
  const heap = new Heap()
  const threads = pool?.threads ?? 1
  const isDropping = (settings.dropout ?? []).some((share) => share > 0)
  const make = (length: number) => heap.floats(length)
  const space = new Workspace(layers, settings.batchSize, make, false, isDropping)
  const parameters = make(countParameters(layers))
  const gradients = make(parameters.length)
  const state = make(stateSlots(settings.optimizer) * parameters.length)
  const addresses: Addresses = {
    control: heap.allocate(CONTROL_BYTES),
    parameters: addressOf(parameters),
    gradients: addressOf(gradients),
    state: addressOf(state),
    inputs: addressOf(space.inputs!),
    targets: addressOf(space.targets),
    weights: heap.allocate(4 * settings.batchSize),
    z: space.z.map(addressOf),
    a: space.a.map(addressOf),
    deltas: space.deltas.map(addressOf),
    below: space.below.map(({ values }) => addressOf(values)),
    scores: heap.allocate(16 * settings.batchSize),
    squares: heap.allocate(8 * Math.ceil(parameters.length / 4096)),
    scratch: heap.allocate(threads * scratchBytes(layers, settings.batchSize)),
  }
  const bytes = writeProgram({ layers, settings, addresses, kit: makeKit(features.isRelaxed) })
  const module = await WebAssembly.compile(bytes)
  const instance = await WebAssembly.instantiate(module, { host: { memory: heap.memory } })
  const program = instance.exports as unknown as Program
  const isAlone = !pool || pool.threads === 1 || isStraight(layers, settings)
  const id = isAlone ? undefined : await pool.attach(module, heap.memory)
  return new WasmStages({ layers, settings, heap, space, parameters, gradients, state, addresses, program, pool, id })
}

interface Opened {
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

class WasmStages implements Stages {
  readonly parameters: Float32Array
  readonly gradients: Float32Array
  readonly state: Float32Array
  readonly #opened: Opened
  readonly #program: Program
  readonly #control: { readonly words: Int32Array; readonly sums: Float64Array }
  readonly #scalars: Float32Array
  readonly #held = new Map<DataSource, HeldData>()
  readonly #threads: ThreadChoice
  /** The order that was placed last, and the copy of it. */
  #order: { readonly from: Uint32Array; readonly own: Uint32Array } | undefined
  /** For passes that are not training: the rows' scores, and scratch memory for their gradients. */
  #scores: Float64Array | undefined
  #isSpaceTaken = false

  constructor(opened: Opened) {
    const { heap, addresses, parameters, gradients, state, program } = opened
    this.#opened = opened
    this.#program = program
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
    return heap.bytes - parameters.byteLength - gradients.byteLength - state.byteLength - space.bytes
  }

  makeWorkspace(rows: number, dropping: boolean): Workspace {
    const { layers, settings, space, heap } = this.#opened
    if (!this.#isSpaceTaken && rows === settings.batchSize && dropping === (space.dropped !== undefined)) {
      this.#isSpaceTaken = true
      return space
    }
    return new Workspace(layers, rows, (length) => heap.floats(length), false, dropping)
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
    const held = this.#hold(data)
    const { words, sums } = this.#control
    const set = (name: keyof typeof fields, value: number) => {
      words[fields[name] / 4] = value
    }
    set('inputs', held.inputs)
    set('targets', held.targets)
    set('weights', held.weights)
    set('order', this.#placeOrder(order, first === 0))
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
    const began = performance.now()
    this.#work(threads)
    this.#threads.record(threads, (performance.now() - began) / count)
    return { loss: sums[fields.loss / 8]!, right: sums[fields.right / 8]! }
  }

  #work(threads: number): void {
    const { pool, id } = this.#opened
    if (threads === 1 || id === undefined || !pool) this.#program.work!(0)
    else pool.run(id, () => this.#program.work!(0))
  }

  /**
   * @param isNew whether an epoch begins: the array may hold another order than before
   * @returns the address of a copy of the order
   */
  #placeOrder(order: Uint32Array, isNew: boolean): number {
    const { heap } = this.#opened
    if (isNew || this.#order?.from !== order) {
      const own = this.#order?.own.length === order.length ? this.#order.own : heap.integers(order.length)
      if (this.#order && own !== this.#order.own) heap.free(addressOf(this.#order.own))
      own.set(order)
      this.#order = { from: order, own }
    }
    return addressOf(this.#order.own)
  }

  /** Copies a data set to the memory of WebAssembly, once. */
  #hold(data: DataSource): HeldData {
    const known = this.#held.get(data)
    if (known) return known
    const { heap } = this.#opened
    const copy = (values: ArrayLike<number> | undefined) => {
      if (!values) return 0
      const own = heap.floats(values.length)
      own.set(values)
      return addressOf(own)
    }
    const held = { inputs: copy(data.inputs.data), targets: copy(data.targets?.data), weights: copy(data.weights) }
    this.#held.set(data, held)
    return held
  }

  /** Frees the copy of a data set. */
  release(data: DataSource): void {
    const held = this.#held.get(data)
    this.#held.delete(data)
    for (const address of held ? Object.values(held) : []) this.#opened.heap.free(address as number)
  }

  dispose(): void {
    const { pool, id } = this.#opened
    if (id !== undefined) pool?.detach(id)
  }
}
