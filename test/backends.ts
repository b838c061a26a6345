import { Dataset } from '../src/data/dataset.ts'
import { Matrix } from '../src/core/matrix.ts'
import { type ActivationName, activationNames } from '../src/model/activation.ts'
import { Network } from '../src/model/network.ts'
import { Random } from '../src/core/random.ts'
import { type LossName, lossNames, losses } from '../src/loss/loss.ts'

/** Every loss with every output activation that it accepts. */
export const lossPairs = lossNames.flatMap((loss) => {
  const { requires } = losses[loss]
  const fitting = activationNames.filter((name) => requires === undefined || name === requires)
  return fitting.map((output): [LossName, ActivationName] => [loss, output])
})

export const hiddenNames = activationNames.filter((name) => name !== 'softmax')

/** All activations in pairs, for networks of two hidden layers: half as many kernels to compile. */
export const hiddenPairs = hiddenNames.flatMap((name, i) => (i % 2 === 0 ? [[name, hiddenNames[i + 1] ?? 'tanh']] : []))

/** Normal inputs; targets that are probabilities and sum to 1, so that every loss accepts them. */
export function randomData(samples: number, inputs: number, outputs: number, seed: number): Dataset {
  const random = new Random(seed, 'data')
  const x = new Matrix(samples, inputs)
  const y = new Matrix(samples, outputs)
  for (let i = 0; i < x.data.length; i++) x.data[i] = random.normal()
  for (let i = 0; i < samples; i++) {
    if (outputs === 1) y.data[i] = random.below(2)
    else y.data[i * outputs + random.below(outputs)] = 1
  }
  return Dataset.from(x, y)
}

/** The same with inputs that are multiples of 1/255, including 0 and 1: the library stores them as bytes. */
export function pixelData(samples: number, inputs: number, outputs: number, seed: number): Dataset {
  const { targets } = randomData(samples, inputs, outputs, seed)
  const x = new Matrix(samples, inputs)
  for (let i = 0; i < x.data.length; i++) x.data[i] = ((i * 97) % 256) / 255
  return Dataset.from(x, targets)
}

/** @param hidden the activation of all hidden layers, or one for each */
export function randomNetwork(
  sizes: number[],
  hidden: ActivationName | readonly ActivationName[],
  output: ActivationName,
  seed: number,
): Network {
  const activations = sizes.slice(2).map((_, l) => (typeof hidden === 'string' ? hidden : hidden[l]!))
  const network = Network.create({ sizes, activations: [...activations, output], init: 'glorotNormal', seed })
  const random = new Random(seed, 'data', 1)
  for (const biases of network.biases) for (let i = 0; i < biases.length; i++) biases[i] = 0.3 * random.normal()
  return network
}
