import type { Buffers } from './device/buffers.ts'
import type { Device } from './device/device.ts'
import type { Kernels } from './kernels/kernels.ts'
import type { ResidentForm } from './plans/choice.ts'
import type { ResidentEpochs } from './plans/resident/epochs.ts'
import { type DeviceOrders, type OrderForm, OrderMaker } from './plans/resident/orders.ts'

/**
 * The most entries of the buffer that holds the orders of all networks, unless one epoch has more. Those that the device
 * makes are more on hardware: it makes those of many epochs at the same time.
 */
const ORDER_ENTRIES = { host: 1 << 22, software: 1 << 22, hardware: 1 << 24 }

/** What makes orders from seeds: the device, which shuffles them as OrderForm says, or the host. */
type OrderSource = OrderForm | 'host'

/** What may be chosen, for measurements and tests; left out, it follows from the form of the kernel and the adapter. */
export interface OrderChoices {
  readonly form?: OrderSource
  /** Whether the places of a network's order are side by side in memory, or the networks' for each place. */
  readonly layout?: 'by network' | 'by place'
  /** Entries that the buffer has at most, unless one epoch has more. */
  readonly entries?: number
}

interface OrderBufferParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly networks: number
  readonly form: ResidentForm
  readonly choices?: OrderChoices | undefined
}

/** The orders of a population's epochs on the device. */
export class OrderBuffer {
  readonly #parts: OrderBufferParts
  readonly #layout: NonNullable<OrderChoices['layout']>
  readonly #entries: number
  /** Whether the host makes the orders of seeded epochs. */
  readonly #isOfHost: boolean
  #order: GPUBuffer | undefined
  #maker: OrderMaker | undefined

  constructor(parts: OrderBufferParts) {
    const { device, form, choices = {} } = parts
    this.#parts = parts
    // A software adapter computes on the same processors, and takes four times as long for an order (bench/NOTES.md).
    this.#isOfHost = choices.form === 'host' || (choices.form === undefined && device.profile.software)
    this.#entries = choices.entries ?? ORDER_ENTRIES[device.profile.software ? 'software' : 'hardware']
    // On hardware, invocations side by side read at the same time, each from its own network's order.
    this.#layout = choices.layout ?? (form === 'straight' && !device.profile.software ? 'by place' : 'by network')
  }

  /** How many of these epochs may be one group; at least 1. */
  mostEpochs(epochs: ResidentEpochs): number {
    if (this.#makes(epochs)) return Infinity
    const entries = (epochs.entries || epochs.networks * epochs.samples * epochs.count) / epochs.count
    return Math.max(1, Math.floor((this.#parts.choices?.entries ?? ORDER_ENTRIES.host) / entries))
  }

  /** Whether the device makes the orders of these epochs. */
  #makes({ seeded }: ResidentEpochs): boolean {
    return seeded !== undefined && !this.#isOfHost
  }

  /** Writes the orders of epochs, or prepares for making them on the device. */
  async prepare(epochs: ResidentEpochs): Promise<DeviceOrders> {
    const { samples, networks, count } = epochs
    if (!this.#makes(epochs)) return this.#parts.device.checked('orders', () => this.#write(epochs))
    const { device, kernels, buffers, choices } = this.#parts
    this.#maker ??= new OrderMaker(device, kernels, buffers, networks, makerForm(choices))
    await this.#maker.compile(samples)
    // As many epochs as there are in a group have the same buffer as those that follow.
    const held = Math.max(1, Math.min(count, Math.floor(this.#entries / (networks * samples))))
    const [stride, step] = this.#layout === 'by place' ? [1, networks] : [held * samples, 1]
    const buffer = await device.checked('orders', () => this.#bufferOf(networks * samples * held))
    return { buffer, stride, step, epochs: held, maker: this.#maker }
  }

  /** The orders of all networks, or one for all if they share it. */
  #write(epochs: ResidentEpochs): DeviceOrders {
    const { samples, count } = epochs
    const isOne = epochs.entries === samples * count
    const networks = isOne ? 1 : epochs.networks
    const orders = new Uint32Array(networks * samples * count)
    for (let k = 0; k < networks; k++) {
      for (let e = 0; e < count; e++) orders.set(epochs.orderOf(k, e), (k * count + e) * samples)
    }
    const buffer = this.#bufferOf(orders.length)
    this.#parts.device.write(buffer, 0, orders)
    return { buffer, stride: isOne ? 0 : samples * count, step: 1, epochs: count }
  }

  #bufferOf(entries: number): GPUBuffer {
    const { buffers } = this.#parts
    const known = this.#order
    if (known && buffers.holds(known) && known.size >= 4 * entries) return known
    if (known) buffers.free(known)
    return (this.#order = buffers.storage('orders', entries))
  }
}

const makerForm = (choices: OrderChoices | undefined) => (choices?.form === 'host' ? undefined : choices?.form)
