import { assignment, column, equation, factor, fixed, matrix, row, short, formatNumber } from './formulas.ts'
import { type Layers, type Pair, propagateBack, slopeOf, type TrainingStep } from './lesson.ts'

/** The parts of the network that a stage uses. */
export interface Highlight {
  inputs?: true
  hidden?: true
  outputs?: true
  /** The weights into the hidden layer and into the output layer. */
  first?: true
  second?: true
  direction?: 'forward' | 'backward'
}

/** One stage of a training step. */
export interface Stage {
  title: string
  /** The label of its button. */
  name: string
  /** Explains the stage with the current values. */
  why: (step: TrainingStep) => string
  tex: (step: TrainingStep) => readonly string[]
  highlight: Highlight
  /** The values at the edges of the drawing. */
  edges: 'weights' | 'gradients' | 'new weights'
}

const bits = (values: Pair) => column(values, short)
const derivative = (name: string) => `\\frac{\\partial C}{\\partial ${name}}`
const labelOf = ([no, yes]: Pair) => (yes > no ? 'true' : 'false')

/** z = W a + b and a = σ(z) for one layer. */
function forwardOf({ layers, outputs, sample }: TrainingStep, l: 0 | 1): string[] {
  const { weights, biases } = layers[l]
  const { z, a } = outputs[l]
  const [n, given, name] = l === 0 ? [1, bits(sample.x), '\\mathbf{x}'] : [2, column(outputs[0].a), '\\mathbf{a}^1']
  return [
    equation(
      `\\mathbf{z}^${n}`,
      `W^${n}\\,${name} + \\mathbf{b}^${n}`,
      `${matrix(weights)} ${given} + ${column(biases)}`,
      column(z),
    ),
    equation(`\\mathbf{a}^${n}`, `\\sigma(\\mathbf{z}^${n})`, `\\sigma ${column(z)} = ${column(a)}`),
  ]
}

/** Describes the output with the largest error. */
function whyDelta({ outputs, sample }: TrainingStep): string {
  const { a } = outputs[1]
  const worst = Math.abs(a[0] - sample.y[0]) > Math.abs(a[1] - sample.y[1]) ? 0 : 1
  const high = a[worst] > sample.y[worst]
  return `Output ${worst + 1} was ${formatNumber(a[worst])} instead of ${sample.y[worst]}: too ${high ? 'high' : 'low'}, so its z should ${high ? 'become smaller' : 'become larger'}. δ (delta) is the derivative of the cost C with respect to z; it is ${high ? 'positive' : 'negative'}. The symbol ⊙ multiplies two lists entry by entry.`
}

function whyGradient({ sample: { x } }: TrainingStep): string {
  const idle = x.every((value) => value === 0)
    ? 'Both inputs are 0, so no weight in W¹ changes with this sample; the biases do.'
    : x.some((value) => value === 0)
      ? `Input ${x[0] === 0 ? 1 : 2} is 0, so its weights had no influence on the outputs and do not change with this sample.`
      : 'Both inputs are 1, so the derivative of every weight in W¹ is the δ of its neuron.'
  return `The gradient is the list of the derivatives of all weights and biases. For a weight, the derivative is the δ of its neuron times its input; for a bias, it is δ. ${idle}`
}

/** W ← W − η ∂C/∂W of one layer, and the same for b. */
function updateOf({ layers, gradients, after, learningRate }: TrainingStep, l: 0 | 1): string[] {
  const eta = short(learningRate)
  const [W, b] = [`W^${l + 1}`, `\\mathbf{b}^${l + 1}`]
  return [
    assignment(
      W,
      `${W} - \\eta\\,${derivative(W)}`,
      `${matrix(layers[l].weights)} - ${eta} ${matrix(gradients[l].weights)}`,
      matrix(after[l].weights),
    ),
    assignment(
      b,
      `${b} - \\eta\\,${derivative(b)}`,
      `${column(layers[l].biases)} - ${eta} ${column(gradients[l].biases)}`,
      column(after[l].biases),
    ),
  ]
}

const parametersOf = (layers: Layers, l: 0 | 1) =>
  `W^${l + 1} = ${matrix(layers[l].weights)} \\quad \\mathbf{b}^${l + 1} = ${column(layers[l].biases)}`

export const stages: readonly Stage[] = [
  {
    title: 'The network and the sample',
    name: 'Sample',
    why: ({ sample: { x, y } }) =>
      `XOR (“exclusive or”) is true if exactly one of the two inputs is 1. XOR of ${x[0]} and ${x[1]} is ${labelOf(y)}, so output ${y[0] === 1 ? 1 : 2} should be 1 and the other 0. A bold letter is a list of numbers: 𝐱 the inputs, 𝐲 the targets, 𝐛 the biases of a layer. W is a table of weights: row i has the weights into neuron i. The small upper numbers are layers, not powers.`,
    tex: ({ sample: { x, y }, layers }) => [
      `\\mathbf{x} = ${bits(x)} \\qquad \\mathbf{y} = ${bits(y)}`,
      parametersOf(layers, 0),
      parametersOf(layers, 1),
    ],
    highlight: { inputs: true, outputs: true },
    edges: 'weights',
  },
  {
    title: 'Forward into the hidden layer',
    name: 'Hidden layer',
    why: () =>
      'Each hidden neuron adds its weighted inputs and its bias, which gives z. The sigmoid function σ turns z into the activation a. Without σ, two layers could do no more than one layer: draw a single line. No single line separates the classes of XOR.',
    tex: (step) => forwardOf(step, 0),
    highlight: { inputs: true, hidden: true, first: true, direction: 'forward' },
    edges: 'weights',
  },
  {
    title: 'Forward into the output layer',
    name: 'Output layer',
    why: ({ outputs, sample }) =>
      `The same calculation, with the activations of the hidden layer as inputs. Output ${labelOf(outputs[1].a) === 'true' ? 2 : 1} is the larger one: the network predicts “${labelOf(outputs[1].a)}”, which is ${labelOf(outputs[1].a) === labelOf(sample.y) ? 'correct' : 'incorrect'}.`,
    tex: (step) => forwardOf(step, 1),
    highlight: { hidden: true, outputs: true, second: true, direction: 'forward' },
    edges: 'weights',
  },
  {
    title: 'Cost and output delta',
    name: 'Output delta',
    why: whyDelta,
    tex: ({ outputs, sample: { y }, cost, deltas }) => {
      const { a } = outputs[1]
      const error: Pair = [a[0] - y[0], a[1] - y[1]]
      return [
        equation(
          'C',
          '\\tfrac12 \\textstyle\\sum_i (a^2_i - y_i)^2',
          `\\tfrac12 \\bigl(${error.map((e) => `${factor(e)}^2`).join(' + ')}\\bigr) = ${fixed(cost)}`,
        ),
        equation(
          `\\boldsymbol{\\delta}^2 = ${derivative('\\mathbf{z}^2')}`,
          "(\\mathbf{a}^2 - \\mathbf{y}) \\odot \\sigma'(\\mathbf{z}^2)",
          `${column(error)} \\odot ${column(slopeOf(outputs[1]))} = ${column(deltas[1])}`,
        ),
        "\\text{where } \\sigma'(z) = \\sigma(z)\\,(1 - \\sigma(z)) = a\\,(1 - a)",
      ]
    },
    highlight: { outputs: true, direction: 'backward' },
    edges: 'weights',
  },
  {
    title: 'Hidden delta: backpropagation of the error',
    name: 'Hidden delta',
    why: () =>
      'A hidden neuron has no target. Its δ follows from the δ of the outputs: each one comes back along the weight through which the neuron influenced it. For that, the table W² is turned: ⊤ swaps its rows and columns. The page about the chain rule derives this.',
    tex: ({ layers, outputs, deltas }) => {
      const slope = column(slopeOf(outputs[0]))
      const [[w11, w12], [w21, w22]] = layers[1].weights
      const transposed = matrix([
        [w11, w21],
        [w12, w22],
      ])
      return [
        equation(
          '\\boldsymbol{\\delta}^1',
          "\\bigl((W^2)^\\top \\boldsymbol{\\delta}^2\\bigr) \\odot \\sigma'(\\mathbf{z}^1)",
          `\\left(${transposed} ${column(deltas[1])}\\right) \\odot ${slope}`,
          `${column(propagateBack(layers[1], deltas[1]))} \\odot ${slope} = ${column(deltas[0])}`,
        ),
      ]
    },
    highlight: { hidden: true, outputs: true, second: true, direction: 'backward' },
    edges: 'weights',
  },
  {
    title: 'Gradients',
    name: 'Gradients',
    why: whyGradient,
    tex: ({ sample, outputs, deltas, gradients }) => [
      equation(
        derivative('W^2'),
        '\\boldsymbol{\\delta}^2 (\\mathbf{a}^1)^\\top',
        `${column(deltas[1])} ${row(outputs[0].a)}`,
        matrix(gradients[1].weights),
      ),
      equation(derivative('\\mathbf{b}^2'), '\\boldsymbol{\\delta}^2', column(deltas[1])),
      equation(
        derivative('W^1'),
        '\\boldsymbol{\\delta}^1 \\mathbf{x}^\\top',
        `${column(deltas[0])} ${row(sample.x, short)}`,
        matrix(gradients[0].weights),
      ),
      equation(derivative('\\mathbf{b}^1'), '\\boldsymbol{\\delta}^1', column(deltas[0])),
    ],
    highlight: { inputs: true, hidden: true, outputs: true, first: true, second: true },
    edges: 'gradients',
  },
  {
    title: 'Update',
    name: 'Update',
    why: ({ cost, costAfter }) =>
      `Every weight and bias changes by −η times its derivative; η (eta) is the learning rate. The cost of this sample changes from ${formatNumber(cost)} to ${formatNumber(costAfter)}.`,
    tex: (step) => [...updateOf(step, 1), ...updateOf(step, 0)],
    highlight: { inputs: true, hidden: true, outputs: true, first: true, second: true },
    edges: 'new weights',
  },
]
