import { CommanderError } from 'commander'
import { type Change, type ChangeableOption, type Checkpoint, type Epoch, InputError } from '../../index.ts'
import { readCheckpoint } from '../../node/files.ts'
import { givenOptions, parseTrain, type TrainOptions } from './options.ts'

/** What is kept with a checkpoint beside what the trainer needs, so that the run is whole again when it goes on. */
interface Notes {
  /** The words of the command line, but for those about its output and what it may replace. */
  readonly arguments: readonly string[]
  /** A row an epoch so far, see {@link toRow}. */
  readonly epochs: readonly (readonly (number | null)[])[]
  /** What was changed on the way, in words; missing in checkpoints of earlier versions. */
  readonly changes?: readonly string[]
}

/** A run that goes on. */
export interface Earlier {
  readonly checkpoint: Checkpoint
  /** Of the command line that began it. */
  readonly words: readonly string[]
  readonly epochs: readonly Epoch[]
  /** The options that this command line gives. */
  readonly given: Partial<TrainOptions>
  /** Those of them that replace the run's own. */
  readonly changed: readonly ChangeableOption[]
  /** What was changed when the run was resumed before, in words. */
  readonly changes: readonly string[]
}

/** The options of the command line that may change between steps. */
const changeable: Readonly<Partial<Record<keyof TrainOptions, ChangeableOption>>> = {
  lr: 'learningRate',
  schedule: 'learningRate',
  warmup: 'learningRate',
  weightDecay: 'weightDecay',
  clipNorm: 'clipNorm',
  l1: 'l1',
  l2: 'l2',
  dropout: 'dropout',
}

/** A change in words: `learningRate 0.01 → 0.001 after epoch 60`. */
export function describeChange({ option, before, after }: Change, epoch: number): string {
  const say = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value).replace(/["{}]/g, ''))
  return `${option} ${say(before)} → ${say(after)} after epoch ${epoch}`
}

/** The words of this command line that a resumed run repeats. */
export function keptArguments(given: readonly string[], seed: number): string[] {
  const own = given.filter((word, i) => {
    const isOfThisRun = ['--json', '--profile', '--force'].includes(word)
    return !isOfThisRun && !/^--resume(=|$)/.test(word) && given[i - 1] !== '--resume'
  })
  const hasSeed = own.some((word) => /^--seed(=|$)/.test(word))
  return hasSeed ? own : [...own, '--seed', String(seed)]
}

/** A checkpoint with what the command line needs to go on from it. */
export function withNotes(
  checkpoint: Checkpoint,
  kept: readonly string[],
  epochs: readonly Epoch[],
  changes: readonly string[],
): Checkpoint {
  const notes: Notes = { arguments: kept, epochs: epochs.map(toRow), ...(changes.length > 0 && { changes }) }
  return { ...checkpoint, notes }
}

/**
 * The run that a checkpoint is of: its options, and over them those that are given now. Checkpoints go on into the same
 * file.
 * @param path of the checkpoint
 * @param given the words of this command line
 * @throws InputError for a file that is no checkpoint
 */
export async function resume(path: string, given: readonly string[]): Promise<Earlier & { options: TrainOptions }> {
  const checkpoint = await readCheckpoint(path)
  const notes = readNotes(path, checkpoint)
  const words = [...(notes?.arguments ?? []), '--checkpoint', path]
  checkWords(path, words)
  const options = parseTrain([...words, ...given])
  const names = givenOptions(given)
  // Another backend may have no threads.
  if (names.has('backend') && !names.has('threads')) delete options.threads
  const changed = new Set(Object.entries(changeable).flatMap(([name, option]) => (names.has(name) ? [option] : [])))
  return {
    checkpoint,
    words,
    options,
    epochs: notes?.epochs.map(fromRow) ?? [],
    given: parseTrain(given),
    changed: [...changed],
    changes: notes?.changes ?? [],
  }
}

/** Errors about words in the file are the file's, not the command line's. */
function checkWords(path: string, words: readonly string[]): void {
  try {
    const { force, resume: other } = parseTrain(words)
    // Another person may have written the file: it does not decide which files are replaced.
    if (force) throw new InputError('--force is for the command line alone')
    if (other !== undefined) throw new InputError('--resume is for the command line alone')
  } catch (cause) {
    if (!(cause instanceof CommanderError || cause instanceof InputError)) throw cause
    const problem = cause.message.replace(/^error: /, '')
    throw new InputError(`${path}: checkpoint: "notes.arguments" are not those of train: ${problem}`, { cause })
  }
}

/** Undefined for a checkpoint that another program made. */
function readNotes(path: string, { notes, epoch }: Checkpoint): Notes | undefined {
  if (notes === undefined) return undefined
  const { arguments: kept, epochs, changes = [] } = (notes ?? {}) as { arguments?: unknown; epochs?: unknown; changes?: unknown } // prettier-ignore
  if (!Array.isArray(kept) || !kept.every((word) => typeof word === 'string')) {
    throw new InputError(
      `${path}: checkpoint: "notes.arguments" is ${JSON.stringify(kept) ?? 'missing'}, expected a list of words`,
    )
  }
  const isRow = (row: unknown) =>
    Array.isArray(row) && row.length === 8 && row.every((v) => v === null || typeof v === 'number')
  if (!Array.isArray(epochs) || epochs.length !== epoch || !epochs.every(isRow)) {
    throw new InputError(`${path}: checkpoint: "notes.epochs" are not the ${epoch} epochs of its run`)
  }
  if (!Array.isArray(changes) || !changes.every((change) => typeof change === 'string')) {
    throw new InputError(`${path}: checkpoint: "notes.changes" is ${JSON.stringify(changes)}, expected a list of texts`)
  }
  return { arguments: kept, epochs: epochs as Notes['epochs'], changes }
}

function toRow({ loss, accuracy, validation, steps, learningRate, seconds, samplesPerSecond }: Epoch) {
  const held = [validation?.loss ?? null, validation?.accuracy ?? null]
  return [loss, accuracy ?? null, ...held, steps, learningRate, seconds, samplesPerSecond]
}

function fromRow(row: readonly (number | null)[], i: number): Epoch {
  // JSON has no NaN: a loss that is null beside an accuracy was one.
  const at = (place: number) => row[place] ?? NaN
  return {
    epoch: i + 1,
    loss: at(0),
    ...accuracyOf(row[1]),
    validation: row[2] === null && row[3] === null ? null : { loss: at(2), ...accuracyOf(row[3]) },
    steps: at(4),
    learningRate: at(5),
    seconds: at(6),
    samplesPerSecond: at(7),
  }
}

const accuracyOf = (value: number | null | undefined) => (typeof value === 'number' ? { accuracy: value } : {})
