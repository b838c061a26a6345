import { countPacks } from '../../kernels/packs.ts'
import {
  biasPlaces,
  declareRow,
  loadRow,
  range,
  residentBindings,
  type ResidentShape,
  sampleLines,
  unpackRow,
  weightPlaces,
} from './sample.ts'

/** Invocations of a workgroup, which train one network: the smallest number that hardware executes together. */
export const LANES = 32

/** Invocations that work on samples; the others only update parameters. */
const activeLanes = (batch: number) => Math.min(LANES, batch)

/** A balanced sum, so that additions do not wait for each other. */
function treeSum(terms: readonly string[]): string {
  if (terms.length <= 2) return terms.join(' + ')
  const half = Math.ceil(terms.length / 2)
  return `(${treeSum(terms.slice(0, half))}) + (${treeSum(terms.slice(half))})`
}

/**
 * Writes the resident kernel of one network for hardware adapters: each workgroup trains one network, and each invocation
 * works on one sample of the minibatch at a time, with the straight-line code of straight.ts and all parameters in
 * registers. The invocations then exchange their gradients through workgroup memory: each sums and updates a few
 * parameters, whose state it keeps in registers, and hands the new values to all. A sum over the minibatch has a different
 * order from that of the other forms, so the last bits differ.
 */
export function residentLanesSource(shape: ResidentShape, batch: number): string {
  const { layers, slots } = shape
  const inputs = layers[0]!.inputs
  const outputs = layers.at(-1)!.outputs
  const count = 4 * countPacks(layers)
  const weights = layers.flatMap(weightPlaces)
  const places = [...weights, ...layers.flatMap(biasPlaces)]
  const active = activeLanes(batch)
  // An odd stride: neighbouring invocations read different banks.
  const stride = active | 1
  const owned = range(Math.ceil(places.length / LANES))
  const slotPlace = (slot: number, k: number) => `${slot}u * dispatch.slot_stride + own + place${k}`
  const load = (k: number) => {
    const state = range(3).map((slot) => (slot < slots ? `state[${slotPlace(slot, k)}]` : '0.0'))
    return `
  let index${k} = ${LANES * k}u + lane;
  let owns${k} = index${k} < ${places.length}u;
  let place${k} = PLACES[min(index${k}, ${places.length - 1}u)];
  var own${k} = Parameters(parameters[own + place${k}], ${state.join(', ')});
  if (owns${k}) { current[index${k}] = own${k}.value; }`
  }
  const update = (k: number) => {
    const gradient = treeSum(range(active).map((m) => `partial[first${k} + ${m}u]`))
    const penalty = shape.penalised
      ? `
      if (index${k} < ${weights.length}u) { gradient += penalty(own${k}.value); }`
      : ''
    return `
    if (owns${k}) {
      let first${k} = index${k} * ${stride}u;
      var gradient = (${gradient}) * share;${penalty}
      own${k} = move_parameters(own${k}, gradient, step);
      current[index${k}] = own${k}.value;
    }`
  }
  const check = (k: number) =>
    `      if (owns${k}) { largest_bits = max(largest_bits, magnitude_bits(own${k}.value)); }`
  const store = (k: number) => `
  if (owns${k}) {
    parameters[own + place${k}] = own${k}.value;
${range(slots)
  .map((slot) => `    state[${slotPlace(slot, k)}] = own${k}.slot${slot};`)
  .join('\n')}
  }`
  const each = (line: (place: number, i: number) => string) => places.map(line).join('\n')
  return `${residentBindings(shape)}
const PLACES = array<u32, ${places.length}>(${places.map((place) => `${place}u`).join(', ')});

var<workgroup> current: array<f32, ${places.length}>;
var<workgroup> partial: array<f32, ${places.length * stride}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let network = group.x;
  if (network >= dispatch.networks) { return; }
  read_hyperparameters(network);
  let own = network * ${count}u;
  let own_scores = network * dispatch.epochs * ${LANES}u + lane;
${owned.map(load).join('')}
  workgroupBarrier();
  var epoch = dispatch.first / dispatch.per_epoch;
  var place = dispatch.first % dispatch.per_epoch;
  // An earlier dispatch may have begun the epoch: one sum in one order, independent of where the dispatches end.
  var score = vec2f();
  if (place > 0u) { score = scores[own_scores + epoch * ${LANES}u]; }
  // Where the next sample to be loaded is: the samples follow each other through minibatches and epochs. The next one is
  // loaded while one is worked on, and the row of the one after, because memory answers late.
  let last = arrayLength(&order) - 1u;
  var next_start = network * dispatch.order_stride + (epoch - dispatch.order_first) * dispatch.samples + place * dispatch.batch;
  var next_place = place;
  var next_rows = min(dispatch.batch, dispatch.samples - place * dispatch.batch);
  var next_first = 0u;
  var row = row_at(min(next_start + lane, last));
${advanceLines('  ', active)}
  var row_ahead = row_at(min(next_start + next_first + lane, last));
${declareRow('x', 'inputs', inputs)}
${declareRow('y', 'targets', outputs)}
  let steps = steps_of(network);
  let own_scalars = scalars_row(network) * dispatch.scalars_stride + dispatch.scalars_first;
  for (var i = 0u; i < steps; i++) {
    let rows = min(dispatch.batch, dispatch.samples - place * dispatch.batch);
    var loss = 0.0;
    var right = 0.0;
${each((place, k) => `    let p${place} = current[${k}];\n    var g${place} = 0.0;`)}
    for (var first = 0u; first < rows; first += ${active}u) {
${unpackRow('x', inputs)}
${unpackRow('y', outputs)}
      row = row_ahead;
${advanceLines('      ', active)}
      row_ahead = row_at(min(next_start + next_first + lane, last));
${loadRow('x', 'inputs', inputs)}
${loadRow('y', 'targets', outputs)}
      if (lane < ${active}u && first + lane < rows) {
${sampleLines(shape, (place) => `p${place}`)}
      }
    }
    score += vec2f(loss, right);
    if (lane < ${active}u) {
${each((place, k) => `      partial[${k * stride}u + lane] = g${place};`)}
    }
    workgroupBarrier();
    let record = scalars[own_scalars + i * dispatch.stride];
    let step = step_scalars(record);
    let share = 1.0 / f32(rows);
${owned.map(update).join('')}
    workgroupBarrier();
    place++;
    if (place == dispatch.per_epoch) {
      // As finite.wgsl.
      var largest_bits = 0u;
${owned.map(check).join('\n')}
      if (largest_bits >= INFINITE) { score.y = BROKEN; }
      scores[own_scores + epoch * ${LANES}u] = score;
      score = vec2f();
      place = 0u;
      epoch++;
    }
  }
  if (place > 0u) { scores[own_scores + epoch * ${LANES}u] = score; }
${owned.map(store).join('')}
}
`
}

/** Moves on to the samples that follow the invocations' present ones, in the same minibatch or the next. */
function advanceLines(indent: string, active: number): string {
  return `
next_first += ${active}u;
if (next_first >= next_rows) {
  next_first = 0u;
  next_start += next_rows;
  next_place++;
  if (next_place == dispatch.per_epoch) { next_place = 0u; }
  next_rows = min(dispatch.batch, dispatch.samples - next_place * dispatch.batch);
}`
    .trimStart()
    .split('\n')
    .map((line) => indent + line)
    .join('\n')
}
