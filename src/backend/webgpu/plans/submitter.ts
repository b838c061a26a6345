import { countMinibatches } from '../../../data/minibatch.ts'
import type { EpochOrder } from '../../backend.ts'
import { type Profiler, timed } from '../../profiler.ts'
import { ordersOf } from '../data.ts'
import type { KernelClock } from '../device/clock.ts'
import type { Device } from '../device/device.ts'
import { inFlight, inSubmits } from '../device/pace.ts'
import type { Plan, PreparedEpochs, TrainedEpochs } from './plan.ts'

export const countSteps = ({ order, batchSize }: EpochOrder) => countMinibatches(order.length, batchSize)

/** Submits epochs to the device: their orders, what comes before the first step, and the steps. */
export class EpochSubmitter {
  readonly #device: Device
  readonly #profiler: Profiler | undefined
  readonly #clock: KernelClock | undefined

  constructor(device: Device, profiler: Profiler | undefined, clock: KernelClock | undefined) {
    this.#device = device
    this.#profiler = profiler
    this.#clock = clock
  }

  get #atOnce(): number {
    return this.#clock ? inFlight.timed : inFlight.normal
  }

  /**
   * Submits the beginning of epochs, and their steps.
   * @param record records what else is to be done before the first step
   */
  async submit(
    trained: TrainedEpochs,
    prepared: PreparedEpochs,
    record?: (encoder: GPUCommandEncoder) => void,
  ): Promise<void> {
    const { plan, epochs } = trained
    const [{ signal }] = epochs as readonly [EpochOrder]
    await plan.pace.ready(this.#atOnce)
    // The device works in order, so nothing has to wait until this is accepted.
    const begun = [this.begin(trained, record)]
    if (this.#clock) await begun[0]
    if (prepared.begin) begun.push(prepared.begin())
    for (const promise of begun) promise.catch(() => undefined)
    await this.makeSteps(plan, prepared, 0, epochs.length * countSteps(epochs[0]!), signal)
    await Promise.all(begun)
  }

  /** Writes the epochs' orders and clears the scores. */
  begin(
    { plan, data, epochs }: TrainedEpochs,
    record: (encoder: GPUCommandEncoder) => void = () => undefined,
  ): Promise<void> {
    const { gpu } = this.#device
    const begin = () => {
      data.setOrder(this.#device, ordersOf(epochs))
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp epoch' })
      record(encoder)
      encoder.clearBuffer(plan.scores)
      gpu.queue.submit([encoder.finish()])
    }
    return timed(this.#profiler, 'upload', 'orders', () => this.#device.checked('training', begin))
  }

  /** Submits `count` steps of epochs that were begun, from step `first` on. */
  makeSteps(
    plan: Plan,
    { submit, mostSteps }: PreparedEpochs,
    first: number,
    count: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const own = (from: number, steps: number) => submit(first + from, steps)
    return inSubmits(this.#device, plan.pace, count, signal, own, { most: mostSteps, atOnce: this.#atOnce })
  }
}
