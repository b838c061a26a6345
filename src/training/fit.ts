import type { Dataset } from '../data/dataset.ts'
import type { DataStream } from '../data/stream.ts'
import type { Network } from '../model/network.ts'
import type { History, ValidatedEpoch } from './history.ts'
import type { FitOptions, TrainerOptions, ValidatedFitOptions } from './options.ts'
import { Trainer } from './trainer.ts'

/**
 * Trains a network in one call: places it, fits, reads the parameters back into it and frees everything. Where the
 * training is aborted, the parameters trained until then are read back before the call rejects.
 * @example await fit(network, circle({ samples: 500, seed: 1 }), { optimizer: sgd({ learningRate: 3 }), epochs: 100 })
 */
export async function fit(
  network: Network,
  train: Dataset | DataStream,
  options: TrainerOptions & ValidatedFitOptions,
): Promise<History<ValidatedEpoch>>
export async function fit(
  network: Network,
  train: Dataset | DataStream,
  options?: TrainerOptions & FitOptions,
): Promise<History>
export async function fit(
  network: Network,
  train: Dataset | DataStream,
  options: TrainerOptions & (FitOptions | ValidatedFitOptions) = {},
): Promise<History> {
  const { backend, loss, optimizer, batchSize, seed, l1, l2, dropout, dataMemory, profile, ...fitOptions } = options
  const given = { backend, loss, optimizer, batchSize, seed, l1, l2, dropout, dataMemory, profile }
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const trainer = await Trainer.create(network, settings)
  try {
    const history = await trainer.fit(train, fitOptions as FitOptions)
    await trainer.read()
    return history
  } catch (error) {
    // What was trained before an abort or a divergence is kept; a lost device has nothing left to read.
    await trainer.read().catch(() => undefined)
    throw error
  } finally {
    trainer.dispose()
  }
}
