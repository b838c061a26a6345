import activation from '../../../../shaders/activation.wgsl?raw'
import belowDelta from '../../../../shaders/below_delta.wgsl?raw'
import belowNone from '../../../../shaders/below_none.wgsl?raw'
import bits from '../../../../shaders/bits.wgsl?raw'
import clipped from '../../../../shaders/clipped.wgsl?raw'
import deltaRow from '../../../../shaders/delta_row.wgsl?raw'
import dropout from '../../../../shaders/dropout.wgsl?raw'
import fourAlone from '../../../../shaders/four.wgsl?raw'
import finite from '../../../../shaders/finite.wgsl?raw'
import forward from '../../../../shaders/forward.wgsl?raw'
import gather from '../../../../shaders/gather.wgsl?raw'
import gradient from '../../../../shaders/gradient.wgsl?raw'
import gradientHold from '../../../../shaders/gradient_hold.wgsl?raw'
import gradientKeep from '../../../../shaders/gradient_keep.wgsl?raw'
import hiddenDelta from '../../../../shaders/hidden_delta.wgsl?raw'
import hyperparameters from '../../../../shaders/hyperparameters.wgsl?raw'
import inputsByte from '../../../../shaders/inputs_byte.wgsl?raw'
import inputsFloat from '../../../../shaders/inputs_float.wgsl?raw'
import layer from '../../../../shaders/layer.wgsl?raw'
import loss from '../../../../shaders/loss.wgsl?raw'
import norm from '../../../../shaders/norm.wgsl?raw'
import oneAlone from '../../../../shaders/one.wgsl?raw'
import optimizer from '../../../../shaders/optimizer.wgsl?raw'
import output from '../../../../shaders/output.wgsl?raw'
import outputDelta from '../../../../shaders/output_delta.wgsl?raw'
import product from '../../../../shaders/product.wgsl?raw'
import slicesMany from '../../../../shaders/slices_many.wgsl?raw'
import slicesOne from '../../../../shaders/slices_one.wgsl?raw'
import productFew from '../../../../shaders/product_few.wgsl?raw'
import resident from '../../../../shaders/resident.wgsl?raw'
import rowsStored from '../../../../shaders/rows_stored.wgsl?raw'
import run from '../../../../shaders/run.wgsl?raw'
import softmax from '../../../../shaders/softmax.wgsl?raw'
import softmaxRow from '../../../../shaders/softmax_row.wgsl?raw'
import step from '../../../../shaders/step.wgsl?raw'
import update from '../../../../shaders/update.wgsl?raw'
import valuesPlain from '../../../../shaders/values_plain.wgsl?raw'
import valuesQuad from '../../../../shaders/values_quad.wgsl?raw'
import { type Access, type CacheCounts, Compiler, type Kernel, type KernelSource } from './compiler.ts'
import type { Device } from '../device/device.ts'

export { checkCompilation, type Kernel, RUN_BYTES, STEP_BYTES } from './compiler.ts'

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
  /**
   * Constants that are written into the text. The length of a workgroup array must be one: where the length is an
   * `override`, Safari may make an array of length 0 without reporting an error.
   */
  readonly literals?: Readonly<Record<string, number>>
  /** Sums have at most 16 terms. */
  readonly few?: boolean
}

/** The libraries' formulas for a pack of four values, or for one. */
const four = join(fourAlone, bits)
const one = join(oneAlone, bits)

const straightLibraries = join(run, step, one, activation, loss, optimizer, hyperparameters)
const loopLibraries = join(
  run,
  step,
  four,
  activation,
  loss,
  inputsFloat,
  softmaxRow,
  deltaRow,
  update,
  optimizer,
  hyperparameters,
)

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
    code: join(clipped, step, update, four, optimizer, hyperparameters),
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
  step: [update, four, optimizer, hyperparameters],
  keep: [gradientKeep],
  hold: [gradientHold, four, optimizer, hyperparameters],
}
const gradientBindings: Record<keyof typeof gradientLibraries, Access[]> = { step: readWrite, keep: [], hold: ['read'] }

export type KernelName = keyof typeof rowKernels | keyof typeof productKernels

const isRowKernel = (name: KernelName): name is keyof typeof rowKernels => name in rowKernels

const literalLines = ({ literals = {} }: Variant) =>
  Object.entries(literals).map(([name, value]) => `const ${name} = ${value}u;`)

/** The text of a kernel, for adapters with quads (subgroups) and without. */
function makeSource(name: KernelName, variant: Variant, quads: boolean): KernelSource {
  const literals = literalLines(variant)
  if (isRowKernel(name)) return { ...rowKernels[name], code: join(rowKernels[name].code, ...literals) }
  const { file, code, bindings } = productKernels[name]
  const inputs = variant.bytes ? inputsByte : inputsFloat
  const libraries = [
    variant.few ? productFew : product,
    variant.slices ? slicesMany : slicesOne,
    quads ? valuesQuad : valuesPlain,
    inputs,
  ]
  const text = join(code(variant), ...libraries, ...literals)
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

/** The kernels of one device: puts their texts together and compiles each variant once. */
export class Kernels {
  readonly #device: Device
  readonly #compiler: Compiler

  /** @param compiler shared by all that compile for the same GPUDevice */
  constructor(device: Device, compiler = new Compiler(device.gpu)) {
    this.#device = device
    this.#compiler = compiler
  }

  /** How many the compiler keeps now; those that only a placed network uses are not counted. */
  get kept(): CacheCounts {
    return this.#compiler.kept
  }

  /** The layouts of the group that holds a step's record alone, or a run's. */
  get stepLayout(): GPUBindGroupLayout {
    return this.#compiler.stepLayout
  }

  get runLayout(): GPUBindGroupLayout {
    return this.#compiler.runLayout
  }

  /**
   * @param constants one value for each `override` of the kernel and its libraries
   * @throws GPUValidationError with WGSL's message, file, line, column and source
   */
  compile(name: KernelName, constants: Record<string, number>, variant: Variant = {}): Promise<Kernel> {
    return this.#compile(name, makeSource(name, variant, this.#device.profile.quads), constants)
  }

  /** Compiles the kernel that residentSource wrote for one network's shape. */
  compileStraight(kernel: string, constants: Record<string, number>): Promise<Kernel> {
    const code = join(kernel, straightLibraries)
    return this.#compile('resident', { file: 'resident kernel', code, bindings: residentBindings }, constants)
  }

  /** Compiles shaders/resident.wgsl with what residentLoopSource wrote of one network. */
  compileLoop(shape: string, constants: Record<string, number>): Promise<Kernel> {
    const code = join(resident, shape, loopLibraries)
    return this.#compile('resident', { file: 'resident.wgsl', code, bindings: residentBindings }, constants)
  }

  async #compile(name: string, source: KernelSource, constants: Record<string, number>): Promise<Kernel> {
    try {
      return await this.#compiler.compile(name, source, constants)
    } catch (error) {
      this.#device.check() // A lost device is the cause, whatever the compiler reports.
      throw error
    }
  }
}
