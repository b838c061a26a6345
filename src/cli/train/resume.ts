import { CommanderError } from 'commander'
import { type Checkpoint, type Epoch, InputError } from '../../index.ts'
import { readCheckpoint } from '../../node/files.ts'
import { parseTrain, type TrainOptions } from './options.ts'

/** What is kept with a checkpoint beside what the trainer needs, so that the run is whole again when it goes on. */
interface Notes {
  /** The words of the command line, but for those about its output and what it may replace. */
  readonly arguments: readonly string[]
  /** A row an epoch so far, see {@link toRow}. */
  readonly epochs: readonly (readonly (number | null)[])[]
}

/** A run that goes on. */
export interface Earlier {
  readonly checkpoint: Checkpoint
  /** Of the command line that began it. */
  readonly words: readonly string[]
  readonly epochs: readonly Epoch[]
  /** The options that this command line gives. */
  readonly given: Partial<TrainOptions>
}

/** The words of this command line that a resumed run repeats. */
export function keptArguments(given: readonly string[], seed: number): string[] {
  const own = given.filter((word, i) => {
    const isOfThisRun = ['--json', '--profile', '--force'].includes(word)
    return !isOfThisRun && !/^--resume(=|$)/.test(word) && given[i - 1] !== '--resume'
  })
  return [...own, '--seed', String(seed)]
}

/** A checkpoint with what the command line needs to go on from it. */
export function withNotes(checkpoint: Checkpoint, kept: readonly string[], epochs: readonly Epoch[]): Checkpoint {
  const notes: Notes = { arguments: kept, epochs: epochs.map(toRow) }
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
  return { checkpoint, words, options, epochs: notes?.epochs.map(fromRow) ?? [], given: parseTrain(given) }
}

/** Errors about words in the file are the file's, not the command line's. */
function checkWords(path: string, words: readonly string[]): void {
  try {
    parseTrain(words)
  } catch (cause) {
    if (!(cause instanceof CommanderError || cause instanceof InputError)) throw cause
    const problem = cause.message.replace(/^error: /, '')
    throw new InputError(`${path}: checkpoint: "notes.arguments" are not those of train: ${problem}`, { cause })
  }
}

/** Undefined for a checkpoint that another program made. */
function readNotes(path: string, { notes, epoch }: Checkpoint): Notes | undefined {
  if (notes === undefined) return undefined
  const { arguments: kept, epochs } = (notes ?? {}) as { arguments?: unknown; epochs?: unknown }
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
  return { arguments: kept, epochs: epochs as Notes['epochs'] }
}

function toRow({ loss, accuracy, validation, steps, learningRate, seconds, samplesPerSecond }: Epoch) {
  const held = validation ? [validation.loss, validation.accuracy] : [null, null]
  return [loss, accuracy, ...held, steps, learningRate, seconds, samplesPerSecond]
}

function fromRow(row: readonly (number | null)[], i: number): Epoch {
  // JSON has no NaN: what is null beside an accuracy was one.
  const at = (place: number) => row[place] ?? NaN
  return {
    epoch: i + 1,
    loss: at(0),
    accuracy: at(1),
    validation: row[3] === null ? null : { loss: at(2), accuracy: at(3) },
    steps: at(4),
    learningRate: at(5),
    seconds: at(6),
    samplesPerSecond: at(7),
  }
}
