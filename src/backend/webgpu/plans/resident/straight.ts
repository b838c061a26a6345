import { countPacks } from '../../kernels/packs.ts'
import {
  biasPlaces,
  declareRow,
  loadRow,
  range,
  readRow,
  residentBindings,
  type ResidentShape,
  sampleLines,
  unpackRow,
  weightPlaces,
} from './sample.ts'

/**
 * Writes the resident kernel of one network: whole minibatch loops as straight-line code for exactly that network's shape,
 * every parameter, gradient and slot of state in a separate variable. Loops over arrays that are indexed at run time
 * are many times slower on every compiler that was tried, which is why this text is generated. Each invocation trains one
 * network, without a barrier. The formulas are those of the layered kernels, in the same files.
 */
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
  const reading = shape.reading === 'ahead' ? readAhead(inputs, outputs) : readInPlace(inputs, outputs, shape.sorts)
  const load = (i: number) => {
    const state = range(3).map((slot) => (slot < slots ? `state[${slotPlace(slot, i)}]` : '0.0'))
    return `  var p${i} = Parameters(parameters[own + ${i}u], ${state.join(', ')});`
  }
  const store = (i: number) =>
    [
      `  parameters[own + ${i}u] = p${i}.value;`,
      ...range(slots).map((k) => `  state[${slotPlace(k, i)}] = p${i}.slot${k};`),
    ].join('\n')
  return `${residentBindings(shape)}
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
  // The samples follow each other through minibatches and epochs.
  let last = arrayLength(&order) - 1u;
  let step_of_place = dispatch.order_step;
  var at = network * dispatch.order_stride +
    ((epoch - dispatch.order_first) * dispatch.samples + place * dispatch.batch) * step_of_place;
${reading.before}
  let steps = steps_of(network);
  let own_scalars = scalars_row(network) * dispatch.scalars_stride + dispatch.scalars_first;
  for (var i = 0u; i < steps; i++) {
    let rows = min(dispatch.batch, dispatch.samples - place * dispatch.batch);
    var loss = 0.0;
    var right = 0.0;
${each((i) => `    var g${i} = 0.0;`)}
    for (var m = 0u; m < rows; m++) {
${reading.within}
${sampleLines(shape, (place) => `p${place}.value`)}
    }
    score += vec2f(loss, right);
    let record = scalars[own_scalars + i * dispatch.stride];
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

/** Lines before the loop over samples, and those at the beginning of its body. */
interface ReadingLines {
  readonly before: string
  readonly within: string
}

/** The next sample is loaded while one is worked on, and the row of the one after. */
const readAhead = (inputs: number, outputs: number): ReadingLines => ({
  before: `  var row = row_at(min(at, last));
  at += step_of_place;
  var row_ahead = row_at(min(at, last));
${declareRow('x', 'inputs', inputs)}
${declareRow('y', 'targets', outputs)}`,
  within: `${unpackRow('x', inputs)}
${unpackRow('y', outputs)}
      row = row_ahead;
      at += step_of_place;
      row_ahead = row_at(min(at, last));
${loadRow('x', 'inputs', inputs)}
${loadRow('y', 'targets', outputs)}`,
})

/** The lengths of the arrays are known before the loop: SwiftShader divides four times for each. */
const readInPlace = (inputs: number, outputs: number, sorts: boolean): ReadingLines => ({
  before: `  let last_inputs = arrayLength(&inputs) - 1u;
  let last_targets = arrayLength(&targets) - 1u;`,
  within: `      let row = ${sorts ? 'row_at(min(at, last))' : 'order[min(at, last)]'};
      at += step_of_place;
${readRow('x', 'inputs', inputs, 'last_inputs')}
${readRow('y', 'targets', outputs, 'last_targets')}`,
})
