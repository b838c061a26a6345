import type { Layer } from '../../model/layout.ts'
import { stateSlots } from '../../training/optimizer.ts'
import type { PlacementSettings } from '../backend.ts'
import type { Buffers } from './buffers.ts'
import type { Device } from './device.ts'
import { type Kernels, STEP_BYTES } from './kernels.ts'
import * as stages from './stages.ts'
import type { Stage } from './stages.ts'
import { StepRecords } from './steps.ts'

/** What is resident on the device for as long as a network is placed. */
export interface Residents {
  readonly parameters: GPUBuffer
  readonly gradients: GPUBuffer
  readonly state: GPUBuffer
  readonly steps: StepRecords
}

/** A data set on the device. */
export interface DeviceData {
  readonly inputs: GPUBuffer
  /** Absent where there is nothing to score against (prediction). */
  readonly targets?: GPUBuffer
  /** One u32 a sample: which row comes when. */
  readonly order: GPUBuffer
}

/** What the passes over one minibatch write: one buffer a layer, of `rows` samples. */
export interface Workspace {
  readonly rows: number
  readonly activations: readonly GPUBuffer[]
  /** Z after forward; δ once the deltas are done (they are written over it). */
  readonly deltas: readonly GPUBuffer[]
  /** Per row of the minibatch: loss and right answers, summed. */
  readonly rowScores: GPUBuffer
  dispose(): void
}

/** A stage with the buffers it works on. */
interface Recorded {
  readonly stage: Stage
  readonly bindGroup: GPUBindGroup
}

/** The passes over one data set in one workspace, ready to be recorded into an encoder. */
export interface Passes {
  readonly forward: readonly Recorded[]
  /** Output delta (with the scores), then gradients and hidden deltas, last layer first; empty without targets. */
  readonly score: readonly Recorded[]
  readonly backward: readonly Recorded[]
  readonly update: readonly Recorded[]
}

/** The layered plan: one dispatch a stage and layer, any sizes. Kernels are compiled once, bind groups made once. */
export class LayeredPlan {
  readonly residents: Residents
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #layers: readonly Layer[]
  readonly #stages: PlanStages

  private constructor(
    device: Device,
    buffers: Buffers,
    layers: readonly Layer[],
    residents: Residents,
    made: PlanStages,
  ) {
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.residents = residents
    this.#stages = made
  }

  static async create(
    device: Device,
    kernels: Kernels,
    buffers: Buffers,
    layers: readonly Layer[],
    parameters: Float32Array,
    settings: PlacementSettings,
  ): Promise<LayeredPlan> {
    const { optimizer } = settings
    const made = await compileStages(kernels, layers, parameters.length, settings)
    const residents = await device.checked('parameters', () => ({
      parameters: buffers.storage('parameters', parameters),
      gradients: buffers.storage('gradients', parameters.length),
      state: buffers.storage(
        'optimizer state',
        new Float32Array(stateSlots(optimizer) * parameters.length).fill(optimizer.initialAccumulator),
      ),
      steps: new StepRecords(device, buffers),
    }))
    return new LayeredPlan(device, buffers, layers, residents, made)
  }

  makeWorkspace(name: string, rows: number): Workspace {
    const perLayer = (what: string) =>
      this.#layers.map(({ outputs }, l) => this.#buffers.storage(`${name} ${what}[${l}]`, rows * outputs))
    const activations = perLayer('activations')
    const deltas = perLayer('deltas')
    const rowScores = this.#buffers.storage(`${name} row scores`, rows * 2)
    const dispose = () => this.#buffers.free(...activations, ...deltas, rowScores)
    return { rows, activations, deltas, rowScores, dispose }
  }

  /** Binds the stages to a data set and a workspace. */
  bind(data: DeviceData, space: Workspace): Passes {
    const { parameters, gradients, state } = this.residents
    const { forward, softmax, outputDelta, hiddenDelta, gradient, update } = this.#stages
    const { activations, deltas, rowScores } = space
    const last = this.#layers.length - 1
    const inputsOf = (l: number) => (l === 0 ? data.inputs : activations[l - 1]!)
    const passes = { forward: [] as Recorded[], score: [] as Recorded[], backward: [] as Recorded[] }

    forward.forEach((stage, l) => {
      passes.forward.push(this.#record(stage, [parameters, inputsOf(l), data.order, deltas[l]!, activations[l]!]))
    })
    if (softmax) passes.forward.push(this.#record(softmax, [deltas[last]!, activations[last]!]))
    if (!data.targets) return { ...passes, update: [] }

    passes.score.push(
      this.#record(outputDelta, [deltas[last]!, activations[last]!, data.targets, data.order, rowScores]),
    )
    for (let l = last; l >= 0; l--) {
      passes.backward.push(this.#record(gradient[l]!, [deltas[l]!, inputsOf(l), data.order, gradients]))
      if (l === 0) break
      const own = [activations[l - 1]!, deltas[l - 1]!]
      passes.backward.push(this.#record(hiddenDelta[l - 1]!, [parameters, deltas[l]!, ...own]))
    }
    return { ...passes, update: [this.#record(update, [gradients, parameters, state])] }
  }

  #record(stage: Stage, buffers: readonly GPUBuffer[]): Recorded {
    const { name, layout } = stage.kernel
    const resources = [
      { buffer: this.residents.steps.buffer, size: STEP_BYTES },
      ...buffers.map((buffer) => ({ buffer })),
    ]
    const entries = resources.map((resource, binding) => ({ binding, resource }))
    return { stage, bindGroup: this.#device.gpu.createBindGroup({ label: `webgpu-mlp ${name}`, layout, entries }) }
  }
}

/** Records one step's stages; `offset` is where its record stands. */
export function encode(pass: GPUComputePassEncoder, recorded: readonly Recorded[], offset: number, rows: number): void {
  for (const { stage, bindGroup } of recorded) {
    const [x, y] = stage.groups(rows)
    pass.setPipeline(stage.kernel.pipeline)
    pass.setBindGroup(0, bindGroup, [offset])
    pass.dispatchWorkgroups(x, y)
  }
}

interface PlanStages {
  readonly forward: readonly Stage[]
  readonly softmax: Stage | undefined
  readonly outputDelta: Stage
  /** hiddenDelta[l] makes the deltas of layer l from those of layer l + 1. */
  readonly hiddenDelta: readonly Stage[]
  readonly gradient: readonly Stage[]
  readonly update: Stage
}

async function compileStages(
  kernels: Kernels,
  layers: readonly Layer[],
  parameters: number,
  { loss, optimizer, batchSize }: PlacementSettings,
): Promise<PlanStages> {
  const output = layers.at(-1)!
  const [forward, hiddenDelta, gradient, softmax, outputDelta, update] = await Promise.all([
    Promise.all(layers.map((layer, l) => stages.forward(kernels, layer, l === 0, batchSize))),
    Promise.all(layers.slice(1).map((next, l) => stages.hiddenDelta(kernels, layers[l]!, next, batchSize))),
    Promise.all(layers.map((layer, l) => stages.gradient(kernels, layer, l === 0))),
    output.activation === 'softmax' ? stages.softmax(kernels, output) : undefined,
    stages.outputDelta(kernels, output, loss),
    stages.update(kernels, optimizer, parameters),
  ])
  return { forward, softmax, outputDelta, hiddenDelta, gradient, update }
}
