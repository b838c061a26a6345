import { sgd, stateSlots } from '../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../backend.ts'
import { type Buffers, storageBytes } from '../device/buffers.ts'
import type { Device } from '../device/device.ts'
import type { Kernels } from '../kernels/kernels.ts'
import { countPacks, type DeviceLayer } from '../kernels/packs.ts'
import { bindStage, type Recorded } from './recording.ts'
import * as stages from '../kernels/stage-kernels.ts'
import type { Stage, StageMaker } from '../kernels/stage-kernels.ts'
import { noUpdate, StepRecords } from './steps.ts'
import type { Tiling } from '../kernels/tiling.ts'
import { needsTuning, tilingFor, tune } from '../kernels/tuning.ts'

/** What is resident on the device for as long as a network is placed. */
export interface Residents {
  readonly parameters: GPUBuffer
  readonly state: GPUBuffer
  /** Where gradients are clipped: all of them, and the parts of the sum of their squares. */
  readonly clipping: { readonly gradients: GPUBuffer; readonly parts: GPUBuffer } | undefined
  readonly steps: StepRecords
}

/** A data set on the device. */
export interface DeviceData {
  readonly samples: number
  readonly inputs: GPUBuffer
  /** Whether the inputs stand as bytes, each a whole 255th. */
  readonly bytes: boolean
  /** Whether each row of the targets ends with the sample's weight. */
  readonly weighted: boolean
  /** Absent where there is nothing to score against (prediction). */
  readonly targets?: GPUBuffer
  /** One u32 a sample: which row comes when. */
  readonly order: GPUBuffer
  /** Room for inputs and targets in the epoch's order, where the data are many and read one by one. */
  readonly sorted?: { readonly inputs: GPUBuffer; readonly targets: GPUBuffer }
}

/** What the passes over one minibatch write: one buffer a layer, of `rows` samples, filled up to a multiple of four. */
export interface Workspace {
  readonly rows: number
  readonly activations: readonly GPUBuffer[]
  /** Z after forward; δ once the deltas are done (they are written over it). */
  readonly deltas: readonly GPUBuffer[]
  /** Per row of the minibatch: loss and right answers, summed. Behind them, what the check of parameters found. */
  readonly rowScores: GPUBuffer
  dispose(): void
}

/** The passes over one data set in one workspace, ready to be recorded into an encoder. */
export interface Passes {
  /** Z and activations of every layer. */
  readonly forward: readonly Recorded[]
  /** The same with loss, right answers and the output's δ; empty, as the two below, without targets. */
  readonly score: readonly Recorded[]
  /** δ of the hidden layers, last first, but for one that score passed on already; score comes before. */
  readonly backward: readonly Recorded[]
  /** A whole step of training: the two above, with units dropped where that is wanted, and each layer's update. */
  readonly training: readonly Recorded[]
  /** What follows an epoch's last step: it marks the scores where a parameter is infinite or NaN. */
  readonly check: readonly Recorded[]
}

/** Only the first layer reads the data set; what is above it reads activations, which are floats wherever they came from. */
const formOf = (l: number, { bytes, weighted }: DeviceData) => ({ gather: l === 0, bytes: l === 0 && bytes, weighted })

/** Values of a layer's activations (or δ) for so many rows, which are filled up to a multiple of four. */
const layerValues = ({ outputPacks }: DeviceLayer, rows: number) => 4 * Math.ceil(rows / 4) * 4 * outputPacks

/** Values of a workspace's scores: a pair for each row, and one for each workgroup that checks parameters. */
const scoreValues = (rows: number) => 2 * (rows + stages.MOST_CHECKS)

/** Bytes of device memory that a workspace of so many rows takes. */
export function workspaceBytes(layers: readonly DeviceLayer[], rows: number): number {
  return layers.reduce(
    (sum, layer) => sum + 2 * storageBytes(layerValues(layer, rows)),
    storageBytes(scoreValues(rows)),
  )
}

/**
 * The layered plan: one dispatch a stage and layer, any sizes. Kernels are compiled when the first data set is bound,
 * since they follow from how its inputs stand; bind groups are made once.
 */
export class LayeredPlan {
  readonly residents: Residents
  readonly #device: Device
  readonly #buffers: Buffers
  readonly #layers: readonly DeviceLayer[]
  readonly #settings: PlacementSettings
  readonly #maker: StageMaker
  /** The layer below the output, where the output's own pass finds its δ too. */
  readonly #passedOn: DeviceLayer | undefined

  constructor(
    device: Device,
    kernels: Kernels,
    buffers: Buffers,
    layers: readonly DeviceLayer[],
    parameters: Float32Array,
    settings: PlacementSettings,
  ) {
    this.#device = device
    this.#buffers = buffers
    this.#layers = layers
    this.#settings = settings
    this.#maker = {
      kernels,
      batch: settings.batchSize,
      tiling: (stage, shape) => tilingFor(device.profile, stage, shape),
    }
    const [below, output] = [layers.at(-2), layers.at(-1)!]
    this.#passedOn = stages.passesOn(output, below, settings.batchSize) ? below : undefined
    const { optimizer } = settings
    const state = new Float32Array(stateSlots(optimizer) * parameters.length).fill(optimizer.initialAccumulator)
    this.residents = {
      parameters: buffers.storage('parameters', parameters),
      state: buffers.storage('optimizer state', state),
      clipping:
        optimizer.clipNorm > 0
          ? {
              gradients: buffers.storage('gradients', parameters.length),
              parts: buffers.storage('parts of the norm', 2 * stages.NORM_PARTS),
            }
          : undefined,
      steps: new StepRecords(device, buffers, kernels.stepLayout),
    }
  }

  makeWorkspace(name: string, rows: number): Workspace {
    const perLayer = (what: string) =>
      this.#layers.map((layer, l) => this.#buffers.storage(`${name} ${what}[${l}]`, layerValues(layer, rows)))
    const activations = perLayer('activations')
    const deltas = perLayer('deltas')
    const rowScores = this.#buffers.storage(`${name} row scores`, scoreValues(rows))
    const dispose = () => this.#buffers.free(...activations, ...deltas, rowScores)
    return { rows, activations, deltas, rowScores, dispose }
  }

  /** Compiles the stages for a data set and binds them to it and a workspace. */
  async bind(data: DeviceData, space: Workspace): Promise<Passes> {
    const { targets } = data
    const [compiled, training, update, dropping, check] = await Promise.all([
      this.#compileForward(data),
      targets && this.#compileTraining(data),
      targets && this.#bindUpdate(data, space),
      targets && this.#drops ? this.#bindDropping(data, targets, space) : undefined,
      targets && stages.finite(this.#maker, countPacks(this.#layers)),
    ])
    return this.#device.checked('bind groups', () => {
      const forward = this.#bindForward(compiled, data, space)
      if (!targets || !training || !update || !check)
        return { forward, score: [], backward: [], training: [], check: [] }
      const score = this.#bindScore(forward, training, data, targets, space)
      const backward = this.#bindBackward(training, space)
      const passes = dropping ?? [...score, ...backward]
      const checking = [this.#record('finite', check, [this.residents.parameters, space.rowScores])]
      return { forward, score, backward, training: [...passes, ...update], check: checking }
    })
  }

  get #drops(): boolean {
    return this.#settings.dropout?.some((share) => share > 0) ?? false
  }

  /** Dropout of a hidden layer. */
  #dropOf(layer: number): stages.Drop | undefined {
    const { dropout = [], seed = 0 } = this.#settings
    const share = dropout[layer]
    return share === undefined ? undefined : { share, seed, layer }
  }

  /** Forward, score and backward with units dropped. */
  async #bindDropping(data: DeviceData, targets: GPUBuffer, space: Workspace): Promise<Recorded[]> {
    const [compiled, training] = await Promise.all([
      this.#compileForward(data, true),
      this.#compileTraining(data, true),
    ])
    return this.#device.checked('bind groups', () => {
      const forward = this.#bindForward(compiled, data, space)
      return [...this.#bindScore(forward, training, data, targets, space), ...this.#bindBackward(training, space)]
    })
  }

  async #compileForward(data: DeviceData, dropping = false) {
    const output = this.#layers.at(-1)!
    const dropOf = (l: number) => (dropping ? this.#dropOf(l) : undefined)
    const [forwards, softmax] = await Promise.all([
      this.#eachLayer((layer, l) => stages.forward(this.#maker, layer, formOf(l, data), dropOf(l))),
      output.activation === 'softmax' ? stages.softmax(this.#maker, output) : undefined,
    ])
    return { forwards, softmax }
  }

  #bindForward(
    { forwards, softmax }: { forwards: readonly Stage[]; softmax: Stage | undefined },
    data: DeviceData,
    space: Workspace,
  ): Recorded[] {
    const { activations, deltas } = space
    const last = this.#layers.length - 1
    const forward = forwards.map((stage, l) =>
      this.#record(`forward[${l}]`, stage, [
        this.#inputsOf(l, data, space),
        data.order,
        this.residents.parameters,
        deltas[l]!,
        activations[l]!,
      ]),
    )
    if (softmax) forward.push(this.#record('softmax', softmax, [deltas[last]!, activations[last]!]))
    return forward
  }

  #bindBackward({ hiddenDelta }: { hiddenDelta: readonly Stage[] }, { activations, deltas }: Workspace): Recorded[] {
    return hiddenDelta
      .map((stage, l) =>
        this.#record(`hiddenDelta[${l}]`, stage, [
          deltas[l + 1]!,
          this.residents.parameters,
          activations[l]!,
          deltas[l]!,
        ]),
      )
      .reverse()
  }

  /** Gradients with the optimizer's step; where they are clipped, all of them are known before one is made. */
  async #bindUpdate(data: DeviceData, space: Workspace): Promise<Recorded[]> {
    const packs = countPacks(this.#layers)
    const { parameters, state, clipping } = this.residents
    const [gradient, norm, clipped] = await Promise.all([
      this.#eachLayer((layer, l) =>
        stages.gradient(this.#maker, layer, packs, formOf(l, data), this.#settings, clipping !== undefined),
      ),
      clipping && stages.norm(this.#maker, packs),
      clipping && stages.clipped(this.#maker, packs, this.#settings),
    ])
    return this.#device.checked('bind groups', () => {
      const targets = clipping ? [clipping.gradients, parameters] : [parameters, state]
      const update = gradient.map((stage, l) =>
        this.#record(`gradient[${l}]`, stage, [
          this.#inputsOf(l, data, space),
          data.order,
          space.deltas[l]!,
          ...targets,
        ]),
      )
      if (!clipping || !norm || !clipped) return update
      const { gradients, parts } = clipping
      return [
        ...update,
        this.#record('norm', norm, [gradients, parts]),
        this.#record('clipped', clipped, [gradients, parts, undefined, parameters, state]),
      ]
    })
  }

  async #compileTraining(data: DeviceData, dropping = false) {
    const last = this.#layers.length - 1
    const output = this.#layers[last]!
    const { loss } = this.#settings
    const dropOf = (l: number) => (dropping ? this.#dropOf(l) : undefined)
    const [hiddenDelta, outputDelta] = await Promise.all([
      Promise.all(
        this.#layers
          .slice(1, this.#passedOn ? last : last + 1)
          .map((next, l) => stages.hiddenDelta(this.#maker, this.#layers[l]!, next, dropOf(l))),
      ),
      stages.outputFits(output)
        ? stages.output(this.#maker, output, loss, formOf(last, data), this.#passedOn, dropOf(last - 1))
        : stages.outputDelta(this.#maker, output, loss, data),
    ])
    return { hiddenDelta, outputDelta }
  }

  /** The forward passes with the output's δ: in one with the last of them where the layer is narrow enough. */
  #bindScore(
    forward: readonly Recorded[],
    { outputDelta }: { outputDelta: Stage },
    data: DeviceData,
    targets: GPUBuffer,
    space: Workspace,
  ): Recorded[] {
    const { rowScores } = space
    const last = this.#layers.length - 1
    const own = [space.deltas[last]!, space.activations[last]!, targets] as const
    if (!stages.outputFits(this.#layers[last]!)) {
      return [...forward, this.#record('outputDelta', outputDelta, [...own, data.order, rowScores])]
    }
    const below = this.#passedOn ? [space.deltas[last - 1]!] : []
    const buffers = [
      this.#inputsOf(last, data, space),
      data.order,
      this.residents.parameters,
      ...own,
      rowScores,
      ...below,
    ]
    return [...forward.slice(0, last), this.#record('output', outputDelta, buffers)]
  }

  /** The stages that write the gradients down instead of making a step, laid out as the parameters. */
  async bindGradients(data: DeviceData, space: Workspace, gradients: GPUBuffer): Promise<Recorded[]> {
    const packs = countPacks(this.#layers)
    const made = await this.#eachLayer((layer, l) => stages.gradient(this.#maker, layer, packs, formOf(l, data)))
    return this.#device.checked('bind groups', () =>
      made.map((stage, l) =>
        this.#record(`gradient[${l}]`, stage, [
          this.#inputsOf(l, data, space),
          data.order,
          space.deltas[l]!,
          gradients,
        ]),
      ),
    )
  }

  /**
   * Measures the tiles of the large products on this adapter, on the buffers of training themselves, and changes no
   * parameter by it. Every tile gives the same bits.
   * @returns whether anything was measured: then the passes are to be bound anew
   */
  async tune(data: DeviceData, space: Workspace): Promise<boolean> {
    const step = this.residents.steps.set(0, {
      start: 0,
      rows: Math.min(space.rows, data.samples),
      number: 0,
      scalars: noUpdate,
    })
    this.residents.steps.upload(1)
    const wanted = this.#layers.flatMap((_, l) =>
      (['forward', 'hiddenDelta', 'gradient'] as const).flatMap((stage) => {
        // The output layer's forward pass is output's, with a tile of its own; the first layer has no δ below it.
        if (stage === 'hiddenDelta' && (l === 0 || (l === this.#layers.length - 1 && this.#passedOn))) return []
        if (stage === 'forward' && l === this.#layers.length - 1 && stages.outputFits(this.#layers[l]!)) return []
        const shape = stages.productShapes[stage](this.#layers[l]!, space.rows)
        return needsTuning(this.#device.profile, stage, shape) ? [{ stage, l, shape }] : []
      }),
    )
    for (const { stage, l, shape } of wanted) {
      if (!needsTuning(this.#device.profile, stage, shape)) continue
      const record = (tiling: Tiling) => this.#recordTiled(stage, l, tiling, data, space)
      await tune(this.#device, stage, shape, step, space.rows, record)
    }
    return wanted.length > 0
  }

  async #recordTiled(
    stage: stages.ProductName,
    l: number,
    tiling: Tiling,
    data: DeviceData,
    space: Workspace,
  ): Promise<Recorded> {
    const maker: StageMaker = { ...this.#maker, tiling: () => tiling }
    const layer = this.#layers[l]!
    const { activations, deltas } = space
    const { parameters, state } = this.residents
    const inputs = this.#inputsOf(l, data, space)
    const [made, buffers] = await {
      forward: async () => {
        const made = await stages.forward(maker, layer, formOf(l, data))
        return [made, [inputs, data.order, parameters, deltas[l]!, activations[l]!]] as const
      },
      hiddenDelta: async () => {
        const made = await stages.hiddenDelta(maker, this.#layers[l - 1]!, layer)
        return [made, [deltas[l]!, parameters, activations[l - 1]!, deltas[l - 1]!]] as const
      },
      gradient: async () => {
        // Steps of size 0 along gradients of 0, without state: nothing moves.
        const made = await stages.gradient(maker, layer, countPacks(this.#layers), formOf(l, data), {
          optimizer: sgd(),
        })
        return [made, [inputs, data.order, deltas[l]!, parameters, state]] as const
      },
    }[stage]()
    return this.#device.checked('tuning', () => {
      if (stage === 'gradient') this.#clear(deltas[l]!)
      return this.#record(stage, made, buffers)
    })
  }

  #clear(buffer: GPUBuffer): void {
    const encoder = this.#device.gpu.createCommandEncoder({ label: 'webgpu-mlp tuning' })
    encoder.clearBuffer(buffer)
    this.#device.gpu.queue.submit([encoder.finish()])
  }

  #inputsOf(l: number, data: DeviceData, space: Workspace): GPUBuffer {
    return l === 0 ? data.inputs : space.activations[l - 1]!
  }

  #eachLayer<T>(make: (layer: DeviceLayer, l: number) => T): Promise<Awaited<T>[]> {
    return Promise.all(this.#layers.map(make))
  }

  #record(name: string, stage: Stage, buffers: readonly (GPUBuffer | undefined)[]): Recorded {
    return bindStage(this.#device, name, stage, buffers)
  }
}
