import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type AdapterTest, testAdapter } from '../training/check/adapter-test.ts'
import { findFeatures } from '../backend/host/wasm/features.ts'
import { usualThreads } from '../backend/host/wasm/threads.ts'
import { isSoftware, nameAdapter } from '../backend/webgpu/device/adapter.ts'
import { lacksVulkanLoader, loadFailure, openGPU } from './dawn.ts'
import { nativeMessages } from './native-messages.ts'

/** An adapter as `doctor` shows it. */
export interface AdapterReport {
  name: string
  vendor: string
  architecture: string
  software: boolean
  /** Of the features that speed things up, those that it has. */
  features: string[]
  limits: { maxStorageBufferBindingSize: number; maxBufferSize: number; maxComputeInvocationsPerWorkgroup: number }
}

/** What the backend 'wasm' finds here. */
export interface WasmReport {
  /** Why it cannot run; null where it can. */
  obstacle: string | null
  simd: boolean
  relaxedSimd: boolean
  sharedMemory: boolean
  /** How many it uses by default. */
  threads: number
}

/** What was found out about WebGPU and WebAssembly on this machine. */
export interface Diagnosis {
  node: string
  platform: string
  /** Whether Dawn loads, in words. */
  dawn: string
  adapters: AdapterReport[]
  /** What the JavaScript engine has for the backend 'wasm'. */
  wasm: WasmReport
  chosen: { backend: 'webgpu' | 'wasm' | 'cpu'; reason: string }
  /** The self-test of the adapter that WebGPU prefers, where it was run. */
  selfTest?: AdapterTest
  /** What Dawn, the Vulkan loader and drivers wrote meanwhile, where that was kept (native-messages.ts). */
  messages: string[]
  /** What to install or set, in plain words; empty where all is well. */
  advice: string[]
}

/** The environment of this program, on which the advice depends. */
export interface Surroundings {
  platform: NodeJS.Platform
  /** Why Dawn does not load, where it does not. */
  failure: string | undefined
  /** Linux: whether libvulkan.so.1 is found. */
  vulkanLoader: boolean
  /** Linux: the files by which Vulkan drivers announce themselves. */
  vulkanDrivers: string[]
  /** Linux: whether the kernel shows an NVIDIA card. */
  nvidia: boolean
  /** Linux: whether the kernel shows any other graphics device. */
  dri: boolean
}

/** Where Vulkan drivers announce themselves on Linux. */
const driverFolders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d']
const usefulFeatures = ['shader-f16', 'subgroups', 'timestamp-query'] as const

/**
 * Looks at everything between this program and a GPU.
 * @param options `selfTest`: whether kernels are tested on the adapter, which compiles them. Default false
 * @example (await diagnose()).chosen.backend
 */
export async function diagnose({ selfTest = false }: { selfTest?: boolean } = {}): Promise<Diagnosis> {
  const gpu = await openGPU()
  const adapters = gpu ? await findAdapters(gpu) : []
  const failure = loadFailure()
  const hardware = adapters.find(({ software }) => !software)
  const wasm = reportWasm()
  const tested = selfTest && adapters.length > 0 ? await testAdapter() : undefined
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    dawn: failure ?? 'loads',
    adapters,
    wasm,
    chosen: choose(wasm, adapters[0], hardware, tested),
    ...(tested && { selfTest: tested }),
    messages: nativeMessages(),
    advice: hardware ? [] : advise(lookAround()),
  }
}

/** What 'auto' takes, and why. */
function choose(
  wasm: WasmReport,
  first: AdapterReport | undefined,
  hardware: AdapterReport | undefined,
  tested: AdapterTest | undefined,
): Diagnosis['chosen'] {
  if (hardware && tested?.usable !== false) return { backend: 'webgpu', reason: `${hardware.name} is a hardware GPU` }
  const backend = wasm.obstacle === null ? 'wasm' : 'cpu'
  if (hardware && tested) return { backend, reason: tested.findings }
  if (!first) return { backend, reason: 'no adapter was found' }
  const reason = `the only adapter, ${first.name}, is a GPU emulated in software; --backend webgpu takes it all the same`
  return { backend, reason }
}

function reportWasm(): WasmReport {
  const { obstacle, hasSimd, isRelaxed, sharingObstacle } = findFeatures()
  return {
    obstacle: obstacle ?? null,
    simd: hasSimd,
    relaxedSimd: isRelaxed,
    sharedMemory: sharingObstacle === undefined,
    threads: obstacle === undefined && sharingObstacle === undefined ? usualThreads() : 1,
  }
}

async function findAdapters(gpu: GPU): Promise<AdapterReport[]> {
  const found = new Map<string, AdapterReport>()
  for (const powerPreference of ['high-performance', 'low-power'] as const) {
    const adapter = await gpu.requestAdapter({ powerPreference })
    if (!adapter) continue
    const { info, limits, features } = adapter
    const { vendor, architecture } = info
    const { maxStorageBufferBindingSize, maxBufferSize, maxComputeInvocationsPerWorkgroup } = limits
    found.set(`${nameAdapter(info)} ${vendor} ${architecture} ${info.device}`, {
      name: nameAdapter(info),
      vendor,
      architecture,
      software: isSoftware(info),
      features: usefulFeatures.filter((feature) => features.has(feature)),
      limits: { maxStorageBufferBindingSize, maxBufferSize, maxComputeInvocationsPerWorkgroup },
    })
  }
  return [...found.values()]
}

function lookAround(): Surroundings {
  return {
    platform: process.platform,
    failure: loadFailure(),
    vulkanLoader: !lacksVulkanLoader(),
    vulkanDrivers: driverFolders.flatMap(listDrivers),
    nvidia: existsSync('/dev/nvidia0'),
    dri: existsSync('/dev/dri'),
  }
}

/** What would bring a hardware adapter, given that there is none. */
export function advise(around: Surroundings): string[] {
  const { platform, failure } = around
  if (failure?.includes("package 'webgpu'")) return [failure]
  if (platform === 'win32')
    return ['install the graphics driver of your card from its maker: WebGPU runs on Direct3D 12']
  if (platform === 'darwin') {
    return ['WebGPU runs on Metal, which macOS 11 and newer have on real machines; virtual machines often do not']
  }
  return adviseLinux(around)
}

function adviseLinux({ vulkanLoader, vulkanDrivers, nvidia, dri }: Surroundings): string[] {
  const advice: string[] = []
  if (!nvidia && !dri) {
    advice.push(
      'this machine shows no GPU (no /dev/dri, no /dev/nvidia0): in a container or virtual machine, pass one in',
    )
  }
  if (!vulkanLoader) {
    advice.push(
      'install the Vulkan loader: `apt install libvulkan1` (Debian, Ubuntu), `dnf install vulkan-loader` (Fedora)',
    )
  }
  if (nvidia && !vulkanDrivers.some((driver) => driver.includes('nvidia'))) {
    advice.push(
      "an NVIDIA card is here, but not its Vulkan driver (nvidia_icd.json): install the driver's graphics part " +
        '(libnvidia-gl); in a container set NVIDIA_DRIVER_CAPABILITIES=all',
    )
  }
  if (dri && vulkanDrivers.length === 0) {
    advice.push('install a Vulkan driver: for AMD and Intel `apt install mesa-vulkan-drivers`, Mesa 24 or newer')
  }
  if (vulkanDrivers.length > 0) {
    advice.push(
      `drivers found: ${vulkanDrivers.join(', ')}; Dawn refuses Mesa before version 24, Debian 12's 22.3 among it`,
    )
  }
  return advice
}

function listDrivers(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [join(folder, file)] : []))
}
