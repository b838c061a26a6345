import type { LossName } from '../../../../loss/loss.ts'
import { activationNumber, lossConstants } from '../../kernels/formulas.ts'
import { type DeviceLayer, PACK_BYTES } from '../../kernels/packs.ts'

/** Where a layer's Z and activations begin among the workgroup's values, in packs. */
interface Places {
  readonly z: number
  readonly a: number
}

/** Each layer's Z (then δ) and activations, one after another. */
function placesOf(layers: readonly DeviceLayer[], batch: number): { places: Places[]; packs: number } {
  const rows = 4 * Math.ceil(batch / 4)
  let packs = 0
  const places = layers.map(({ outputPacks }) => {
    const z = packs
    packs += 2 * rows * outputPacks
    return { z, a: z + rows * outputPacks }
  })
  return { places, packs }
}

/** Bytes of workgroup memory that shaders/resident.wgsl takes for a minibatch. */
export const residentBytes = (layers: readonly DeviceLayer[], batch: number) =>
  PACK_BYTES * placesOf(layers, batch).packs

/**
 * What shaders/resident.wgsl needs to know of one network: its layers as constants, so that compilers can fold them, and
 * a step's stages one after another.
 */
export function residentLoopSource(layers: readonly DeviceLayer[], batch: number): string {
  const indices = layers.map((_, l) => l)
  return loopSource(layers, batch, [
    ...forwardStages(layers),
    ...indices.slice(1).reverse().flatMap((l) => [`hidden_delta(LAYER${l - 1}, LAYER${l});`, BARRIER]), // prettier-ignore
    ...indices.map((l) => `gradient(LAYER${l});`),
    'storageBarrier();',
    BARRIER,
  ])
}

/**
 * The same for a kernel that scores networks: its steps end with the loss.
 * @param squares whether the squared errors of each output are summed up
 */
export function scoringLoopSource(layers: readonly DeviceLayer[], batch: number, squares: boolean): string {
  const ends = squares ? ['add_squares();', BARRIER] : []
  return loopSource(layers, batch, [...forwardStages(layers), ...ends]) + (squares ? addSquares : '')
}

const BARRIER = 'workgroupBarrier();'

const forwardStages = (layers: readonly DeviceLayer[]) => [
  ...layers.flatMap((_, l) => [`forward(LAYER${l});`, BARRIER]),
  'output_delta();',
  BARRIER,
]

/** The squared errors of each output, summed over the rows of all steps. */
const addSquares = `
@group(1) @binding(5) var<storage, read_write> squares: array<vec4f>;

fn add_squares() {
  for (var pack = lane; pack < OUTPUT_PACKS; pack += WIDTH) {
    var sum = vec4f();
    for (var m = 0u; m < step.rows; m++) {
      let error = a_at(m * OUTPUT_PACKS + pack) - targets[order[step.start + m] * OUTPUT_PACKS + pack];
      sum += error * error;
    }
    squares[first_pack / PACKS * OUTPUT_PACKS + pack] += sum;
  }
}
`

function loopSource(layers: readonly DeviceLayer[], batch: number, stages: readonly string[]): string {
  const { places, packs } = placesOf(layers, batch)
  const last = layers.length - 1
  const constants = layers.map((layer, l) => {
    const { inputs, inputPacks, outputs, outputPacks, weightPack, biasPack, activation } = layer
    const below = l === 0 ? 'DATA' : places[l - 1]!.a
    const numbers = [inputs, inputPacks, outputs, outputPacks, weightPack, biasPack, activationNumber(activation)]
    return `const LAYER${l} = Layer(${[...numbers, below, places[l]!.z, places[l]!.a].join(', ')});`
  })
  return `
const VALUES = ${packs}u;
${constants.join('\n')}

fn train_step() {
${stages.map((line) => `  ${line}`).join('\n')}
}

fn z_at(place: u32) -> vec4f { return values[LAYER${last}.z + place]; }
fn a_at(place: u32) -> vec4f { return values[LAYER${last}.a + place]; }
fn set_a(place: u32, a: vec4f) { values[LAYER${last}.a + place] = a; }
fn set_delta(place: u32, delta: vec4f) { values[LAYER${last}.z + place] = delta; }
`
}

/** The kernel's overrides, without the optimizer's. */
export function residentLoopConstants(
  layers: readonly DeviceLayer[],
  loss: LossName,
  width: number,
): Record<string, number> {
  const output = layers.at(-1)!
  return {
    WIDTH: width,
    OUTPUTS: output.outputs,
    OUTPUT_PACKS: output.outputPacks,
    ACTIVATION: activationNumber(output.activation),
    ...lossConstants(output, loss),
  }
}
