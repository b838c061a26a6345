import type { Matrix } from '../../core/matrix.ts'
import type { DataSource } from '../backend.ts'
import type { Layer } from '../../model/layout.ts'
import type { Rows } from './js/panels.ts'
import type { Values } from '../../core/values.ts'
import type { MakeValues } from './values.ts'

/** What a pass over at most `rows` samples reads and writes: one array a layer, row-major with one row a sample. */
export class Workspace {
  readonly rows: number
  readonly targets: Values
  /** One a row, of samples that count differently. */
  weights: Values | undefined
  /** The hidden layers' activations with units dropped, which the layers above read; undefined without dropout. */
  readonly dropped: readonly Values[] | undefined
  readonly z: Values[]
  readonly a: Values[]
  readonly deltas: Values[]
  /** What each layer reads: the inputs, then the activations of the layer below. */
  readonly below: Rows[]
  /** The minibatch's own rows, where the first layer does not read them in the data set. */
  readonly inputs: Values | undefined
  /** The array of `weights`, also where samples have none. */
  readonly #weights: Values

  /**
   * @param array makes an array in the backend's precision
   * @param dropping whether units of the hidden layers are dropped
   * @param inPlace whether the first layer reads its rows in the data set itself; else they are gathered
   */
  constructor(layers: readonly Layer[], rows: number, array: MakeValues, inPlace: boolean, dropping = false) {
    const perLayer = () => layers.map(({ outputs }) => array(rows * outputs))
    this.rows = rows
    this.inputs = inPlace ? undefined : array(rows * layers[0]!.inputs)
    this.targets = array(rows * layers.at(-1)!.outputs)
    this.z = perLayer()
    this.a = perLayer()
    this.deltas = perLayer()
    this.#weights = array(rows)
    this.dropped = dropping ? perLayer().slice(0, -1) : undefined
    this.below = [this.inputs ?? array(0), ...(this.dropped ?? this.a.slice(0, -1))].map((values) => ({
      // The reference, which runs in float64 too, asks for the values alone.
      values: values as Float32Array,
      order: undefined,
      first: 0,
    }))
  }

  get bytes(): number {
    return this.arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** All arrays of it. */
  get arrays(): Values[] {
    const { inputs, targets, z, a, deltas, dropped = [] } = this
    return [...(inputs ? [inputs] : []), targets, this.#weights, ...z, ...a, ...deltas, ...dropped]
  }

  /** Takes in `rows` samples from `start` on, those that `order` names where it is given. */
  take({ inputs, targets, weights }: DataSource, start: number, rows: number, order?: Uint32Array): void {
    if (this.inputs) gatherRows(inputs, this.inputs, start, rows, order)
    else {
      const first = this.below[0]!
      first.values = inputs.data
      first.order = order
      first.first = start
    }
    if (targets) gatherRows(targets, this.targets, start, rows, order)
    if (weights) this.#takeWeights(weights, start, rows, order)
    else this.weights = undefined
  }

  #takeWeights(weights: Float32Array, start: number, rows: number, order?: Uint32Array): void {
    const own = (this.weights = this.#weights)
    for (let m = 0; m < rows; m++) own[m] = weights[order ? order[start + m]! : start + m]!
  }
}

/** The lengths of the arrays of a workspace whose rows are gathered, without dropout. */
export function workspaceLengths(layers: readonly Layer[], rows: number): number[] {
  const columns = layers.flatMap(({ outputs }) => [outputs, outputs, outputs])
  return [layers[0]!.inputs, layers.at(-1)!.outputs, 1, ...columns].map((count) => rows * count)
}

function gatherRows({ cols, data }: Matrix, target: Values, start: number, rows: number, order?: Uint32Array): void {
  for (let m = 0; m < rows; m++) {
    const from = (order ? order[start + m]! : start + m) * cols
    const to = m * cols
    for (let j = 0; j < cols; j++) target[to + j] = data[from + j]!
  }
}
