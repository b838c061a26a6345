import type { Buffers } from '../../device/buffers.ts'
import type { Device } from '../../device/device.ts'
import type { Kernel, Kernels } from '../../kernels/kernels.ts'
import { divideUp, MOST_GROUPS } from '../../kernels/tiling.ts'

/** Where the orders of epochs are on the device. */
export interface DeviceOrders {
  readonly buffer: GPUBuffer
  /** From one network's orders to the next one's; 0 if they share them. */
  readonly stride: number
  /** From one place of an order to the next one. */
  readonly step: number
  /** For how many epochs of a group there is space at a time. */
  readonly epochs: number
  /** What makes them, if the device does. */
  readonly maker?: OrderMaker
}

/** Where an order is shuffled: where it is stored, or in workgroup memory. */
export type OrderForm = 'stored' | 'shared'

/** Invocations of a workgroup that makes orders. */
const WIDTH = { software: 4, hardware: 32 }
/** Rows that 16 bits count. */
const MOST_SHARED_ROWS = 1 << 16

/** Makes the orders of seeded epochs on the device, with the numbers of epochOrder (src/data/minibatch.ts). */
export class OrderMaker {
  readonly #device: Device
  readonly #kernels: Kernels
  readonly #seeds: GPUBuffer
  readonly #form: (samples: number) => OrderForm
  #written: Uint32Array | undefined
  readonly #compiled = new Map<number, Kernel>()
  readonly #bound = new WeakMap<GPUBuffer, { readonly kernel: Kernel; readonly group: GPUBindGroup }>()
  #kernel: Kernel | undefined

  /** @param form left out, what suits the adapter */
  constructor(device: Device, kernels: Kernels, buffers: Buffers, networks: number, form?: OrderForm) {
    this.#device = device
    this.#kernels = kernels
    this.#seeds = buffers.storage('seeds', networks)
    this.#form = (samples) => form ?? usualForm(device, samples)
  }

  get #width(): number {
    return WIDTH[this.#device.profile.software ? 'software' : 'hardware']
  }

  /** Prepares for orders with this number of places: {@link encode} makes such orders from now on. */
  async compile(samples: number): Promise<void> {
    const isShared = this.#form(samples) === 'shared'
    // The length of the array in workgroup memory is part of the kernel.
    const words = isShared ? Math.ceil(samples / 2) : 0
    let kernel = this.#compiled.get(words)
    if (!kernel) {
      const literals = { WIDTH: this.#width, ...(isShared && { WORDS: words }) }
      kernel = await this.#kernels.compile('orders', {}, { sharedPlaces: isShared, literals })
      this.#compiled.set(words, kernel)
    }
    this.#kernel = kernel
  }

  /** Writes the networks' seeds, unless they are there. */
  write(seeds: Uint32Array): void {
    if (this.#written === seeds) return
    this.#device.write(this.#seeds, 0, seeds)
    this.#written = seeds
  }

  /** Records a dispatch that makes orders. */
  encode(pass: GPUComputePassEncoder, record: GPUBindGroup, orders: GPUBuffer, count: number): void {
    pass.setPipeline(this.#kernel!.pipeline)
    pass.setBindGroup(0, record)
    pass.setBindGroup(1, this.#bind(orders))
    pass.dispatchWorkgroups(Math.min(divideUp(count, this.#width), MOST_GROUPS))
  }

  #bind(orders: GPUBuffer): GPUBindGroup {
    const kernel = this.#kernel!
    const known = this.#bound.get(orders)
    if (known?.kernel === kernel) return known.group
    const group = this.#device.gpu.createBindGroup({
      label: 'webgpu-mlp orders',
      layout: kernel.layout,
      entries: [this.#seeds, orders].map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
    })
    this.#bound.set(orders, { kernel, group })
    return group
  }
}

/**
 * Workgroup memory, where an order fits. Where it is stored, each of its places is read and written at addresses without
 * any order, for which a GPU moves 32 bytes each. A software adapter has caches instead, and workgroup memory is no faster.
 */
function usualForm({ gpu, profile }: Device, samples: number): OrderForm {
  if (profile.software || samples > MOST_SHARED_ROWS) return 'stored'
  const bytes = 4 * WIDTH.hardware * Math.ceil(samples / 2)
  return bytes <= gpu.limits.maxComputeWorkgroupStorageSize ? 'shared' : 'stored'
}
