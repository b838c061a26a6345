import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isSoftware, nameAdapter } from '../backend/webgpu/device.ts'
import { lacksVulkanLoader, loadFailure, openGPU } from './dawn.ts'

/** An adapter as `doctor` tells it. */
export interface AdapterReport {
  name: string
  vendor: string
  architecture: string
  software: boolean
  /** Of the features that speed things up, those that it has. */
  features: string[]
  limits: { maxStorageBufferBindingSize: number; maxBufferSize: number; maxComputeInvocationsPerWorkgroup: number }
}

/** What was found out about WebGPU on this machine. */
export interface Diagnosis {
  node: string
  platform: string
  /** Whether Dawn loads, in words. */
  dawn: string
  adapters: AdapterReport[]
  chosen: { backend: 'webgpu' | 'cpu'; reason: string }
  /** What to install or set, in plain words; empty where all is well. */
  advice: string[]
}

/** Where Vulkan drivers announce themselves on Linux. */
const driverFolders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d']
const usefulFeatures = ['shader-f16', 'subgroups', 'timestamp-query'] as const

/** Looks at everything between this program and a GPU. @example (await diagnose()).chosen.backend */
export async function diagnose(): Promise<Diagnosis> {
  const gpu = await openGPU()
  const adapters = gpu ? await findAdapters(gpu) : []
  const failure = loadFailure()
  const hardware = adapters.find(({ software }) => !software)
  const first = adapters[0]
  const chosen = hardware
    ? { backend: 'webgpu' as const, reason: `${hardware.name} is a hardware GPU` }
    : {
        backend: 'cpu' as const,
        reason: first
          ? `the only adapter, ${first.name}, is a GPU emulated in software; --backend webgpu takes it all the same`
          : 'no adapter was found',
      }
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    dawn: failure ?? 'loads',
    adapters,
    chosen,
    advice: hardware ? [] : advise(),
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

/** What would bring a hardware adapter, for this platform. */
function advise(): string[] {
  const failure = loadFailure()
  if (failure?.includes("package 'webgpu'")) return [failure]
  if (process.platform === 'win32')
    return ['install the graphics driver of your card from its maker; WebGPU runs on Direct3D 12']
  if (process.platform === 'darwin')
    return ['WebGPU runs on Metal; macOS 11 or newer has it, virtual machines often do not']
  return adviseLinux()
}

function adviseLinux(): string[] {
  const advice: string[] = []
  if (lacksVulkanLoader()) {
    advice.push(
      'install the Vulkan loader: `apt install libvulkan1` (Debian, Ubuntu), `dnf install vulkan-loader` (Fedora)',
    )
  }
  const drivers = driverFolders.flatMap((folder) => listDrivers(folder))
  const devices = existsSync('/dev/dri') || existsSync('/dev/nvidia0')
  if (!devices)
    advice.push('this machine shows no GPU (/dev/dri and /dev/nvidia* are missing): in a container, pass one in')
  if (drivers.length === 0) {
    advice.push(
      'no Vulkan driver is installed: for AMD and Intel `apt install mesa-vulkan-drivers` (Mesa 24 or newer; Dawn refuses ' +
        "older ones, Debian 12's among them), for NVIDIA the maker's own driver",
    )
  } else {
    advice.push(`Vulkan drivers found: ${drivers.join(', ')}; Mesa's must be version 24 or newer for Dawn to take them`)
  }
  if (existsSync('/dev/nvidia0') && !drivers.some((driver) => driver.includes('nvidia'))) {
    advice.push(
      "an NVIDIA card is here, but nvidia_icd.json is not: install the driver's graphics part (libnvidia-gl); in a " +
        'container set NVIDIA_DRIVER_CAPABILITIES=all or graphics,compute',
    )
  }
  return advice
}

function listDrivers(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [join(folder, file)] : []))
}
