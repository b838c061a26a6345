import {
  type ActivationName,
  type BackendName,
  type InitializerName,
  type LossName,
  lossNames,
  type OptimizerName,
  requiredActivation,
} from '../src/index.ts'
import { type FeatureName, initialFeatures } from './plane-inputs.ts'

/** What a network predicts: one class, several labels, regression targets, or the class of a picture. */
export type Kind = 'classes' | 'labels' | 'regression' | 'images'

/** How an opened file is used. */
export type FileUse = Pick<
  Settings,
  'target' | 'otherTargets' | 'task' | 'without' | 'missing' | 'scaleInputs' | 'scaleTargets'
>

export const useOf = (settings: FileUse): FileUse => {
  const { target, otherTargets, task, without, missing, scaleInputs, scaleTargets } = settings
  return { target, otherTargets, task, without, missing, scaleInputs, scaleTargets }
}

/** The places of the targets in the columns of a file: that of the settings, else the first column, and further ones. */
export function placesOfTargets(
  columns: readonly { name: string }[],
  { target, otherTargets }: Pick<Settings, 'target' | 'otherTargets'>,
): number[] {
  const first = columns.findIndex(({ name }) => name === target)
  const known = otherTargets.filter((place) => place < columns.length)
  return [...new Set([Math.max(0, first), ...known])]
}

/** Everything that the user can choose. The URL holds all of it, so that a link reproduces a run. */
export interface Settings {
  /** The open tab. */
  tab: (typeof tabNames)[number]
  /** What changes across the wall of networks, and what changes up it. */
  wallAcross: WallAxisName
  wallUp: WallAxisName
  /** The open page of the lesson, counted from 1. */
  lesson: number
  problem: ProblemName
  /** The name of the opened file, its (first) target column, and below the two columns that the plane shows. */
  file: string
  target: string
  /** The places of further target columns of the file, counted from 0. */
  otherTargets: number[]
  /** Where there are several outputs: the name of the one that the plane shows. */
  shownTarget: string
  across: string
  up: string
  /** What the target of a file is; `auto`: its values decide. */
  task: (typeof taskNames)[number]
  /** The places of columns of the file that the user switched off, counted from 0. */
  without: number[]
  /** Missing values of input columns of a file are filled, or their rows left out. */
  missing: (typeof missingNames)[number]
  /** Whether the numbers, and the regression targets, of a file are standardized. */
  scaleInputs: boolean
  scaleTargets: boolean
  /** Points that the user added, encoded by {@link encodePoints}. */
  points: string
  samples: number
  /** In percent, 0 to 100. */
  noise: number
  /** Fraction of the samples that are held out for testing, 0 to 0.9. */
  test: number
  /** For built-in problems over the plane: the inputs of the network. At least one. */
  features: FeatureName[]
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
  /** The seed of the data, where it is another one; see {@link seedOfData}. */
  dataSeed: number | undefined
  /** Epochs after which training stops; 0 for no limit. */
  stop: number
  /** Epochs without a lower loss (test loss, else training loss) after which training stops; 0 disables this. */
  patience: number
  /** Epochs per second; 0 for no limit. */
  speed: number
  backend: BackendName
}

export const tabNames = ['play', 'learn', 'wall'] as const
export const wallAxisNames = [
  'learningRate',
  'seed',
  'width',
  'layers',
  'activation',
  'batch',
  'l2',
  'optimizer',
  'init',
] as const
export type WallAxisName = (typeof wallAxisNames)[number]
/** The number of pages of the lesson. */
export const LESSON_PAGES = 3
export const problemNames = ['circle', 'linear', 'xor', 'moons', 'spirals', 'hills', 'digits', 'own', 'file'] as const
export const taskNames = ['auto', 'classification', 'multilabel', 'regression'] as const
export const missingNames = ['impute', 'drop'] as const
export type ProblemName = (typeof problemNames)[number]
/** The problems whose data the page has; a file is opened by the user. */
export type BuiltIn = Exclude<ProblemName, 'file'>

/** The largest number of classes that the page can display; EMNIST has 62. */
export const MAX_CLASSES = 100

/** The largest network that can be built on the page; a larger one would not fit on a screen. */
export const MAX_LAYERS = 6
export const MAX_NEURONS = 32

/** The default network: 2-3-2, trained on the circle. */
export const defaults: Readonly<Settings> = {
  tab: 'play',
  wallAcross: 'learningRate',
  wallUp: 'seed',
  lesson: 1,
  problem: 'circle',
  file: '',
  target: '',
  otherTargets: [],
  shownTarget: '',
  across: '',
  up: '',
  task: 'auto',
  without: [],
  missing: 'impute',
  scaleInputs: true,
  scaleTargets: true,
  points: '',
  samples: 500,
  noise: 0,
  test: 0.2,
  features: [...initialFeatures],
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
  dataSeed: undefined,
  stop: 0,
  patience: 0,
  speed: 60,
  backend: 'auto',
}

/** The seed from which the data and their division follow: by default that of the run. */
export const seedOfData = ({ dataSeed, seed }: Pick<Settings, 'seed' | 'dataSeed'>): number => dataSeed ?? seed

/** The kind of a built-in problem. For a file, the worker reports the kind after reading it. */
export function kindOf(problem: ProblemName): Kind {
  if (problem === 'hills') return 'regression'
  return problem === 'digits' ? 'images' : 'classes'
}

/** The losses that are valid for a kind of prediction. */
export function lossesFor(kind: Kind): readonly LossName[] {
  if (kind === 'regression') return lossNames.filter((name) => requiredActivation(name) === undefined)
  return kind === 'labels' ? lossNames.filter((name) => requiredActivation(name) !== 'softmax') : lossNames
}

/** The only output activation for a kind of prediction; undefined where there is a choice. */
export function outputActivationFor(kind: Kind): ActivationName | undefined {
  // Regression targets are unbounded; each label is a probability.
  return kind === 'regression' ? 'linear' : kind === 'labels' ? 'sigmoid' : undefined
}

/**
 * Makes the settings consistent: sets the output activation that the loss and the kind of prediction require, and allows
 * softmax in the output layer only.
 */
export function makeConsistent(settings: Settings, kind = kindOf(settings.problem)): Settings {
  const activations = settings.activations.map((name, l) =>
    name === 'softmax' && l < settings.activations.length - 1 ? 'sigmoid' : name,
  )
  const loss = lossesFor(kind).includes(settings.loss) ? settings.loss : 'quadratic'
  const required = outputActivationFor(kind) ?? requiredActivation(loss)
  if (required) activations[activations.length - 1] = required
  return { ...settings, loss, activations, batch: Math.min(settings.batch, 5000) }
}
