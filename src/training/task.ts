import { checkInstance, checkName } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { exampleOf, isStream } from '../data/is-stream.ts'
import type { DataStream } from '../data/stream.ts'
import { type LossName, losses, lossNames } from '../loss/loss.ts'
import { outputBoundary } from '../model/activation.ts'
import type { Task } from '../model/description.ts'
import { Network } from '../model/network.ts'
import { taskFor } from './decide-task.ts'
import { checkIsDataset } from './settings.ts'

/**
 * What the outputs of a network mean: `network.task`, which is decided when a network is first fitted; before that, what
 * fitting it to these data with this loss would decide.
 *
 * - Softmax outputs: `classification`.
 * - One output: `classification` where the data have two classes, where the loss is binaryCrossEntropy, and where all targets
 *   are 0 or 1 (for tanh outputs also −1 or 1); else `regression`.
 * - Several outputs: `classification` where each row of the targets is one-hot; `multilabel` where all targets are 0 or 1 and
 *   the outputs are sigmoid or tanh, or the data have class names; `regression` where the loss is a distance.
 *
 * It decides which scores there are: accuracy for classes and labels, R² and the mean absolute error for regression.
 * @param network a network; where `network.task` is set, `loss` and `data` do not matter
 * @param loss the loss that the network is to be trained with
 * @param data the samples to train on; a stream has to have an example
 * @throws InputError for a stream that was made without an example
 * @example console.log(taskOf(network, 'meanSquaredError', train)) // 'classification', because circle() has classes
 */
export function taskOf(network: Network, loss: LossName, data: Dataset | DataStream): Task {
  checkInstance('network', network, Network, 'Network')
  checkName('loss', loss, lossNames)
  if (!isStream(data)) checkIsDataset(data, 'data')
  return taskFor(network, loss, exampleOf(data))
}

/**
 * The value at which a single output changes from the first class to the second: 0 for tanh, else 0.5. Networks with
 * several outputs have 0.5, which is not used: their class is the largest output.
 * @param network the network, whose last layer decides
 * @example confusionMatrix(await trainer.predict(test.inputs), test, { boundary: decisionBoundary(network) })
 */
export function decisionBoundary(network: Network): number {
  checkInstance('network', network, Network, 'Network')
  return network.sizes.at(-1) === 1 ? outputBoundary(network.activations.at(-1)!) : 0.5
}

/**
 * The output activation that a loss is computed together with; undefined where any will do.
 * @param loss the name of a loss, one of {@link lossNames}
 * @example const output = requiredActivation('crossEntropy') ?? 'sigmoid' // 'softmax'
 */
export function requiredActivation(loss: LossName): 'sigmoid' | 'softmax' | undefined {
  return losses[checkName('loss', loss, lossNames)].requires
}
