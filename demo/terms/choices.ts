import type { ActivationName, InitializerName, LossName, OptimizerName } from '../../src/index.ts'
import { explain, type Explanation, type TermName, wikipedia } from './terms.ts'

/** The choices of a setting, with a sentence about each. */
export interface Choices {
  activation: ActivationName
  loss: LossName
  optimizer: OptimizerName
  init: InitializerName
}

const rectifier = wikipedia('Rectifier_(neural_networks)')

export const choices: { [K in keyof Choices]: Record<Choices[K], Explanation> } = {
  activation: {
    linear: explain(
      'linear',
      'Passes the sum on unchanged; several such layers together are still only one straight line.',
    ),
    sigmoid: explain('sigmoid', 'A smooth step from 0 to 1.', wikipedia('Sigmoid_function')),
    tanh: explain(
      'tanh',
      'A smooth step from −1 to 1; it often learns faster than sigmoid.',
      wikipedia('Hyperbolic_functions'),
    ),
    relu: explain('relu', 'Negative sums become 0, positive sums stay; quick, with sharp corners.', rectifier),
    leakyRelu: explain(
      'leakyRelu',
      'Like relu, but negative sums leave a hundredth, so that no neuron stops learning.',
      rectifier,
    ),
    elu: explain('elu', 'Like relu, but negative sums bend smoothly to −1.', rectifier),
    gelu: explain('gelu', 'A smooth relu, used in language models.', rectifier),
    silu: explain('silu', 'The sum times its sigmoid: a smooth relu with a small dip below 0.', rectifier),
    softplus: explain(
      'softplus',
      'A relu with a rounded corner; its output is always positive.',
      wikipedia('Softplus'),
    ),
    mish: explain('mish', 'A smooth relu with a small dip below 0, similar to silu.', rectifier),
    softmax: explain(
      'softmax',
      'Turns the outputs into probabilities that add up to 100 %; for the last layer only.',
      wikipedia('Softmax_function'),
    ),
  },
  loss: {
    quadratic: explain('quadratic', 'The squared distance between output and target.', wikipedia('Mean_squared_error')),
    binaryCrossEntropy: explain(
      'binaryCrossEntropy',
      'For yes or no: an answer that is confident and wrong costs very much.',
      wikipedia('Cross-entropy'),
    ),
    crossEntropy: explain(
      'crossEntropy',
      'For one of several classes: the smaller the probability of the true class, the larger the loss.',
      wikipedia('Cross-entropy'),
    ),
    meanSquaredError: explain(
      'meanSquaredError',
      'The mean of the squared errors; large errors count most.',
      wikipedia('Mean_squared_error'),
    ),
    meanAbsoluteError: explain(
      'meanAbsoluteError',
      'The mean size of the errors; a few large errors count less than with squares.',
      wikipedia('Mean_absolute_error'),
    ),
    huber: explain('huber', 'Squares for small errors, sizes for large ones.', wikipedia('Huber_loss')),
  },
  optimizer: {
    sgd: explain('sgd', 'Stochastic gradient descent: each step goes straight down the slope of the loss.', 'lesson'),
    rmsprop: explain(
      'rmsprop',
      'Divides each step by the recent size of the slope, so that flat directions also move.',
      wikipedia('Stochastic_gradient_descent#RMSProp'),
    ),
    adagrad: explain(
      'adagrad',
      'Makes the steps of a weight smaller the more it has already moved.',
      wikipedia('Stochastic_gradient_descent#AdaGrad'),
    ),
    adam: explain(
      'adam',
      'Keeps its direction like a rolling ball and gives every weight a step size that suits it; try a rate of 0.01.',
      wikipedia('Stochastic_gradient_descent#Adam'),
    ),
    adamw: explain(
      'adamw',
      'Adam, which also shrinks all weights a little in each step.',
      wikipedia('Stochastic_gradient_descent#Adam'),
    ),
    nadam: explain('nadam', 'Adam that looks one step ahead.', wikipedia('Stochastic_gradient_descent#Adam')),
  },
  init: {
    uniform: explain('uniform', 'Weights and biases are random numbers between 0 and 1.'),
    standardNormal: explain(
      'standardNormal',
      'Weights and biases are random numbers around 0, mostly between −2 and 2.',
    ),
    glorotUniform: explain('glorotUniform', 'Random weights within limits that suit sigmoid and tanh; biases are 0.'),
    glorotNormal: explain(
      'glorotNormal',
      'Random weights around 0, of a size that suits sigmoid and tanh; biases are 0.',
    ),
    heUniform: explain('heUniform', 'Random weights within limits that suit relu; biases are 0.'),
    heNormal: explain('heNormal', 'Random weights around 0, of a size that suits relu; biases are 0.'),
    lecunNormal: explain('lecunNormal', 'Random weights around 0 that keep the size of the inputs; biases are 0.'),
    constant: explain(
      'constant',
      'Every weight and bias is 0.1: all neurons of a layer stay equal, and nothing useful is learned.',
    ),
  },
}

/** The settings that have {@link Choices}. The output activation has those of the activation. */
export const choicesOf = (name: TermName): keyof Choices | undefined =>
  name === 'outputActivation'
    ? 'activation'
    : name === 'activation' || name === 'loss' || name === 'optimizer' || name === 'init'
      ? name
      : undefined

/** The explanation of one choice of a setting; undefined for an unknown one. */
export function explainChoiceOf(term: TermName, name: string): Explanation | undefined {
  const of = choicesOf(term)
  if (!of) return undefined
  const table: Readonly<Record<string, Explanation>> = choices[of]
  return Object.hasOwn(table, name) ? table[name] : undefined
}
