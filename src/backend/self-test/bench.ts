import { Random } from '../../core/random.ts'
import { type ActivationName } from '../../model/activation.ts'
import { layoutLayers } from '../../model/layout.ts'
import { Buffers } from '../webgpu/device/buffers.ts'
import type { Device } from '../webgpu/device/device.ts'
import type { OptionalForm } from '../webgpu/device/forms.ts'
import { readBack } from '../webgpu/device/readback.ts'
import type { Kernels } from '../webgpu/kernels/kernels.ts'
import { type DeviceLayer, deviceLayers, packRows, packsOf } from '../webgpu/kernels/packs.ts'
import type { Stage, StageMaker } from '../webgpu/kernels/stage-kernels.ts'
import type { Tiling } from '../webgpu/kernels/tiling.ts'
import { bindStage, Recorder } from '../webgpu/plans/recording.ts'
import { type Minibatch, noUpdate, StepRecords } from '../webgpu/plans/steps.ts'
import type { StageCheck } from './stage-checks.ts'

/** A kernel, or kernels that work together, on tiny inputs. */
export interface TestCase {
  /** The key of the result: cases with the same key run the same kernels. */
  readonly key: string
  /** The name of the stage, for messages. */
  readonly stage: string
  /** The forms that the kernels have, each of which may be what is wrong. */
  readonly forms: readonly OptionalForm[]
  /** @returns what is wrong with the results; empty if nothing is */
  run(bench: TestBench): Promise<string>
}

/** A stage with the buffers it works on, in the order of its bindings. */
export type Bound = readonly [stage: Stage, buffers: readonly (GPUBuffer | undefined)[]]

/** Where test cases run: a view of the device, with buffers that are freed together. */
export class TestBench {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly #recorder: Recorder

  constructor(device: Device, kernels: Kernels) {
    this.device = device
    this.kernels = kernels
    this.buffers = new Buffers(device)
    this.#recorder = new Recorder(device, new StepRecords(device, this.buffers, kernels.stepLayout))
  }

  /** What stages are made with, all of whose products have the same tile. */
  maker(batch: number, tiling?: Tiling): StageMaker {
    const none: Tiling = { rowTiles: 1, columnTiles: 1, width: 4, slices: 1 }
    return { kernels: this.kernels, batch, tiling: () => tiling ?? none }
  }

  storage(values: number | Float32Array | Uint32Array): GPUBuffer {
    return this.buffers.storage('self-test', values)
  }

  /** Rows of values in packs, filled up with zeros to a multiple of four rows. */
  rows(values: Float32Array, rows: number, columns: number): GPUBuffer {
    const packed = new Float32Array(16 * packsOf(rows) * packsOf(columns))
    packed.set(packRows(values, rows, columns))
    return this.storage(packed)
  }

  /** Space for the same. */
  space(rows: number, columns: number): GPUBuffer {
    return this.storage(16 * packsOf(rows) * packsOf(columns))
  }

  /** Runs stages one after another on a minibatch, and reads buffers. */
  async run(
    stages: readonly Bound[],
    minibatch: Pick<Minibatch, 'rows'> & Partial<Minibatch>,
    read: readonly GPUBuffer[],
  ): Promise<Float32Array[]> {
    const step = { start: 0, number: 1, scalars: noUpdate, ...minibatch }
    const recorded = await this.device.checked('self-test', () =>
      stages.map(([stage, buffers]) => bindStage(this.device, stage.kernel.name, stage, buffers)),
    )
    await this.#recorder.submit('self-test', recorded, 1, () => step)
    return readBack(this.device, this.buffers, read)
  }

  dispose(): void {
    this.buffers.dispose()
  }
}

/** A layer without others, at the beginning of the parameters. */
export const layerOf = (inputs: number, outputs: number, activation: ActivationName = 'tanh'): DeviceLayer =>
  deviceLayers(layoutLayers([inputs, outputs], [activation]))[0]!

/** Numbers from −1 to 1, the same each time. */
export function someValues(count: number, seed: number): Float32Array {
  const random = new Random(seed, 'data')
  return Float32Array.from({ length: count }, () => random.between(-1, 1))
}

/** What is wrong with a stage's result; empty if nothing is. */
export const faultOf = (name: string, { ok, error, bound }: StageCheck): string =>
  ok ? '' : `${name} differs from float64 by ${error.toExponential(1)}, where ${bound.toExponential(1)} is possible`

/** The first of some faults. */
export const firstFault = (faults: readonly string[]): string => faults.find((fault) => fault !== '') ?? ''
