import { activations, type ActivationName, outputBoundary } from '../../../model/activation.ts'
import { countParameters, type Layer } from '../../../model/layout.ts'
import { type LossName, losses, outputShare } from '../../../loss/loss.ts'

/**
 * The pass over a minibatch, forward and back, as straight-line JavaScript for one small network's very shape, with each
 * parameter, activation and gradient in its own variable: over arrays of two or three values, loops cost more than
 * what they compute. Written for float32 and to the same bits as the plain stages: sums in float64 in the same order,
 * rounded where those store them.
 */

/** The most parameters of a network, as for the GPU's resident plan: larger ones gain little. */
const MOST_PARAMETERS = 120

/**
 * @param order names the samples of the minibatch, `rows` from `start` on
 * @param gradients written: the means over the minibatch, laid out as the parameters
 * @param sums the minibatch's loss is added to the first, its correct predictions to the second
 */
export type Pass = (
  parameters: Float32Array,
  inputs: Float32Array,
  targets: Float32Array,
  order: Uint32Array,
  start: number,
  rows: number,
  gradients: Float32Array,
  sums: Float64Array,
) => void

/** What the text calls by name, so that each formula is in one place. */
type Functions = Record<string, (...numbers: number[]) => number>

/** The constructor of functions that refused to make code from text: it is not tried again, since browsers report each attempt. */
let refusing: FunctionConstructor | undefined

/**
 * The pass of a network; nothing where it is too large, or where making code from text is forbidden (a page's
 * Content-Security-Policy without 'unsafe-eval').
 * @param countsLabels whether the correct predictions are those of labels, and not of samples
 */
export function straightPass(layers: readonly Layer[], loss: LossName, countsLabels = false): Pass | undefined {
  if (countParameters(layers) > MOST_PARAMETERS || refusing === Function) return undefined
  const functions: Functions = { term: losses[loss].term, slope: losses[loss].slope }
  layers.forEach(({ activation }, l) => {
    if (activation === 'softmax') return
    functions[`value${l}`] = activations[activation].value
    functions[`derivative${l}`] = activations[activation].derivative
  })
  try {
    // The text is made of numbers and of names from this file alone.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const make = new Function(...Object.keys(functions), passSource(layers, loss, countsLabels)) as (
      ...given: unknown[]
    ) => Pass
    return make(...Object.values(functions))
  } catch (error) {
    if (!(error instanceof EvalError)) throw error
    refusing = Function
    return undefined
  }
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)
/** As the plain loops begin: with 0, so that −0 stays out. */
const sum = (terms: readonly string[]) => ['0', ...terms].join(' + ')
const weight = ({ inputs, weightOffset }: Layer, i: number, j: number) => weightOffset + i * inputs + j
/** The input j of layer l: the data for the first, the activations below for the others. */
const below = (l: number, j: number) => (l === 0 ? `x${j}` : `a${l - 1}_${j}`)

function passSource(layers: readonly Layer[], loss: LossName, countsLabels: boolean): string {
  const [{ inputs }, { outputs }] = [layers[0]!, layers.at(-1)!]
  const each = (line: (i: number) => string) => range(countParameters(layers)).map(line)
  const load = (name: string, count: number) => (j: number) => `const ${name}${j} = ${name}[sample * ${count} + ${j}]`
  return `'use strict'
const { fround, max, exp, log } = Math
const g = new Float64Array(${Math.max(16, countParameters(layers))})
return function (parameters, x, y, order, start, rows, gradients, sums) {
${each((i) => `const p${i} = parameters[${i}]`).join('\n')}
g.fill(0)
let loss = 0
let right = 0
for (let m = start; m < start + rows; m++) {
const sample = order[m]
${range(inputs).map(load('x', inputs)).join('\n')}
${range(outputs).map(load('y', outputs)).join('\n')}
${layers.flatMap((_, l) => forwardLines(layers, l)).join('\n')}
${outputLines(layers, loss, countsLabels).join('\n')}
${layers.flatMap((_, l) => backwardLines(layers, layers.length - 1 - l)).join('\n')}
}
sums[0] += loss
sums[1] += right
const share = 1 / rows
${each((i) => `gradients[${i}] = g[${i}] * share`).join('\n')}
}`
}

function forwardLines(layers: readonly Layer[], l: number): string[] {
  const layer = layers[l]!
  const { activation, inputs, outputs, biasOffset } = layer
  const z = range(outputs).map((i) => {
    const terms = range(inputs).map((j) => `${below(l, j)} * p${weight(layer, i, j)}`)
    return `const z${l}_${i} = fround(${sum([...terms, `p${biasOffset + i}`])})`
  })
  if (activation !== 'softmax') return [...z, ...z.map((_, i) => `const a${l}_${i} = fround(value${l}(z${l}_${i}))`)]
  return [
    ...z,
    `const largest = max(-Infinity, ${z.map((_, i) => `z${l}_${i}`).join(', ')})`,
    ...z.map((_, i) => `const e${i} = exp(z${l}_${i} - largest)`),
    `const total = ${sum(z.map((_, i) => `e${i}`))}`,
    ...z.map((_, i) => `const a${l}_${i} = fround(fround(e${i}) / total)`),
  ]
}

/** Loss, correct predictions and δ of the output layer. */
function outputLines(layers: readonly Layer[], loss: LossName, countsLabels: boolean): string[] {
  const l = layers.length - 1
  const { activation, outputs } = layers[l]!
  const share = outputShare(losses[loss], outputs)
  const a = range(outputs).map((i) => `a${l}_${i}`)
  const shift = losses[loss].requires === 'softmax' ? ' - (largest + log(total))' : ''
  const terms = a.map((name, i) => `term(${name}, y${i}, z${l}_${i}${shift})`)
  const lines = [
    `loss += ${share} * (${sum(terms)})`,
    ...rightLines(activation, a, countsLabels),
    ...a.map((name, i) => `const s${i} = ${share} * slope(${name}, y${i})`),
  ]
  if (losses[loss].requires !== undefined) return [...lines, ...a.map((_, i) => `const d${l}_${i} = fround(s${i})`)]
  if (activation !== 'softmax') {
    const derivative = (i: number) => `derivative${l}(z${l}_${i}, a${l}_${i})`
    return [...lines, ...a.map((_, i) => `const d${l}_${i} = fround(fround(s${i}) * ${derivative(i)})`)]
  }
  lines.push(`const projection = ${sum(a.map((name, i) => `s${i} * ${name}`))}`)
  return [...lines, ...a.map((name, i) => `const d${l}_${i} = fround(${name} * (fround(s${i}) - projection))`)]
}

function rightLines(activation: ActivationName, a: readonly string[], countsLabels: boolean): string[] {
  if (countsLabels || a.length === 1) {
    const boundary = outputBoundary(activation)
    return a.map((name, i) => `if (${name} > ${boundary} === y${i} > ${boundary}) right++`)
  }
  const pick = (names: readonly string[], best: string, place: string) => [
    `let ${best} = ${names[0]}, ${place} = 0`,
    ...names.slice(1).map((name, i) => `if (${name} > ${best}) { ${best} = ${name}; ${place} = ${i + 1} }`),
  ]
  const wanted = a.map((_, i) => `y${i}`)
  return [...pick(a, 'highest', 'answered'), ...pick(wanted, 'target', 'wanted'), 'if (answered === wanted) right++']
}

/** What layer l adds to its gradients, and the δ of the layer below it. */
function backwardLines(layers: readonly Layer[], l: number): string[] {
  const layer = layers[l]!
  const { inputs, outputs, biasOffset } = layer
  const lines = range(outputs).flatMap((i) => [
    ...range(inputs).map((j) => `g[${weight(layer, i, j)}] += d${l}_${i} * ${below(l, j)}`),
    `g[${biasOffset + i}] += d${l}_${i}`,
  ])
  if (l === 0) return lines
  for (const j of range(inputs)) {
    const terms = range(outputs).map((i) => `d${l}_${i} * p${weight(layer, i, j)}`)
    const derivative = `derivative${l - 1}(z${l - 1}_${j}, a${l - 1}_${j})`
    lines.push(`const d${l - 1}_${j} = fround(fround(${sum(terms)}) * ${derivative})`)
  }
  return lines
}
