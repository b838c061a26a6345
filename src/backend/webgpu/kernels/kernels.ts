import type { Device } from '../device/device.ts'
import type { OptionalForm } from '../device/forms.ts'
import { type CacheCounts, Compiler, type Kernel, type KernelSource } from './compiler.ts'
import { type Formulas, formulaVariants } from './formulas.ts'
import { type Fragment, linkShader } from './link.ts'
import type { ShaderName } from './manifest.ts'

export { checkCompilation, type Kernel, DISPATCH_BYTES, STEP_BYTES } from './compiler.ts'

/** How a kernel's text is put together for an adapter, the data, and the formulas that it computes. */
export interface Variant extends Formulas {
  /** The inputs of the first layer are bytes. */
  readonly bytes?: boolean
  /** What is done with gradients: the optimizer's step, or they are stored, alone or with the penalty's part. */
  readonly gradients?: 'step' | 'keep' | 'hold'
  /** The output layer's δ is passed on to the layer below in the same kernel. */
  readonly passOn?: boolean
  /** Several invocations share each sum. */
  readonly slices?: boolean
  /** The invocations of a workgroup share the values that they multiply. */
  readonly block?: boolean
  /**
   * Constants that are written into the text. The length of a workgroup array must be one: where the length is an
   * `override`, Safari may make an array of length 0 without reporting an error.
   */
  readonly literals?: Readonly<Record<string, number>>
  /** Sums have at most 16 terms. */
  readonly few?: boolean
  /** The invocations of a workgroup share a row of the output layer. */
  readonly sharedRows?: boolean
  /** Orders are made in workgroup memory. */
  readonly sharedPlaces?: boolean
}

/** The file of each kernel. */
const kernelFiles = {
  gather: 'gather',
  softmax: 'softmax',
  outputDelta: 'output_delta',
  finite: 'finite',
  norm: 'norm',
  clipped: 'clipped',
  forward: 'forward',
  output: 'output',
  hiddenDelta: 'hidden_delta',
  gradient: 'gradient',
  orders: 'orders',
} as const satisfies Record<string, ShaderName>

export type KernelName = keyof typeof kernelFiles

const gradientFiles = { step: 'update', keep: 'gradient_keep', hold: 'gradient_hold' } as const

/** What provides the interfaces that kernels need, on adapters with quads (subgroups) and without. */
const variantsOf = (variant: Variant, quads: boolean, power: ShaderName): (ShaderName | Fragment)[] => [
  'four',
  power,
  'rows_stored',
  variant.sharedRows ? 'row_shared' : 'row_alone',
  gradientFiles[variant.gradients ?? 'step'],
  variant.passOn ? 'below_delta' : 'below_none',
  variant.block ? 'slices_block' : variant.slices ? 'slices_many' : 'slices_one',
  variant.block ? 'product_block' : variant.few ? 'product_few' : 'product',
  // Each invocation of a block copies other rows.
  quads && !variant.block ? 'values_quad' : 'values_plain',
  variant.bytes ? 'inputs_byte' : 'inputs_float',
  variant.sharedPlaces ? 'places_shared' : 'places_stored',
  ...formulaVariants(variant),
]

const literalLines = ({ literals = {} }: Variant) =>
  Object.entries(literals).map(([name, value]) => `const ${name} = ${value}u;`)

/** What the straight form of the resident plan needs. */
const straightNeeds = [
  'dispatch',
  'step',
  'numbers',
  'bits',
  'exponential',
  'activation',
  'loss',
  'optimizer',
  'penalty',
  'rule',
  'hyperparameters',
]

/** What the straight form needs for scoring. */
const scoringNeeds = ['dispatch', 'numbers', 'bits', 'exponential', 'activation', 'loss']

/** The kernels of one device: puts their texts together and compiles each variant once. */
export class Kernels {
  readonly #device: Device
  readonly #compiler: Compiler

  /** @param compiler shared by all that compile for the same GPUDevice */
  constructor(device: Device, compiler = new Compiler(device.gpu)) {
    this.#device = device
    this.#compiler = compiler
  }

  /** The same kernels for another view of the device. */
  on(device: Device): Kernels {
    return new Kernels(device, this.#compiler)
  }

  /** Whether kernels of this form are used on the adapter. */
  allows(form: OptionalForm): boolean {
    return this.#device.profile.allows(form)
  }

  /** What provides inverse_power on the adapter. */
  get #power(): ShaderName {
    return this.#device.profile.software ? 'inverse_power_plain' : 'inverse_power_bounded'
  }

  /** How many the compiler keeps now; those that only a placed network uses are not counted. */
  get kept(): CacheCounts {
    return this.#compiler.kept
  }

  /** The layouts of the group that holds only a step's record, or only a dispatch's. */
  get stepLayout(): GPUBindGroupLayout {
    return this.#compiler.stepLayout
  }

  get dispatchLayout(): GPUBindGroupLayout {
    return this.#compiler.dispatchLayout
  }

  /**
   * @param constants one value for each `override` of the kernel and its libraries
   * @throws GPUValidationError with WGSL's message, file, line, column and source
   */
  compile(name: KernelName, constants: Record<string, number>, variant: Variant = {}): Promise<Kernel> {
    const file = kernelFiles[name]
    const linked = linkShader(file, variantsOf(variant, this.allows('quads'), this.#power), literalLines(variant))
    return this.#compile(name, { file: `${file}.wgsl`, ...linked }, constants)
  }

  /** Compiles the kernel that residentSource wrote for one network's shape. */
  compileStraight(kernel: string, formulas: Formulas, constants: Record<string, number>): Promise<Kernel> {
    const linked = linkShader({ text: kernel, needs: straightNeeds }, [
      'one',
      'hyperparameters_each',
      this.#power,
      ...formulaVariants(formulas),
    ])
    return this.#compile('resident', { file: 'resident kernel', ...linked }, constants)
  }

  /** Compiles shaders/resident.wgsl with what residentLoopSource wrote for one network. */
  compileLoop(shape: string, formulas: Formulas, constants: Record<string, number>): Promise<Kernel> {
    const rows = { text: shape, provides: ['rows'] }
    const linked = linkShader('resident', [
      'four',
      'inputs_float',
      'hyperparameters_each',
      'row_alone',
      this.#power,
      rows,
      ...formulaVariants(formulas),
    ])
    return this.#compile('resident', { file: 'resident.wgsl', ...linked }, constants)
  }

  /** Compiles the kernel that scoringSource wrote for one network's shape. */
  compileStraightScoring(kernel: string, formulas: Formulas, width: number): Promise<Kernel> {
    const linked = linkShader({ text: kernel, needs: scoringNeeds }, ['one', this.#power, ...formulaVariants(formulas)])
    return this.#compile('scoring', { file: 'scoring kernel', ...linked }, { WIDTH: width })
  }

  /** Compiles shaders/resident.wgsl with what scoringLoopSource wrote for one network. */
  compileLoopScoring(shape: string, formulas: Formulas, constants: Record<string, number>): Promise<Kernel> {
    const rows = { text: shape, provides: ['rows'] }
    const variants = ['four', 'inputs_float', 'row_alone', 'update_none', 'hyperparameters_none'] as const
    const linked = linkShader('resident', [...variants, this.#power, rows, ...formulaVariants(formulas)])
    return this.#compile('scoring', { file: 'resident.wgsl', ...linked }, constants)
  }

  /** Compiles shaders/initial.wgsl with make_parameters, as text, for one network's layers. */
  compileInitial(text: string, width: number): Promise<Kernel> {
    const linked = linkShader('initial', [], [`const WIDTH = ${width}u;`, text])
    return this.#compile('initial', { file: 'initial.wgsl', ...linked }, {})
  }

  #compile(name: string, source: KernelSource, constants: Record<string, number>): Promise<Kernel> {
    return this.#device.orLost(this.#compiler.compile(name, source, constants))
  }
}
