import { assignment, column, equation, factor, fixed, matrix, row, short, told } from './formulas.ts'
import { type Layers, type Pair, passedBack, slopeOf, type Walk } from './lesson.ts'

/** What of the network a stage uses. */
export interface Lit {
  inputs?: true
  hidden?: true
  outputs?: true
  /** The weights into the hidden layer and into the output layer. */
  first?: true
  second?: true
  direction?: 'forward' | 'backward'
}

/** One stage of what a sample brings about. */
export interface Stage {
  title: string
  /** For the button that leads there. */
  name: string
  /** Why it is done, with the numbers of now. */
  why: (walk: Walk) => string
  tex: (walk: Walk) => readonly string[]
  lit: Lit
  /** What stands at the edges of the drawing. */
  edges: 'weights' | 'gradients' | 'new weights'
}

const bits = (values: Pair) => column(values, short)
const derivative = (name: string) => `\\frac{\\partial C}{\\partial ${name}}`
const says = ([no, yes]: Pair) => (yes > no ? 'true' : 'false')

/** z = W a + b and a = σ(z), of one layer. */
function forwardOf({ layers, answers, sample }: Walk, l: 0 | 1): string[] {
  const { weights, biases } = layers[l]
  const { z, a } = answers[l]
  const [n, given, name] = l === 0 ? [1, bits(sample.x), '\\mathbf{x}'] : [2, column(answers[0].a), '\\mathbf{a}^1']
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

/** The outputs that stand apart from their targets, in words. */
function whyDelta({ answers, sample }: Walk): string {
  const { a } = answers[1]
  const worst = Math.abs(a[0] - sample.y[0]) > Math.abs(a[1] - sample.y[1]) ? 0 : 1
  const high = a[worst] > sample.y[worst]
  return `Output ${worst + 1} was ${told(a[worst])} instead of ${sample.y[worst]}: too ${high ? 'high' : 'low'}, so its weighted input should ${high ? 'fall' : 'rise'}. δ says by how much the cost changes with z; it is ${high ? 'positive' : 'negative'}.`
}

function whyGradient({ sample: { x } }: Walk): string {
  const idle = x.every((value) => value === 0)
    ? 'Both inputs are 0, so W¹ learns nothing from this sample; its biases do.'
    : x.some((value) => value === 0)
      ? `Input ${x[0] === 0 ? 1 : 2} is 0, so its weights had no part in the answer and learn nothing from this sample.`
      : 'Both inputs are 1, so every weight of W¹ gets all of the δ of its neuron.'
  return `A weight's gradient is the δ of the neuron it leads to, times what it carried there. ${idle}`
}

/** W ← W − η ∂C/∂W of one layer, and the same for b. */
function updateOf({ layers, gradients, after, learningRate }: Walk, l: 0 | 1): string[] {
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
      `XOR of ${x[0]} and ${x[1]} is ${says(y)}, so output ${y[0] === 1 ? 1 : 2} should be 1 and the other 0. Row i of W holds the weights into neuron i; the raised 1 and 2 count layers, they are no powers.`,
    tex: ({ sample: { x, y }, layers }) => [
      `\\mathbf{x} = ${bits(x)} \\qquad \\mathbf{y} = ${bits(y)}`,
      parametersOf(layers, 0),
      parametersOf(layers, 1),
    ],
    lit: { inputs: true, outputs: true },
    edges: 'weights',
  },
  {
    title: 'Forward into the hidden layer',
    name: 'Hidden layer',
    why: () =>
      'Each hidden neuron weighs the inputs and adds its bias, then σ bends the sum. Without the bend two layers could do no more than one, and one line does not divide XOR.',
    tex: (walk) => forwardOf(walk, 0),
    lit: { inputs: true, hidden: true, first: true, direction: 'forward' },
    edges: 'weights',
  },
  {
    title: 'Forward into the output layer',
    name: 'Output layer',
    why: ({ answers, sample }) =>
      `The same again, with the hidden activations as inputs. Output ${says(answers[1].a) === 'true' ? 2 : 1} answers most: the network says “${says(answers[1].a)}”, which is ${says(answers[1].a) === says(sample.y) ? 'right' : 'wrong'}.`,
    tex: (walk) => forwardOf(walk, 1),
    lit: { hidden: true, outputs: true, second: true, direction: 'forward' },
    edges: 'weights',
  },
  {
    title: 'Cost and output delta',
    name: 'Output delta',
    why: whyDelta,
    tex: ({ answers, sample: { y }, cost, deltas }) => {
      const { a } = answers[1]
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
          `${column(error)} \\odot ${column(slopeOf(answers[1]))} = ${column(deltas[1])}`,
        ),
        "\\text{where } \\sigma'(z) = \\sigma(z)\\,(1 - \\sigma(z)) = a\\,(1 - a)",
      ]
    },
    lit: { outputs: true, direction: 'backward' },
    edges: 'weights',
  },
  {
    title: 'Hidden delta: the error goes back',
    name: 'Hidden delta',
    why: () =>
      'A hidden neuron has no target. Its part in the error comes back through the same weights that carried its activation forward: that is W² transposed. ⊙, the Hadamard product, multiplies entry by entry.',
    tex: ({ layers, answers, deltas }) => {
      const slope = column(slopeOf(answers[0]))
      const [[w11, w12], [w21, w22]] = layers[1].weights
      const turned = matrix([
        [w11, w21],
        [w12, w22],
      ])
      return [
        equation(
          '\\boldsymbol{\\delta}^1',
          "\\bigl((W^2)^\\top \\boldsymbol{\\delta}^2\\bigr) \\odot \\sigma'(\\mathbf{z}^1)",
          `\\left(${turned} ${column(deltas[1])}\\right) \\odot ${slope}`,
          `${column(passedBack(layers[1], deltas[1]))} \\odot ${slope} = ${column(deltas[0])}`,
        ),
      ]
    },
    lit: { hidden: true, outputs: true, second: true, direction: 'backward' },
    edges: 'weights',
  },
  {
    title: 'Gradients',
    name: 'Gradients',
    why: whyGradient,
    tex: ({ sample, answers, deltas, gradients }) => [
      equation(
        derivative('W^2'),
        '\\boldsymbol{\\delta}^2 (\\mathbf{a}^1)^\\top',
        `${column(deltas[1])} ${row(answers[0].a)}`,
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
    lit: { inputs: true, hidden: true, outputs: true, first: true, second: true },
    edges: 'gradients',
  },
  {
    title: 'Update',
    name: 'Update',
    why: ({ cost, costAfter }) =>
      `Every parameter takes a step against its gradient, η times as long. For this sample the cost goes from ${told(cost)} to ${told(costAfter)}.`,
    tex: (walk) => [...updateOf(walk, 1), ...updateOf(walk, 0)],
    lit: { inputs: true, hidden: true, outputs: true, first: true, second: true },
    edges: 'new weights',
  },
]
