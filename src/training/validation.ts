import type { Dataset } from '../data/dataset.ts'
import { InputError } from '../core/errors.ts'
import type { Network } from '../model/network.ts'
import { type LossName, losses } from '../loss/loss.ts'

/** Checks that a loss goes with the output layer. */
export function checkLoss(network: Network, loss: LossName): void {
  const { requires } = losses[loss]
  const output = network.activations.at(-1)!
  if (requires !== undefined && output !== requires) {
    throw new InputError(
      `loss: ${loss} needs the output activation ${requires}, the network's is ${output}; ` +
        `Network.create({ …, output: '${requires}' }) sets it`,
    )
  }
}

/** Checks that a data set goes with the network and its loss. @param name how the errors call the data set */
export function checkDataset(network: Network, loss: LossName, data: Dataset, name: string): void {
  const { inputs, targets } = data
  const first = network.sizes[0]!
  const last = network.sizes.at(-1)!
  const sizes = network.sizes.join('-')
  if (inputs.cols !== first) {
    throw new InputError(`${name}: has ${inputs.cols} input columns, the network ${sizes} expects ${first}`)
  }
  if (targets.cols !== last) {
    throw new InputError(
      `${name}: has ${targets.cols} target columns, the network ${sizes} gives ${last}${targetHint(targets, last)}`,
    )
  }
  if (loss === 'binaryCrossEntropy' || loss === 'crossEntropy') checkProbabilities(targets, loss, name)
}

/** Class numbers in one column are what scikit-learn and Keras's sparse losses take. */
function targetHint({ cols, data }: Dataset['targets'], outputs: number): string {
  const areLabels = cols === 1 && outputs > 1 && data.every((y) => Number.isInteger(y) && y >= 0 && y < outputs)
  if (!areLabels) return ''
  return `; for labels from 0 to ${outputs - 1} use Dataset.from(x, oneHot(labels, ${outputs})), or give their names as classes`
}

function checkProbabilities(targets: Dataset['targets'], loss: LossName, name: string): void {
  const { rows, cols, data } = targets
  for (let i = 0; i < rows; i++) {
    let sum = 0
    for (let j = 0; j < cols; j++) {
      const y = data[i * cols + j]!
      if (y < 0 || y > 1) {
        throw new InputError(`${name}: target ${j} of sample ${i} is ${y}; ${loss} expects probabilities from 0 to 1`)
      }
      sum += y
    }
    if (loss === 'crossEntropy' && Math.abs(sum - 1) > 1e-3) {
      throw new InputError(`${name}: the targets of sample ${i} sum to ${sum}; crossEntropy expects them to sum to 1`)
    }
  }
}
