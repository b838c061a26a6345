import { checkInstance } from '../core/errors.ts'
import { pickOptions, readOptions } from '../core/schema.ts'
import type { Dataset } from '../data/dataset.ts'
import type { DataStream } from '../data/stream.ts'
import { Network } from '../model/network.ts'
import type { History, ValidatedEpoch } from './history.ts'
import {
  type FitOptions,
  fitOnceSchema,
  fitSchema,
  type TrainerOptions,
  trainerSchema,
  type ValidatedFitOptions,
} from './options.ts'
import { checkFit, checkIsTrainingData } from './settings.ts'
import { Trainer } from './trainer.ts'
import { checkLoss } from './validation.ts'

/**
 * Trains a network in one call: places it, fits, reads the parameters back into it and frees everything. Where the
 * training is aborted, the parameters trained until then are read back before the call rejects.
 * @param network the network to train; its parameters become the trained ones
 * @param train the samples to train on, a data set or a stream, in their own units or scaled
 * @param options those of {@link Trainer.create} and of {@link Trainer.fit}, with validation data. Each epoch of the
 *   history then has the scores of the validation samples
 * @example
 * const history = await fit(network, train, {
 *   optimizer: sgd({ learningRate: 3 }),
 *   epochs: 100,
 *   validation: test,
 * })
 * console.log(history.last.validation.accuracy)
 */
export async function fit(
  network: Network,
  train: Dataset | DataStream,
  options: TrainerOptions & ValidatedFitOptions,
): Promise<History<ValidatedEpoch>>
/**
 * Trains a network in one call, without validation data: `validation` is null in each epoch of the history. The rest is
 * as with validation data.
 * @param network the network to train; its parameters become the trained ones
 * @param train the samples to train on, a data set or a stream, in their own units or scaled
 * @param options those of {@link Trainer.create} and of {@link Trainer.fit}: by default 10 epochs with the loss
 *   quadratic, SGD with a learning rate of 0.1, and 32 samples per minibatch
 * @example
 * await fit(network, circle({ samples: 500, seed: 1 }), {
 *   optimizer: sgd({ learningRate: 3 }),
 *   epochs: 100,
 * })
 */
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
  checkInstance('network', network, Network, 'Network', ' (Network.create({ sizes }) makes one)')
  checkIsTrainingData(train)
  const checked = readOptions(fitOnceSchema, options)
  checkLoss(network, checked.loss)
  checkFit({ network, loss: checked.loss, epoch: 0 }, train, pickOptions(checked, fitSchema.fields))
  const trainer = await Trainer.create(network, pickOptions(checked, trainerSchema.fields))
  try {
    const history = await trainer.fit(train, pickOptions(checked, fitSchema.fields))
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
