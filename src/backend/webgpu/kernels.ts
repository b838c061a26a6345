import activation from '../../../shaders/activation.wgsl?raw'
import forward from '../../../shaders/forward.wgsl?raw'
import gradient from '../../../shaders/gradient.wgsl?raw'
import hiddenDelta from '../../../shaders/hidden_delta.wgsl?raw'
import loss from '../../../shaders/loss.wgsl?raw'
import optimizer from '../../../shaders/optimizer.wgsl?raw'
import outputDelta from '../../../shaders/output_delta.wgsl?raw'
import softmax from '../../../shaders/softmax.wgsl?raw'
import step from '../../../shaders/step.wgsl?raw'
import tile from '../../../shaders/tile.wgsl?raw'
import update from '../../../shaders/update.wgsl?raw'
import { GPUValidationError } from '../../errors.ts'
import { COMPUTE_STAGE, type Device } from './device.ts'

/** How a kernel uses a binding; the explicit layout follows from it. */
type Access = 'step' | 'uniform' | 'read' | 'readWrite'

interface KernelSource {
  readonly file: string
  /** The kernel first, its libraries after it, so that line numbers in errors are the kernel's. */
  readonly code: string
  /** In order of the binding numbers. */
  readonly bindings: readonly Access[]
}

const join = (...sources: string[]) => sources.join('\n')

const sources = {
  forward: {
    file: 'forward.wgsl',
    code: join(forward, step, tile, activation),
    bindings: ['step', 'read', 'read', 'read', 'readWrite', 'readWrite'],
  },
  softmax: { file: 'softmax.wgsl', code: join(softmax, step), bindings: ['step', 'read', 'readWrite'] },
  outputDelta: {
    file: 'output_delta.wgsl',
    code: join(outputDelta, step, activation, loss),
    bindings: ['step', 'readWrite', 'read', 'read', 'read', 'readWrite'],
  },
  hiddenDelta: {
    file: 'hidden_delta.wgsl',
    code: join(hiddenDelta, step, tile, activation),
    bindings: ['step', 'read', 'read', 'read', 'readWrite'],
  },
  gradient: {
    file: 'gradient.wgsl',
    code: join(gradient, step, tile),
    bindings: ['step', 'read', 'read', 'read', 'readWrite'],
  },
  update: {
    file: 'update.wgsl',
    code: join(update, step, optimizer),
    bindings: ['step', 'read', 'readWrite', 'readWrite'],
  },
} as const satisfies Record<string, KernelSource>

export type KernelName = keyof typeof sources

/** The libraries that the generated resident kernel stands on, and its bindings. */
const residentLibraries = join(step, activation, loss, optimizer)
const residentBindings: readonly Access[] = [
  'uniform',
  'read',
  'read',
  'read',
  'read',
  'readWrite',
  'readWrite',
  'readWrite',
]

/** A compiled kernel and the layout that its bind groups follow. */
export interface Kernel {
  readonly name: string
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

/** How many bytes of a step's record are bound. */
export const STEP_BYTES = 32

const bindingTypes: Record<Access, GPUBufferBindingLayout> = {
  step: { type: 'uniform', hasDynamicOffset: true, minBindingSize: STEP_BYTES },
  uniform: { type: 'uniform' },
  read: { type: 'read-only-storage' },
  readWrite: { type: 'storage' },
}

/** Compiles kernels for one device, each module once and each set of constants once. */
export class Kernels {
  readonly #device: Device
  readonly #modules = new Map<string, Promise<{ module: GPUShaderModule; layout: GPUBindGroupLayout }>>()
  readonly #compiled = new Map<string, Promise<Kernel>>()

  constructor(device: Device) {
    this.#device = device
  }

  /**
   * @param constants one value for each `override` of the kernel and its libraries
   * @throws GPUValidationError with WGSL's message, file, line, column and source
   */
  compile(name: KernelName, constants: Record<string, number>): Promise<Kernel> {
    return this.#compileOnce(name, sources[name], constants)
  }

  /** Compiles the kernel that residentSource wrote for one network's shape. */
  compileResident(kernel: string, constants: Record<string, number>): Promise<Kernel> {
    const code = join(kernel, residentLibraries)
    return this.#compileOnce('resident', { file: 'resident kernel', code, bindings: residentBindings }, constants)
  }

  #compileOnce(name: string, source: KernelSource, constants: Record<string, number>): Promise<Kernel> {
    const key = `${source.code} ${JSON.stringify(constants)}`
    let kernel = this.#compiled.get(key)
    if (!kernel) {
      kernel = this.#compile(name, source, constants)
      this.#compiled.set(key, kernel)
    }
    return kernel
  }

  async #compile(name: string, source: KernelSource, constants: Record<string, number>): Promise<Kernel> {
    const label = `webgpu-mlp ${name}`
    let made = this.#modules.get(source.code)
    if (!made) {
      made = this.#makeModule(label, source)
      this.#modules.set(source.code, made)
    }
    const { module, layout } = await made
    const { gpu } = this.#device
    try {
      const pipeline = await gpu.createComputePipelineAsync({
        label,
        layout: gpu.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main', constants },
      })
      return { name, pipeline, layout }
    } catch (error) {
      this.#device.check()
      const message = error instanceof Error ? error.message : String(error)
      throw new GPUValidationError(`${source.file} with ${JSON.stringify(constants)}: ${message}`)
    }
  }

  async #makeModule(label: string, { file, code, bindings }: KernelSource) {
    const { gpu } = this.#device
    // A faulty shader is told by checkCompilation, with its place in the file.
    gpu.pushErrorScope('validation')
    const module = gpu.createShaderModule({ label, code })
    await Promise.all([gpu.popErrorScope(), checkCompilation(module, file, code)])
    const entries = bindings.map((access, binding) => ({
      binding,
      visibility: COMPUTE_STAGE,
      buffer: bindingTypes[access],
    }))
    return { module, layout: gpu.createBindGroupLayout({ label, entries }) }
  }
}

/** Throws the first error of a shader with its place and its line of source. */
export async function checkCompilation(module: GPUShaderModule, file: string, code: string): Promise<void> {
  const { messages } = await module.getCompilationInfo()
  const error = messages.find(({ type }) => type === 'error')
  if (!error) return
  const line = code.split('\n')[error.lineNum - 1] ?? ''
  const caret = `${' '.repeat(Math.max(0, error.linePos - 1))}^`
  throw new GPUValidationError(`${file}:${error.lineNum}:${error.linePos}: ${error.message}\n${line}\n${caret}`)
}
