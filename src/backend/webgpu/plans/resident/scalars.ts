import { countMinibatches } from '../../../../data/minibatch.ts'
import { type Optimizer, ruleOf, stepScalars } from '../../../../optimizer/optimizer.ts'
import type { PlacementSettings } from '../../../backend.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { Device } from '../../device/device.ts'
import { writeScalars } from '../../kernels/rule.ts'
import type { ResidentEpochs } from './epochs.ts'

/** The most records of scalars of one submit, if they differ from step to step (adam, adagrad, schedules). */
const MOST_RECORDS = { single: 1 << 13, population: 1 << 18 }
/** The most steps of one submit, if all steps have the same scalars. */
const MOST_STEPS = 1 << 24

/** How networks share rows of scalars, one record for each step. */
export interface ScalarRows {
  /** The row of each network. */
  readonly ofNetworks: Uint32Array
  /** A network for each row. */
  readonly networks: readonly number[]
}

/**
 * What the optimizers' rules need for each step, on the device. Networks with equal optimizers share a row, so that
 * thousands of networks with a few learning rates have a few rows; where epochs come with rates of their own, each network
 * has one.
 */
export class ResidentScalars {
  readonly buffer: GPUBuffer
  /** The most steps of one submit, of whatever epochs. */
  readonly mostSteps: number
  readonly #device: Device
  readonly #settings: readonly PlacementSettings[]
  /** Whether they differ from step to step. */
  readonly #change: boolean
  readonly #shared: ScalarRows
  #single: ScalarRows | undefined
  readonly #records: Float32Array
  /** The rates of the records that are in the buffer, if all steps have the same. */
  #written: object | undefined

  constructor(device: Device, buffers: Buffers, settings: readonly PlacementSettings[]) {
    const networks = settings.length
    this.#device = device
    this.#settings = settings
    this.#shared = shareRows(settings)
    this.#change = this.#shared.networks.some((k) => isChanging(settings[k]!.optimizer))
    const most = MOST_RECORDS[networks === 1 ? 'single' : 'population']
    const records = Math.max(networks, this.#change ? most : 1)
    this.mostSteps = this.#change ? Math.floor(records / this.#shared.networks.length) : MOST_STEPS
    this.#records = new Float32Array(4 * records)
    this.buffer = buffers.storage('scalars', this.#records.length)
  }

  /** The rows that these epochs need. */
  rowsOf({ seeded }: ResidentEpochs): ScalarRows {
    if (seeded) return this.#shared
    this.#single ??= singleRows(this.#settings.length)
    return this.#single
  }

  /** The most steps of one submit of these epochs. */
  mostStepsOf(epochs: ResidentEpochs): number {
    if (!this.#change) return MOST_STEPS
    return Math.floor(this.#records.length / 4 / this.rowsOf(epochs).networks.length)
  }

  /**
   * Writes the scalars of `steps` steps from step `first` of the epochs on.
   * @returns how far records are apart in the buffer, of steps and of rows
   */
  write(epochs: ResidentEpochs, first: number, steps: number): { readonly ofSteps: number; readonly ofRows: number } {
    const records = this.#change ? steps : 1
    const apart = { ofSteps: Number(this.#change), ofRows: records }
    if (!this.#change && this.#written === epochs.rates) return apart
    this.#written = epochs.rates
    const { networks } = this.rowsOf(epochs)
    for (const [row, k] of networks.entries()) this.#set(row, k, epochs, first, records)
    this.#device.write(this.buffer, 0, this.#records, 0, 4 * records * networks.length)
    return apart
  }

  #set(row: number, network: number, epochs: ResidentEpochs, first: number, records: number): void {
    const { optimizer } = this.#settings[network]!
    const { samples, batchSize, stepsBefore } = epochs
    const perEpoch = countMinibatches(samples, batchSize)
    for (let i = 0; i < records; i++) {
      const learningRate = epochs.learningRate(network, Math.floor((first + i) / perEpoch))
      const scalars = stepScalars(optimizer, stepsBefore + first + i + 1, learningRate)
      writeScalars(this.#records, 4 * (row * records + i), scalars)
    }
  }
}

const isChanging = (optimizer: Optimizer) =>
  ruleOf(optimizer).hasChangingScalars || typeof optimizer.learningRate !== 'number'

/** One row for all networks with equal optimizers; schedules are equal if they are the same object. */
function shareRows(settings: readonly PlacementSettings[]): ScalarRows {
  const ofNetworks = new Uint32Array(settings.length)
  const networks: number[] = []
  const known = new Map<PlacementSettings, number>()
  const rows = new Map<string, number>()
  const schedules = new Map<unknown, number>()
  for (const [k, one] of settings.entries()) {
    let row = known.get(one)
    if (row === undefined) {
      const { learningRate, ...rule } = one.optimizer
      const isSchedule = typeof learningRate !== 'number'
      if (isSchedule && !schedules.has(learningRate)) schedules.set(learningRate, schedules.size)
      const rate = isSchedule ? `schedule ${schedules.get(learningRate)}` : learningRate
      const key = JSON.stringify([rate, rule])
      row = rows.get(key) ?? networks.push(k) - 1
      rows.set(key, row)
      known.set(one, row)
    }
    ofNetworks[k] = row
  }
  return { ofNetworks, networks }
}

const singleRows = (count: number): ScalarRows => {
  const networks = Array.from({ length: count }, (_, k) => k)
  return { ofNetworks: Uint32Array.from(networks), networks }
}
