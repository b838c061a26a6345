import { GPUValidationError } from '../../../core/errors.ts'
import { COMPUTE_STAGE } from '../device/flags.ts'
import type { Access, LinkedShader } from './link.ts'
import { RecentMap } from './recent.ts'

/** A kernel's text, and the file that errors name. */
export interface KernelSource extends LinkedShader {
  readonly file: string
}

/** A compiled kernel, and the layout of the bind groups with its buffers. */
export interface Kernel {
  readonly name: string
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

/** The record of a step or dispatch is group 0, a kernel's own buffers are group 1. */
const isOwn = (access: Access): access is 'read' | 'readWrite' =>
  access !== 'step' && access !== 'dispatch' && access !== 'none'

/** How many bytes of a step's record are bound, and of a dispatch's. */
export const STEP_BYTES = 32
export const DISPATCH_BYTES = 68

const bindingTypes: Record<Exclude<Access, 'none'>, GPUBufferBindingLayout> = {
  step: { type: 'uniform', minBindingSize: STEP_BYTES },
  dispatch: { type: 'uniform', minBindingSize: DISPATCH_BYTES },
  read: { type: 'read-only-storage' },
  readWrite: { type: 'storage' },
}

/** Numbers of kernels and shader modules. */
export interface CacheCounts {
  readonly kernels: number
  readonly modules: number
}

/** How many are kept for networks that are placed later. A layer takes three to four kernels, and a kernel 1 to 4 MB of host memory on SwiftShader. */
const DEFAULT_LIMITS: CacheCounts = { kernels: 64, modules: 32 }

interface Module {
  readonly module: GPUShaderModule
  readonly layout: GPUBindGroupLayout
}

/**
 * Compiles kernels for one device and keeps those that were used most recently, so that networks of the same shape share
 * them. WebGPU frees a kernel when nothing refers to it any more: a kernel that is dropped here still works as long as a
 * placed network uses it.
 */
export class Compiler {
  readonly #gpu: GPUDevice
  readonly #modules: RecentMap<Promise<Module>>
  readonly #kernels: RecentMap<Promise<Kernel>>
  #pending = 0

  /** The layouts of the bind group that holds only a step's record, or only a dispatch's. */
  readonly stepLayout: GPUBindGroupLayout
  readonly dispatchLayout: GPUBindGroupLayout

  /** @param limits how many kernels and modules are kept that no placed network uses any more */
  constructor(gpu: GPUDevice, limits = DEFAULT_LIMITS) {
    this.#gpu = gpu
    this.#modules = new RecentMap(limits.modules)
    this.#kernels = new RecentMap(limits.kernels)
    const layout = (access: 'step' | 'dispatch') => {
      const entries = [{ binding: 0, visibility: COMPUTE_STAGE, buffer: bindingTypes[access] }]
      return gpu.createBindGroupLayout({ label: `webgpu-mlp ${access}`, entries })
    }
    this.stepLayout = layout('step')
    this.dispatchLayout = layout('dispatch')
  }

  /** How many kernels and shader modules are kept now. */
  get kept(): CacheCounts {
    return { kernels: this.#kernels.size, modules: this.#modules.size }
  }

  /** How many kernels are being compiled. */
  get pending(): number {
    return this.#pending
  }

  /** Each text with each set of constants is compiled once, as long as it is kept. */
  compile(name: string, source: KernelSource, constants: Record<string, number>): Promise<Kernel> {
    const key = `${source.code} ${JSON.stringify(constants)}`
    const kernel = this.#kernels.getOrMake(key, () => this.#counted(this.#compile(name, source, constants)))
    kernel.catch(() => this.#kernels.remove(key, kernel))
    return kernel
  }

  async #counted<T>(work: Promise<T>): Promise<T> {
    this.#pending++
    try {
      return await work
    } finally {
      this.#pending--
    }
  }

  async #compile(name: string, source: KernelSource, constants: Record<string, number>): Promise<Kernel> {
    const label = `webgpu-mlp ${name}`
    const making = this.#modules.getOrMake(source.code, () => this.#makeModule(label, source))
    making.catch(() => this.#modules.remove(source.code, making))
    const { module, layout } = await making
    const gpu = this.#gpu
    try {
      const pipeline = await gpu.createComputePipelineAsync({
        label,
        layout: gpu.createPipelineLayout({
          label,
          bindGroupLayouts: [source.bindings[0] === 'dispatch' ? this.dispatchLayout : this.stepLayout, layout],
        }),
        compute: { module, entryPoint: 'main', constants },
      })
      return { name, pipeline, layout }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new GPUValidationError(`${source.file} with ${JSON.stringify(constants)}: ${message}`)
    }
  }

  async #makeModule(label: string, { file, code, bindings }: KernelSource): Promise<Module> {
    const gpu = this.#gpu
    // checkCompilation reports a faulty shader, with its place in the file.
    gpu.pushErrorScope('validation')
    const module = gpu.createShaderModule({ label, code })
    await Promise.all([gpu.popErrorScope(), checkCompilation(module, file, code)])
    const entries = bindings.flatMap((access, binding) =>
      isOwn(access) ? [{ binding, visibility: COMPUTE_STAGE, buffer: bindingTypes[access] }] : [],
    )
    return { module, layout: gpu.createBindGroupLayout({ label, entries }) }
  }
}

/** Throws the first error of a shader with its place and its line of source. */
export async function checkCompilation(module: GPUShaderModule, file: string, code: string): Promise<void> {
  const { messages } = await module.getCompilationInfo()
  const error = messages.find(({ type }) => type === 'error')
  if (!error) return
  // Naga (Firefox, Deno) writes the place and the source into the message; the numbers beside it may be those of a part.
  const framed = /^\s*Shader (?:'.*?' )?([^]*?)\n\s*┌─ \S+?:(\d+):(\d+)\n([^]*)$/.exec(error.message)
  if (framed) {
    const [, message, lineNum, linePos, source] = framed
    throw new GPUValidationError(`${file}:${lineNum}:${linePos}: ${message}\n${source!.trimEnd()}`)
  }
  const line = code.split('\n')[error.lineNum - 1] ?? ''
  const caret = `${' '.repeat(Math.max(0, error.linePos - 1))}^`
  throw new GPUValidationError(`${file}:${error.lineNum}:${error.linePos}: ${error.message}\n${line}\n${caret}`)
}
