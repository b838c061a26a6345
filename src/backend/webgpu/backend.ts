import { InputError } from '../../core/errors.ts'
import { readOptions } from '../../core/schema.ts'
import type { Network } from '../../model/network.ts'
import type { Backend, Placement, PlacementSettings, Population } from '../backend.ts'
import { isSoftware, nameAdapter } from './device/adapter.ts'
import { loadWebGPU } from './load.ts'
import { type CheckedOptions, describeAdapter, type WebGPUOptions, webgpuSchema } from './options.ts'

/**
 * The WebGPU backend. Its device is opened when the first network is placed on it, or passed in; after a loss, another one
 * is opened. Its code and shaders are in a module that is loaded then, so that programs which never place a network on a
 * GPU do not download them.
 * @param options a `device`, or a function `requestDevice` that opens one (default: the backend opens its own); how
 *   networks are trained (`plan`, default `auto`); and whether no choice is made by measurement (`deterministic`,
 *   default false)
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
    this.#loading ??= this.#open()
    return this.#loading
  }

  async #open(): Promise<Backend> {
    try {
      const { openedBackend } = await loadWebGPU()
      return (this.#loaded = openedBackend(this.#options))
    } catch (error) {
      // The next network tries again.
      this.#loading = undefined
      throw error
    }
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
    await (
      await this.#load()
    ).reopen!(options)
  }

  dispose(): void {
    this.#loaded?.dispose()
  }
}
