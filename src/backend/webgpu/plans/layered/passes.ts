import type { PlacementSettings } from '../../../backend.ts'
import type { WebGPUData } from '../../data.ts'
import type { Device } from '../../device/device.ts'
import { countPacks, type DeviceLayer } from '../../kernels/packs.ts'
import * as outputs from '../../kernels/output-kernels.ts'
import * as stages from '../../kernels/stage-kernels.ts'
import type { Stage, StageMaker } from '../../kernels/stage-kernels.ts'
import { tilingFor } from '../../kernels/tuning.ts'
import type { ParameterStore, StoreParts } from '../parameters.ts'
import { bindStage, type Recorded } from '../recording.ts'
import type { Workspace } from '../workspace.ts'

/** The passes over one data set in one workspace, ready to be recorded into an encoder. */
export interface Passes {
  /** Z and activations of every layer. */
  readonly forward: readonly Recorded[]
  /** The same with loss, correct predictions and the output's δ; empty, as the three below, without targets. */
  readonly score: readonly Recorded[]
  /** δ of the hidden layers, last first, except for one that `score` computed already; `score` comes before it. */
  readonly backward: readonly Recorded[]
  /** A whole step of training: the two above, with dropout where the settings have it, and each layer's update. */
  readonly training: readonly Recorded[]
  /** What follows the last step of an epoch: it marks the scores if a parameter is infinite or NaN. */
  readonly check: readonly Recorded[]
}

/** What the passes of one network are made of. */
export interface PassParts {
  readonly device: Device
  readonly layers: readonly DeviceLayer[]
  readonly settings: PlacementSettings
  readonly store: ParameterStore
  readonly maker: StageMaker
  /** The layer below the output, where the output's stage computes its δ too. */
  readonly passedOn: DeviceLayer | undefined
}

/** Only the first layer reads the data set; the layers above it read activations, which are always floats. */
export const inputFormOf = (l: number, { bytes, weighted }: WebGPUData) => ({
  gather: l === 0,
  bytes: l === 0 && bytes,
  weighted,
})

/** The buffer that layer l reads. */
export const inputsOf = (l: number, data: WebGPUData, space: Workspace): GPUBuffer =>
  l === 0 ? data.inputs : space.activations[l - 1]!

/**
 * The stages of one network, one dispatch a stage and layer. Kernels are compiled when the first data set is bound, since
 * they depend on how its inputs are kept; bind groups are made once for each data set and workspace.
 */
export class LayeredPasses {
  readonly parts: PassParts
  readonly #device: Device
  readonly #layers: readonly DeviceLayer[]
  readonly #settings: PlacementSettings
  readonly #store: ParameterStore
  readonly #maker: StageMaker
  readonly #passedOn: DeviceLayer | undefined
  readonly #bound = new WeakMap<WebGPUData, WeakMap<Workspace, Promise<Passes>>>()

  constructor({ device, kernels, layers, settings }: Omit<StoreParts, 'buffers'>, store: ParameterStore) {
    const { batchSize } = settings
    const [below, output] = [layers.at(-2), layers.at(-1)!]
    this.#device = device
    this.#layers = layers
    this.#settings = settings
    this.#store = store
    this.#maker = {
      kernels,
      batch: batchSize,
      tiling: (stage, shape) => tilingFor(device.profile, stage, shape),
    }
    this.#passedOn = outputs.passesOn(this.#maker, output, below) ? below : undefined
    this.parts = { device, layers, settings, store, maker: this.#maker, passedOn: this.#passedOn }
  }

  /** The passes over a data set in a workspace, compiled and bound when first asked for. */
  of(data: WebGPUData, space: Workspace): Promise<Passes> {
    let spaces = this.#bound.get(data)
    if (!spaces) this.#bound.set(data, (spaces = new WeakMap()))
    let passes = spaces.get(space)
    if (!passes) spaces.set(space, (passes = this.#bind(data, space)))
    return passes
  }

  /** Makes the next {@link of} bind these passes again. */
  forget(data: WebGPUData, space: Workspace): void {
    this.#bound.get(data)?.delete(space)
  }

  /** Compiles the stages for a data set and binds them to it and a workspace. */
  async #bind(data: WebGPUData, space: Workspace): Promise<Passes> {
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
      const checking = [this.#record('finite', check, [this.#store.parameters, space.rowScores])]
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
  async #bindDropping(data: WebGPUData, targets: GPUBuffer, space: Workspace): Promise<Recorded[]> {
    const [compiled, training] = await Promise.all([
      this.#compileForward(data, true),
      this.#compileTraining(data, true),
    ])
    return this.#device.checked('bind groups', () => {
      const forward = this.#bindForward(compiled, data, space)
      return [...this.#bindScore(forward, training, data, targets, space), ...this.#bindBackward(training, space)]
    })
  }

  async #compileForward(data: WebGPUData, dropping = false) {
    const output = this.#layers.at(-1)!
    const dropOf = (l: number) => (dropping ? this.#dropOf(l) : undefined)
    const [forwards, softmax] = await Promise.all([
      this.#eachLayer((layer, l) => stages.forward(this.#maker, layer, inputFormOf(l, data), dropOf(l))),
      output.activation === 'softmax' ? outputs.softmax(this.#maker, output) : undefined,
    ])
    return { forwards, softmax }
  }

  #bindForward(
    { forwards, softmax }: { forwards: readonly Stage[]; softmax: Stage | undefined },
    data: WebGPUData,
    space: Workspace,
  ): Recorded[] {
    const { activations, deltas } = space
    const last = this.#layers.length - 1
    const forward = forwards.map((stage, l) =>
      this.#record(`forward[${l}]`, stage, [
        inputsOf(l, data, space),
        data.order,
        this.#store.parameters,
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
        this.#record(`hiddenDelta[${l}]`, stage, [deltas[l + 1]!, this.#store.parameters, activations[l]!, deltas[l]!]),
      )
      .reverse()
  }

  /** Gradients with the optimizer's step; with clipping, all gradients are computed before the first parameter changes. */
  async #bindUpdate(data: WebGPUData, space: Workspace): Promise<Recorded[]> {
    const packs = countPacks(this.#layers)
    const { parameters, state, clipping } = this.#store
    const [gradient, norm, clipped] = await Promise.all([
      this.#eachLayer((layer, l) =>
        stages.gradient(this.#maker, layer, packs, inputFormOf(l, data), this.#settings, clipping !== undefined),
      ),
      clipping && stages.norm(this.#maker, packs),
      clipping && stages.clipped(this.#maker, packs, this.#settings),
    ])
    return this.#device.checked('bind groups', () => {
      const targets = clipping ? [clipping.gradients, parameters] : [parameters, state]
      const update = gradient.map((stage, l) =>
        this.#record(`gradient[${l}]`, stage, [inputsOf(l, data, space), data.order, space.deltas[l]!, ...targets]),
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

  async #compileTraining(data: WebGPUData, dropping = false) {
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
      outputs.outputFits(this.#maker, output)
        ? outputs.output(this.#maker, output, loss, inputFormOf(last, data), this.#passedOn, dropOf(last - 1))
        : outputs.outputDelta(this.#maker, output, loss, data),
    ])
    return { hiddenDelta, outputDelta }
  }

  /** The forward passes with the output's δ, which the last of them computes too where the layer is narrow enough. */
  #bindScore(
    forward: readonly Recorded[],
    { outputDelta }: { outputDelta: Stage },
    data: WebGPUData,
    targets: GPUBuffer,
    space: Workspace,
  ): Recorded[] {
    const { rowScores } = space
    const last = this.#layers.length - 1
    const own = [space.deltas[last]!, space.activations[last]!, targets] as const
    if (!outputs.outputFits(this.#maker, this.#layers[last]!)) {
      return [...forward, this.#record('outputDelta', outputDelta, [...own, data.order, rowScores])]
    }
    const below = this.#passedOn ? [space.deltas[last - 1]!] : []
    const buffers = [inputsOf(last, data, space), data.order, this.#store.parameters, ...own, rowScores, ...below]
    return [...forward.slice(0, last), this.#record('output', outputDelta, buffers)]
  }

  /** The stages that write the gradients, laid out as the parameters, and change no parameter. */
  async bindGradients(data: WebGPUData, space: Workspace, gradients: GPUBuffer): Promise<Recorded[]> {
    const packs = countPacks(this.#layers)
    // This minibatch may be larger than those of training. One of the same size has the same kernels.
    const maker = { ...this.#maker, batch: space.rows }
    const made = await this.#eachLayer((layer, l) => stages.gradient(maker, layer, packs, inputFormOf(l, data)))
    return this.#device.checked('bind groups', () =>
      made.map((stage, l) =>
        this.#record(`gradient[${l}]`, stage, [inputsOf(l, data, space), data.order, space.deltas[l]!, gradients]),
      ),
    )
  }

  #eachLayer<T>(make: (layer: DeviceLayer, l: number) => T): Promise<Awaited<T>[]> {
    return Promise.all(this.#layers.map(make))
  }

  #record(name: string, stage: Stage, buffers: readonly (GPUBuffer | undefined)[]): Recorded {
    return bindStage(this.#device, name, stage, buffers)
  }
}
