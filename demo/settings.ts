import {
  type ActivationName,
  activationNames,
  type BackendName,
  type InitializerName,
  initializerNames,
  type LossName,
  lossNames,
  type OptimizerName,
  optimizerNames,
  requiredActivation,
} from '../src/index.ts'
import { decodePoints } from './points.ts'

/** What a network predicts: classes, regression targets, or the class of a picture. */
export type Kind = 'classes' | 'regression' | 'images'

/** How an opened file is used. */
export type FileUse = Pick<Settings, 'target' | 'task' | 'without'>

/** Everything that the user can choose. The URL holds all of it, so that a link reproduces a run. */
export interface Settings {
  /** The open tab. */
  tab: (typeof tabNames)[number]
  problem: ProblemName
  /** The name of the opened file, its target column, and the two columns that the plane shows. */
  file: string
  target: string
  across: string
  up: string
  /** What the target of a file is; `auto`: its values decide. */
  task: (typeof taskNames)[number]
  /** The places of columns of the file that the user switched off, counted from 0. */
  without: number[]
  /** Points that the user added, encoded by {@link encodePoints}. */
  points: string
  samples: number
  /** In percent, 0 to 100. */
  noise: number
  /** Fraction of the samples that are held out for testing, 0 to 0.9. */
  test: number
  /** Neurons in each hidden layer; the data determine the sizes of the input and output layers. */
  hidden: number[]
  /** One activation per layer; the last is that of the output layer. */
  activations: ActivationName[]
  loss: LossName
  optimizer: OptimizerName
  learningRate: number
  batch: number
  l1: number
  l2: number
  /** The probability with which each step drops a hidden neuron. */
  dropout: number
  init: InitializerName
  seed: number
  /** Epochs after which training stops; 0 for no limit. */
  stop: number
  /** Epochs without a lower loss (test loss, else training loss) after which training stops; 0 disables this. */
  patience: number
  /** Epochs per second; 0 for no limit. */
  speed: number
  backend: BackendName
}

export const tabNames = ['play', 'learn'] as const
export const problemNames = ['circle', 'linear', 'xor', 'moons', 'spirals', 'hills', 'digits', 'own', 'file'] as const
export const taskNames = ['auto', 'classification', 'regression'] as const
export type ProblemName = (typeof problemNames)[number]

/** The largest number of classes that the page can display; EMNIST has 62. */
export const MAX_CLASSES = 100

/** The largest network that can be built on the page; a larger one would not fit on a screen. */
export const MAX_LAYERS = 6
export const MAX_NEURONS = 32

/** The default network: 2-3-2, trained on the circle. */
export const defaults: Readonly<Settings> = {
  tab: 'play',
  problem: 'circle',
  file: '',
  target: '',
  across: '',
  up: '',
  task: 'auto',
  without: [],
  points: '',
  samples: 500,
  noise: 0,
  test: 0.2,
  hidden: [3],
  activations: ['sigmoid', 'sigmoid'],
  loss: 'quadratic',
  optimizer: 'sgd',
  learningRate: 1,
  batch: 10,
  l1: 0,
  l2: 0,
  dropout: 0,
  init: 'glorotUniform',
  seed: 1,
  stop: 0,
  patience: 0,
  speed: 60,
  backend: 'auto',
}

/** The settings that differ from {@link defaults} for regression, pictures (784-30-10) and classification of a CSV file. */
const presets: Record<Kind | 'table', Partial<Settings>> = {
  classes: {},
  regression: { hidden: [8], activations: ['tanh', 'linear'], optimizer: 'adam', learningRate: 0.01 },
  images: { samples: 2000, hidden: [30], learningRate: 3, speed: 0 },
  table: {
    hidden: [8],
    activations: ['tanh', 'softmax'],
    loss: 'crossEntropy',
    optimizer: 'adam',
    learningRate: 0.01,
  },
}

/** The default settings of a problem. */
export function defaultsFor(problem: ProblemName, kind: Kind = kindOf(problem)): Settings {
  const preset = presets[problem === 'file' && kind === 'classes' ? 'table' : kind]
  return { ...defaults, ...preset, problem }
}

/** The kind of a built-in problem. For a file, the worker reports the kind after reading it. */
export function kindOf(problem: ProblemName): Kind {
  if (problem === 'hills') return 'regression'
  return problem === 'digits' ? 'images' : 'classes'
}

const oneOf =
  <T extends string>(names: readonly T[]) =>
  (text: string): T | undefined =>
    names.find((name) => name === text)

const numberBetween =
  (least: number, most: number, whole = false) =>
  (text: string) => {
    const value = Number(text)
    const fits = text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value))
    return fits ? value : undefined
  }

const shortText = (text: string) => (text.length <= 200 ? text : undefined)

const listOf =
  <T>(read: (text: string) => T | undefined, most: number) =>
  (text: string) => {
    const items = text === '' ? [] : text.split('-').map(read)
    return items.length <= most && items.every((item) => item !== undefined) ? (items as T[]) : undefined
  }

/** Parses each setting from a URL; undefined for an invalid value. */
const parsers: { [K in keyof Settings]: (text: string) => Settings[K] | undefined } = {
  tab: oneOf(tabNames),
  problem: oneOf(problemNames),
  file: shortText,
  target: shortText,
  across: shortText,
  up: shortText,
  task: oneOf(taskNames),
  without: listOf(numberBetween(0, 999, true), 1000),
  points: (text) => (decodePoints(text) ? text : undefined),
  samples: numberBetween(10, 60_000, true),
  noise: numberBetween(0, 100),
  test: numberBetween(0, 0.9),
  hidden: listOf(numberBetween(1, MAX_NEURONS, true), MAX_LAYERS),
  activations: listOf(oneOf(activationNames), MAX_LAYERS + 1),
  loss: oneOf(lossNames),
  optimizer: oneOf(optimizerNames),
  learningRate: numberBetween(1e-6, 100),
  batch: numberBetween(1, 5000, true),
  l1: numberBetween(0, 1),
  l2: numberBetween(0, 1),
  dropout: numberBetween(0, 0.9),
  init: oneOf(initializerNames),
  seed: numberBetween(0, 2 ** 32 - 1, true),
  stop: numberBetween(0, 1e9, true),
  patience: numberBetween(0, 1e6, true),
  speed: numberBetween(0, 1000),
  backend: oneOf(['auto', 'webgpu', 'cpu'] as const),
}

const write = (value: Settings[keyof Settings]) => (Array.isArray(value) ? value.join('-') : String(value))

/** Encodes the settings that differ from the defaults of their problem as a URL fragment. */
export function toHash(settings: Settings): string {
  const names = Object.keys(defaults) as (keyof Settings)[]
  const defaultSettings = defaultsFor(settings.problem)
  const changed = names.filter((name) => name === 'problem' || write(settings[name]) !== write(defaultSettings[name]))
  const kept = changed.filter((name) => name !== 'problem' || settings.problem !== defaults.problem)
  return new URLSearchParams(kept.map((name) => [name, write(settings[name])])).toString()
}

/** Parses a URL fragment. Invalid settings keep their default; `problems` holds a sentence about each. */
export function fromHash(hash: string): { settings: Settings; problems: string[] } {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const settings = defaultsFor(parsers.problem(given.get('problem') ?? '') ?? defaults.problem)
  const defaultSettings = { ...settings }
  const problems: string[] = []
  for (const [name, text] of given) {
    // Not "in", which also finds inherited properties such as "constructor".
    if (!Object.hasOwn(parsers, name)) {
      problems.push(`The link contains “${truncate(name)}”, which is not a setting of this page.`)
      continue
    }
    const key = name as keyof Settings
    const value = parsers[key](text)
    if (value === undefined)
      problems.push(
        `The link contains ${name} = “${truncate(text)}”, which is not valid; the page uses ${write(defaultSettings[key]) || 'none'}.`,
      )
    else Object.assign(settings, { [key]: value })
  }
  const layers = settings.hidden.length + 1
  if (settings.activations.length !== layers) {
    const output = defaultSettings.activations.at(-1)!
    if (given.has('activations')) {
      problems.push(
        `The link contains ${settings.activations.length} activations for ${layers} layers; the page uses defaults for the others.`,
      )
    }
    settings.activations = Array.from({ length: layers }, (_, l) =>
      l === layers - 1 ? output : (settings.activations[l] ?? defaultSettings.activations[0]!),
    )
  }
  return { settings: makeConsistent(settings), problems: limitProblems(problems) }
}

/** The largest number of problems to report; an unrelated URL may contain thousands. */
const MAX_PROBLEMS = 5

const limitProblems = (problems: readonly string[]): string[] =>
  problems.length <= MAX_PROBLEMS
    ? [...problems]
    : [...problems.slice(0, MAX_PROBLEMS), `The link has ${problems.length - MAX_PROBLEMS} more problems of this kind.`]

const truncate = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** The losses that are valid for a kind of prediction. */
export const lossesFor = (kind: Kind): readonly LossName[] =>
  kind === 'regression' ? lossNames.filter((name) => requiredActivation(name) === undefined) : lossNames

/**
 * Makes the settings consistent: sets the output activation that the loss requires, allows softmax in the output layer
 * only, and uses linear outputs for regression, because the targets are unbounded.
 */
export function makeConsistent(settings: Settings, kind = kindOf(settings.problem)): Settings {
  const activations = settings.activations.map((name, l) =>
    name === 'softmax' && l < settings.activations.length - 1 ? 'sigmoid' : name,
  )
  const loss = lossesFor(kind).includes(settings.loss) ? settings.loss : 'quadratic'
  const last = activations.length - 1
  if (loss === 'crossEntropy') activations[last] = 'softmax'
  if (loss === 'binaryCrossEntropy') activations[last] = 'sigmoid'
  if (kind === 'regression') activations[last] = 'linear'
  return { ...settings, loss, activations, batch: Math.min(settings.batch, 5000) }
}
