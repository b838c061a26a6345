import type { Backend } from '../../src/backend/backend.ts'
import { cpu } from '../../src/backend/host/backend.ts'
import { wasm } from '../../src/backend/host/wasm/backend.ts'
import { webgpuWith } from '../../src/backend/webgpu/opened-backend.ts'
import { Device } from '../../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../../src/backend/webgpu/device/profile.ts'
import { Compiler } from '../../src/backend/webgpu/kernels/compiler.ts'
import { Kernels } from '../../src/backend/webgpu/kernels/kernels.ts'
import type { ResidentForm } from '../../src/backend/webgpu/plans/choice.ts'
import type { Network } from '../../src/model/network.ts'
import { wasmOnTwoThreads } from '../backends.ts'
import { type Case, residentFormsOf } from './cases.ts'

/** Every way of training that is compared with the float64 reference: backends, and the plans and forms of WebGPU. */
export const backendNames = ['cpu', 'wasm', 'wasm, 2 threads', 'layered', 'straight', 'lanes', 'loop'] as const
export type BackendName = (typeof backendNames)[number]

const host: readonly (readonly [BackendName, Backend])[] = [
  ['cpu', cpu()],
  ['wasm', wasm({ threads: 1 })],
  ['wasm, 2 threads', wasmOnTwoThreads],
]

/** The backends of one device, which share what they have compiled. */
type DeviceBackends = Record<'layered' | ResidentForm, Backend>

const backendsOf = new WeakMap<GPUDevice, DeviceBackends>()

function openBackends(gpu: GPUDevice): DeviceBackends {
  const profile = AdapterProfile.of(gpu)
  const compiler = new Compiler(gpu)
  /** A plan on an adapter with this profile, without the self-test, which would compile all kernels a second time. */
  const backend = (plan: 'layered' | 'resident', one: AdapterProfile) => {
    const device = Device.from(gpu, one)
    return webgpuWith(device, plan, new Kernels(device, compiler))
  }
  const { quads } = profile
  return {
    layered: backend('layered', profile),
    straight: backend('resident', profile),
    // Only hardware adapters use the form that distributes samples over invocations; it is correct on every adapter.
    lanes: backend('resident', new AdapterProfile({ software: false, quads })),
    loop: backend('resident', profile.excluding([['straight', 'this backend tests loops']])),
  }
}

/**
 * The backends that train a case, by name.
 * @param gpu undefined for the backends of the host alone
 */
export function backendsFor(
  one: Case,
  network: Network,
  gpu: GPUDevice | undefined,
): readonly (readonly [BackendName, Backend])[] {
  if (!gpu) return host
  let opened = backendsOf.get(gpu)
  if (!opened) backendsOf.set(gpu, (opened = openBackends(gpu)))
  const forms = residentFormsOf(one, network, gpu.limits.maxComputeWorkgroupStorageSize)
  return [...host, ...(['layered', ...forms] as const).map((name) => [name, opened[name]] as const)]
}
