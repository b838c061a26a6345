import type { EpochOrder } from '../../../backend.ts'
import type { DataForm, WebGPUData } from '../../data.ts'
import { Pace } from '../../device/pace.ts'
import type { ResidentForm } from '../choice.ts'
import type { Plan, PreparedEpochs } from '../plan.ts'
import type { Recorder } from '../recording.ts'
import { GivenEpochs } from './epochs.ts'
import type { ResidentKernelParts } from './compile.ts'
import { ResidentKernel } from './kernel.ts'
import { DataSorter } from './sorter.ts'

/** Entries of the order buffer, which holds the orders of many epochs of a small data set. */
const ORDER_ENTRIES = 1 << 17
/** The most epochs whose orders it holds. */
const MOST_EPOCHS = 1024

/** How many epochs' orders the order buffer of a data set of `samples` samples holds. */
function epochsHeld(samples: number): number {
  return Math.max(1, Math.min(MOST_EPOCHS, Math.floor(ORDER_ENTRIES / samples)))
}

export type ResidentPlanParts = ResidentKernelParts & { readonly recorder: Recorder }

/** The resident plan: whole epochs of a small network in one dispatch. The network is a population of one. */
export class ResidentPlan implements Plan {
  readonly name = 'resident'
  readonly pace: Pace
  readonly scores: GPUBuffer
  readonly scoresPerEpoch: number
  readonly form: ResidentForm
  readonly #parts: ResidentPlanParts
  readonly #kernel: ResidentKernel
  /** Only in the forms whose invocations keep a whole network in registers and read rows one after another. */
  #sorter: DataSorter | undefined
  #compiling: Promise<void> | undefined
  #isCompiled = false

  /** Allocates its buffers; {@link compile} comes before the first step. */
  constructor(parts: ResidentPlanParts) {
    const kernel = new ResidentKernel(parts)
    this.#parts = parts
    this.#kernel = kernel
    this.form = parts.form
    this.pace = new Pace(parts.device.profile.submitMilliseconds, kernel.mostSteps, () => parts.device.profile.latency)
    this.scores = kernel.scores
    this.scoresPerEpoch = kernel.scoresPerEpoch
  }

  get #sorts(): boolean {
    return this.form !== 'loop' && this.#parts.device.profile.allows('sorted')
  }

  get isCompiled(): boolean {
    return this.#isCompiled
  }

  /** Compiles the kernels, once; {@link isCompiled} is true when that is done. */
  compile(): Promise<void> {
    this.#compiling ??= this.#compile()
    return this.#compiling
  }

  async #compile(): Promise<void> {
    const [sorter] = await Promise.all([
      this.#sorts ? DataSorter.create(this.#parts) : undefined,
      this.#kernel.compile(),
    ])
    this.#sorter = sorter
    this.#isCompiled = true
  }

  /** Samples with weights are left to the layered plan. */
  accepts({ weighted }: Pick<WebGPUData, 'weighted'>): boolean {
    return !weighted
  }

  /** Inputs as floats, with the orders of many epochs; if one order fills the buffer, with a copy in the epoch's order. */
  formOf(samples: number): DataForm {
    const epochs = epochsHeld(samples)
    return { epochs, mayBytes: false, sorted: this.#sorts && epochs === 1 }
  }

  mostEpochs(samples: number): number {
    return Math.min(epochsHeld(samples), this.#kernel.mostEpochs)
  }

  prepare(data: WebGPUData, epochs: readonly EpochOrder[]): Promise<PreparedEpochs> {
    const begin = this.#sorter?.sorting(data)
    const orders = { buffer: data.order, stride: 0, step: 1, epochs: epochs.length }
    const own = { data, orders, epochs: new GivenEpochs([epochs]) }
    const submit = (first: number, count: number) => this.#kernel.submit(own, first, count)
    return Promise.resolve({ submit, mostSteps: Infinity, ...(begin && { begin }) })
  }

  dispose(): void {
    this.#kernel.dispose()
  }
}
