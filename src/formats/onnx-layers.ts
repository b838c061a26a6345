import { describe, InputError, listNames } from '../core/errors.ts'
import type { ActivationName } from '../model/activation.ts'
import { matchActivation } from './onnx-activations.ts'
import type { OnnxNode } from './onnx-reader.ts'
import { type Constant, transposed, type Values } from './onnx-values.ts'

/** A dense layer of a graph, in float64. */
export interface OnnxLayer {
  readonly inputs: number
  readonly outputs: number
  /** Out × in. */
  readonly weights: Float64Array
  readonly biases: Float64Array
  readonly activation: ActivationName
  /** The name of the weights in the file. */
  readonly name: string
}

/** A linear map of a value. */
type Linear = Omit<OnnxLayer, 'activation'> & { readonly input: string }

/** y ↦ factor · y + term for each of some values. */
export interface Affine {
  readonly factor: Float64Array
  readonly term: Float64Array
}

const MOST_LAYERS = 1000

/**
 * The layers from an output back to where the graph is no MLP any more.
 * @returns the layers in order, and the value that the first takes
 * @throws InputError that names the node which belongs to no MLP
 */
export function matchLayers(
  values: Values,
  output: string,
): { layers: OnnxLayer[]; input: string; trailing: OnnxNode[] } {
  const { value, trailing } = skipTrailing(values, output)
  const layers: OnnxLayer[] = []
  let input = value
  for (;;) {
    const activated = matchActivation(values, input)
    const linear = matchLinear(values, activated?.input ?? input)
    if (!linear) {
      if (activated) throw notAnMlp(values, activated.input, 'an activation without a layer before it')
      if (layers.length === 0) throw notAnMlp(values, input, 'no layer')
      return { layers: layers.reverse(), input, trailing }
    }
    if (layers.length === MOST_LAYERS) throw new InputError(`onnx: expected at most ${MOST_LAYERS} layers`)
    const { input: below, ...layer } = linear
    layers.push({ ...layer, activation: activated?.activation ?? 'linear' })
    input = below
  }
}

/** An error about a value that no layer makes. */
export function notAnMlp(values: Values, name: string, problem: string): InputError {
  const node = values.maker(name)
  const what = node ? `${node.title} is no part of an MLP` : `${describe(name)}: ${problem}`
  return new InputError(
    `onnx: ${what}; read are Gemm, or MatMul and Add, with activations between them, and a scaling of the inputs`,
  )
}

/** Probabilities of two classes are made of one output by concatenation (scikit-learn); outputs may be scaled at the end. */
function skipTrailing(values: Values, output: string): { value: string; trailing: OnnxNode[] } {
  const trailing: OnnxNode[] = []
  let value = output
  const concat = values.node(value, 'Concat')
  if (concat?.inputs.length === 2) {
    const [rest = '', share = ''] = concat.inputs
    const difference = values.node(rest, 'Sub')
    const one = values.constant(difference?.inputs[0])
    if (one?.values.length === 1 && one.values[0] === 1 && values.isSame(difference?.inputs[1] ?? '', share)) value = share // prettier-ignore
  }
  for (;;) {
    if (matchActivation(values, value) || matchLinear(values, value)) return { value, trailing }
    const step = affineStep(values, value)
    if (!step || trailing.length > 8) return { value, trailing }
    trailing.push(step.node)
    value = step.input
  }
}

/** The operand of a sum or product that depends on the inputs, and the constant one. */
export function affineStep(
  values: Values,
  name: string,
): { node: OnnxNode; input: string; apply: (inner: number) => Affine } | undefined {
  // prettier-ignore
  const node = values.maker(name)
  const [a = '', b = ''] = node?.inputs ?? []
  if (!node) return undefined
  const spread = (list: ArrayLike<number>, count: number) => {
    if (list.length !== 1 && list.length !== count) {
      throw new InputError(`onnx: ${node.title}: expected one constant, or ${count}, got ${list.length}`)
    }
    return Float64Array.from({ length: count }, (_, j) => list[list.length === 1 ? 0 : j]!)
  }
  if (node.operator === 'Scaler') {
    const [offset, scale] = ['offset', 'scale'].map((name) => node.attributes.get(name)?.floats ?? [])
    const apply = (count: number) => {
      const factor = spread(scale!.length > 0 ? scale! : [1], count)
      const moved = spread(offset!.length > 0 ? offset! : [0], count)
      return { factor, term: factor.map((one, j) => -one * moved[j]!) }
    }
    return { node, input: a, apply }
  }
  if (!['Add', 'Sub', 'Mul', 'Div'].includes(node.operator)) return undefined
  const [first, second] = [values.constant(a), values.constant(b)]
  const constant = second ?? first
  if (!constant || (first && second) || (node.operator === 'Div' && first)) return undefined
  const apply = (count: number) => {
    const list = spread(constant.values, count)
    if (node.operator === 'Add') return { factor: list.map(() => 1), term: list }
    if (node.operator === 'Sub') return first ? { factor: list.map(() => -1), term: list } : { factor: list.map(() => 1), term: list.map((one) => -one) } // prettier-ignore
    return { factor: node.operator === 'Mul' ? list : list.map((one) => 1 / one), term: list.map(() => 0) }
  }
  return { node, input: first ? b : a, apply }
}

/** Gemm, MatMul, and these with an Add of a constant. */
function matchLinear(values: Values, name: string, depth = 0): Linear | undefined {
  const node = values.maker(name)
  if (!node || depth > 8) return undefined
  const { inputs, attributes, operator } = node
  const fail = (problem: string): never => {
    throw new InputError(`onnx: ${node.title}: ${problem}`)
  }
  if (operator === 'Add') {
    const [a = '', b = ''] = inputs
    const added = values.constant(b) ?? values.constant(a)
    const linear = added && matchLinear(values, values.constant(b) ? a : b, depth + 1)
    if (!linear) return undefined
    const bias = spreadBias(added, linear.outputs, fail)
    return { ...linear, biases: linear.biases.map((one, i) => one + bias[i]!) }
  }
  if (operator !== 'Gemm' && operator !== 'MatMul') return undefined
  const given = values.constant(inputs[1]) ?? fail('its weights are no constants')
  const number = (key: string, usual: number) => attributes.get(key)?.float ?? usual
  if (attributes.get('transA')?.int) fail('transA is set: it takes a sample a column')
  // The matrix on the right is in × out, unless it is to be transposed.
  const matrix = checkMatrix(given, fail)
  const weights = operator === 'Gemm' && attributes.get('transB')?.int ? matrix : transposed(matrix, node)
  const [outputs, size] = weights.shape as [number, number]
  const alpha = operator === 'Gemm' ? number('alpha', 1) : 1
  const beta = operator === 'Gemm' ? number('beta', 1) : 1
  const hasBias = operator === 'Gemm' && inputs[2] !== undefined && inputs[2] !== ''
  const bias = hasBias ? (values.constant(inputs[2]) ?? fail('its biases are no constants')) : undefined
  return {
    inputs: size,
    outputs,
    weights: weights.values.map((value) => alpha * value),
    biases: bias ? spreadBias(bias, outputs, fail).map((value) => beta * value) : new Float64Array(outputs),
    name: given.name,
    input: inputs[0] ?? '',
  }
}

type Fail = (problem: string) => never

function checkMatrix(constant: Constant, fail: Fail): Constant {
  if (constant.shape.length === 2 && !constant.shape.includes(0)) return constant
  return fail(`expected a matrix of weights, got shape [${listNames(constant.shape, 8)}]`)
}

function spreadBias({ values }: Constant, outputs: number, fail: Fail): Float64Array {
  if (values.length === outputs) return values
  if (values.length === 1) return new Float64Array(outputs).fill(values[0]!)
  return fail(`expected ${outputs} biases, one an output, got ${values.length}`)
}
