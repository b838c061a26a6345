import { countMinibatches } from '../../../../data/minibatch.ts'
import type { WebGPUData } from '../../data.ts'
import type { ResidentEpochs } from './epochs.ts'
import type { DeviceOrders } from './orders.ts'

/** What is trained: epochs of each network, over one data set. */
export interface ResidentWork {
  readonly data: WebGPUData
  readonly orders: DeviceOrders
  readonly epochs: ResidentEpochs
}

/** Steps that follow each other in one dispatch: the buffer holds the orders of all their epochs. */
export interface Segment {
  readonly first: number
  readonly steps: number
  /** The first epoch of those whose orders are in the buffer, and how many they are. */
  readonly orderFirst: number
  readonly epochs: number
  /** Whether the orders are made before. */
  readonly begins: boolean
}

/** The dispatches of some steps: where the device makes the orders, one for each filling of their buffer. */
export function segmentsOf({ orders, epochs }: ResidentWork, first: number, steps: number): Segment[] {
  if (!orders.maker) return [{ first, steps, orderFirst: 0, epochs: epochs.count, begins: false }]
  const perEpoch = countMinibatches(epochs.samples, epochs.batchSize)
  const perFilling = orders.epochs * perEpoch
  const segments: Segment[] = []
  for (let from = first; from < first + steps;) {
    const orderFirst = Math.floor(from / perFilling) * orders.epochs
    const to = Math.min(first + steps, (orderFirst + orders.epochs) * perEpoch)
    const held = Math.min(orders.epochs, epochs.count - orderFirst)
    segments.push({ first: from, steps: to - from, orderFirst, epochs: held, begins: from % perFilling === 0 })
    from = to
  }
  return segments
}
