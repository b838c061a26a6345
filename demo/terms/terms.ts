import type { ActivationName, InitializerName, LossName, OptimizerName } from '../../src/index.ts'

/** The explanation of a term: one plain sentence, and where to read more. */
export interface Explanation {
  /** The term as a heading. */
  title: string
  sentence: string
  /** `lesson`: the tab “How it learns”; otherwise the address of a page that explains the term. */
  more?: string
}

const wikipedia = (page: string) => `https://en.wikipedia.org/wiki/${page}`

const explain = (title: string, sentence: string, more?: string): Explanation => ({
  title,
  sentence,
  ...(more !== undefined && { more }),
})

/** The terms of the page. Settings have the names of their keys in `Settings`. */
export const terms = {
  problem: explain('Problem', 'What the network has to learn, with settings that are known to work.'),
  samples: explain('Points', 'How many examples there are to learn from and to test with.'),
  noise: explain(
    'Noise',
    'Moves every example at random, so that the classes overlap and a perfect score is impossible.',
  ),
  test: explain(
    'Test data',
    'Examples that the network never trains on; they show whether it also knows examples that it has not seen.',
    wikipedia('Training,_validation,_and_test_data_sets'),
  ),
  training: explain('Training data', 'The examples from which the network learns.'),
  features: explain('Inputs', 'The numbers that the network receives for each point, such as x or x².'),
  hidden: explain(
    'Hidden layers',
    'Layers between inputs and output; each one combines what the layer before it found.',
  ),
  neuron: explain(
    'Neuron',
    'Multiplies each input by a weight, adds the bias, and sends the sum through its activation.',
    'lesson',
  ),
  weight: explain(
    'Weight',
    'How strongly, and in which direction, an input changes a neuron; training adjusts it.',
    'lesson',
  ),
  bias: explain(
    'Bias',
    'A number that a neuron adds to its weighted inputs; it moves the border between low and high output.',
    'lesson',
  ),
  activation: explain(
    'Activation',
    'The curve that turns the sum in a neuron into its output; without a bend, layers together are only one straight line.',
    'lesson',
  ),
  outputActivation: explain(
    'Output activation',
    'The activation of the last layer; it decides which numbers the network can answer with.',
    'lesson',
  ),
  loss: explain('Loss', 'One number for how wrong the answers are; training makes it smaller.', 'lesson'),
  score: explain('Score', 'The share of examples whose class the network predicts correctly.'),
  testScore: explain(
    'Test score',
    'The share of the test data that the network predicts correctly; it has never trained on them, so this is what counts.',
    wikipedia('Training,_validation,_and_test_data_sets'),
  ),
  trainingScore: explain(
    'Training score',
    'The share of the training data that the network predicts correctly; far above the test score, it means learning by heart.',
    wikipedia('Overfitting'),
  ),
  r2: explain(
    'R²',
    'How much of the differences between the heights the network explains: 100 % is perfect, 0 % is no better than the mean.',
    wikipedia('Coefficient_of_determination'),
  ),
  epoch: explain('Epoch', 'One pass in which the network trains on every training example once.', 'lesson'),
  step: explain('Step', 'One update of all weights and biases, computed from one batch of examples.', 'lesson'),
  optimizer: explain('Optimizer', 'The rule that turns the slope of the loss into changes of the weights.', 'lesson'),
  learningRate: explain(
    'Learning rate',
    'How far each step moves the weights: too small is slow, too large jumps past the goal.',
    'lesson',
  ),
  batch: explain(
    'Batch size',
    'How many examples the network looks at before each step; small batches make more steps, large ones smoother steps.',
    wikipedia('Stochastic_gradient_descent'),
  ),
  regularization: explain(
    'Regularization',
    'A price for large weights, which keeps the network from learning the noise by heart.',
    wikipedia('Regularization_(mathematics)'),
  ),
  l1: explain(
    'l1 penalty',
    'A price for the size of each weight; it makes weights that help little exactly zero.',
    wikipedia('Regularization_(mathematics)#L1_and_L2_regularization'),
  ),
  l2: explain(
    'l2 penalty',
    'A price for the square of each weight; it keeps all weights small and the borders smooth.',
    wikipedia('Regularization_(mathematics)#L1_and_L2_regularization'),
  ),
  dropout: explain(
    'Dropout',
    'Switches off this fraction of the hidden neurons at random in each step, so that no neuron becomes indispensable.',
    wikipedia('Dilution_(neural_networks)'),
  ),
  init: explain(
    'Initial weights',
    'How the random weights are chosen from which training starts.',
    wikipedia('Weight_initialization'),
  ),
  seed: explain(
    'Seed',
    'The number from which everything random follows: data, initial weights and order; the same seed repeats the run.',
    wikipedia('Random_seed'),
  ),
  stop: explain('Stop after', 'Training pauses after this many epochs; 0 means that it goes on.'),
  patience: explain(
    'Patience',
    'Training pauses when the loss has not become smaller for this many epochs; 0 means that it goes on.',
    wikipedia('Early_stopping'),
  ),
  speed: explain('Speed', 'How many epochs per second you watch; the fastest is as fast as this computer can train.'),
  backend: explain(
    'Trains on',
    'The part of this computer that does the arithmetic: the graphics card (GPU) or the processor (CPU).',
  ),
  colours: explain('Colours', 'Light or dark, or as the system has it.'),
  time: explain('Time', 'Drag back to see the network as it was at an earlier epoch.'),
  target: explain('Target column', 'The column of the file that the network learns to predict from the other columns.'),
  task: explain('Task', 'What the network predicts: one class for each row, several labels, or numbers.'),
  missing: explain('Missing values', 'Empty cells are filled with a typical value, or their rows are left out.'),
  scaleInputs: explain(
    'Scale the inputs',
    'Shifts and scales each column of numbers to mean 0 and standard deviation 1, so that all columns count alike.',
    wikipedia('Feature_scaling'),
  ),
  scaleTargets: explain(
    'Scale the targets',
    'Trains on targets of mean 0 and standard deviation 1; predictions are still shown in their own units.',
    wikipedia('Feature_scaling'),
  ),
  confusion: explain(
    'Confusion matrix',
    'A table of how often each true class (row) received each prediction (column).',
    wikipedia('Confusion_matrix'),
  ),
  precision: explain(
    'Precision and recall',
    'Precision: how many of the rows with this prediction are correct. Recall: how many of the rows with this label are found.',
    wikipedia('Precision_and_recall'),
  ),
} as const satisfies Record<string, Explanation>

export type TermName = keyof typeof terms

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
