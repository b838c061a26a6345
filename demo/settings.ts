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
export type Kind = 'classes' | 'quantities' | 'images'

/** What can be chosen on the page. All of it stands in the address, so that a link repeats a run. */
export interface Settings {
  /** Which part of the page is open. */
  tab: (typeof tabNames)[number]
  problem: ProblemName
  /** The name of the file that was opened, its column to predict, and the two that the plane shows. */
  file: string
  target: string
  across: string
  up: string
  /** Points that were added by hand, as {@link encodePoints} writes them. */
  points: string
  samples: number
  /** 0 to 100. */
  noise: number
  /** Share of the samples that are held out, 0 to 0.9. */
  test: number
  /** Neurons of the hidden layers; the first and the last layer follow from the data. */
  hidden: number[]
  /** One a layer, the output's last. */
  activations: ActivationName[]
  loss: LossName
  optimizer: OptimizerName
  learningRate: number
  batch: number
  l1: number
  l2: number
  /** The share of the hidden neurons that is dropped in each step. */
  dropout: number
  init: InitializerName
  seed: number
  /** Epochs after which training stops; 0 is never. */
  stop: number
  /** Epochs without a lower loss, of the held-out data where there are any, after which it stops; 0 is never. */
  patience: number
  /** Epochs a second; 0 is as many as the backend can. */
  speed: number
  backend: BackendName
}

export const tabNames = ['play', 'learn'] as const
export const problemNames = ['circle', 'linear', 'xor', 'moons', 'spirals', 'hills', 'digits', 'own', 'file'] as const
export type ProblemName = (typeof problemNames)[number]

/** The largest that the page lets one build: more would not fit on a screen. */
export const MOST_LAYERS = 6
export const MOST_NEURONS = 32

/** The article's network: 2-3-2 on points in a circle. */
export const defaults: Readonly<Settings> = {
  tab: 'play',
  problem: 'circle',
  file: '',
  target: '',
  across: '',
  up: '',
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

/** What is usual for quantities, for pictures (the article's 784-30-10), and for a table of one's own. */
const presets: Record<Kind | 'table', Partial<Settings>> = {
  classes: {},
  quantities: { hidden: [8], activations: ['tanh', 'linear'], optimizer: 'adam', learningRate: 0.01 },
  images: { samples: 2000, hidden: [30], learningRate: 3, speed: 0 },
  table: {
    hidden: [8],
    activations: ['tanh', 'softmax'],
    loss: 'crossEntropy',
    optimizer: 'adam',
    learningRate: 0.01,
  },
}

/** The settings that a problem begins with. */
export function usual(problem: ProblemName, kind: Kind = kindOf(problem)): Settings {
  const preset = presets[problem === 'file' && kind === 'classes' ? 'table' : kind]
  return { ...defaults, ...preset, problem }
}

/** What the page's own problems ask for; a file says it when it is read. */
export function kindOf(problem: ProblemName): Kind {
  if (problem === 'hills') return 'quantities'
  return problem === 'digits' ? 'images' : 'classes'
}

const isOneOf =
  <T extends string>(names: readonly T[]) =>
  (text: string): T | undefined =>
    names.find((name) => name === text)

const isNumber =
  (least: number, most: number, whole = false) =>
  (text: string) => {
    const value = Number(text)
    const fits = text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value))
    return fits ? value : undefined
  }

const isText = (text: string) => (text.length <= 200 ? text : undefined)

const isList =
  <T>(read: (text: string) => T | undefined, most: number) =>
  (text: string) => {
    const items = text === '' ? [] : text.split('-').map(read)
    return items.length <= most && items.every((item) => item !== undefined) ? (items as T[]) : undefined
  }

/** How each setting is read from a link; undefined for what it cannot be. */
const readers: { [K in keyof Settings]: (text: string) => Settings[K] | undefined } = {
  tab: isOneOf(tabNames),
  problem: isOneOf(problemNames),
  file: isText,
  target: isText,
  across: isText,
  up: isText,
  points: (text) => (decodePoints(text) ? text : undefined),
  samples: isNumber(10, 60_000, true),
  noise: isNumber(0, 100),
  test: isNumber(0, 0.9),
  hidden: isList(isNumber(1, MOST_NEURONS, true), MOST_LAYERS),
  activations: isList(isOneOf(activationNames), MOST_LAYERS + 1),
  loss: isOneOf(lossNames),
  optimizer: isOneOf(optimizerNames),
  learningRate: isNumber(1e-6, 100),
  batch: isNumber(1, 5000, true),
  l1: isNumber(0, 1),
  l2: isNumber(0, 1),
  dropout: isNumber(0, 0.9),
  init: isOneOf(initializerNames),
  seed: isNumber(0, 2 ** 32 - 1, true),
  stop: isNumber(0, 1e9, true),
  patience: isNumber(0, 1e6, true),
  speed: isNumber(0, 1000),
  backend: isOneOf(['auto', 'webgpu', 'cpu'] as const),
}

const write = (value: Settings[keyof Settings]) => (Array.isArray(value) ? value.join('-') : String(value))

/** The settings that are not the usual ones of their problem, as the part of an address after #. */
export function toHash(settings: Settings): string {
  const names = Object.keys(defaults) as (keyof Settings)[]
  const common = usual(settings.problem)
  const changed = names.filter((name) => name === 'problem' || write(settings[name]) !== write(common[name]))
  const kept = changed.filter((name) => name !== 'problem' || settings.problem !== defaults.problem)
  return new URLSearchParams(kept.map((name) => [name, write(settings[name])])).toString()
}

/** Reads a link. What is wrong in it keeps its usual value and is told in `problems`, a sentence each. */
export function fromHash(hash: string): { settings: Settings; problems: string[] } {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const settings = usual(readers.problem(given.get('problem') ?? '') ?? defaults.problem)
  const common = { ...settings }
  const problems: string[] = []
  for (const [name, text] of given) {
    // Not "in": every object has a constructor.
    if (!Object.hasOwn(readers, name)) {
      problems.push(`The link names “${shortened(name)}”, which is no setting here.`)
      continue
    }
    const key = name as keyof Settings
    const value = readers[key](text)
    if (value === undefined)
      problems.push(
        `The link has ${name} = “${shortened(text)}”, which cannot be; ${write(common[key]) || 'none'} is taken.`,
      )
    else Object.assign(settings, { [key]: value })
  }
  const layers = settings.hidden.length + 1
  if (settings.activations.length !== layers) {
    const output = common.activations.at(-1)!
    if (given.has('activations')) {
      problems.push(
        `The link names ${settings.activations.length} activations for ${layers} layers; missing ones are the usual.`,
      )
    }
    settings.activations = Array.from({ length: layers }, (_, l) =>
      l === layers - 1 ? output : (settings.activations[l] ?? common.activations[0]!),
    )
  }
  return { settings: repaired(settings), problems: fewOf(problems) }
}

/** Problems that are reported; a link that is no link of this page may have thousands. */
const MOST_PROBLEMS = 5

const fewOf = (problems: readonly string[]): string[] =>
  problems.length <= MOST_PROBLEMS
    ? [...problems]
    : [...problems.slice(0, MOST_PROBLEMS), `And ${problems.length - MOST_PROBLEMS} more problems like these.`]

const shortened = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** The losses that can be taken for what a network tells. */
export const lossesFor = (kind: Kind): readonly LossName[] =>
  kind === 'quantities' ? lossNames.filter((name) => requiredActivation(name) === undefined) : lossNames

/**
 * Settings that go together: losses that need an output activation get it, softmax stands on the output alone, and
 * quantities, which have no bounds, are told by linear outputs.
 */
export function repaired(settings: Settings, kind = kindOf(settings.problem)): Settings {
  const activations = settings.activations.map((name, l) =>
    name === 'softmax' && l < settings.activations.length - 1 ? 'sigmoid' : name,
  )
  const loss = lossesFor(kind).includes(settings.loss) ? settings.loss : 'quadratic'
  const last = activations.length - 1
  if (loss === 'crossEntropy') activations[last] = 'softmax'
  if (loss === 'binaryCrossEntropy') activations[last] = 'sigmoid'
  if (kind === 'quantities') activations[last] = 'linear'
  return { ...settings, loss, activations, batch: Math.min(settings.batch, 5000) }
}
