/** The explanation of a term: one plain sentence, and where to read more. */
export interface Explanation {
  /** The term as a heading. */
  title: string
  sentence: string
  /** `lesson`: the tab “How it learns”; otherwise the address of a page that explains the term. */
  more?: string
}

export const wikipedia = (page: string) => `https://en.wikipedia.org/wiki/${page}`

export const explain = (title: string, sentence: string, more?: string): Explanation => ({
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
  features: explain(
    'Inputs',
    'The numbers that the network receives for each example, such as x and y, or the pixels of a picture.',
  ),
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
  meanError: explain(
    'Mean error',
    'The mean distance between prediction and truth, in the units of the data.',
    wikipedia('Mean_absolute_error'),
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
  dataSeed: explain(
    'Seed of the data',
    'The number from which the data follow; networks that are compared with each other train on the same data.',
    wikipedia('Random_seed'),
  ),
  wall: explain(
    'Decision region',
    'The part of the plane for which the network answers with the same class; the border between them is what it has learned.',
    wikipedia('Decision_boundary'),
  ),
  diverged: explain(
    'Diverged',
    'The steps became so large that the weights grew beyond all bounds; this network does not train on.',
    wikipedia('Gradient_descent'),
  ),
  hyperparameter: explain(
    'Setting',
    'A number or a rule that people choose before the training, such as the learning rate; a hyperparameter.',
    wikipedia('Hyperparameter_(machine_learning)'),
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
