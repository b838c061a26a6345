import { loadFailure, noAdapter, openGPU } from '#gpu'

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|microsoft basic render/i

/** The name of an adapter, for people. */
export function nameAdapter(info: GPUAdapterInfo): string {
  const name = info.description || info.device || [info.vendor, info.architecture].filter(Boolean).join(' ')
  return name || 'unnamed WebGPU adapter'
}

/** Whether an adapter emulates a GPU on the CPU (SwiftShader, llvmpipe, WARP). */
export function isSoftware(info: GPUAdapterInfo): boolean {
  const names = [info.vendor, info.architecture, info.device, info.description].join(' ')
  return info.isFallbackAdapter || softwareNames.test(names)
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
