import { encodePoints, type Point } from './points.ts'
import { type BuiltIn, defaults, type Kind, kindOf, type ProblemName, type Settings } from './settings.ts'

/** A change that leads to something worth seeing. */
export interface Suggestion {
  /** What to do and why, as one or two sentences. */
  text: string
  /** The settings that differ from the preset of the problem; another `problem` is possible, too. */
  change: Partial<Settings>
  /** What happens then. */
  see: string
}

/** The settings with which a problem opens, and what there is to see. */
export interface Preset {
  /** The settings that differ from {@link defaults}. With them, 19 of 20 seeds solve the problem (see {@link goal}). */
  settings: Partial<Settings>
  /** The test score (for hills: R²) at which the problem is solved; undefined for the user's own points. */
  goal: number | undefined
  /** What to look at. */
  see: string
  suggestions: readonly Suggestion[]
}

/** Squares in the middle of a ring of circles. */
const ring: readonly Point[] = Array.from({ length: 14 }, (_, i) => {
  const isInner = i >= 10
  const angle = 2 * Math.PI * (isInner ? i / 4 : i / 10)
  const radius = isInner ? 0.2 : 0.75
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle), second: isInner }
})

/** The presets; test/presets.test.ts trains them, and the suggestions, from several seeds. */
export const presets: Readonly<Record<BuiltIn, Preset>> = {
  circle: {
    settings: {},
    goal: 0.95,
    see: 'Each hidden neuron draws one line. Together, three lines enclose the circle.',
    suggestions: [
      {
        text: 'Two straight lines cannot enclose a circle. Take away one of the three hidden neurons.',
        change: { hidden: [2] },
        see: 'With two lines, the network finds a band or a corner, but no border around the circle.',
      },
      {
        text: 'A second layer can combine the lines of the first. Use 4 neurons, then 2, with the activation tanh.',
        change: { hidden: [4, 2], activations: ['tanh', 'tanh', 'sigmoid'], learningRate: 0.3 },
        see: 'The border becomes round, and the network learns in fewer epochs.',
      },
    ],
  },
  linear: {
    settings: { hidden: [], activations: ['sigmoid'] },
    goal: 0.97,
    see: 'One neuron without hidden layers turns its line until it separates the classes.',
    suggestions: [
      {
        text: 'One neuron can only draw a straight line. Give it the circle.',
        change: { problem: 'circle', hidden: [], activations: ['sigmoid'] },
        see: 'No straight line separates inside from outside, however long the network trains.',
      },
    ],
  },
  xor: {
    settings: { hidden: [4, 2], activations: ['tanh', 'tanh', 'sigmoid'], learningRate: 0.1 },
    goal: 0.97,
    see: 'Opposite corners belong together. The hidden neurons draw lines, and the next layer combines them.',
    suggestions: [
      {
        text: 'What are activations good for? Make those of the hidden layers linear.',
        change: { activations: ['linear', 'linear', 'sigmoid'] },
        see: 'Without a bend in the activation, all layers together draw one straight line: half of the points stay wrong.',
      },
    ],
  },
  moons: {
    settings: { hidden: [4], activations: ['tanh', 'sigmoid'], noise: 20 },
    goal: 0.97,
    see: 'First a straight line, then a bend: the border follows the gap between the two half circles.',
    suggestions: [
      {
        text: 'Can a network learn examples by heart? Give it only 30 noisy training points and 8 neurons.',
        change: { samples: 60, test: 0.5, noise: 100, hidden: [8] },
        see: 'The training score becomes high, the test score stays lower: this is called overfitting.',
      },
      {
        text: 'How much does one hidden neuron achieve? Take away the other three.',
        change: { hidden: [1] },
        see: 'One line cuts off the tips of both moons; more neurons bend the border around them.',
      },
    ],
  },
  spirals: {
    settings: { hidden: [8, 4], activations: ['tanh', 'tanh', 'sigmoid'], learningRate: 0.3 },
    goal: 0.95,
    see: 'The border winds itself around the middle, from the outside inwards.',
    suggestions: [
      {
        text: 'Does the activation matter? Replace tanh by sigmoid in the hidden layers.',
        change: { activations: ['sigmoid', 'sigmoid', 'sigmoid'] },
        see: 'The network needs many times as many epochs, because sigmoid passes much smaller slopes back.',
      },
      {
        text: 'Larger steps, faster learning? Set the learning rate to 30.',
        change: { learningRate: 30 },
        see: 'Each step jumps far past the goal: the score stays near 50 %, as good as guessing.',
      },
    ],
  },
  hills: {
    settings: { hidden: [6], activations: ['tanh', 'linear'], learningRate: 0.1 },
    goal: 0.95,
    see: 'No classes here: the network predicts a height. Smooth waves of tanh add up to hills and valleys.',
    suggestions: [
      {
        text: 'Out of which shapes is the surface made? Change the activation from tanh to relu.',
        change: { activations: ['relu', 'linear'] },
        see: 'Now flat pieces with sharp folds form the hills, because relu consists of two straight lines.',
      },
      {
        text: 'Can it do without the bend? Change the activation to linear.',
        change: { activations: ['linear', 'linear'] },
        see: 'The surface is a flat, tilted plane, and R² stays below 50 %.',
      },
    ],
  },
  digits: {
    settings: { samples: 2000, hidden: [30], learningRate: 3, speed: 0 },
    goal: 0.93,
    see: 'Each square in the hidden layer shows which pixels a neuron looks for. Draw a digit and watch the answer.',
    suggestions: [
      {
        text: 'How many examples does it take? Train on only 100 pictures, and test on 400.',
        change: { samples: 500, test: 0.8 },
        see: 'All training pictures are soon recognized, but about every tenth of the test pictures is not.',
      },
    ],
  },
  own: {
    settings: {
      hidden: [8],
      activations: ['tanh', 'softmax'],
      loss: 'crossEntropy',
      learningRate: 0.3,
      batch: 2,
    },
    goal: undefined,
    see: 'Click the plane to add points. The network trains on them at once.',
    suggestions: [
      {
        text: 'Start with a pattern: a ring of circles around a few squares.',
        change: { points: encodePoints(ring) },
        see: 'The border closes around the squares. Add points of your own and watch it move.',
      },
    ],
  },
}

/** The settings that differ from {@link defaults} for the data of a file. */
const filePresets: Record<Kind, Partial<Settings>> = {
  classes: {
    hidden: [8],
    activations: ['tanh', 'softmax'],
    loss: 'crossEntropy',
    optimizer: 'adam',
    learningRate: 0.01,
  },
  regression: { hidden: [8], activations: ['tanh', 'linear'], optimizer: 'adam', learningRate: 0.01 },
  labels: {
    hidden: [8],
    activations: ['tanh', 'sigmoid'],
    loss: 'binaryCrossEntropy',
    optimizer: 'adam',
    learningRate: 0.01,
  },
  images: presets.digits.settings,
}

/** The settings with which a problem opens. */
export function defaultsFor(problem: ProblemName, kind: Kind = kindOf(problem)): Settings {
  const preset = problem === 'file' ? filePresets[kind] : presets[problem].settings
  return { ...defaults, ...preset, problem }
}

/** The settings that a suggestion leads to. */
export function suggested(problem: BuiltIn, { change }: Suggestion): Settings {
  const next = change.problem ?? problem
  return { ...defaultsFor(next), ...change, problem: next }
}
