import { type ActivationName, outputBoundary } from '../../../../model/activation.ts'
import { type LossName, losses, outputShare } from '../../../../loss/loss.ts'
import { activationCall, derivativeCall } from '../../kernels/formulas.ts'
import { countPacks, type DeviceLayer, packsOf } from '../../kernels/packs.ts'

/**
 * Writes the resident kernel of one network: whole minibatch loops as straight-line code for exactly that network's shape,
 * every parameter, gradient and slot of state in a separate variable. Loops over arrays that are indexed at run time
 * are many times slower on every compiler that was tried, which is why this text is generated. Each invocation trains one
 * network, without a barrier. The formulas are those of the layered kernels, in the same files.
 */
export interface ResidentShape {
  readonly layers: readonly DeviceLayer[]
  readonly loss: LossName
  /** Whether there is a penalty on the weights. */
  readonly penalised: boolean
  /** Numbers of optimizer state per parameter. */
  readonly slots: number
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const sum = (terms: readonly string[]) => terms.join(' + ')

/** The whole kernel; the libraries of kernels.ts follow it. */
export function residentSource(shape: ResidentShape): string {
  const { layers, slots } = shape
  const inputs = layers[0]!.inputs
  const outputs = layers.at(-1)!.outputs
  const count = 4 * countPacks(layers)
  const weights = layers.flatMap(weightPlaces)
  const biases = layers.flatMap(biasPlaces)
  const places = [...weights, ...biases]
  const each = (line: (i: number) => string) => places.map(line).join('\n')
  const slotPlace = (slot: number, i: number) => `${slot}u * dispatch.slot_stride + own + ${i}u`
  const load = (i: number) => {
    const state = range(3).map((slot) => (slot < slots ? `state[${slotPlace(slot, i)}]` : '0.0'))
    return `  var p${i} = Parameters(parameters[own + ${i}u], ${state.join(', ')});`
  }
  const store = (i: number) =>
    [
      `  parameters[own + ${i}u] = p${i}.value;`,
      ...range(slots).map((k) => `  state[${slotPlace(k, i)}] = p${i}.slot${k};`),
    ].join('\n')
  return `
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

override WIDTH: u32;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let network = id.x;
  if (network >= dispatch.networks) { return; }
  read_hyperparameters(network);
  let own = network * ${count}u;
  let own_scores = network * dispatch.epochs;
${each(load)}
  var epoch = dispatch.first / dispatch.per_epoch;
  var place = dispatch.first % dispatch.per_epoch;
  // An earlier dispatch may have begun the epoch: one sum in one order, independent of where the dispatches end.
  var score = vec2f();
  if (place > 0u) { score = scores[own_scores + epoch]; }
  // The samples follow each other through minibatches and epochs. The next one is loaded while one is worked on, and the
  // place of the one after: memory answers late, in large data sets above all.
  let last = arrayLength(&order) - 1u;
  var at = min(network * dispatch.order_stride + epoch * dispatch.samples + place * dispatch.batch, last);
  var row = row_at(at);
  var row_ahead = row_at(min(at + 1u, last));
${declareRow('x', 'inputs', inputs)}
${declareRow('y', 'targets', outputs)}
  for (var i = 0u; i < dispatch.steps; i++) {
    let rows = min(dispatch.batch, dispatch.samples - place * dispatch.batch);
    var loss = 0.0;
    var right = 0.0;
${each((i) => `    var g${i} = 0.0;`)}
    for (var m = 0u; m < rows; m++) {
${unpackRow('x', inputs)}
${unpackRow('y', outputs)}
      at++;
      row = row_ahead;
      row_ahead = row_at(min(at + 1u, last));
${loadRow('x', 'inputs', inputs)}
${loadRow('y', 'targets', outputs)}
${layers.map((_, l) => forwardLines(shape, l)).join('\n')}
${outputLines(shape)}
${layers.map((_, l) => backwardLines(shape, layers.length - 1 - l)).join('\n')}
    }
    score += vec2f(loss, right);
    let record = scalars[network * dispatch.scalars_stride + i * dispatch.stride];
    let step = step_scalars(record);
    let share = 1.0 / f32(rows);
${weights.map((i) => `    p${i} = move_parameters(p${i}, g${i} * share${shape.penalised ? ` + penalty(p${i}.value)` : ''}, step);`).join('\n')}
${biases.map((i) => `    p${i} = move_parameters(p${i}, g${i} * share, step);`).join('\n')}
    place++;
    if (place == dispatch.per_epoch) {
      // As finite.wgsl.
      var largest_bits = 0u;
${each((i) => `      largest_bits = max(largest_bits, magnitude_bits(p${i}.value));`)}
      if (largest_bits >= INFINITE) { score.y = BROKEN; }
      scores[own_scores + epoch] = score;
      score = vec2f();
      place = 0u;
      epoch++;
    }
  }
  if (place > 0u) { scores[own_scores + epoch] = score; }
${each(store)}
}
`
}

/** The place of w_ij in the parameters, which hold each layer's weights transposed in rows of packs. */
const weight = (layer: DeviceLayer, i: number, j: number) => 4 * (layer.weightPack + j * layer.outputPacks) + i
/** And of b_i. */
const bias = (layer: DeviceLayer, i: number) => 4 * layer.biasPack + i

/** The places of all of a layer's weights, and of its biases. */
const weightPlaces = (layer: DeviceLayer) =>
  range(layer.inputs).flatMap((j) => range(layer.outputs).map((i) => weight(layer, i, j)))
const biasPlaces = (layer: DeviceLayer) => range(layer.outputs).map((i) => bias(layer, i))

/** The packs of a sample's row in memory. */
const rowPacks = (name: string, buffer: string, count: number) =>
  range(packsOf(count)).map((k) => `${name}_pack${k} = ${buffer}[row * ${packsOf(count)}u + ${k}u];`)

const declareRow = (name: string, buffer: string, count: number) =>
  rowPacks(name, buffer, count)
    .map((line) => `  var ${line}`)
    .join('\n')

const loadRow = (name: string, buffer: string, count: number) =>
  rowPacks(name, buffer, count)
    .map((line) => `      ${line}`)
    .join('\n')

/** A sample's values as x0, x1 …, from its packs. */
const unpackRow = (name: string, count: number) =>
  range(count)
    .map((j) => `      let ${name}${j} = ${name}_pack${j >> 2}.${'xyzw'[j & 3]!};`)
    .join('\n')

/** The input j of layer l: the data for the first, the activations below for the others. */
const below = (l: number, j: number) => (l === 0 ? `x${j}` : `a${l - 1}_${j}`)

function forwardLines({ layers }: ResidentShape, l: number): string {
  const layer = layers[l]!
  const { activation, inputs, outputs } = layer
  const z = range(outputs).map((i) => {
    const terms = range(inputs).map((j) => `p${weight(layer, i, j)}.value * ${below(l, j)}`)
    return `      let z${l}_${i} = ${sum([`p${bias(layer, i)}.value`, ...terms])};`
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

/** Loss, correct predictions and δ of the output layer. */
function outputLines({ layers, loss }: ResidentShape): string {
  const l = layers.length - 1
  const { activation, outputs } = layers[l]!
  const share = outputShare(losses[loss], outputs)
  const factor = share === 1 ? '' : `f32(${share}) * `
  const a = range(outputs).map((i) => `a${l}_${i}`)
  const shift = losses[loss].requires === 'softmax' ? ' - (largest + log(total))' : ''
  const terms = a.map((name, i) => `loss_term(${name}, y${i}, z${l}_${i}${shift})`)
  const lines = [`      loss += ${factor}(${sum(terms)});`]
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

function answerLines(activation: ActivationName, a: readonly string[]): string[] {
  if (a.length === 1) {
    const boundary = `f32(${outputBoundary(activation)})`
    return [`      right += select(0.0, 1.0, (${a[0]} > ${boundary}) == (y0 > ${boundary}));`]
  }
  const pick = (names: readonly string[], best: string, place: string) => [
    `      var ${best} = ${names[0]};`,
    `      var ${place} = 0u;`,
    ...names.slice(1).map((name, i) => `      if (${name} > ${best}) { ${best} = ${name}; ${place} = ${i + 1}u; }`),
  ]
  return [
    ...pick(a, 'best_answer', 'answer'),
    ...pick(
      a.map((_, i) => `y${i}`),
      'best_label',
      'label',
    ),
    '      right += select(0.0, 1.0, answer == label);',
  ]
}

/** What layer l adds to its gradients, and the δ of the layer below it. */
function backwardLines({ layers }: ResidentShape, l: number): string {
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
    const terms = range(outputs).map((i) => `d${l}_${i} * p${weight(layer, i, j)}.value`)
    const derivative = derivativeCall(activation, `z${l - 1}_${j}`, `a${l - 1}_${j}`)
    lines.push(`      let d${l - 1}_${j} = (${sum(terms)}) * ${derivative};`)
  }
  return lines.join('\n')
}
