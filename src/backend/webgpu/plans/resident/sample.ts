import { type ActivationName, outputBoundary } from '../../../../model/activation.ts'
import { type LossName, losses, outputShare } from '../../../../loss/loss.ts'
import { activationCall, derivativeCall } from '../../kernels/formulas.ts'
import { type DeviceLayer, packsOf } from '../../kernels/packs.ts'

/** What the text of a resident kernel depends on. */
export interface ResidentShape {
  readonly layers: readonly DeviceLayer[]
  readonly loss: LossName
  /** Whether there is a penalty on the weights. */
  readonly penalised: boolean
  /** Numbers of optimizer state per parameter. */
  readonly slots: number
  /**
   * How samples are read: ahead of their use, in whole packs, because memory answers late; or in place, single numbers, where
   * processors execute the kernel: on SwiftShader reading a number takes about 80 instructions, and keeping it for later 10.
   */
  readonly reading: 'ahead' | 'in place'
  /** Whether data may be in the order of the epoch. */
  readonly sorts: boolean
}

/** The expression of the parameter at a place. */
type Parameter = (place: number) => string

export const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const sum = (terms: readonly string[]) => terms.join(' + ')

/** The bindings of the kernels that train one network with code for its shape, and where a sample's row is. */
export const residentBindings = ({
  layers,
}: ResidentShape) => `${countsBoth(layers) ? `override ${COUNTS_LABELS}: bool;` : ''}
@group(0) @binding(0) var<uniform> dispatch: Dispatch;
@group(1) @binding(1) var<storage, read> inputs: array<vec4f>;
@group(1) @binding(2) var<storage, read> order: array<u32>;
@group(1) @binding(3) var<storage, read> targets: array<vec4f>;
@group(1) @binding(4) var<storage, read_write> parameters: array<f32>;
@group(1) @binding(5) var<storage, read_write> state: array<f32>;
@group(1) @binding(6) var<storage, read> scalars: array<vec4f>;
@group(1) @binding(7) var<storage, read_write> scores: array<vec2f>;

fn row_at(place: u32) -> u32 {
  if (dispatch.sorted == 1u) { return place; }
  return order[place];
}
`

/** The constant that says whether correct labels are counted, and not correct samples. */
export const COUNTS_LABELS = 'COUNTS_LABELS'
/** Whether the kernel of such a network has it: of a single output, both are the same. */
export const countsBoth = (layers: readonly DeviceLayer[]) => layers.at(-1)!.outputs > 1

/**
 * One sample of a minibatch as straight-line code: forward pass, loss, correct predictions, and what it adds to the
 * gradients (g0, g1 … by place), from its values x0 … and y0 …. The formulas are those of the layered kernels.
 */
export function sampleLines(shape: ResidentShape, parameter: Parameter): string {
  const { layers } = shape
  return [
    ...layers.map((_, l) => forwardLines(shape, parameter, l)),
    outputLines(shape),
    ...layers.map((_, l) => backwardLines(shape, parameter, layers.length - 1 - l)),
  ].join('\n')
}

/** The same without gradients: forward pass, loss, and correct predictions; the outputs are {@link outputNames}. */
export function scoreLines(shape: Pick<ResidentShape, 'layers' | 'loss'>, parameter: Parameter): string {
  const { layers } = shape
  const { activation } = layers.at(-1)!
  return [
    ...layers.map((_, l) => forwardLines(shape, parameter, l)),
    ...lossLines(shape),
    ...answerLines(activation, outputNames(shape)),
  ].join('\n')
}

/** The variables with the outputs of the network. */
export const outputNames = ({ layers }: Pick<ResidentShape, 'layers'>) =>
  range(layers.at(-1)!.outputs).map((i) => `a${layers.length - 1}_${i}`)

/** The place of w_ij in the parameters, which hold each layer's weights transposed in rows of packs. */
const weight = (layer: DeviceLayer, i: number, j: number) => 4 * (layer.weightPack + j * layer.outputPacks) + i
/** And of b_i. */
const bias = (layer: DeviceLayer, i: number) => 4 * layer.biasPack + i

/** The places of all of a layer's weights, and of its biases. */
export const weightPlaces = (layer: DeviceLayer) =>
  range(layer.inputs).flatMap((j) => range(layer.outputs).map((i) => weight(layer, i, j)))
export const biasPlaces = (layer: DeviceLayer) => range(layer.outputs).map((i) => bias(layer, i))

/** The packs of a sample's row in memory. */
const rowPacks = (name: string, buffer: string, count: number) =>
  range(packsOf(count)).map((k) => `${name}_pack${k} = ${buffer}[row * ${packsOf(count)}u + ${k}u];`)

export const declareRow = (name: string, buffer: string, count: number) =>
  rowPacks(name, buffer, count)
    .map((line) => `  var ${line}`)
    .join('\n')

export const loadRow = (name: string, buffer: string, count: number) =>
  rowPacks(name, buffer, count)
    .map((line) => `      ${line}`)
    .join('\n')

/** A sample's values as x0, x1 …, each read from its place in memory; `last` is the name of the buffer's last place. */
export const readRow = (name: string, buffer: string, count: number, last: string) =>
  range(count)
    .map(
      (j) =>
        `      let ${name}${j} = ${buffer}[min(row * ${packsOf(count)}u + ${j >> 2}u, ${last})].${'xyzw'[j & 3]!};`,
    )
    .join('\n')

/** A sample's values as x0, x1 …, from its packs. */
export const unpackRow = (name: string, count: number) =>
  range(count)
    .map((j) => `      let ${name}${j} = ${name}_pack${j >> 2}.${'xyzw'[j & 3]!};`)
    .join('\n')

/** The input j of layer l: the data for the first, the activations below for the others. */
const below = (l: number, j: number) => (l === 0 ? `x${j}` : `a${l - 1}_${j}`)

function forwardLines({ layers }: Pick<ResidentShape, 'layers'>, parameter: Parameter, l: number): string {
  const layer = layers[l]!
  const { activation, inputs, outputs } = layer
  const z = range(outputs).map((i) => {
    const terms = range(inputs).map((j) => `${parameter(weight(layer, i, j))} * ${below(l, j)}`)
    return `      let z${l}_${i} = ${sum([parameter(bias(layer, i)), ...terms])};`
  })
  const names = range(outputs).map((i) => `z${l}_${i}`)
  if (activation !== 'softmax') {
    return [...z, ...names.map((name, i) => `      let a${l}_${i} = ${activationCall(activation, name)};`)].join('\n')
  }
  const largest = names.reduce((nested, name) => `max(${nested}, ${name})`)
  return [
    ...z,
    `      let largest = ${largest};`,
    ...names.map((name, i) => `      let e${i} = power(${name} - largest);`),
    `      let total = ${sum(names.map((_, i) => `e${i}`))};`,
    ...names.map((_, i) => `      let a${l}_${i} = e${i} / total;`),
  ].join('\n')
}

/** The factor of a loss and of its slopes, for outputs of which it is a mean. */
function shareFactor({ layers, loss }: Pick<ResidentShape, 'layers' | 'loss'>): string {
  const share = outputShare(losses[loss], layers.at(-1)!.outputs)
  return share === 1 ? '' : `f32(${share}) * `
}

function lossLines(shape: Pick<ResidentShape, 'layers' | 'loss'>): string[] {
  const { layers, loss } = shape
  const l = layers.length - 1
  const shift = losses[loss].requires === 'softmax' ? ' - (largest + log(total))' : ''
  const terms = outputNames(shape).map((name, i) => `loss_term(${name}, y${i}, z${l}_${i}${shift})`)
  return [`      loss += ${shareFactor(shape)}(${sum(terms)});`]
}

/** Loss, correct predictions and δ of the output layer. */
function outputLines(shape: ResidentShape): string {
  const { layers, loss } = shape
  const l = layers.length - 1
  const { activation } = layers[l]!
  const a = outputNames(shape)
  const factor = shareFactor(shape)
  const lines = lossLines(shape)
  const slopes = a.map((name, i) => `${factor}loss_slope(${name}, y${i})`)
  const paired = losses[loss].requires !== undefined
  if (activation === 'softmax' && !paired) {
    lines.push(...slopes.map((slope, i) => `      let slope${i} = ${slope};`))
    lines.push(`      let projection = ${sum(a.map((name, i) => `slope${i} * ${name}`))};`)
    lines.push(...a.map((name, i) => `      let d${l}_${i} = ${name} * (slope${i} - projection);`))
  } else {
    const derivative = (i: number) =>
      paired || activation === 'softmax' ? '' : ` * ${derivativeCall(activation, `z${l}_${i}`, a[i]!)}`
    lines.push(...slopes.map((slope, i) => `      let d${l}_${i} = ${slope}${derivative(i)};`))
  }
  return [...lines, ...answerLines(activation, a)].join('\n')
}

/** Counts correct predictions: the largest of several outputs, or each of them. */
function answerLines(activation: ActivationName, a: readonly string[]): string[] {
  const boundary = `f32(${outputBoundary(activation)})`
  const labels = a.map((name, i) => `right += select(0.0, 1.0, (${name} > ${boundary}) == (y${i} > ${boundary}));`)
  if (a.length === 1) return labels.map((line) => `      ${line}`)
  const last = a.length - 1
  const wanted = a.map((_, i) => `y${i}`)
  return [
    `      if (${COUNTS_LABELS}) {`,
    ...labels.map((line) => `        ${line}`),
    '      } else {',
    ...[...largestLines(a, 'answer'), ...largestLines(wanted, 'label')].map((line) => `        ${line}`),
    `        right += select(0.0, 1.0, answer${last} == label${last});`,
    '      }',
  ]
}

/** The place of the largest value, of the first of them if there are several: as the last of the names place0, place1 …. */
function largestLines([first, ...others]: readonly string[], place: string): string[] {
  const lines = others.flatMap((name, k) => [
    `let ${place}_moves${k + 1} = ${name} > ${place}_best${k};`,
    `let ${place}_best${k + 1} = select(${place}_best${k}, ${name}, ${place}_moves${k + 1});`,
    `let ${place}${k + 1} = select(${place}${k}, ${k + 1}u, ${place}_moves${k + 1});`,
  ])
  return [`let ${place}_best0 = ${first};`, `let ${place}0 = 0u;`, ...lines]
}

/** What layer l adds to its gradients, and the δ of the layer below it. */
function backwardLines({ layers }: ResidentShape, parameter: Parameter, l: number): string {
  const layer = layers[l]!
  const { inputs, outputs } = layer
  const lines = range(outputs).flatMap((i) => [
    ...range(inputs).map((j) => `      g${weight(layer, i, j)} += d${l}_${i} * ${below(l, j)};`),
    `      g${bias(layer, i)} += d${l}_${i};`,
  ])
  const lower = layers[l - 1]
  if (lower === undefined) return lines.join('\n')
  const { activation } = lower
  if (activation === 'softmax') throw new Error('softmax is an activation of output layers only')
  for (const j of range(inputs)) {
    const terms = range(outputs).map((i) => `d${l}_${i} * ${parameter(weight(layer, i, j))}`)
    const derivative = derivativeCall(activation, `z${l - 1}_${j}`, `a${l - 1}_${j}`)
    lines.push(`      let d${l - 1}_${j} = (${sum(terms)}) * ${derivative};`)
  }
  return lines.join('\n')
}
