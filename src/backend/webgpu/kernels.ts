import activation from '../../../shaders/activation.wgsl?raw'
import belowDelta from '../../../shaders/below_delta.wgsl?raw'
import belowNone from '../../../shaders/below_none.wgsl?raw'
import bits from '../../../shaders/bits.wgsl?raw'
import clipped from '../../../shaders/clipped.wgsl?raw'
import deltaRow from '../../../shaders/delta_row.wgsl?raw'
import dropout from '../../../shaders/dropout.wgsl?raw'
import fourAlone from '../../../shaders/four.wgsl?raw'
import finite from '../../../shaders/finite.wgsl?raw'
import forward from '../../../shaders/forward.wgsl?raw'
import gather from '../../../shaders/gather.wgsl?raw'
import gradient from '../../../shaders/gradient.wgsl?raw'
import gradientHold from '../../../shaders/gradient_hold.wgsl?raw'
import gradientKeep from '../../../shaders/gradient_keep.wgsl?raw'
import hiddenDelta from '../../../shaders/hidden_delta.wgsl?raw'
import inputsByte from '../../../shaders/inputs_byte.wgsl?raw'
import inputsFloat from '../../../shaders/inputs_float.wgsl?raw'
import layer from '../../../shaders/layer.wgsl?raw'
import loss from '../../../shaders/loss.wgsl?raw'
import norm from '../../../shaders/norm.wgsl?raw'
import oneAlone from '../../../shaders/one.wgsl?raw'
import optimizer from '../../../shaders/optimizer.wgsl?raw'
import output from '../../../shaders/output.wgsl?raw'
import outputDelta from '../../../shaders/output_delta.wgsl?raw'
import product from '../../../shaders/product.wgsl?raw'
import slicesMany from '../../../shaders/slices_many.wgsl?raw'
import slicesOne from '../../../shaders/slices_one.wgsl?raw'
import productFew from '../../../shaders/product_few.wgsl?raw'
import resident from '../../../shaders/resident.wgsl?raw'
import rowsStored from '../../../shaders/rows_stored.wgsl?raw'
import run from '../../../shaders/run.wgsl?raw'
import softmax from '../../../shaders/softmax.wgsl?raw'
import softmaxRow from '../../../shaders/softmax_row.wgsl?raw'
import step from '../../../shaders/step.wgsl?raw'
import update from '../../../shaders/update.wgsl?raw'
import valuesPlain from '../../../shaders/values_plain.wgsl?raw'
import valuesQuad from '../../../shaders/values_quad.wgsl?raw'
import { GPUValidationError } from '../../errors.ts'
import { COMPUTE_STAGE, type Device } from './device.ts'

/** How a kernel uses a binding; the explicit layout follows from it. */
type Access = 'step' | 'run' | 'read' | 'readWrite' | 'none'

interface KernelSource {
  readonly file: string
  /** The kernel first, its libraries after it, so that line numbers in errors are the kernel's. */
  readonly code: string
  /** In order of the binding numbers. */
  readonly bindings: readonly Access[]
}

const join = (...sources: string[]) => sources.join('\n')

/** How a kernel's text is put together for an adapter and the data. */
export interface Variant {
  /** The inputs of the first layer stand as bytes. */
  readonly bytes?: boolean
  /** What becomes of gradients: the optimizer's step, or they are written down, alone or with the penalty's part. */
  readonly gradients?: 'step' | 'keep' | 'hold'
  /** The output layer's δ is passed on to the layer below in the same kernel. */
  readonly passOn?: boolean
  /** Several invocations share each sum. */
  readonly slices?: boolean
  /** Sums have at most 16 terms. */
  readonly few?: boolean
}

/** The libraries' formulas for a pack of four values, or for one. */
const four = join(fourAlone, bits)
const one = join(oneAlone, bits)

const straightLibraries = join(run, step, one, activation, loss, optimizer)
const loopLibraries = join(run, step, four, activation, loss, inputsFloat, softmaxRow, deltaRow, update, optimizer)

/** Kernels without a matrix product have one text on every adapter. */
const rowKernels = {
  gather: {
    file: 'gather.wgsl',
    code: join(gather, step),
    bindings: ['step', 'read', 'read', 'readWrite'],
  },
  softmax: {
    file: 'softmax.wgsl',
    code: join(softmax, step, four, activation, softmaxRow, rowsStored),
    bindings: ['step', 'readWrite', 'readWrite'],
  },
  outputDelta: {
    file: 'output_delta.wgsl',
    code: join(outputDelta, step, four, activation, loss, softmaxRow, deltaRow, rowsStored),
    bindings: ['step', 'readWrite', 'readWrite', 'read', 'read', 'readWrite'],
  },
  finite: {
    file: 'finite.wgsl',
    code: join(finite, step, four),
    bindings: ['step', 'read', 'readWrite'],
  },
  norm: {
    file: 'norm.wgsl',
    code: join(norm, step),
    bindings: ['step', 'read', 'readWrite'],
  },
  clipped: {
    file: 'clipped.wgsl',
    code: join(clipped, step, update, four, optimizer),
    // Parameters and state stand where gradient.wgsl has them.
    bindings: ['step', 'read', 'read', 'none', 'readWrite', 'readWrite'],
  },
} as const satisfies Record<string, KernelSource>

/** Kernels with one: the same, but for how values are read. */
const productKernels = {
  forward: {
    file: 'forward.wgsl',
    code: () => join(forward, step, four, activation, dropout, layer),
    bindings: () => ['step', 'read', 'read', 'read', 'readWrite', 'readWrite'],
  },
  output: {
    file: 'output.wgsl',
    code: ({ passOn }) =>
      join(
        output,
        step,
        four,
        activation,
        loss,
        dropout,
        layer,
        softmaxRow,
        deltaRow,
        rowsStored,
        passOn ? belowDelta : belowNone,
      ),
    bindings: ({ passOn }) => [
      'step',
      'read',
      'read',
      'read',
      'readWrite',
      'readWrite',
      'read',
      'readWrite',
      ...(passOn ? readWrite : []),
    ],
  },
  hiddenDelta: {
    file: 'hidden_delta.wgsl',
    code: () => join(hiddenDelta, step, four, activation, dropout),
    bindings: () => ['step', 'read', 'read', 'read', 'readWrite'],
  },
  gradient: {
    file: 'gradient.wgsl',
    code: ({ gradients = 'step' }) => join(gradient, step, ...gradientLibraries[gradients]),
    bindings: ({ gradients = 'step' }) => ['step', 'read', 'read', 'read', 'readWrite', ...gradientBindings[gradients]],
  },
} as const satisfies Record<
  string,
  { file: string; code: (variant: Variant) => string; bindings: (variant: Variant) => Access[] }
>

const readWrite: Access[] = ['readWrite']
const gradientLibraries = {
  step: [update, four, optimizer],
  keep: [gradientKeep],
  hold: [gradientHold, four, optimizer],
}
const gradientBindings: Record<keyof typeof gradientLibraries, Access[]> = { step: readWrite, keep: [], hold: ['read'] }

export type KernelName = keyof typeof rowKernels | keyof typeof productKernels

const isRowKernel = (name: KernelName): name is keyof typeof rowKernels => name in rowKernels

/** The text of a kernel, for adapters with quads (subgroups) and without. */
function makeSource(name: KernelName, variant: Variant, quads: boolean): KernelSource {
  if (isRowKernel(name)) return rowKernels[name]
  const { file, code, bindings } = productKernels[name]
  const inputs = variant.bytes ? inputsByte : inputsFloat
  const slices = variant.slices ? slicesMany : slicesOne
  const text = join(code(variant), variant.few ? productFew : product, slices, quads ? valuesQuad : valuesPlain, inputs)
  // On the kernel's first line, so that the line numbers stay the kernel's.
  return { file, code: quads ? `enable subgroups; ${text}` : text, bindings: bindings(variant) }
}

/** The bindings of both resident kernels. */
const residentBindings: readonly Access[] = [
  'run',
  'read',
  'read',
  'read',
  'readWrite',
  'readWrite',
  'read',
  'readWrite',
]

/** A compiled kernel and the layout that the bind groups of its own buffers follow. */
export interface Kernel {
  readonly name: string
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

/** What a kernel is told of its step or run is group 0, its own buffers are group 1. */
const isOwn = (access: Access): access is 'read' | 'readWrite' =>
  access !== 'step' && access !== 'run' && access !== 'none'

/** How many bytes of a step's record are bound, and of a run's. */
export const STEP_BYTES = 32
export const RUN_BYTES = 32

const bindingTypes: Record<Exclude<Access, 'none'>, GPUBufferBindingLayout> = {
  step: { type: 'uniform', minBindingSize: STEP_BYTES },
  run: { type: 'uniform', minBindingSize: RUN_BYTES },
  read: { type: 'read-only-storage' },
  readWrite: { type: 'storage' },
}

/** Compiles kernels for one device, each module once and each set of constants once. */
export class Kernels {
  readonly #device: Device
  readonly #modules = new Map<string, Promise<{ module: GPUShaderModule; layout: GPUBindGroupLayout }>>()
  readonly #compiled = new Map<string, Promise<Kernel>>()

  /** The layouts of the group that holds a step's record alone, or a run's. */
  readonly stepLayout: GPUBindGroupLayout
  readonly runLayout: GPUBindGroupLayout

  constructor(device: Device) {
    this.#device = device
    const layout = (access: 'step' | 'run') => {
      const entries = [{ binding: 0, visibility: COMPUTE_STAGE, buffer: bindingTypes[access] }]
      return device.gpu.createBindGroupLayout({ label: `webgpu-mlp ${access}`, entries })
    }
    this.stepLayout = layout('step')
    this.runLayout = layout('run')
  }

  /**
   * @param constants one value for each `override` of the kernel and its libraries
   * @throws GPUValidationError with WGSL's message, file, line, column and source
   */
  compile(name: KernelName, constants: Record<string, number>, variant: Variant = {}): Promise<Kernel> {
    return this.#compileOnce(name, makeSource(name, variant, this.#device.quads), constants)
  }

  /** Compiles the kernel that residentSource wrote for one network's shape. */
  compileStraight(kernel: string, constants: Record<string, number>): Promise<Kernel> {
    const code = join(kernel, straightLibraries)
    return this.#compileOnce('resident', { file: 'resident kernel', code, bindings: residentBindings }, constants)
  }

  /** Compiles shaders/resident.wgsl with what residentLoopSource wrote of one network. */
  compileLoop(shape: string, constants: Record<string, number>): Promise<Kernel> {
    const code = join(resident, shape, loopLibraries)
    return this.#compileOnce('resident', { file: 'resident.wgsl', code, bindings: residentBindings }, constants)
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
        layout: gpu.createPipelineLayout({
          label,
          bindGroupLayouts: [source.bindings[0] === 'run' ? this.runLayout : this.stepLayout, layout],
        }),
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
  const line = code.split('\n')[error.lineNum - 1] ?? ''
  const caret = `${' '.repeat(Math.max(0, error.linePos - 1))}^`
  throw new GPUValidationError(`${file}:${error.lineNum}:${error.linePos}: ${error.message}\n${line}\n${caret}`)
}
