import type { DivergenceCause, Network } from '../index.ts'

/** The options of the command line that help. */
export const remedies = {
  inputs: 'take --standardize',
  targets: 'take --standardize-targets',
  output: 'for regression use a linear output: --activation tanh,linear --loss meanSquaredError',
  clipping: 'clip the gradients: --clip-norm 1',
  learningRate: 'lower the learning rate: --lr',
  momentum: 'lower the momentum: --momentum',
  l1: 'lower the penalty: --l1',
  l2: 'lower the penalty: --l2',
  weightDecay: 'lower the weight decay: --weight-decay',
  weights: 'divide the --class-weights by',
}

/** The options of a network like this one for regression: a linear output, and no sigmoid layers. */
export const regressionWords = ({ activations }: Network): string[] => {
  const hidden = activations.slice(0, -1).map((name) => (name === 'sigmoid' ? 'tanh' : name))
  return ['--activation', [...hidden, 'linear'].join(','), '--loss', 'meanSquaredError']
}

/** The remedies for one network. */
export const remediesFor = (network: Network) => ({
  ...remedies,
  output: `for regression use a linear output: ${regressionWords(network).join(' ')}`,
})

/** What made a training diverge, in a few words. */
export const causes = {
  row: 'a value in the data',
  weights: 'weights of classes or samples',
  penalty: 'a penalty on the weights',
  momentum: 'the momentum',
  inputs: 'inputs that are not scaled',
  targets: 'targets that are not scaled',
  gradients: 'large gradients',
  learningRate: 'the learning rate',
} as const satisfies Record<DivergenceCause, string>
