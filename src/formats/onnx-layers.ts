import { describe, InputError, listNames } from '../core/errors.ts'
import type { ActivationName } from '../model/activation.ts'
import { matchActivation } from './onnx-activations.ts'
import { affineStep, type AffineStep, composeSteps, inputOf, outputOf } from './onnx-affine.ts'
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

const MOST_LAYERS = 1000
/** Sums of a product and constants one after another at most. */
const MOST_SUMS = 8
/** Scalings one after another at most. */
const MOST_STEPS = 16

interface Matched {
  readonly layers: OnnxLayer[]
  /** The value that the first layer takes. */
  readonly input: string
  /** What is done to the outputs of the last layer. */
  readonly trailing: readonly OnnxNode[]
}

/**
 * The layers from an output back to where the graph is no MLP any more.
 * @param folds whether scalings between layers (batch normalization among them) become part of the layers next to them
 * @returns the layers in order
 * @throws InputError that names the node which belongs to no MLP
 */
export function matchLayers(values: Values, output: string, folds: boolean): Matched {
  const { value, trailing } = skipTrailing(values, output)
  const layers: OnnxLayer[] = []
  let input = value
  for (;;) {
    const activated = matchActivation(values, input)
    const linear = (folds ? matchScaled : matchLinear)(values, activated?.input ?? input)
    if (!linear) {
      if (activated) throw notAnMlp(values, activated.input, 'an activation without a layer before it')
      if (layers.length === 0) throw notAnMlp(values, input, 'no layer')
      return { layers: layers.reverse(), input, trailing }
    }
    if (layers.length === MOST_LAYERS) throw new InputError(`onnx: expected at most ${MOST_LAYERS} layers`)
    const { input: below, ...layer } = linear
    const scaled = folds ? skipSteps(values, below) : undefined
    // Scalings of the inputs of the network are not part of the first layer.
    const isBetween = scaled !== undefined && matchActivation(values, scaled.value) !== undefined
    const folded = isBetween ? inputOf(layer, scaled.scaling(layer.inputs)) : layer
    layers.push({ ...folded, activation: activated?.activation ?? 'linear' })
    input = isBetween ? scaled.value : below
  }
}

/** A linear map, and what its outputs are scaled with before the activation. */
function matchScaled(values: Values, name: string): Linear | undefined {
  const { value, scaling } = skipSteps(values, name)
  const linear = matchLinear(values, value)
  return linear && outputOf(linear, scaling(linear.outputs))
}

/** The value before scalings, from a layer or an activation on, and what they do together. */
function skipSteps(values: Values, name: string) {
  const steps: AffineStep[] = []
  let value = name
  while (steps.length < MOST_STEPS && !isLinear(values, value) && !matchActivation(values, value)) {
    const step = affineStep(values, value)
    if (!step) break
    steps.push(step)
    value = step.input
  }
  return { value, scaling: (count: number) => composeSteps(steps, count) }
}

/** An error about a value that no layer makes. */
export function notAnMlp(values: Values, name: string, problem: string): InputError {
  const node = values.maker(name)
  const what = node ? `${node.title} is no part of an MLP` : `${describe(name)}: ${problem}`
  return new InputError(
    `onnx: ${what}; read are Gemm, or MatMul and Add, with activations and BatchNormalization between them, and a scaling of the inputs`,
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
    if (isLinear(values, value) || matchActivation(values, value)) return { value, trailing }
    const step = affineStep(values, value)
    if (!step || trailing.length === MOST_STEPS) return { value, trailing }
    trailing.push(step.node)
    value = step.input
  }
}

/** Whether a value is made as {@link matchLinear} reads it, without its weights. */
function isLinear(values: Values, name: string, depth = 0): boolean {
  const { operator, inputs: [a = '', b = ''] = [] } = values.maker(name) ?? {}
  if (operator !== 'Add' || depth > MOST_SUMS) return operator === 'Gemm' || operator === 'MatMul'
  const added = values.constant(b) ? a : values.constant(a) ? b : undefined
  return added !== undefined && isLinear(values, added, depth + 1)
}

/** Gemm, MatMul, and these with an Add of a constant. */
function matchLinear(values: Values, name: string, depth = 0): Linear | undefined {
  const node = values.maker(name)
  if (!node || depth > MOST_SUMS) return undefined
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
