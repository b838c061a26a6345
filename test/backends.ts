import { type ActivationName, activationNames } from '../src/model/activation.ts'
import { type LossName, lossNames, losses } from '../src/loss/loss.ts'

// The data and networks of `doctor --check`.
export { pixelData, randomData, randomNetwork } from '../src/training/check/case.ts'

/** Every loss with every output activation that it accepts. */
export const lossPairs = lossNames.flatMap((loss) => {
  const { requires } = losses[loss]
  const fitting = activationNames.filter((name) => requires === undefined || name === requires)
  return fitting.map((output): [LossName, ActivationName] => [loss, output])
})

export const hiddenNames = activationNames.filter((name) => name !== 'softmax')

/** All activations in pairs, for networks of two hidden layers: half as many kernels to compile. */
export const hiddenPairs = hiddenNames.flatMap((name, i) => (i % 2 === 0 ? [[name, hiddenNames[i + 1] ?? 'tanh']] : []))
