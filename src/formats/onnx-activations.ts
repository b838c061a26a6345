import { InputError } from '../core/errors.ts'
import type { ActivationName } from '../model/activation.ts'
import type { OnnxNode } from './onnx-reader.ts'
import type { Values } from './onnx-values.ts'

/** An activation, and the value that it is applied to. */
export interface Activated {
  readonly activation: ActivationName
  readonly input: string
}

const simple: Readonly<Record<string, ActivationName>> = {
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  Relu: 'relu',
  Softplus: 'softplus',
  Mish: 'mish',
}

const isNear = (a: number | undefined, b: number) => a !== undefined && Math.abs(a - b) <= 1e-3 * Math.abs(b)

/** The one number that a value is, where it is one. */
function numberOf(values: Values, name: string | undefined): number | undefined {
  const constant = values.constant(name)
  return constant?.values.length === 1 ? constant.values[0] : undefined
}

/** The two operands, the one that is a number second. */
function withNumber(
  values: Values,
  { inputs: [a = '', b = ''] }: OnnxNode,
): [value: string, number: number] | undefined {
  const [first, second] = [numberOf(values, a), numberOf(values, b)]
  if (second !== undefined) return [a, second]
  return first === undefined ? undefined : [b, first]
}

/** The activation that makes a value: one operator, or several that frameworks write for it. */
export function matchActivation(values: Values, name: string): Activated | undefined {
  const node = values.maker(name)
  if (!node) return undefined
  const [input = ''] = node.inputs
  const { operator, attributes } = node
  const alpha = attributes.get('alpha')?.float
  const refuse = (problem: string) => new InputError(`onnx: ${node.title}: ${problem}`)
  const known = Object.hasOwn(simple, operator) ? simple[operator] : undefined
  if (known) return { activation: known, input }
  if (operator === 'LeakyRelu') {
    if (isNear(alpha ?? 0.01, 0.01)) return { activation: 'leakyRelu', input }
    throw refuse(`its slope is ${alpha}, leakyRelu here has 0.01`)
  }
  if (operator === 'Elu') {
    if (isNear(alpha ?? 1, 1)) return { activation: 'elu', input }
    throw refuse(`its alpha is ${alpha}, elu here has 1`)
  }
  if (operator === 'Softmax') {
    const axis = attributes.get('axis')?.int ?? -1
    if (axis === -1 || axis === 1) return { activation: 'softmax', input }
    throw refuse(`its axis is ${axis}, expected that of the outputs`)
  }
  if (operator === 'Gelu') {
    if (attributes.get('approximate')?.text === 'tanh') throw tanhGelu(node)
    return { activation: 'gelu', input }
  }
  if (operator === 'Swish' && isNear(alpha ?? 1, 1)) return { activation: 'silu', input }
  return matchProduct(values, name) ?? matchSoftplus(values, node) ?? matchMaximum(values, node) ?? matchQuotient(values, node) // prettier-ignore
}

const tanhGelu = ({ title }: OnnxNode) => new InputError(`onnx: ${title}: approximates gelu by tanh; gelu here has the erf form (in PyTorch: nn.GELU())`) // prettier-ignore

/** The factors of a product that are no numbers, and the product of those that are. */
function factorsOf(values: Values, name: string, depth = 0): { factors: string[]; number: number } {
  const node = depth > 8 ? undefined : values.node(name, 'Mul', 'Div')
  if (!node) return { factors: [values.origin(name)], number: 1 }
  const [a = '', b = ''] = node.inputs
  const divisor = numberOf(values, b)
  if (node.operator === 'Div') {
    if (divisor === undefined) return { factors: [values.origin(name)], number: 1 }
    const inner = factorsOf(values, a, depth + 1)
    return { ...inner, number: inner.number / divisor }
  }
  const both = [a, b].map((one) => {
    const value = numberOf(values, one)
    return value === undefined ? factorsOf(values, one, depth + 1) : { factors: [], number: value }
  })
  return { factors: both.flatMap(({ factors }) => factors), number: both[0]!.number * both[1]!.number }
}

/** silu z·σ(z), mish z·tanh(softplus(z)), gelu z/2·(1 + erf(z/√2)). */
function matchProduct(values: Values, name: string): Activated | undefined {
  const { factors, number } = factorsOf(values, name)
  if (factors.length !== 2) return undefined
  for (const [z, gate] of [factors, [...factors].reverse()] as [string, string][]) {
    const node = values.maker(gate)
    const [input = ''] = node?.inputs ?? []
    if (node?.operator === 'Sigmoid' && isNear(number, 1) && values.isSame(input, z)) return { activation: 'silu', input: z } // prettier-ignore
    if (node?.operator === 'Tanh' && isNear(number, 1)) {
      const inner = matchActivation(values, input)
      if (inner?.activation === 'softplus' && values.isSame(inner.input, z)) return { activation: 'mish', input: z }
    }
    const sum = node?.operator === 'Add' ? withNumber(values, node) : undefined
    if (sum && isNear(sum[1], 1) && isNear(number, 0.5) && values.node(sum[0], 'Tanh'))
      throw tanhGelu(values.maker(name)!)
    const erf = sum && isNear(sum[1], 1) ? values.node(sum[0], 'Erf') : undefined
    if (!erf || !isNear(number, 0.5)) continue
    const scaled = factorsOf(values, erf.inputs[0] ?? '')
    if (scaled.factors.length === 1 && isNear(scaled.number, Math.SQRT1_2) && values.isSame(scaled.factors[0]!, z)) {
      return { activation: 'gelu', input: z }
    }
  }
  return undefined
}

/** log(1 + exp(z)). */
function matchSoftplus(values: Values, node: OnnxNode): Activated | undefined {
  const sum = node.operator === 'Log' ? values.node(node.inputs[0] ?? '', 'Add') : undefined
  const parts = sum && withNumber(values, sum)
  const exp = parts && isNear(parts[1], 1) ? values.node(parts[0], 'Exp') : undefined
  return exp && { activation: 'softplus', input: exp.inputs[0] ?? '' }
}

/** max(z, 0), and max(z, z/100). */
function matchMaximum(values: Values, node: OnnxNode): Activated | undefined {
  if (node.operator === 'Clip') {
    const isOpen = values.constant(node.inputs[2]) === undefined && node.attributes.get('max') === undefined
    const least = numberOf(values, node.inputs[1]) ?? node.attributes.get('min')?.float
    return isOpen && least === 0 ? { activation: 'relu', input: node.inputs[0] ?? '' } : undefined
  }
  if (node.operator !== 'Max' || node.inputs.length !== 2) return undefined
  const number = withNumber(values, node)
  if (number) return number[1] === 0 ? { activation: 'relu', input: number[0] } : undefined
  const [a, b] = node.inputs as [string, string]
  for (const [z, small] of [
    [a, b],
    [b, a],
  ] as const) {
    // prettier-ignore
    const scaled = factorsOf(values, small)
    if (scaled.factors.length === 1 && isNear(scaled.number, 0.01) && values.isSame(scaled.factors[0]!, z)) {
      return { activation: 'leakyRelu', input: z }
    }
  }
  return undefined
}

/** exp(z) / Σ exp(z), or with z − max z. */
function matchQuotient(values: Values, node: OnnxNode): Activated | undefined {
  const [a = '', b = ''] = node.operator === 'Div' ? node.inputs : []
  const [exp, sum] = [values.node(a, 'Exp'), values.node(b, 'ReduceSum')]
  if (!exp || !sum || !values.isSame(sum.inputs[0] ?? '', a)) return undefined
  const difference = values.node(exp.inputs[0] ?? '', 'Sub')
  const [z = '', most = ''] = difference?.inputs ?? []
  const isShifted =
    difference && values.node(most, 'ReduceMax') && values.isSame(values.maker(most)!.inputs[0] ?? '', z)
  return { activation: 'softmax', input: isShifted ? z : (exp.inputs[0] ?? '') }
}
