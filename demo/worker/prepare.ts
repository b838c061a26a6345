import {
  circle,
  Dataset,
  digits,
  InputError,
  linear,
  Matrix,
  moons,
  parseCsv,
  scale,
  type Scaling,
  spirals,
  split,
  standardize,
  xor,
} from '../../src/index.ts'
import { decodePoints, initialPoints } from '../points.ts'
import type { Unit } from '../protocol.ts'
import { type Kind, kindOf, type ProblemName, type Settings } from '../settings.ts'
import type { FileContent } from './open.ts'

/** Data for training, with the scaling that produced them. */
export interface Prepared {
  kind: Kind
  /** The data before scaling, which the plane shows. */
  raw: { train: Dataset; test: Dataset | undefined }
  /** The data for training. The inputs and regression targets of a file are scaled. */
  train: Dataset
  test: Dataset | undefined
  scaling: Scaling | undefined
  unit: Unit | undefined
  target: string
  notes: string[]
}

/** The largest number of classes that the page can display; EMNIST has 62. */
const MAX_CLASSES = 100

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

/**
 * Prepares the data of an opened file. The result depends on the settings and the file only.
 * @throws InputError if the file does not fit the settings
 */
export async function prepareFile(settings: Settings, content: FileContent | undefined): Promise<Prepared> {
  if (!content) throw new InputError(`This link refers to a file (${settings.file || 'unnamed'}) that is not open.`)
  return content.kind === 'csv' ? prepareCsv(settings, content) : prepareIdx(settings, content)
}

/** Prepares the data of a built-in problem. The result depends on the settings only. */
export function prepare(settings: Settings, problem: Exclude<ProblemName, 'file'>): Prepared {
  const given = problem === 'own' ? undefined : generated(problem, settings)
  const raw = withPoints(divide(given, settings), settings)
  const target = problem === 'hills' ? 'height' : 'class'
  return { kind: kindOf(problem), raw, ...raw, scaling: undefined, unit: undefined, target, notes: [] }
}

function generated(problem: keyof typeof generators, { samples, seed, noise }: Settings): Dataset {
  return generators[problem]({ samples, seed, noise: (noise / 100) * MAX_NOISE })
}

interface Parts {
  train: Dataset
  test: Dataset | undefined
}

function divide(data: Dataset | undefined, { test, seed }: Settings): Partial<Parts> {
  if (!data || test === 0) return { ...(data && { train: data }) }
  // For very few samples, the number of test samples may round to none or all of them.
  const held = Math.round(data.length * test)
  return held === 0 || held === data.length ? { train: data } : split(data, { test, seed })
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

async function prepareCsv(settings: Settings, { text, file }: FileContent & { kind: 'csv' }): Promise<Prepared> {
  const { columns, header } = file
  const at = Math.max(
    0,
    columns.findIndex(({ name }) => name === settings.target),
  )
  const features = columns.filter(({ numeric }, j) => numeric && j !== at).map(({ name }) => name)
  const { name, numeric, distinct } = columns[at]!
  if (!numeric && distinct > MAX_CLASSES) {
    throw new InputError(
      `“${name}” has more than ${MAX_CLASSES} different texts; this page supports up to ${MAX_CLASSES} classes. ` +
        'Choose another target column.',
    )
  }
  if (features.length === 0) throw new InputError(`No numeric column is left to predict ${columns[at]!.name} from.`)
  const notes = columns
    .filter(({ numeric }, j) => !numeric && j !== at)
    .map(({ name }) => `Column “${name}” is not used: it contains text or missing values.`)
  const target = header ? columns[at]!.name : at
  const all = await parseCsv(text, { target, header, ...(header && { features }) })
  const parts = divide(all, settings)
  const raw = { train: parts.train ?? all, test: parts.test }
  return { ...scaled(raw), target: columns[at]!.name, notes }
}

/** Standardizes the columns of a file, and regression targets, to mean 0 and standard deviation 1. */
function scaled(raw: Parts): Omit<Prepared, 'target' | 'notes'> {
  const scaling = standardize(raw.train)
  const kind = raw.train.classes ? 'classes' : 'regression'
  const unit = kind === 'regression' ? unitOf(raw.train.targets.data) : undefined
  const prepared = (data: Dataset) => inUnits(scale(data, scaling), unit)
  return { kind, raw, train: prepared(raw.train), test: raw.test && prepared(raw.test), scaling, unit }
}

function unitOf(values: Float32Array): Unit {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  return { mean, deviation: deviation || 1 }
}

function inUnits(data: Dataset, unit: Unit | undefined): Dataset {
  if (!unit) return data
  const { rows, cols, data: values } = data.targets
  const targets = values.map((value) => (value - unit.mean) / unit.deviation)
  return Dataset.from(data.inputs, new Matrix(rows, cols, targets), { features: data.features })
}

const firstOf = (data: Dataset, count: number) => data.slice(0, Math.min(count, data.length))

/** The first samples of IDX files. The test data come from the test files if there are any. */
function prepareIdx(settings: Settings, { train, test }: FileContent & { kind: 'idx' }): Prepared {
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
  return { kind, raw, ...raw, scaling: undefined, unit: undefined, target: 'class', notes: [] }
}
