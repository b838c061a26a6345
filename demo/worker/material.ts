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
import { decodePoints, firstPoints } from '../points.ts'
import type { Unit } from '../protocol.ts'
import { type Kind, kindOf, type ProblemName, type Settings } from '../settings.ts'
import type { Material } from './opening.ts'

/** Data to train on, and how they come from what the page was given. */
export interface Prepared {
  kind: Kind
  /** As they were given; what the plane shows. */
  raw: { train: Dataset; test: Dataset | undefined }
  /** As they are trained on: inputs and quantities scaled where they came from a file. */
  train: Dataset
  test: Dataset | undefined
  scaling: Scaling | undefined
  unit: Unit | undefined
  target: string
  notes: string[]
}

/** Classes that fit on the page; EMNIST has 62. */
const MOST_CLASSES = 100

/** 100 on the page's slider is noise of this standard deviation. */
const MOST_NOISE = 0.3

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

/** Heights over the plane: what is learned is not a class but a quantity. */
function hills({ samples, seed, noise }: Options): Dataset {
  const { inputs } = xor({ samples, seed, noise: 0 })
  // Evenly spread errors of the heights, from points of another seed.
  const errors = linear({ samples, seed: seed === 0 ? 1 : seed - 1, noise: 0 }).inputs
  const heights = Array.from({ length: samples }, (_, i) => {
    const [x, y] = [inputs.data[2 * i]!, inputs.data[2 * i + 1]!]
    return Math.sin(3 * x) * Math.cos(2 * y) + 2 * noise * errors.data[2 * i]!
  })
  return Dataset.from(inputs, heights, { features: ['x', 'y'] })
}

/**
 * The data of an opened file that settings describe, the same for the same settings.
 * @throws InputError for files that cannot be read in the way that the settings ask for
 */
export async function prepareFile(settings: Settings, opened: Material | undefined): Promise<Prepared> {
  if (!opened) throw new InputError(`This link is about a file, ${settings.file || 'which it does not name'}.`)
  return opened.kind === 'csv' ? prepareCsv(settings, opened) : prepareIdx(settings, opened)
}

/** The data that settings of one of the page's own problems describe, the same for the same settings. */
export function prepare(settings: Settings, problem: Exclude<ProblemName, 'file'>): Prepared {
  const given = problem === 'own' ? undefined : generated(problem, settings)
  const raw = withPoints(divide(given, settings), settings)
  const target = problem === 'hills' ? 'height' : 'class'
  return { kind: kindOf(problem), raw, ...raw, scaling: undefined, unit: undefined, target, notes: [] }
}

function generated(problem: keyof typeof generators, { samples, seed, noise }: Settings): Dataset {
  return generators[problem]({ samples, seed, noise: (noise / 100) * MOST_NOISE })
}

interface Parts {
  train: Dataset
  test: Dataset | undefined
}

function divide(data: Dataset | undefined, { test, seed }: Settings): Partial<Parts> {
  if (!data || test === 0) return { ...(data && { train: data }) }
  // Of very few samples a share may be none at all.
  const held = Math.round(data.length * test)
  return held === 0 || held === data.length ? { train: data } : split(data, { test, seed })
}

/** Points added by hand are trained on, never held out. */
function withPoints({ train, test }: Partial<Parts>, { problem, points }: Settings): Parts {
  const added = decodePoints(points) ?? []
  const all = problem === 'own' ? [...firstPoints, ...added] : added
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

async function prepareCsv(settings: Settings, { text, file }: Material & { kind: 'csv' }): Promise<Prepared> {
  const { columns, header } = file
  const at = Math.max(
    0,
    columns.findIndex(({ name }) => name === settings.target),
  )
  const features = columns.filter(({ numeric }, j) => numeric && j !== at).map(({ name }) => name)
  const { name, numeric, distinct } = columns[at]!
  if (!numeric && distinct > MOST_CLASSES) {
    throw new InputError(
      `“${name}” holds more than ${MOST_CLASSES} different words; this page tells up to ${MOST_CLASSES} classes apart. ` +
        'Choose another column to predict.',
    )
  }
  if (features.length === 0) throw new InputError(`No column of numbers is left to tell ${columns[at]!.name} from.`)
  const notes = columns
    .filter(({ numeric }, j) => !numeric && j !== at)
    .map(({ name }) => `Column “${name}” is left out: it holds words, or values are missing.`)
  const target = header ? columns[at]!.name : at
  const all = await parseCsv(text, { target, header, ...(header && { features }) })
  const parts = divide(all, settings)
  const raw = { train: parts.train ?? all, test: parts.test }
  return { ...scaled(raw), target: columns[at]!.name, notes }
}

/** Columns of a file may lie in any range: each gets mean 0 and deviation 1, quantities too. */
function scaled(raw: Parts): Omit<Prepared, 'target' | 'notes'> {
  const scaling = standardize(raw.train)
  const kind = raw.train.classes ? 'classes' : 'quantities'
  const unit = kind === 'quantities' ? unitOf(raw.train.targets.data) : undefined
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

/** The first samples of the files; those held out are the test files' own, where they came with it. */
function prepareIdx(settings: Settings, { train, test }: Material & { kind: 'idx' }): Prepared {
  const classes = train.classes?.length ?? 0
  if (classes > MOST_CLASSES) {
    throw new InputError(`The labels go up to ${classes - 1}; this page tells up to ${MOST_CLASSES} classes apart.`)
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
