import type { Buffers } from '../../device/buffers.ts'
import type { Device } from '../../device/device.ts'
import { type Kernels, DISPATCH_BYTES } from '../../kernels/kernels.ts'

/** Bytes from one record to the next: the offset of a uniform buffer is a multiple of this on every device. */
const STRIDE = 256

/** The values of struct Dispatch in shaders/dispatch.wgsl, without those that are 0. */
export interface DispatchRecord {
  readonly first?: number
  readonly steps?: number
  readonly samples: number
  readonly batch?: number
  readonly perEpoch?: number
  readonly stride?: number
  readonly isSorted?: boolean
  readonly networks: number
  readonly orderStride: number
  readonly scalarsStride?: number
  readonly epochs: number
  readonly slotStride?: number
  readonly countsLabels?: boolean
  readonly scalarsFirst?: number
  readonly orderStep: number
  readonly orderFirst?: number
  readonly epoch?: number
}

const valuesOf = (record: DispatchRecord): number[] => [
  record.first ?? 0,
  record.steps ?? 0,
  record.samples,
  record.batch ?? 0,
  record.perEpoch ?? 0,
  record.stride ?? 0,
  Number(record.isSorted ?? false),
  record.networks,
  record.orderStride,
  record.scalarsStride ?? 0,
  record.epochs,
  record.slotStride ?? 0,
  Number(record.countsLabels ?? false),
  record.scalarsFirst ?? 0,
  record.orderStep,
  record.orderFirst ?? 0,
  record.epoch ?? 0,
]

/** The records of the dispatches of one submit, each with a bind group. */
export class DispatchRecords {
  readonly buffer: GPUBuffer
  readonly #device: Device
  readonly #layout: GPUBindGroupLayout
  readonly #values: Uint32Array
  readonly #groups: GPUBindGroup[] = []

  /** @param most records that one submit has */
  constructor(device: Device, kernels: Kernels, buffers: Buffers, most: number) {
    this.#device = device
    this.#layout = kernels.dispatchLayout
    this.#values = new Uint32Array((most * STRIDE) / 4)
    this.buffer = buffers.uniform('dispatches', most * STRIDE)
  }

  /** Writes the records of the submit that follows. */
  write(records: readonly DispatchRecord[]): void {
    for (const [i, record] of records.entries()) this.#values.set(valuesOf(record), (i * STRIDE) / 4)
    this.#device.write(this.buffer, 0, this.#values, 0, (records.length * STRIDE) / 4)
  }

  /** The bind group with a record. */
  group(i: number): GPUBindGroup {
    return (this.#groups[i] ??= this.#device.gpu.createBindGroup({
      label: 'webgpu-mlp dispatch',
      layout: this.#layout,
      entries: [{ binding: 0, resource: { buffer: this.buffer, offset: i * STRIDE, size: DISPATCH_BYTES } }],
    }))
  }
}
