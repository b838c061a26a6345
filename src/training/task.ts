import { checkInstance, checkName } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { DataStream, exampleOf } from '../data/stream.ts'
import { type LossName, losses, lossNames } from '../loss/loss.ts'
import { outputBoundary } from '../model/activation.ts'
import { Network } from '../model/network.ts'
import { isRegression } from './score.ts'
import { checkIsDataset } from './settings.ts'

/**
 * Whether a network predicts classes or regression targets: regression where the data have no classes, the loss is a
 * distance and the outputs are no softmax. It decides whether `evaluate` reports R² in addition to the accuracy.
 * @throws InputError for a stream that was made without an example
 * @example console.log(taskOf(network, 'meanSquaredError', train)) // 'classification', because circle() has classes
 */
export function taskOf(network: Network, loss: LossName, data: Dataset | DataStream): 'classification' | 'regression' {
  checkInstance('network', network, Network, 'Network')
  checkName('loss', loss, lossNames)
  if (!(data instanceof DataStream)) checkIsDataset(data, 'data')
  return isRegression(network.layers.at(-1)!, loss, exampleOf(data)) ? 'regression' : 'classification'
}

/**
 * The value at which a single output changes from the first class to the second: 0 for tanh, else 0.5. Networks with
 * several outputs have 0.5, which is not used: their class is the largest output.
 * @example confusionMatrix(await trainer.predict(test.inputs), test, { boundary: decisionBoundary(network) })
 */
export function decisionBoundary(network: Network): number {
  checkInstance('network', network, Network, 'Network')
  return network.sizes.at(-1) === 1 ? outputBoundary(network.activations.at(-1)!) : 0.5
}

/**
 * The output activation that a loss is computed together with; undefined where any will do.
 * @example const output = requiredActivation('crossEntropy') ?? 'sigmoid' // 'softmax'
 */
export function requiredActivation(loss: LossName): 'sigmoid' | 'softmax' | undefined {
  return losses[checkName('loss', loss, lossNames)].requires
}
