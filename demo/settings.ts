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
} from '../src/index.ts'

/** What can be chosen on the page. All of it stands in the address, so that a link repeats a run. */
export interface Settings {
  problem: ProblemName
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
  init: InitializerName
  seed: number
  /** Epochs a second; 0 is as many as the backend can. */
  speed: number
  backend: BackendName
}

export const problemNames = ['circle', 'linear', 'xor', 'moons', 'spirals'] as const
export type ProblemName = (typeof problemNames)[number]

/** The largest that the page lets one build: more would not fit on a screen. */
export const MOST_LAYERS = 6
export const MOST_NEURONS = 16

/** The article's network: 2-3-2 on points in a circle. */
export const defaults: Readonly<Settings> = {
  problem: 'circle',
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
  init: 'glorotUniform',
  seed: 1,
  speed: 60,
  backend: 'auto',
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

const isList =
  <T>(read: (text: string) => T | undefined, most: number) =>
  (text: string) => {
    const items = text === '' ? [] : text.split('-').map(read)
    return items.length <= most && items.every((item) => item !== undefined) ? (items as T[]) : undefined
  }

/** How each setting is read from a link; undefined for what it cannot be. */
const readers: { [K in keyof Settings]: (text: string) => Settings[K] | undefined } = {
  problem: isOneOf(problemNames),
  samples: isNumber(10, 5000, true),
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
  init: isOneOf(initializerNames),
  seed: isNumber(0, 2 ** 32 - 1, true),
  speed: isNumber(0, 1000),
  backend: isOneOf(['auto', 'webgpu', 'cpu'] as const),
}

const write = (value: Settings[keyof Settings]) => (Array.isArray(value) ? value.join('-') : String(value))

/** The settings that are not the usual ones, as the part of an address after #. */
export function toHash(settings: Settings): string {
  const names = Object.keys(defaults) as (keyof Settings)[]
  const changed = names.filter((name) => write(settings[name]) !== write(defaults[name]))
  return new URLSearchParams(changed.map((name) => [name, write(settings[name])])).toString()
}

/** Reads a link. What is wrong in it keeps its usual value and is told in `problems`, a sentence each. */
export function fromHash(hash: string): { settings: Settings; problems: string[] } {
  const settings: Settings = { ...defaults, hidden: [...defaults.hidden], activations: [...defaults.activations] }
  const problems: string[] = []
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    if (!(name in readers)) {
      problems.push(`The link names “${name}”, which is no setting here.`)
      continue
    }
    const key = name as keyof Settings
    const value = readers[key](text)
    if (value === undefined)
      problems.push(`The link has ${name} = “${text}”, which cannot be; ${write(defaults[key])} is taken.`)
    else Object.assign(settings, { [key]: value })
  }
  const layers = settings.hidden.length + 1
  if (settings.activations.length !== layers) {
    if (hash.includes('activations=')) {
      problems.push(
        `The link names ${settings.activations.length} activations for ${layers} layers; the missing ones are sigmoid.`,
      )
    }
    settings.activations = Array.from({ length: layers }, (_, l) => settings.activations[l] ?? 'sigmoid')
  }
  return { settings: repaired(settings), problems }
}

/** Settings that go together: losses that need an output activation get it, softmax stands on the output alone. */
export function repaired(settings: Settings): Settings {
  const activations = settings.activations.map((name, l) =>
    name === 'softmax' && l < settings.activations.length - 1 ? 'sigmoid' : name,
  )
  const last = activations.length - 1
  if (settings.loss === 'crossEntropy') activations[last] = 'softmax'
  if (settings.loss === 'binaryCrossEntropy') activations[last] = 'sigmoid'
  return { ...settings, activations, batch: Math.min(settings.batch, settings.samples) }
}
