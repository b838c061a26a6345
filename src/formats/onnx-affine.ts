import { InputError } from '../core/errors.ts'
import type { OnnxNode } from './onnx-reader.ts'
import type { Values } from './onnx-values.ts'

/** y ↦ factor · y + term for each of some values. */
export interface Affine {
  readonly factor: Float64Array
  readonly term: Float64Array
}

/** A node that scales its input. */
export interface AffineStep {
  readonly node: OnnxNode
  readonly input: string
  /** What it does to that many values. @throws InputError for another number of constants */
  readonly apply: (count: number) => Affine
}

/** The node that makes a value, where it scales its input: Scaler, BatchNormalization, or a sum or product with a constant. */
export function affineStep(values: Values, name: string): AffineStep | undefined {
  const node = values.maker(name)
  if (!node) return undefined
  if (node.operator === 'Scaler') return scaler(node)
  return node.operator === 'BatchNormalization' ? batchNormalization(values, node) : sumOrProduct(values, node)
}

function spread(node: OnnxNode, list: ArrayLike<number>, count: number): Float64Array {
  if (list.length !== 1 && list.length !== count) {
    throw new InputError(`onnx: ${node.title}: expected one constant, or ${count}, got ${list.length}`)
  }
  return Float64Array.from({ length: count }, (_, j) => list[list.length === 1 ? 0 : j]!)
}

function scaler(node: OnnxNode): AffineStep {
  const [offset, scale] = ['offset', 'scale'].map((name) => node.attributes.get(name)?.floats ?? [])
  const apply = (count: number) => {
    const factor = spread(node, scale!.length > 0 ? scale! : [1], count)
    const moved = spread(node, offset!.length > 0 ? offset! : [0], count)
    return { factor, term: factor.map((one, j) => -one * moved[j]!) }
  }
  return { node, input: node.inputs[0] ?? '', apply }
}

/** (x − mean) / √(variance + epsilon) · scale + shift, with the statistics of training. */
function batchNormalization(values: Values, node: OnnxNode): AffineStep {
  const fail = (problem: string): never => {
    throw new InputError(`onnx: ${node.title}: ${problem}`)
  }
  const isTraining = (node.attributes.get('training_mode')?.int ?? 0) !== 0
  if (isTraining || node.outputs.filter((output) => output !== '').length > 1) {
    fail('is in training mode; export the model for inference (in PyTorch: model.eval())')
  }
  const epsilon = node.attributes.get('epsilon')?.float ?? 1e-5
  const apply = (count: number) => {
    const [scale, shift, mean, variance] = [1, 2, 3, 4].map((i) => {
      const { values: list } = values.constant(node.inputs[i]) ?? fail('its statistics are no constants')
      return list.length === count ? list : fail(`expected ${count} constants, one an input, got ${list.length}`)
    }) as [Float64Array, Float64Array, Float64Array, Float64Array]
    const bad = variance.findIndex((value) => !(value + epsilon > 0))
    if (bad >= 0) fail(`its variance ${bad} is ${variance[bad]}, expected one above ${-epsilon}`)
    const factor = scale.map((value, j) => value / Math.sqrt(variance[j]! + epsilon))
    return { factor, term: shift.map((value, j) => value - mean[j]! * factor[j]!) }
  }
  return { node, input: node.inputs[0] ?? '', apply }
}

function sumOrProduct(values: Values, node: OnnxNode): AffineStep | undefined {
  const [a = '', b = ''] = node.inputs
  if (!['Add', 'Sub', 'Mul', 'Div'].includes(node.operator)) return undefined
  const [first, second] = [values.constant(a), values.constant(b)]
  const constant = second ?? first
  if (!constant || (first && second) || (node.operator === 'Div' && first)) return undefined
  const apply = (count: number) => {
    const list = spread(node, constant.values, count)
    if (node.operator === 'Add') return { factor: list.map(() => 1), term: list }
    if (node.operator === 'Sub') return first ? { factor: list.map(() => -1), term: list } : { factor: list.map(() => 1), term: list.map((one) => -one) } // prettier-ignore
    return { factor: node.operator === 'Mul' ? list : list.map((one) => 1 / one), term: list.map(() => 0) }
  }
  return { node, input: first ? b : a, apply }
}

/** What several steps do together. @param steps the last of them first */
export function composeSteps(steps: readonly AffineStep[], count: number): Affine {
  let factor = new Float64Array(count).fill(1)
  let term = new Float64Array(count)
  for (const step of steps) {
    const inner = step.apply(count)
    const outer = factor
    term = term.map((one, j) => one + outer[j]! * inner.term[j]!)
    factor = factor.map((one, j) => one * inner.factor[j]!)
  }
  return { factor, term }
}

interface Weights {
  readonly inputs: number
  /** Out × in. */
  readonly weights: Float64Array
  readonly biases: Float64Array
}

/** A layer whose outputs are scaled. */
export const outputOf = <L extends Weights>(layer: L, { factor, term }: Affine): L => ({
  ...layer,
  weights: layer.weights.map((value, i) => value * factor[Math.floor(i / layer.inputs)]!),
  biases: layer.biases.map((value, i) => value * factor[i]! + term[i]!),
})

/** A layer whose inputs are scaled. */
export function inputOf<L extends Weights>(layer: L, { factor, term }: Affine): L {
  const { inputs, weights } = layer
  const biases = layer.biases.map((bias, i) =>
    weights.subarray(i * inputs, (i + 1) * inputs).reduce((sum, weight, j) => sum + weight * term[j]!, bias),
  )
  return { ...layer, weights: weights.map((weight, at) => weight * factor[at % inputs]!), biases }
}
