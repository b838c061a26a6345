import { countPacks, packsOf } from '../../kernels/packs.ts'
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

/** Bytes of workgroup memory that every device has. */
const WORKGROUP_BYTES = 1 << 14

/** How many samples' rows fit into workgroup memory, inputs and targets together. */
export const mostSharedRows = (layers: ResidentShape['layers']) =>
  Math.floor(WORKGROUP_BYTES / 16 / packsOf(layers[0]!.inputs + layers.at(-1)!.outputs))

/** Where a kernel reads samples, as parts of its text. */
interface RowText {
  /** Variables of the module, and what precedes the first step. */
  readonly declarations: string
  readonly preparation: string
  /** Declares variables of a row, loads one into them, and names its values x0 … and y0 …. */
  readonly declare: string
  readonly load: string
  readonly unpack: string
}

/** Rows that are read from memory whenever they are visited. */
function storedRows(inputs: number, outputs: number): RowText {
  const both = (text: typeof loadRow) => `${text('x', 'inputs', inputs)}\n${text('y', 'targets', outputs)}`
  const unpack = `${unpackRow('x', inputs)}\n${unpackRow('y', outputs)}`
  return { declarations: '', preparation: '', declare: both(declareRow), load: both(loadRow), unpack }
}

/** Rows that the invocations of a workgroup first copy into its memory, inputs and targets without space between them. */
function sharedRows(most: number, inputs: number, outputs: number): RowText {
  const value = (i: number) =>
    i < inputs
      ? `inputs[i * ${packsOf(inputs)}u + ${i >> 2}u].${'xyzw'[i & 3]!}`
      : i < inputs + outputs
        ? `targets[i * ${packsOf(outputs)}u + ${(i - inputs) >> 2}u].${'xyzw'[(i - inputs) & 3]!}`
        : '0.0'
  const packs = packsOf(inputs + outputs)
  const copies = range(packs).map(
    (k) => `    shared_rows[i * ${packs}u + ${k}u] = vec4f(${range(4).map((c) => value(4 * k + c)).join(', ')});`, // prettier-ignore
  )
  const names = range(inputs + outputs).map((i) => (i < inputs ? `x${i}` : `y${i - inputs}`))
  return {
    declarations: `var<workgroup> shared_rows: array<vec4f, ${packs * most}>;`,
    preparation: `
  let row_count = min(${most}u, arrayLength(&inputs) / ${packsOf(inputs)}u);
  for (var i = lane; i < row_count; i += WIDTH) {
${copies.join('\n')}
  }
  workgroupBarrier();`,
    declare: declareRow('both', 'shared_rows', inputs + outputs),
    load: loadRow('both', 'shared_rows', inputs + outputs),
    unpack: [unpackRow('both', inputs + outputs), ...names.map((name, i) => `      let ${name} = both${i};`)].join(
      '\n',
    ),
  }
}

/**
 * Writes the resident kernel of one network: whole minibatch loops as straight-line code for exactly that network's shape,
 * every parameter, gradient and slot of state in a separate variable. Loops over arrays that are indexed at run time
 * are many times slower on every compiler that was tried, which is why this text is generated. Each invocation trains one
 * network, without a barrier. The formulas are those of the layered kernels, in the same files.
 * @param shared for how many samples' rows there is workgroup memory, out of which they are read; 0 if they are read as they are
 *   stored
 */
export function residentSource(shape: ResidentShape, shared = 0): string {
  const { layers, slots } = shape
  const inputs = layers[0]!.inputs
  const outputs = layers.at(-1)!.outputs
  const text = shared > 0 ? sharedRows(shared, inputs, outputs) : storedRows(inputs, outputs)
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
  return `${residentBindings}
override WIDTH: u32;
${text.declarations}

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {${text.preparation}
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
  let step_of_place = dispatch.order_step;
  var at = network * dispatch.order_stride +
    ((epoch - dispatch.order_first) * dispatch.samples + place * dispatch.batch) * step_of_place;
  var row = row_at(min(at, last));
  at += step_of_place;
  var row_ahead = row_at(min(at, last));
${text.declare}
  let steps = steps_of(network);
  for (var i = 0u; i < steps; i++) {
    let rows = min(dispatch.batch, dispatch.samples - place * dispatch.batch);
    var loss = 0.0;
    var right = 0.0;
${each((i) => `    var g${i} = 0.0;`)}
    for (var m = 0u; m < rows; m++) {
${text.unpack}
      row = row_ahead;
      at += step_of_place;
      row_ahead = row_at(min(at, last));
${text.load}
${sampleLines(shape, (place) => `p${place}.value`)}
    }
    score += vec2f(loss, right);
    let record = scalars[network * dispatch.scalars_stride + dispatch.scalars_first + i * dispatch.stride];
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
