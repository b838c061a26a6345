import { checkKeys, checkName, InputError } from '../../core/errors.ts'
import type { Backend } from '../backend.ts'
import { timed } from '../profiler.ts'
import { Device } from './device/device.ts'
import { Kernels } from './kernels/kernels.ts'
import { WebGPUPlacement } from './placement.ts'
import { type PlanChoice, planChoices } from './plans/resident/resident.ts'

/** Options of {@link webgpu}. */
export interface WebGPUOptions {
  /** A device of your own: used, and left alone when the trainer is disposed of. */
  device?: GPUDevice | undefined
  /**
   * How networks are trained. 'layered' is one dispatch a stage and layer, for any size; 'resident' keeps a small
   * network in registers and trains whole epochs in one dispatch. Default 'auto': resident where it applies and is the
   * faster one.
   */
  plan?: PlanChoice | undefined
}

/**
 * The WebGPU backend. Its device is opened when the first network is placed on it, or passed in.
 * @example await Trainer.create(network, { backend: webgpu({ device }) })
 */
export function webgpu(options: WebGPUOptions = {}): Backend {
  checkKeys('webgpu', options, ['device', 'plan'])
  const { device } = options
  const plan = checkName('plan', options.plan ?? 'auto', planChoices)
  if (device === undefined) return new WebGPUBackend(plan, () => Device.open())
  if (typeof device !== 'object' || !('queue' in device)) throw new InputError('device: expected a GPUDevice')
  const own = Device.from(device)
  return new WebGPUBackend(plan, () => Promise.resolve(own), own)
}

/** The WebGPU backend on an adapter that was already chosen. */
export async function webgpuOn(adapter: GPUAdapter): Promise<Backend> {
  const device = await Device.fromAdapter(adapter)
  return new WebGPUBackend('auto', () => Promise.resolve(device), device)
}

class WebGPUBackend implements Backend {
  readonly name = 'webgpu'
  readonly #plan: PlanChoice
  readonly #open: () => Promise<Device>
  #device: Device | undefined
  #opening: Promise<{ device: Device; kernels: Kernels }> | undefined

  constructor(plan: PlanChoice, open: () => Promise<Device>, device?: Device) {
    this.#plan = plan
    this.#open = open
    this.#device = device
  }

  get description(): string {
    if (!this.#device) return 'WebGPU, not opened yet'
    return this.software ? `${this.#device.name} (software adapter)` : this.#device.name
  }

  get software(): boolean {
    return this.#device?.software ?? false
  }

  async place(...[network, settings]: Parameters<Backend['place']>) {
    this.#opening ??= this.#open().then((device) => {
      this.#device = device
      return { device, kernels: new Kernels(device) }
    })
    const opening = this.#opening
    const { device, kernels } = await timed(settings.profiler, 'open', 'adapter and device', () => opening)
    device.check()
    return WebGPUPlacement.place(device, kernels, network, settings, this.#plan)
  }

  dispose(): void {
    this.#device?.dispose()
    this.#opening = undefined
  }
}
