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
import { type Kind, MAX_CLASSES, placesOfTargets, type Settings } from '../settings.ts'
import { shellWord } from '../../src/shell.ts'
import { describeColumns } from './columns.ts'
import { type FileContent, MAX_BYTES, withoutFlags } from './open.ts'
import { divide, type Parts, prepareIdx, type Prepared } from './prepare.ts'

type Task = Exclude<Settings['task'], 'auto'> | undefined
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

/** How the columns of a file are read; the places are in the order of the file. */
interface Reading {
  inputs: readonly number[]
  targets: readonly number[]
  task: Task
  /** What is done with rows of which an input is missing; those without a target are always left out. */
  missing: Settings['missing']
}

async function prepareCsv(settings: Settings, content: CsvContent): Promise<Prepared> {
  const { columns } = content.file
  const targets = placesOfTargets(columns, settings)
  const { without, missing } = settings
  const inputs = columns.flatMap(({ kind }, j) => (kind && !targets.includes(j) && !without.includes(j) ? [j] : []))
  checkColumns(content, inputs, targets)
  const reading = { inputs, targets, task: taskOf(columns, targets, settings), missing }
  const { data, notes } = await readSamples(content, reading)
  const parts = divide(data, settings)
  const raw = { train: parts.train ?? data, test: parts.test }
  const prepared = preprocess(raw, settings)
  const kind = kindOfData(data, reading)
  const shown = describeColumns(columns, { ...reading, kind, without, data, train: prepared.train })
  return {
    kind,
    raw,
    ...prepared,
    features: undefined,
    targets: targets.map((j) => columns[j]!.name),
    columns: shown,
    notes,
  }
}

/** Few different values of which some are numbers and some words are classes; else the library decides by the values. */
function taskOf(columns: readonly CsvColumn[], targets: readonly number[], { task }: Settings): Task {
  const { problem, distinct } = columns[targets[0]!]!
  if (targets.length > 1) return task === 'auto' ? undefined : task
  if (task !== 'auto' && task !== 'multilabel') return task
  return problem !== undefined && distinct > 1 && distinct <= FEW ? 'classification' : undefined
}

/** Several columns of 0 and 1 are classes where each row has exactly one 1. */
function kindOfData({ classes, targets: { rows, cols, data } }: Dataset, { targets, task }: Reading): Kind {
  if (!classes) return 'regression'
  if (targets.length === 1 || task === 'classification') return 'classes'
  if (task === 'multilabel') return 'labels'
  const ones = new Uint32Array(rows)
  data.forEach((value, i) => (ones[Math.floor(i / cols)]! += value))
  return ones.every((count) => count === 1) ? 'classes' : 'labels'
}

function checkColumns(
  { file: { name: file, columns, samples } }: CsvContent,
  inputs: readonly number[],
  targets: readonly number[],
) {
  const names = targets.map((j) => `“${columns[j]!.name}”`).join(', ')
  const [first] = targets.map((j) => columns[j]!)
  if (targets.length === 1 && !first!.numeric && first!.distinct > MAX_CLASSES && first!.kind !== 'number') {
    throw new InputError(
      `${names} has more than ${MAX_CLASSES} different texts; this page supports up to ${MAX_CLASSES} classes. ` +
        'Choose another target column.',
    )
  }
  if (targets.length > MAX_CLASSES) {
    throw new InputError(`${targets.length} target columns are chosen; this page supports up to ${MAX_CLASSES}.`)
  }
  const words = targets.length > 1 && targets.map((j) => columns[j]!).find(({ kind }) => !canBeOneOfSeveral(kind))
  if (words) {
    throw new InputError(
      `“${words.name}” contains words, so it can only be the single target. For several targets, choose columns of numbers.`,
    )
  }
  if (inputs.length === 0) throw new InputError(`No column is left to predict ${names} from. Switch a column on.`)
  const width = inputs.reduce((sum, j) => sum + (columns[j]!.kind === 'category' ? columns[j]!.distinct : 1), 0)
  if (width * samples > MAX_VALUES) {
    throw new InputError(
      `${file} would become ${width.toLocaleString('en')} inputs of ${samples.toLocaleString('en')} rows, more than this ` +
        `page has memory for. Switch off columns of words, or train in a terminal: npx webgpu-mlp train --data ${shellWord(file)}`,
    )
  }
}

/** Several targets are numbers, or yes and no. */
const canBeOneOfSeveral = (kind: CsvColumn['kind']) => kind === 'number' || kind === 'boolean'

/** Samples of a file, with a sentence about each surprise in these columns. */
interface ReadSamples {
  data: Dataset
  notes: string[]
}

/** The samples that were last read: other shares of test data need no second reading. */
const lastRead = new WeakMap<CsvContent, { key: string; samples: Promise<ReadSamples> }>()

function readSamples(content: CsvContent, reading: Reading): Promise<ReadSamples> {
  const key = JSON.stringify(reading)
  const last = lastRead.get(content)
  if (last?.key === key) return last.samples
  const samples = parseSamples(content, reading)
  lastRead.set(content, { key, samples })
  return samples
}

async function parseSamples(
  { bytes, encoding, file }: CsvContent,
  { inputs, targets, task, missing }: Reading,
): Promise<ReadSamples> {
  const { header, columns, notes: known } = file
  const hasGaps = (j: number) => columns[j]!.missing > 0
  const nameOf = (j: number) => (header ? columns[j]!.name : j)
  const drop = columns.flatMap((_, j) => (targets.includes(j) || inputs.includes(j) ? [] : [nameOf(j)]))
  const notes: string[] = []
  const data = await parseCsv(bytes, {
    target: targets.map(nameOf),
    header,
    missing: inputs.some(hasGaps) ? missing : 'error',
    missingTargets: 'drop',
    task,
    // Several columns of 0 and 1 are classes or labels; of a single column of numbers, the library's own rule decides.
    ...(targets.length > 1 && { numbers: 'classes' as const }),
    encoding,
    maxUnpackedBytes: MAX_BYTES.unpacked,
    onNote: (note) => notes.push(withoutFlags(note)),
    ...(drop.length > 0 && { drop }),
  })
  return { data, notes: notes.filter((note) => !known.includes(note)) }
}

/** Standardizes numbers and regression targets, where the settings say so; both are fitted on the training data. */
function preprocess(raw: Parts, chosen: Pick<Settings, 'scaleInputs' | 'scaleTargets'>): Parts {
  const scaling = chosen.scaleInputs ? standardize(raw.train) : undefined
  const targetScaling = chosen.scaleTargets && !raw.train.classes ? standardizeTargets(raw.train) : undefined
  const apply = (data: Dataset) => {
    const scaled = scaling ? scale(data, scaling) : data
    return targetScaling ? scaleTargets(scaled, targetScaling) : scaled
  }
  return { train: apply(raw.train), test: raw.test && apply(raw.test) }
}
