/**
 * `#gpu` in Node: Dawn, from the optional package `webgpu`. The instance stays private to this module: setting
 * `globalThis.navigator.gpu` makes processes hang or crash at their end, and would be seen by other libraries.
 */

import { constants } from 'node:os'
import { findBundle } from './bundle.ts'
import { withNativeMessagesKept } from './native-messages.ts'

/** What to say where WebGPU is there but gives no adapter. */
export const noAdapter = 'no WebGPU adapter was found (`npx webgpu-mlp doctor` says what to install)'

let instance: GPU | undefined
let opening: Promise<GPU | undefined> | undefined
let failure: string | undefined

/** Work of about this many milliseconds goes into one submit: well under a driver's watchdog, and few submits. */
export const submitMilliseconds = 50

/** The most bytes of device memory that training data take by default: outside of browsers, what one binding takes. */
export const usualDataMemory = (): number => Infinity

/** Dawn's WebGPU, or undefined where it cannot be loaded; {@link loadFailure} then says why. */
export function openGPU(): Promise<GPU | undefined> {
  // Deno, Electron and Bun may have their own WebGPU; it is looked up each time, because it may be set later.
  const own = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu
  if (own) return Promise.resolve(own)
  opening ??= load()
  return opening
}

/** Why Dawn could not be loaded, and what to do about it, as a sentence; undefined if it was loaded, or not yet requested. */
export function loadFailure(): string | undefined {
  return failure
}

async function load(): Promise<GPU | undefined> {
  if ('Deno' in globalThis) {
    // Dawn is an add-on for Node; Deno has its own WebGPU.
    failure = 'this Deno offers no WebGPU: update Deno, or run it with --unstable-webgpu'
    return undefined
  }
  if (lacksVulkanLoader()) {
    failure = 'the Vulkan loader (libvulkan.so.1) is not installed; `npx webgpu-mlp doctor` says what to do'
    return undefined
  }
  try {
    const { create } = (await importPackage('webgpu')) as typeof import('webgpu')
    instance = withNativeMessagesKept(() => create([]))
    keepMessagesOf(instance)
    return instance
  } catch (error) {
    failure = explain(error)
    return undefined
  }
}

/** Looking for an adapter and opening its device call the driver, which may write to standard error. */
function keepMessagesOf(gpu: GPU): void {
  const requestAdapter = gpu.requestAdapter.bind(gpu)
  gpu.requestAdapter = async (options) => {
    const adapter = await withNativeMessagesKept(() => requestAdapter(options))
    if (!adapter) return adapter
    const requestDevice = adapter.requestDevice.bind(adapter)
    adapter.requestDevice = (descriptor) => withNativeMessagesKept(() => requestDevice(descriptor))
    return adapter
  }
}

/**
 * Imports a package by a name that bundlers do not see. Dawn's binary is next to the package's own file: a bundled copy
 * would not find it, while this import finds the installed package from a bundle too.
 */
async function importPackage(name: string): Promise<unknown> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name)
}

/**
 * Whether Dawn would find no Vulkan. Asked beforehand, because Dawn itself writes a warning to standard error, which a
 * run that was content with the CPU should not begin with. A library that loads but is no Node addon is there.
 */
export function lacksVulkanLoader(): boolean {
  if (process.platform !== 'linux') return false
  try {
    withNativeMessagesKept(() => {
      process.dlopen({ exports: {} }, 'libvulkan.so.1', constants.dlopen.RTLD_LAZY)
    })
    return false
  } catch (error) {
    return error instanceof Error && error.message.includes('cannot open shared object file')
  }
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const code = (error as { code?: unknown } | null)?.code
  const bundle = findBundle()
  if (bundle !== undefined) {
    const isMissing = typeof code === 'string' && code.endsWith('MODULE_NOT_FOUND')
    const problem = isMissing
      ? 'is not found from there'
      : `does not load from there (${message.split('\n', 1)[0] ?? ''})`
    return (
      `webgpu-mlp was bundled into ${bundle}, and the package 'webgpu' (Dawn), which cannot be bundled, ${problem}: run ` +
      "`npm install webgpu` where the bundle runs, or mark 'webgpu-mlp' and 'webgpu' as external in the bundler (esbuild: " +
      "--external:webgpu-mlp --external:webgpu; Next: serverExternalPackages: ['webgpu-mlp', 'webgpu'])"
    )
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    // Next's standalone server sets this. Next copies what it sees an import of, and the name of Dawn is hidden from bundlers.
    if (process.env.__NEXT_PRIVATE_STANDALONE_CONFIG !== undefined) {
      return (
        "the package 'webgpu' (Dawn) is not in Next's standalone folder: add `outputFileTracingIncludes: " +
        "{ '/*': ['./node_modules/webgpu/**'] }` to next.config.js"
      )
    }
    return "the optional package 'webgpu' (Dawn) is not installed: run `npm install webgpu`"
  }
  const place = `${process.platform}-${process.arch}`
  if (code === 'MODULE_NOT_FOUND') {
    return `the package 'webgpu' (Dawn) holds no build for ${place}: reinstall it, or use backend 'cpu'`
  }
  return `the package 'webgpu' (Dawn) does not load on ${place}: ${message.split('\n', 1)[0] ?? ''}`
}
