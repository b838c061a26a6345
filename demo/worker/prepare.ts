import { circle, Dataset, digits, InputError, linear, Matrix, moons, spirals, split, xor } from '../../src/index.ts'
import { type FeatureName, featuresOfPoints, initialFeatures, planeInputs } from '../plane-inputs.ts'
import { decodePoints, initialPoints } from '../points.ts'
import type { ShownColumn } from '../protocol.ts'
import { type Kind, kindOf, MAX_CLASSES, type ProblemName, seedOfData, type Settings } from '../settings.ts'
import type { FileContent } from './open.ts'

/** Data for training. Inputs and targets carry the preprocessing that the library applied. */
export interface Prepared {
  kind: Kind
  /** The data before scaling, which the plane shows. */
  raw: Parts
  /** The data for training. The numbers and the regression targets of a CSV file are scaled. */
  train: Dataset
  test: Dataset | undefined
  /** For built-in problems over the plane: the inputs that {@link featuresOfPoints} computes from x and y. */
  features: readonly FeatureName[] | undefined
  /** The names of the target columns. */
  targets: readonly string[]
  /** What was done with each column of a CSV file. */
  columns: readonly ShownColumn[]
  /** A sentence about each surprise in these columns, such as rows that are left out. */
  notes: readonly string[]
  /** For IDX files: how many samples they have; the run uses the first of them. */
  available?: { train: number; test: number }
}

export interface Parts {
  train: Dataset
  test: Dataset | undefined
}

/** The standard deviation of the noise at 100 % on the slider. */
const MAX_NOISE = 0.3

type Options = Record<'samples' | 'seed' | 'noise', number>
const generators: Record<Exclude<ProblemName, 'own' | 'file'>, (options: Options) => Dataset> = {
  circle,
  linear,
  xor,
  moons,
  spirals,
  hills,
  digits: ({ samples, seed, noise }) => digits({ samples: Math.min(samples, 10_000), seed, noise }),
}

/** A regression problem: heights over the plane. */
function hills({ samples, seed, noise }: Options): Dataset {
  const { inputs } = xor({ samples, seed, noise: 0 })
  // Uniformly distributed errors of the heights, from points generated with another seed.
  const errors = linear({ samples, seed: seed === 0 ? 1 : seed - 1, noise: 0 }).inputs
  const heights = Array.from({ length: samples }, (_, i) => {
    const [x, y] = [inputs.data[2 * i]!, inputs.data[2 * i + 1]!]
    return Math.sin(3 * x) * Math.cos(2 * y) + 2 * noise * errors.data[2 * i]!
  })
  return Dataset.from(inputs, heights, { features: ['x', 'y'] })
}

/** Prepares the data of a built-in problem. The result depends on the settings only. */
export function prepare(settings: Settings, problem: Exclude<ProblemName, 'file'>): Prepared {
  const given = problem === 'own' ? undefined : generated(problem, settings)
  const raw = withPoints(divide(given, settings), settings)
  const targets = [problem === 'hills' ? 'height' : 'class']
  const features = problem === 'digits' ? undefined : settings.features
  const parts = features ? withFeatures(raw, features) : raw
  return { kind: kindOf(problem), raw, ...parts, features, targets, columns: [], notes: [] }
}

/** The data with these functions of x and y as inputs. */
function withFeatures({ train, test }: Parts, features: readonly FeatureName[]): Parts {
  if (features.join() === initialFeatures.join()) return { train, test }
  const names = features.map((name) => planeInputs[name].name)
  const compute = ({ inputs, targets, classes, targetNames, length }: Dataset) => {
    const values = new Matrix(length, features.length, featuresOfPoints(inputs.data, features))
    return Dataset.from(values, targets, { features: names, classes, targetNames })
  }
  return { train: compute(train), test: test && compute(test) }
}

function generated(problem: keyof typeof generators, settings: Settings): Dataset {
  const { samples, noise } = settings
  return generators[problem]({ samples, seed: seedOfData(settings), noise: (noise / 100) * MAX_NOISE })
}

export function divide(data: Dataset | undefined, settings: Settings): Partial<Parts> {
  const { test } = settings
  if (!data || test === 0) return { ...(data && { train: data }) }
  // For very few samples, the number of test samples may round to none or all of them.
  const held = Math.round(data.length * test)
  return held === 0 || held === data.length ? { train: data } : split(data, { test, seed: seedOfData(settings) })
}

/** Adds the user's points to the training data; they are never held out. */
function withPoints({ train, test }: Partial<Parts>, { problem, points }: Settings): Parts {
  const added = decodePoints(points) ?? []
  const all = problem === 'own' ? [...initialPoints, ...added] : added
  if (train && (all.length === 0 || train.inputs.cols !== 2 || !train.classes)) return { train, test }
  const outputs = train?.targets.cols ?? 2
  const inputs = [...(train?.inputs.data ?? []), ...all.flatMap(({ x, y }) => [x, y])]
  const targets = [
    ...(train?.targets.data ?? []),
    ...all.flatMap(({ second }) => (outputs === 1 ? [Number(second)] : [Number(!second), Number(second)])),
  ]
  const rows = inputs.length / 2
  const joined = Dataset.from(
    new Matrix(rows, 2, new Float32Array(inputs)),
    new Matrix(rows, outputs, new Float32Array(targets)),
    { features: train?.features ?? ['x', 'y'], classes: train?.classes ?? ['circles', 'squares'] },
  )
  return { train: joined, test }
}

const firstOf = (data: Dataset, count: number) => data.slice(0, Math.min(count, data.length))

/** The first samples of IDX files. The test data come from the test files if there are any. */
export function prepareIdx(settings: Settings, { train, test }: FileContent & { kind: 'idx' }): Prepared {
  const classes = train.classes?.length ?? 0
  if (classes > MAX_CLASSES) {
    throw new InputError(`The labels go up to ${classes - 1}; this page supports up to ${MAX_CLASSES} classes.`)
  }
  const count = Math.min(settings.samples, train.length)
  const share = settings.test
  const held = Math.max(1, Math.round((count * share) / (1 - share)))
  const parts = test ? { train: firstOf(train, count), test: share > 0 ? firstOf(test, held) : undefined } : undefined
  const divided = parts ?? divide(firstOf(train, count), settings)
  const raw = { train: divided.train ?? train, test: divided.test }
  const image = Number.isInteger(Math.sqrt(train.inputs.cols))
  const kind = image ? 'images' : 'classes'
  const available = { train: train.length, test: test?.length ?? 0 }
  return { kind, raw, ...raw, features: undefined, targets: ['class'], columns: [], notes: [], available }
}
