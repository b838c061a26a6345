import { BackendUnavailableError, describe } from '../../core/errors.ts'
import { name } from '../../core/schema.ts'
import type { Network } from '../../model/network.ts'
import type { Backend, Placement, PlacementSettings, Population } from '../backend.ts'
import { timed } from '../profiler.ts'
import type { TestedPopulation } from '../self-test/cases.ts'
import { SelfTest, type TestedDevice } from '../self-test/self-test.ts'
import { type CheckedOptions, describeAdapter, deviceKind, type PlanChoice } from './options.ts'
import { Device } from './device/device.ts'
import { checkLimits } from './device/needed-limits.ts'
import { AdapterProfile } from './device/profile.ts'
import { AdapterRecord } from './device/record.ts'
import { Waits } from './device/waits.ts'
import { Compiler } from './kernels/compiler.ts'
import { Kernels } from './kernels/kernels.ts'
import { WebGPUPlacement } from './placement.ts'
import { residentForms } from './plans/choice.ts'

/** The backend of {@link webgpu} with these options. */
export function openedBackend({ device, requestDevice, plan, deterministic }: CheckedOptions): Backend {
  if (device === undefined && requestDevice === undefined) {
    return new WebGPUBackend({ plan, open: () => Device.open(deterministic), recordOf: AdapterRecord.of })
  }
  const parts = { plan, makeKernels: sharedKernels, recordOf: AdapterRecord.of }
  if (device !== undefined) return new WebGPUBackend({ ...parts, device: sharedDevice(device, deterministic) })
  return new WebGPUBackend({ ...parts, open: async () => sharedDevice(await askFor(requestDevice!), deterministic) })
}

/** The device that the program opens. */
async function askFor(request: () => Promise<GPUDevice>): Promise<GPUDevice> {
  let given: GPUDevice
  try {
    given = await request()
  } catch (error) {
    const { message } = error as Partial<Error>
    throw new BackendUnavailableError(`requestDevice: no device: ${message ?? describe(error)}`, { cause: error })
  }
  return deviceKind.check('requestDevice', given)
}

/** What all backends on one GPUDevice share. */
interface Shared {
  readonly profile: AdapterProfile
  readonly waits: Waits
  compiler?: Compiler
}

const sharedOf = new WeakMap<GPUDevice, Shared>()

function sharedDevice(gpu: GPUDevice, isPinned: boolean): Device {
  let shared = sharedOf.get(gpu)
  if (!shared) {
    const profile = AdapterProfile.of(gpu)
    shared = { profile, waits: new Waits(gpu, profile) }
    sharedOf.set(gpu, shared)
  }
  return Device.from(gpu, isPinned ? shared.profile.pinned() : shared.profile, shared.waits)
}

function sharedKernels(device: Device): Kernels {
  const shared = sharedOf.get(device.gpu)!
  return new Kernels(device, (shared.compiler ??= new Compiler(device.gpu)))
}

/** The WebGPU backend on an adapter that was already chosen. */
export async function webgpuOn(adapter: GPUAdapter, deterministic = false): Promise<Backend> {
  const device = await Device.fromAdapter(adapter, deterministic)
  const open = () => Device.open(deterministic)
  return new WebGPUBackend({ plan: 'auto', device, open, recordOf: AdapterRecord.of })
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
  /** The first device, left out where it is opened. */
  readonly device?: Device
  /** Opens a device; left out where none replaces the first one. */
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
  #reopening: Promise<void> | undefined

  constructor(parts: BackendParts) {
    this.#parts = parts
    this.#device = parts.device
  }

  get description(): string {
    if (!this.#device) return 'WebGPU, not opened yet'
    const findings = this.#selfTest?.findings
    return `${describeAdapter(this.#device.name, this.software)}${findings ? `; after a self-test, ${findings}` : ''}`
  }

  get software(): boolean {
    return this.#device?.profile.software ?? false
  }

  get isLost(): boolean {
    return this.#device?.isLost ?? false
  }

  get lost(): Promise<void> | undefined {
    return this.#device?.lost
  }

  async reopen({ smaller }: { readonly smaller: boolean }): Promise<void> {
    // Several trainers may share this backend: the first that finds the device lost replaces it.
    if (this.isLost) this.#reopening ??= this.#replace(smaller).finally(() => (this.#reopening = undefined))
    else this.#device?.check()
    await this.#reopening
  }

  async #replace(smaller: boolean): Promise<void> {
    const { open } = this.#parts
    if (!open) {
      throw new BackendUnavailableError(
        "backend 'webgpu': there is no device in the place of the one that the program passed in; pass requestDevice",
      )
    }
    this.#device?.abandon()
    const device = await open()
    if (smaller) device.profile.shortenSubmits()
    this.#opening = this.#prepareDevice(device)
    await this.#opening
  }

  async #open(): Promise<Opened> {
    return this.#prepareDevice(this.#parts.device ?? (await this.#parts.open!()))
  }

  async #prepareDevice(device: Device): Promise<Opened> {
    const { makeKernels, recordOf } = this.#parts
    checkLimits(device.name, device.gpu.limits)
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
    const opening = (this.#opening ??= this.#open())
    // A later call tries again.
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined
    })
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
    // Few programs train populations.
    const { checkAlike, WebGPUPopulation } = await import('./population.ts')
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
