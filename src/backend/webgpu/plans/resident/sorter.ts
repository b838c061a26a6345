import type { WebGPUData } from '../../data.ts'
import type { Device } from '../../device/device.ts'
import type { Kernels } from '../../kernels/kernels.ts'
import type { DeviceLayer } from '../../kernels/packs.ts'
import { gather, type Stage } from '../../kernels/stage-kernels.ts'
import { bindStage, type Recorded, type Recorder } from '../recording.ts'
import { noUpdate } from '../steps.ts'

interface SorterParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly layers: readonly DeviceLayer[]
  readonly recorder: Recorder
}

/**
 * Copies the rows of a large data set into the order of the epoch. A single invocation that reads rows in any order waits
 * for memory at each of them; here many invocations wait together.
 */
export class DataSorter {
  readonly #device: Device
  readonly #recorder: Recorder
  readonly #inputs: Stage
  readonly #targets: Stage
  readonly #bound = new WeakMap<WebGPUData, readonly Recorded[]>()

  private constructor({ device, recorder }: SorterParts, inputs: Stage, targets: Stage) {
    this.#device = device
    this.#recorder = recorder
    this.#inputs = inputs
    this.#targets = targets
  }

  static async create(parts: SorterParts): Promise<DataSorter> {
    const { kernels, layers } = parts
    const [inputs, targets] = await Promise.all([
      gather({ kernels }, layers[0]!.inputPacks),
      gather({ kernels }, layers.at(-1)!.outputPacks),
    ])
    return new DataSorter(parts, inputs, targets)
  }

  /** What submits the copying, for data sets that are kept in a sorted copy too. */
  sorting(data: WebGPUData): (() => Promise<void>) | undefined {
    if (!data.sorted) return undefined
    // All samples are one minibatch here.
    const minibatch = { start: 0, rows: data.samples, number: 0, scalars: noUpdate }
    const stages = this.#bind(data, data.sorted)
    return () => this.#recorder.submit('sorting', stages, 1, () => minibatch)
  }

  #bind(data: WebGPUData, sorted: { readonly inputs: GPUBuffer; readonly targets: GPUBuffer }): readonly Recorded[] {
    let stages = this.#bound.get(data)
    if (!stages) {
      const { inputs, targets, order } = data
      stages = [
        bindStage(this.#device, 'gather inputs', this.#inputs, [inputs, order, sorted.inputs]),
        bindStage(this.#device, 'gather targets', this.#targets, [targets, order, sorted.targets]),
      ]
      this.#bound.set(data, stages)
    }
    return stages
  }
}
