import { countMinibatches, epochOrder } from '../../../../data/minibatch.ts'
import type { EpochOrder } from '../../../backend.ts'

/**
 * Epochs of one or many networks over the same data set, as many for each network. They have orders and learning rates
 * for each network, and everything else in common.
 */
export interface ResidentEpochs {
  readonly networks: number
  readonly count: number
  /** Of one epoch. */
  readonly samples: number
  readonly batchSize: number
  /** The number of steps that were made before the first of these epochs. */
  readonly stepsBefore: number
  readonly countsLabels: boolean
  readonly signal: AbortSignal | undefined
  /** Epochs with the same object here have the same learning rates, in each epoch. */
  readonly rates: object
  /** Where the device makes the orders: from the networks' seeds. */
  readonly seeded?: SeededOrders
  /** Entries of the orders that are in host memory. */
  readonly entries: number
  learningRate(network: number, epoch: number): number
  /** The order of one epoch of a network. */
  orderOf(network: number, epoch: number): Uint32Array
  slice(first: number, end: number): ResidentEpochs
  /** The same without a signal, to be trained again. */
  again(): ResidentEpochs
}

/** Orders that follow from a seed for each network: those of epochOrder (src/data/minibatch.ts). */
export interface SeededOrders {
  readonly seeds: Uint32Array
  /** The number of the first epoch, counted from 1 over the training's life. */
  readonly first: number
}

/** One epoch of a network, as it is trained alone. */
export function epochOf(epochs: ResidentEpochs, network: number, epoch: number): EpochOrder {
  const { samples, batchSize, stepsBefore, countsLabels } = epochs
  return {
    order: epochs.orderOf(network, epoch),
    batchSize,
    learningRate: epochs.learningRate(network, epoch),
    stepsBefore: stepsBefore + epoch * countMinibatches(samples, batchSize),
    countsLabels,
  }
}

export const stepsOf = ({ count, samples, batchSize }: ResidentEpochs) => count * countMinibatches(samples, batchSize)

/** Epochs with orders that the host made: epochs[network][epoch]. */
export class GivenEpochs implements ResidentEpochs {
  readonly networks: number
  readonly count: number
  readonly samples: number
  readonly batchSize: number
  readonly stepsBefore: number
  readonly countsLabels: boolean
  readonly signal: AbortSignal | undefined
  readonly rates = {}
  /** Whether all networks visit the samples in the same order. */
  readonly isShared: boolean
  readonly #epochs: readonly (readonly EpochOrder[])[]

  constructor(epochs: readonly (readonly EpochOrder[])[]) {
    const [own] = epochs
    const { order, batchSize, stepsBefore, countsLabels = false, signal } = own![0]!
    this.#epochs = epochs
    this.networks = epochs.length
    this.count = own!.length
    this.samples = order.length
    this.batchSize = batchSize
    this.stepsBefore = stepsBefore
    this.countsLabels = countsLabels
    this.signal = signal
    this.isShared = epochs.every((other) => other.every((epoch, e) => epoch.order === own![e]!.order))
  }

  get entries(): number {
    return (this.isShared ? 1 : this.networks) * this.count * this.samples
  }

  learningRate(network: number, epoch: number): number {
    return this.#epochs[network]![epoch]!.learningRate
  }

  orderOf(network: number, epoch: number): Uint32Array {
    return this.#epochs[network]![epoch]!.order
  }

  slice(first: number, end: number): GivenEpochs {
    return new GivenEpochs(this.#epochs.map((own) => own.slice(first, end)))
  }

  again(): GivenEpochs {
    return new GivenEpochs(this.#epochs.map((own) => own.map((epoch) => ({ ...epoch, signal: undefined }))))
  }
}

/** What seeded epochs are made of. */
export interface SeededParts {
  readonly orders: SeededOrders
  readonly count: number
  readonly samples: number
  readonly batchSize: number
  readonly countsLabels: boolean
  readonly signal: AbortSignal | undefined
  readonly rates: object
  /** Epochs are counted from the first one of `orders`. */
  readonly learningRate: (network: number, epoch: number) => number
}

/** Epochs whose orders the device makes. */
export class SeededEpochs implements ResidentEpochs {
  readonly networks: number
  readonly count: number
  readonly samples: number
  readonly batchSize: number
  readonly countsLabels: boolean
  readonly signal: AbortSignal | undefined
  readonly rates: object
  readonly seeded: SeededOrders
  readonly entries = 0
  readonly #parts: SeededParts

  constructor(parts: SeededParts) {
    const { orders, count, samples, batchSize, countsLabels, signal, rates } = parts
    this.#parts = parts
    this.networks = orders.seeds.length
    this.count = count
    this.samples = samples
    this.batchSize = batchSize
    this.countsLabels = countsLabels
    this.signal = signal
    this.rates = rates
    this.seeded = orders
  }

  get stepsBefore(): number {
    return (this.seeded.first - 1) * countMinibatches(this.samples, this.batchSize)
  }

  learningRate(network: number, epoch: number): number {
    return this.#parts.learningRate(network, epoch)
  }

  orderOf(network: number, epoch: number): Uint32Array {
    const { seeds, first } = this.seeded
    return epochOrder(this.samples, seeds[network]!, first + epoch, true)
  }

  slice(first: number, end: number): SeededEpochs {
    const { orders, count, learningRate } = this.#parts
    return new SeededEpochs({
      ...this.#parts,
      orders: { ...orders, first: orders.first + first },
      count: Math.min(count, end) - first,
      // Where all epochs of a network have the same rate, `rates` says so for any part of them.
      learningRate: (network, epoch) => learningRate(network, first + epoch),
    })
  }

  again(): SeededEpochs {
    return new SeededEpochs({ ...this.#parts, signal: undefined })
  }
}
