import {
  type CsvColumn,
  type Dataset,
  InputError,
  parseCsv,
  scale,
  scaleTargets,
  standardize,
  standardizeTargets,
} from '../../src/index.ts'
import { MAX_CLASSES, type Settings } from '../settings.ts'
import { describeColumns } from './columns.ts'
import { type FileContent, MAX_BYTES, withoutFlags } from './open.ts'
import { divide, type Parts, prepareIdx, type Prepared } from './prepare.ts'

type Task = 'classification' | 'regression' | undefined
type CsvContent = FileContent & { kind: 'csv' }

/** The largest number of values of encoded inputs, 4 bytes each; more would take most of the memory of a tab. */
const MAX_VALUES = 5e7

/** Different values up to which a mixture of numbers and words is taken for classes. */
const FEW = 20

/**
 * Prepares the data of an opened file. The result depends on the settings and the file only.
 * @throws InputError if the file does not fit the settings
 */
export async function prepareFile(settings: Settings, content: FileContent | undefined): Promise<Prepared> {
  if (!content) throw new InputError(`This link refers to a file (${settings.file || 'unnamed'}) that is not open.`)
  return content.kind === 'csv' ? prepareCsv(settings, content) : prepareIdx(settings, content)
}

/** The place of the target in the columns of a file: that of the settings, else the first. */
export const placeOfTarget = (columns: readonly CsvColumn[], target: string): number =>
  Math.max(
    0,
    columns.findIndex(({ name }) => name === target),
  )

async function prepareCsv(settings: Settings, content: CsvContent): Promise<Prepared> {
  const { columns } = content.file
  const at = placeOfTarget(columns, settings.target)
  const inputs = columns.flatMap(({ kind }, j) => (kind && j !== at && !settings.without.includes(j) ? [j] : []))
  checkColumns(content, inputs, at)
  const { data, notes } = await readSamples(content, inputs, at, taskOf(columns[at]!, settings))
  const parts = divide(data, settings)
  const raw = { train: parts.train ?? data, test: parts.test }
  const prepared = preprocess(raw)
  const shown = describeColumns(columns, { inputs, at, without: settings.without, train: prepared.train })
  return {
    kind: data.classes ? 'classes' : 'regression',
    raw,
    ...prepared,
    target: columns[at]!.name,
    columns: shown,
    notes,
  }
}

/** Few different values of which some are numbers and some words are classes; else the library decides by the values. */
function taskOf({ problem, distinct }: CsvColumn, { task }: Settings): Task {
  if (task !== 'auto') return task
  return problem !== undefined && distinct > 1 && distinct <= FEW ? 'classification' : undefined
}

function checkColumns({ file: { name: file, columns, samples } }: CsvContent, inputs: readonly number[], at: number) {
  const { name, numeric, distinct } = columns[at]!
  if (!numeric && distinct > MAX_CLASSES) {
    throw new InputError(
      `“${name}” has more than ${MAX_CLASSES} different texts; this page supports up to ${MAX_CLASSES} classes. ` +
        'Choose another target column.',
    )
  }
  if (inputs.length === 0) throw new InputError(`No column is left to predict “${name}” from. Switch a column on.`)
  const width = inputs.reduce((sum, j) => sum + (columns[j]!.kind === 'category' ? columns[j]!.distinct : 1), 0)
  if (width * samples > MAX_VALUES) {
    throw new InputError(
      `${file} would become ${width.toLocaleString('en')} inputs of ${samples.toLocaleString('en')} rows, more than this ` +
        `page has memory for. Switch off columns of words, or train in a terminal: npx webgpu-mlp train --data ${file}`,
    )
  }
}

/** Samples of a file, with a sentence about each surprise in these columns. */
interface ReadSamples {
  data: Dataset
  notes: string[]
}

/** The samples that were last read: other shares of test data need no second reading. */
const lastRead = new WeakMap<CsvContent, { key: string; samples: Promise<ReadSamples> }>()

function readSamples(content: CsvContent, inputs: readonly number[], at: number, task: Task): Promise<ReadSamples> {
  const key = `${at} ${task}: ${inputs.join()}`
  const last = lastRead.get(content)
  if (last?.key === key) return last.samples
  const samples = parseSamples(content, inputs, at, task)
  lastRead.set(content, { key, samples })
  return samples
}

async function parseSamples(
  { bytes, encoding, file }: CsvContent,
  inputs: readonly number[],
  at: number,
  task: Task,
): Promise<ReadSamples> {
  const { header, columns, notes: known } = file
  const hasGaps = inputs.some((j) => columns[j]!.missing > 0)
  const missing = columns[at]!.missing > 0 ? 'drop' : hasGaps ? 'impute' : 'error'
  const nameOf = (j: number) => (header ? columns[j]!.name : j)
  const drop = columns.flatMap((_, j) => (j === at || inputs.includes(j) ? [] : [nameOf(j)]))
  const notes: string[] = []
  const data = await parseCsv(bytes, {
    target: nameOf(at),
    header,
    missing,
    task,
    encoding,
    maxUnpackedBytes: MAX_BYTES.unpacked,
    onNote: (note) => notes.push(withoutFlags(note)),
    ...(drop.length > 0 && { drop }),
  })
  return { data, notes: notes.filter((note) => !known.includes(note)) }
}

/** Standardizes numbers and regression targets; both are fitted on the training data. */
export function preprocess(raw: Parts): Parts {
  const scaling = standardize(raw.train)
  const targetScaling = raw.train.classes ? undefined : standardizeTargets(raw.train)
  const apply = (data: Dataset) => {
    const scaled = scale(data, scaling)
    return targetScaling ? scaleTargets(scaled, targetScaling) : scaled
  }
  return { train: apply(raw.train), test: raw.test && apply(raw.test) }
}
