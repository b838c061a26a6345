import { loadFailure, noAdapter, openGPU } from '#gpu'

export { usualDataMemory } from '#gpu'

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|microsoft basic render/i

/** Names in user agents, the more specific first: browsers also name those that they descend from. */
const engines = {
  Firefox: 'Firefox',
  Edg: 'Edge',
  OPR: 'Opera',
  Chrome: 'Chrome',
  Version: 'Safari',
  Deno: 'Deno',
  Bun: 'Bun',
}

/** The browser or runtime with its version, such as `Firefox 153`; undefined where it does not say. */
function engineName(): string | undefined {
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? ''
  for (const [token, engine] of Object.entries(engines)) {
    const version = new RegExp(`\\b${token}/(\\d+)`).exec(agent)?.[1]
    if (version !== undefined) return `${engine} ${version}`
  }
  return undefined
}

/** Some engines fill fields with numbers of the PCI register. */
const isNumber = (text: string) => /^(0x[\da-f]+|\d+)$/i.test(text)

/**
 * The name of an adapter, for people. Firefox does not name adapters: then it is what else is known, such as
 * `unnamed adapter of Firefox 153`.
 */
export function nameAdapter({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  const isNamed = device !== '' && !isNumber(device)
  // NVIDIA's driver for Vulkan describes itself instead of the card: `NVIDIA: 580.159.04 580.159.4.0`.
  const driver = /^\w+: (\d[\d.]*)( [\d.]+)?$/.exec(description)?.[1]
  if (isNamed && driver !== undefined) return `${device} (driver ${driver})`
  if (description) return description
  if (isNamed) return device
  const words = [vendor, architecture].filter((text) => text && !isNumber(text))
  if (words.length > 0) return words.join(' ')
  const engine = engineName()
  const unnamed = engine === undefined ? 'unnamed WebGPU adapter' : `unnamed adapter of ${engine}`
  return vendor ? `${unnamed} (vendor ${vendor}${device ? `, device ${device}` : ''})` : unnamed
}

/** Whether an adapter emulates a GPU on the CPU (SwiftShader, llvmpipe, WARP). */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const names = [info.vendor, info.architecture, info.device, info.description].join(' ')
  return info.isFallbackAdapter || softwareNames.test(names)
}

/**
 * Whether the driver is Mesa's llvmpipe. It compiles a kernel when it first runs, after its pipeline is said to be ready, and
 * takes minutes for loops over layers (2-16-16-2: 133 s, stages 39 s).
 */
export function compilesLate({ device, description }: GPUAdapterInfo): boolean {
  return /llvmpipe|lavapipe/i.test(`${device} ${description}`)
}

/** The adapter that WebGPU prefers on this machine, if there is any. */
export async function findAdapter(): Promise<GPUAdapter | undefined> {
  const gpu = await openGPU()
  return (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? undefined
}

/** Why there is no adapter, in a sentence that says what to do about it. */
export function explainMissingAdapter(): string {
  return loadFailure() ?? noAdapter
}
