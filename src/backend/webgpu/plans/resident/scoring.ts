import { countPacks, type DeviceLayer, packsOf } from '../../kernels/packs.ts'
import {
  biasPlaces,
  COUNTS_LABELS,
  declareRow,
  outputNames,
  range,
  type ResidentShape,
  scoreLines,
  unpackRow,
  weightPlaces,
} from './sample.ts'

/**
 * Writes the kernel that scores networks of one shape over a data set, as straight-line code like that of straight.ts:
 * each invocation passes all samples through one network, in the order of the data set, in steps of `dispatch.batch`.
 * @param squares whether the squared errors of each output are summed up too
 */
export function scoringSource(shape: Pick<ResidentShape, 'layers' | 'loss'>, squares: boolean): string {
  const { layers } = shape
  const [inputs, outputs] = [layers[0]!.inputs, layers.at(-1)!.outputs]
  const places = layers.flatMap((layer: DeviceLayer) => [...weightPlaces(layer), ...biasPlaces(layer)])
  const sums = squares ? range(outputs) : []
  const each = (line: (i: number) => string) => sums.map(line).join('\n')
  const square = (i: number) => {
    const error = `${outputNames(shape)[i]!} - y${i}`
    return `      squared${i} += (${error}) * (${error});`
  }
  return `
@group(0) @binding(0) var<uniform> dispatch: Dispatch;
@group(1) @binding(1) var<storage, read> inputs: array<vec4f>;
@group(1) @binding(2) var<storage, read> targets: array<vec4f>;
@group(1) @binding(3) var<storage, read> parameters: array<f32>;
@group(1) @binding(4) var<storage, read_write> scores: array<vec2f>;
${squares ? '@group(1) @binding(5) var<storage, read_write> squares: array<f32>;' : ''}
override WIDTH: u32;

@compute @workgroup_size(WIDTH)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let network = id.x;
  if (network >= dispatch.networks) { return; }
  let ${COUNTS_LABELS} = dispatch.labels == 1u;
  let own = network * ${4 * countPacks(layers)}u;
  let own_squares = network * ${4 * packsOf(outputs)}u;
${places.map((i) => `  let p${i} = parameters[own + ${i}u];`).join('\n')}
  // An earlier dispatch may have begun the data set.
  var score = scores[network];
  for (var i = 0u; i < dispatch.steps; i++) {
    let start = (dispatch.first + i) * dispatch.batch;
    let rows = min(dispatch.batch, dispatch.samples - start);
    var loss = 0.0;
    var right = 0.0;
${each((i) => `    var squared${i} = 0.0;`)}
    for (var m = 0u; m < rows; m++) {
      let row = start + m;
    ${declareRow('x', 'inputs', inputs)}
    ${declareRow('y', 'targets', outputs)}
${unpackRow('x', inputs)}
${unpackRow('y', outputs)}
${scoreLines(shape, (place) => `p${place}`)}
${each(square)}
    }
    score += vec2f(loss, right);
${each((i) => `    squares[own_squares + ${i}u] += squared${i};`)}
  }
  scores[network] = score;
}
`
}
