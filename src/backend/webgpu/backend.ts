import { describe, InputError } from '../../core/errors.ts'
import { boolean, callback, type Checked, type Fields, kind, name, optional, readOptions, withDefault } from '../../core/schema.ts'
import type { Network } from '../../model/network.ts'
import type { Backend, Placement, PlacementSettings, Population } from '../backend.ts'
import { isSoftware, nameAdapter } from './device/adapter.ts'
import { type PlanChoice, planChoices } from './plans/choice.ts'

/** Options of {@link webgpu}. */
export interface WebGPUOptions {
  /**
   * Your own device: the backend uses it, and does not destroy it. If it is lost, training goes on on the CPU; give
   * `requestDevice` instead if you can open another one.
   */
  device?: GPUDevice | undefined
  /**
   * Opens your own device: called when the first network is placed, and again after a device was lost. The backend does not
   * destroy the devices. The default limits of WebGPU, or of its compatibility mode, are sufficient.
   */
  requestDevice?: (() => Promise<GPUDevice>) | undefined
  /**
   * How networks are trained. 'layered' is one dispatch a stage and layer, for any size; 'resident' keeps a small
   * network in registers and trains whole epochs in one dispatch. Default 'auto': resident where it applies and is the
   * faster one.
   */
  plan?: PlanChoice | undefined
  /**
   * Makes all choices by rule, and none by measurement, so that a run gives the same bits in every process and on every day
   * on the same adapter and driver, and training may be slower. Without it, other tiles and plans take over during a run
   * only where they give the same bits, but code that takes too long to compile is replaced. Default false.
   */
  deterministic?: boolean | undefined
}

/** Not instanceof: a device may come from Dawn, or from another realm. */
export const deviceKind = kind<GPUDevice>((argument, value) => {
  const { queue, limits, createBuffer, lost } = (value ?? {}) as Partial<GPUDevice>
  const isDevice = typeof queue === 'object' && typeof limits === 'object' && typeof createBuffer === 'function'
  if (isDevice && typeof lost?.then === 'function') return value as GPUDevice
  throw new InputError(`${argument}: expected a GPUDevice, got ${describe(value)}`)
})

const requestDevice = callback<() => Promise<GPUDevice>>()

export const webgpuSchema = {
  name: 'webgpu',
  fields: {
    device: optional(deviceKind),
    requestDevice: optional(requestDevice),
    plan: withDefault(name(planChoices), 'auto'),
    deterministic: withDefault(boolean, false),
  } satisfies Fields<WebGPUOptions>,
}

export type CheckedOptions = Checked<typeof webgpuSchema.fields>

/** An adapter, for people. */
export const describeAdapter = (name: string, software: boolean) => `${name}${software ? ' (software adapter)' : ''}`

/**
 * The WebGPU backend. Its device is opened when the first network is placed on it, or passed in; after a loss, another one
 * is opened. Its code and shaders are in a module that is loaded then, so that programs which never place a network on a
 * GPU do not download them.
 * @throws InputError where both a device and a function that opens one are given
 * @example await Trainer.create(network, { backend: webgpu({ device }) })
 */
export function webgpu(options: WebGPUOptions = {}): Backend {
  const given = readOptions(webgpuSchema, options)
  if (given.device !== undefined && given.requestDevice !== undefined) {
    throw new InputError('webgpu: device and requestDevice were given; give one of them')
  }
  return new LoadedBackend(given)
}

/** Loads the module of the WebGPU backend when a network is placed. */
class LoadedBackend implements Backend {
  readonly name = 'webgpu'
  readonly #options: CheckedOptions
  #loading: Promise<Backend> | undefined
  #loaded: Backend | undefined

  constructor(options: CheckedOptions) {
    this.#options = options
  }

  get description(): string {
    if (this.#loaded) return this.#loaded.description
    const { device } = this.#options
    return device ? describeAdapter(nameAdapter(device.adapterInfo), this.software) : 'WebGPU, not opened yet'
  }

  get software(): boolean {
    const { device } = this.#options
    return this.#loaded?.software ?? (device !== undefined && isSoftware(device.adapterInfo))
  }

  get isLost(): boolean {
    return this.#loaded?.isLost ?? false
  }

  get lost(): Promise<void> | undefined {
    return this.#loaded?.lost
  }

  async #load(): Promise<Backend> {
    this.#loading ??= import('./opened-backend.ts').then(({ openedBackend }) => {
      return (this.#loaded = openedBackend(this.#options))
    })
    return this.#loading
  }

  async place(network: Network, settings: PlacementSettings): Promise<Placement> {
    return (await this.#load()).place(network, settings)
  }

  async populate(
    networks: readonly Network[],
    settings: readonly PlacementSettings[],
    form?: string,
  ): Promise<Population> {
    return (await this.#load()).populate!(networks, settings, form)
  }

  async reopen(options: { readonly smaller: boolean }): Promise<void> {
    await (await this.#load()).reopen!(options)
  }

  dispose(): void {
    this.#loaded?.dispose()
  }
}
