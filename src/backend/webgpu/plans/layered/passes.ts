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

/**
 * The passes over one data set in one workspace, ready to be recorded into an encoder. Each is compiled and bound when it is
 * first asked for, so that training does not wait for kernels that only evaluation needs. All but `forward` need targets.
 */
export interface Passes {
  /** Z and activations of every layer. */
  readonly forward: () => Promise<readonly Recorded[]>
  /** The same with loss, correct predictions and the output's δ. */
  readonly score: () => Promise<readonly Recorded[]>
  /** δ of the hidden layers, last first, except for one that `score` computed already; `score` comes before it. */
  readonly backward: () => Promise<readonly Recorded[]>
  /** A whole step of training: the two above, with dropout where the settings have it, and each layer's update. */
  readonly training: () => Promise<readonly Recorded[]>
  /** What follows the last step of an epoch: it marks the scores if a parameter is infinite or NaN. */
  readonly check: () => Promise<readonly Recorded[]>
}

/** Makes a value at the first call, and returns it at all others. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
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
  readonly #bound = new WeakMap<WebGPUData, WeakMap<Workspace, Passes>>()

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

  /** The passes over a data set in a workspace. */
  of(data: WebGPUData, space: Workspace): Passes {
    let spaces = this.#bound.get(data)
    if (!spaces) this.#bound.set(data, (spaces = new WeakMap()))
    let passes = spaces.get(space)
    if (!passes) spaces.set(space, (passes = this.#passesOf(data, space)))
    return passes
  }

  /** Makes the next {@link of} bind these passes again. */
  forget(data: WebGPUData, space: Workspace): void {
    this.#bound.get(data)?.delete(space)
  }

  #passesOf(data: WebGPUData, space: Workspace): Passes {
    const score = once(() => this.#bindScore(data, space))
    const backward = once(() => this.#bindBackward(space))
    const dropping = () => [this.#bindScore(data, space, true), this.#bindBackward(space, true)]
    const training = async () => {
      const passes = this.#drops ? dropping() : [score(), backward()]
      return (await Promise.all([...passes, this.#bindUpdate(data, space)])).flat()
    }
    return {
      forward: once(() => this.#bindForward(data, space)),
      score,
      backward,
      training: once(training),
      check: once(() => this.#bindCheck(space)),
    }
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

  /** Z and activations of the first `count` layers, without the softmax of the output. */
  async #bindLayers(data: WebGPUData, space: Workspace, count: number, dropping: boolean): Promise<Recorded[]> {
    const { activations, deltas } = space
    const layers = this.#layers.slice(0, count)
    const dropOf = (l: number) => (dropping ? this.#dropOf(l) : undefined)
    const made = await Promise.all(
      layers.map((layer, l) => stages.forward(this.#maker, layer, inputFormOf(l, data), dropOf(l))),
    )
    const { parameters } = this.#store
    return this.#bind(() =>
      made.map((stage, l) =>
        this.#record(`forward[${l}]`, stage, [
          inputsOf(l, data, space),
          data.order,
          parameters,
          deltas[l]!,
          activations[l]!,
        ]),
      ),
    )
  }

  async #bindForward(data: WebGPUData, space: Workspace, dropping = false): Promise<Recorded[]> {
    const last = this.#layers.length - 1
    const output = this.#layers[last]!
    const [layers, softmax] = await Promise.all([
      this.#bindLayers(data, space, last + 1, dropping),
      output.activation === 'softmax' ? outputs.softmax(this.#maker, output) : undefined,
    ])
    if (!softmax) return layers
    const buffers = [space.deltas[last]!, space.activations[last]!]
    return this.#bind(() => [...layers, this.#record('softmax', softmax, buffers)])
  }

  async #bindBackward({ activations, deltas }: Workspace, dropping = false): Promise<Recorded[]> {
    const last = this.#layers.length - 1
    const made = await Promise.all(
      this.#layers
        .slice(1, this.#passedOn ? last : last + 1)
        .map((next, l) =>
          stages.hiddenDelta(this.#maker, this.#layers[l]!, next, dropping ? this.#dropOf(l) : undefined),
        ),
    )
    const { parameters } = this.#store
    return this.#bind(() =>
      made
        .map((stage, l) =>
          this.#record(`hiddenDelta[${l}]`, stage, [deltas[l + 1]!, parameters, activations[l]!, deltas[l]!]),
        )
        .reverse(),
    )
  }

  /** The forward passes with the output's δ, which the last of them computes too where the layer is narrow enough. */
  async #bindScore(data: WebGPUData, space: Workspace, dropping = false): Promise<Recorded[]> {
    const { targets } = data
    if (!targets) throw new Error('data without targets have no loss')
    const last = this.#layers.length - 1
    const output = this.#layers[last]!
    const { loss } = this.#settings
    const own = [space.deltas[last]!, space.activations[last]!, targets] as const
    if (!outputs.outputFits(this.#maker, output)) {
      const [forward, delta] = await Promise.all([
        this.#bindForward(data, space, dropping),
        outputs.outputDelta(this.#maker, output, loss, data),
      ])
      const buffers = [...own, data.order, space.rowScores]
      return this.#bind(() => [...forward, this.#record('outputDelta', delta, buffers)])
    }
    const drop = dropping ? this.#dropOf(last - 1) : undefined
    const [forward, stage] = await Promise.all([
      this.#bindLayers(data, space, last, dropping),
      outputs.output(this.#maker, output, loss, inputFormOf(last, data), this.#passedOn, drop),
    ])
    const below = this.#passedOn ? [space.deltas[last - 1]!] : []
    const inputs = inputsOf(last, data, space)
    const buffers = [inputs, data.order, this.#store.parameters, ...own, space.rowScores, ...below]
    return this.#bind(() => [...forward, this.#record('output', stage, buffers)])
  }

  async #bindCheck({ rowScores }: Workspace): Promise<Recorded[]> {
    const stage = await stages.finite(this.#maker, countPacks(this.#layers))
    return this.#bind(() => [this.#record('finite', stage, [this.#store.parameters, rowScores])])
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
    return this.#bind(() => {
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

  /** The stages that write the gradients, laid out as the parameters, and change no parameter. */
  async bindGradients(data: WebGPUData, space: Workspace, gradients: GPUBuffer): Promise<Recorded[]> {
    const packs = countPacks(this.#layers)
    // This minibatch may be larger than those of training. One of the same size has the same kernels.
    const maker = { ...this.#maker, batch: space.rows }
    const made = await this.#eachLayer((layer, l) => stages.gradient(maker, layer, packs, inputFormOf(l, data)))
    return this.#bind(() =>
      made.map((stage, l) =>
        this.#record(`gradient[${l}]`, stage, [inputsOf(l, data, space), data.order, space.deltas[l]!, gradients]),
      ),
    )
  }

  #eachLayer<T>(make: (layer: DeviceLayer, l: number) => T): Promise<Awaited<T>[]> {
    return Promise.all(this.#layers.map(make))
  }

  #bind(work: () => Recorded[]): Promise<Recorded[]> {
    return this.#device.checked('bind groups', work)
  }

  #record(name: string, stage: Stage, buffers: readonly (GPUBuffer | undefined)[]): Recorded {
    return bindStage(this.#device, name, stage, buffers)
  }
}
