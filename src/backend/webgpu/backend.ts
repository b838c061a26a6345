import { describe, InputError } from '../../core/errors.ts'
import { type Fields, kind, name, optional, readOptions, withDefault } from '../../core/schema.ts'
import type { Network } from '../../model/network.ts'
import type { Backend, Placement, PlacementSettings, Population } from '../backend.ts'
import { timed } from '../profiler.ts'
import { Device } from './device/device.ts'
import { AdapterProfile } from './device/profile.ts'
import { AdapterRecord } from './device/record.ts'
import { Waits } from './device/waits.ts'
import { Compiler } from './kernels/compiler.ts'
import { checkAlike } from './alike.ts'
import { Kernels } from './kernels/kernels.ts'
import { WebGPUPlacement } from './placement.ts'
import { WebGPUPopulation } from './population.ts'
import { type PlanChoice, planChoices } from './plans/choice.ts'

/** Options of {@link webgpu}. */
export interface WebGPUOptions {
  /** Your own device: the backend uses it, and does not destroy it. */
  device?: GPUDevice | undefined
  /**
   * How networks are trained. 'layered' is one dispatch a stage and layer, for any size; 'resident' keeps a small
   * network in registers and trains whole epochs in one dispatch. Default 'auto': resident where it applies and is the
   * faster one.
   */
  plan?: PlanChoice | undefined
}

/** Not instanceof: a device may come from Dawn, or from another realm. */
const device = kind<GPUDevice>((argument, value) => {
  const { queue, limits, createBuffer, lost } = (value ?? {}) as Partial<GPUDevice>
  const isDevice = typeof queue === 'object' && typeof limits === 'object' && typeof createBuffer === 'function'
  if (isDevice && typeof lost?.then === 'function') return value as GPUDevice
  throw new InputError(`${argument}: expected a GPUDevice, got ${describe(value)}`)
})

export const webgpuSchema = {
  name: 'webgpu',
  fields: {
    device: optional(device),
    plan: withDefault(name(planChoices), 'auto'),
  } satisfies Fields<WebGPUOptions>,
}

/**
 * The WebGPU backend. Its device is opened when the first network is placed on it, or passed in.
 * @example await Trainer.create(network, { backend: webgpu({ device }) })
 */
export function webgpu(options: WebGPUOptions = {}): Backend {
  const { device, plan } = readOptions(webgpuSchema, options)
  if (device === undefined) return new WebGPUBackend(plan, async () => rememberChoices(await Device.open()))
  return shareDevice(device, plan)
}

/** Uses the choices that earlier processes measured on the adapter. A deterministic backend must not do this. */
async function rememberChoices(device: Device): Promise<Device> {
  const { choices } = await AdapterRecord.of(device.gpu)
  device.profile.remember(choices)
  return device
}

/** What all backends on one GPUDevice share. */
interface Shared {
  readonly profile: AdapterProfile
  readonly waits: Waits
  compiler?: Compiler
}

const sharedOf = new WeakMap<GPUDevice, Shared>()

function shareDevice(gpu: GPUDevice, plan: PlanChoice): Backend {
  let known = sharedOf.get(gpu)
  if (!known) {
    const profile = AdapterProfile.of(gpu)
    known = { profile, waits: new Waits(gpu, profile) }
    sharedOf.set(gpu, known)
  }
  const shared = known
  const device = Device.from(gpu, shared.profile, shared.waits)
  const makeKernels = () => new Kernels(device, (shared.compiler ??= new Compiler(gpu)))
  return new WebGPUBackend(plan, () => rememberChoices(device), makeKernels, device)
}

/** The WebGPU backend on an adapter that was already chosen. */
export async function webgpuOn(adapter: GPUAdapter): Promise<Backend> {
  return webgpuWith(await rememberChoices(await Device.fromAdapter(adapter)))
}

/** The WebGPU backend on an open device, whose profile and kernels it shares with no other backend by default. */
export function webgpuWith(device: Device, plan: PlanChoice = 'auto', kernels?: Kernels): Backend {
  const makeKernels = () => kernels ?? new Kernels(device)
  return new WebGPUBackend(plan, () => Promise.resolve(device), makeKernels, device)
}

class WebGPUBackend implements Backend {
  readonly name = 'webgpu'
  readonly #plan: PlanChoice
  readonly #open: () => Promise<Device>
  readonly #makeKernels: (device: Device) => Kernels
  #device: Device | undefined
  #opening: Promise<{ device: Device; kernels: Kernels }> | undefined

  constructor(
    plan: PlanChoice,
    open: () => Promise<Device>,
    makeKernels: (device: Device) => Kernels = (device) => new Kernels(device),
    device?: Device,
  ) {
    this.#plan = plan
    this.#open = open
    this.#makeKernels = makeKernels
    this.#device = device
  }

  get description(): string {
    if (!this.#device) return 'WebGPU, not opened yet'
    return this.software ? `${this.#device.name} (software adapter)` : this.#device.name
  }

  get software(): boolean {
    return this.#device?.profile.software ?? false
  }

  async #openOnce({ profiler }: Pick<PlacementSettings, 'profiler'>) {
    this.#opening ??= this.#open().then((device) => {
      this.#device = device
      return { device, kernels: this.#makeKernels(device) }
    })
    const opening = this.#opening
    const opened = await timed(profiler, 'open', 'adapter and device', () => opening)
    opened.device.check()
    return opened
  }

  async place(network: Network, settings: PlacementSettings): Promise<Placement> {
    const { device, kernels } = await this.#openOnce(settings)
    return WebGPUPlacement.place(device, kernels, network, settings, this.#plan)
  }

  async populate(networks: readonly Network[], settings: readonly PlacementSettings[]): Promise<Population> {
    checkAlike(networks, settings)
    const { device, kernels } = await this.#openOnce(settings[0]!)
    return WebGPUPopulation.place(device, kernels, networks, settings)
  }

  dispose(): void {
    this.#device?.dispose()
    this.#opening = undefined
  }
}
