import { countMinibatches } from '../../../../data/minibatch.ts'
import { ruleOf, stepScalars } from '../../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../../backend.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { Device } from '../../device/device.ts'
import { writeScalars } from '../../kernels/rule.ts'
import type { ResidentEpochs } from './epochs.ts'

/** The most records of scalars of one submit, if they differ from step to step (adam, adagrad, schedules). */
const MOST_RECORDS = { single: 1 << 13, population: 1 << 18 }
/** The most steps of one submit, if all steps have the same scalars. */
const MOST_STEPS = 1 << 24

/** What the optimizers' rules need for each step of each network, on the device. */
export class ResidentScalars {
  readonly buffer: GPUBuffer
  /** The most steps of one submit. */
  readonly mostSteps: number
  readonly #device: Device
  readonly #settings: readonly PlacementSettings[]
  /** Whether they differ from step to step. */
  readonly #change: boolean
  readonly #records: Float32Array
  /** The rates of the records that are in the buffer, if all steps have the same. */
  #written: object | undefined

  constructor(device: Device, buffers: Buffers, settings: readonly PlacementSettings[]) {
    const networks = settings.length
    this.#device = device
    this.#settings = settings
    this.#change = settings.some(
      ({ optimizer }) => ruleOf(optimizer).hasChangingScalars || typeof optimizer.learningRate !== 'number',
    )
    const most = MOST_RECORDS[networks === 1 ? 'single' : 'population']
    const records = Math.max(networks, this.#change ? most : 1)
    this.mostSteps = this.#change ? Math.floor(records / networks) : MOST_STEPS
    this.#records = new Float32Array(4 * records)
    this.buffer = buffers.storage('scalars', this.#records.length)
  }

  /**
   * Writes the scalars of `steps` steps from step `first` of the epochs on.
   * @returns how far records are apart in the buffer, of steps and of networks
   */
  write(
    epochs: ResidentEpochs,
    first: number,
    steps: number,
  ): { readonly ofSteps: number; readonly ofNetworks: number } {
    const records = this.#change ? steps : 1
    const apart = { ofSteps: Number(this.#change), ofNetworks: records }
    if (!this.#change && this.#written === epochs.rates) return apart
    this.#written = epochs.rates
    for (const [k, settings] of this.#settings.entries()) this.#set(k, settings, epochs, first, records)
    this.#device.write(this.buffer, 0, this.#records, 0, 4 * records * this.#settings.length)
    return apart
  }

  #set(
    network: number,
    { optimizer }: PlacementSettings,
    epochs: ResidentEpochs,
    first: number,
    records: number,
  ): void {
    const { samples, batchSize, stepsBefore } = epochs
    const perEpoch = countMinibatches(samples, batchSize)
    for (let i = 0; i < records; i++) {
      const learningRate = epochs.learningRate(network, Math.floor((first + i) / perEpoch))
      const scalars = stepScalars(optimizer, stepsBefore + first + i + 1, learningRate)
      writeScalars(this.#records, 4 * (network * records + i), scalars)
    }
  }
}
