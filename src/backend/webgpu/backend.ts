import { describe, InputError } from '../../core/errors.ts'
import { boolean, type Fields, kind, name, optional, readOptions, withDefault } from '../../core/schema.ts'
import type { Network } from '../../model/network.ts'
import type { Backend, Placement, PlacementSettings, Population } from '../backend.ts'
import { timed } from '../profiler.ts'
import type { TestedPopulation } from '../self-test/cases.ts'
import { SelfTest, type TestedDevice } from '../self-test/self-test.ts'
import { Device } from './device/device.ts'
import { AdapterProfile } from './device/profile.ts'
import { AdapterRecord } from './device/record.ts'
import { Waits } from './device/waits.ts'
import { Compiler } from './kernels/compiler.ts'
import { checkAlike } from './alike.ts'
import { Kernels } from './kernels/kernels.ts'
import { WebGPUPlacement } from './placement.ts'
import { WebGPUPopulation } from './population.ts'
import { type PlanChoice, planChoices, residentForms } from './plans/choice.ts'

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
  /**
   * Makes all choices by rule, and none by measurement, so that a run gives the same bits in every process and on every day
   * on the same adapter and driver, and training may be slower. Without it, other tiles and plans take over during a run
   * only where they give the same bits, but code that takes too long to compile is replaced. Default false.
   */
  deterministic?: boolean | undefined
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
    deterministic: withDefault(boolean, false),
  } satisfies Fields<WebGPUOptions>,
}

/**
 * The WebGPU backend. Its device is opened when the first network is placed on it, or passed in.
 * @example await Trainer.create(network, { backend: webgpu({ device }) })
 */
export function webgpu(options: WebGPUOptions = {}): Backend {
  const { device, plan, deterministic } = readOptions(webgpuSchema, options)
  if (device !== undefined) return shareDevice(device, plan, deterministic)
  return new WebGPUBackend({ plan, open: () => Device.open(deterministic), recordOf: AdapterRecord.of })
}

/** What all backends on one GPUDevice share. */
interface Shared {
  readonly profile: AdapterProfile
  readonly waits: Waits
  compiler?: Compiler
}

const sharedOf = new WeakMap<GPUDevice, Shared>()

function shareDevice(gpu: GPUDevice, plan: PlanChoice, isPinned: boolean): Backend {
  let known = sharedOf.get(gpu)
  if (!known) {
    const profile = AdapterProfile.of(gpu)
    known = { profile, waits: new Waits(gpu, profile) }
    sharedOf.set(gpu, known)
  }
  const shared = known
  const device = Device.from(gpu, isPinned ? shared.profile.pinned() : shared.profile, shared.waits)
  const makeKernels = () => new Kernels(device, (shared.compiler ??= new Compiler(gpu)))
  return new WebGPUBackend({ plan, device, makeKernels, recordOf: AdapterRecord.of })
}

/** The WebGPU backend on an adapter that was already chosen. */
export async function webgpuOn(adapter: GPUAdapter, deterministic = false): Promise<Backend> {
  const device = await Device.fromAdapter(adapter, deterministic)
  return new WebGPUBackend({ plan: 'auto', device, recordOf: AdapterRecord.of })
}

/**
 * The WebGPU backend on an open device, whose profile and kernels it shares with no other backend by default.
 * @param record what is known about the adapter; left out, nothing, and there is no self-test
 */
export function webgpuWith(
  device: Device,
  plan: PlanChoice = 'auto',
  kernels?: Kernels,
  record?: AdapterRecord,
): Backend {
  const makeKernels = () => kernels ?? new Kernels(device)
  return new WebGPUBackend({ plan, device, makeKernels, recordOf: record && (() => Promise.resolve(record)) })
}

interface BackendParts {
  readonly plan: PlanChoice
  /** The device, or what opens it. */
  readonly device?: Device
  readonly open?: () => Promise<Device>
  readonly makeKernels?: (device: Device) => Kernels
  /** Where there is one, measured choices are kept, and kernels are tested before they are used. */
  readonly recordOf?: ((gpu: GPUDevice) => Promise<AdapterRecord>) | undefined
}

/** A device that was opened. */
interface Opened extends TestedDevice {
  readonly selfTest: SelfTest | undefined
}

class WebGPUBackend implements Backend {
  readonly name = 'webgpu'
  readonly #parts: BackendParts
  #device: Device | undefined
  #selfTest: SelfTest | undefined
  #opening: Promise<Opened> | undefined

  constructor(parts: BackendParts) {
    this.#parts = parts
    this.#device = parts.device
  }

  get description(): string {
    if (!this.#device) return 'WebGPU, not opened yet'
    const { name } = this.#device
    const findings = this.#selfTest?.findings
    return `${name}${this.software ? ' (software adapter)' : ''}${findings ? `; after a self-test, ${findings}` : ''}`
  }

  get software(): boolean {
    return this.#device?.profile.software ?? false
  }

  async #open(): Promise<Opened> {
    const { device: given, open, makeKernels, recordOf } = this.#parts
    const device = given ?? (await open!())
    this.#device = device
    const record = await recordOf?.(device.gpu)
    // Measured choices differ from one process to the next.
    if (record && !device.profile.isPinned) device.profile.remember(record.choices)
    const kernels = makeKernels?.(device) ?? new Kernels(device)
    this.#selfTest = record && new SelfTest(device, kernels, record)
    return { device, kernels, selfTest: this.#selfTest }
  }

  /** Opens the device and, before its kernels are used for networks like this one, tests them. */
  async #prepare(network: Network, settings: PlacementSettings, population?: TestedPopulation): Promise<TestedDevice> {
    const { profiler } = settings
    this.#opening ??= this.#open()
    const opening = this.#opening
    const opened = await timed(profiler, 'open', 'adapter and device', () => opening)
    opened.device.check()
    const { selfTest } = opened
    if (!selfTest) return opened
    return timed(profiler, 'compile', 'self-test', () =>
      selfTest.check(network, settings, this.#parts.plan, population),
    )
  }

  async place(network: Network, settings: PlacementSettings): Promise<Placement> {
    const { device, kernels } = await this.#prepare(network, settings)
    return WebGPUPlacement.place(device, kernels, network, settings, this.#parts.plan)
  }

  async populate(
    networks: readonly Network[],
    settings: readonly PlacementSettings[],
    given?: string,
  ): Promise<Population> {
    checkAlike(networks, settings)
    const form = given === undefined ? undefined : name(residentForms).check('form', given)
    const { device, kernels } = await this.#prepare(networks[0]!, settings[0]!, { networks: settings.length, form })
    return WebGPUPopulation.place(device, kernels, networks, settings, { form })
  }

  dispose(): void {
    this.#device?.dispose()
    this.#opening = undefined
  }
}
