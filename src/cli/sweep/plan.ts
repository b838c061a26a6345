import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, type SweepOptions } from '../../index.ts'
import { checkSweepBackend } from '../options.ts'
import { shellWord } from '../../shell.ts'
import { type CheckedAxes, checkAxes } from './axes.ts'
import { prepareSweepData, type SweepData } from './data.ts'
import { checkKept, definingWords, type ParsedSweep, parseSweep, type SweepCommandOptions } from './options.ts'
import { type ChosenShard, chooseShard, folderOfShard, shardFolders } from './shard.ts'
import { countTrained, isFinished, readState, type SavedState } from './state.ts'

/** The folder where no option names one. */
const USUAL_FOLDER = 'sweep'

/** A sweep that is about to be trained, or to go on. */
export interface SweepPlan {
  readonly parsed: ParsedSweep
  readonly options: SweepCommandOptions & { data: string }
  readonly checked: CheckedAxes
  readonly shard: ChosenShard | undefined
  readonly folder: string
  /** Where it goes on from. */
  readonly saved: SavedState | undefined
}

/**
 * What the words of a command line ask for: a new sweep, or one that goes on.
 * @throws InputError for options that do not fit together, and for a folder with a sweep that is not finished
 */
export async function planSweep(words: readonly string[], environment = process.env): Promise<SweepPlan> {
  const given = parseSweep(words)
  const { resume, out } = given.options
  if (typeof resume === 'string' && out !== undefined) {
    throw new InputError(`--resume: the sweep in ${resume} goes on in its folder; leave --out out`)
  }
  const place = await placeOf(given.options, environment)
  const saved = given.options.dryRun ? undefined : await readState(place.folder)
  if (typeof resume === 'string' && !saved) throw await nothingThere(resume, place.folder)
  const parsed = resume !== undefined && saved ? continued(saved, words, given) : given
  if (saved && resume === undefined) await refuseUnfinished(saved, place.folder, given.options)
  const { data } = parsed.options
  if (data === undefined) throw new InputError("required option '--data <name>' not specified")
  checkTogether(parsed.options)
  const checked = checkAxes(parsed.options)
  const options = { ...parsed.options, data }
  return { parsed, options, checked, ...place, saved: resume === undefined ? undefined : saved }
}

/** The folder of the results, and the shard; a folder that is resumed knows which shard it is. */
async function placeOf(options: SweepCommandOptions, environment: NodeJS.ProcessEnv) {
  const { resume, out = USUAL_FOLDER } = options
  if (typeof resume === 'string') {
    const saved = await readState(resume)
    if (saved) {
      const { count, own } = saved.checkpoint.shards
      const shard = count > 1 ? { index: own[0]!, count, source: 'its state' } : undefined
      return { folder: resume, shard }
    }
  }
  const chosen = chooseShard(options, environment)
  const folder = await folderOfShard(typeof resume === 'string' ? resume : out, chosen)
  return { folder, shard: chosen && chosen.count > 1 ? chosen : undefined }
}

async function nothingThere(resume: string, folder: string): Promise<InputError> {
  const [first] = await shardFolders(resume)
  const hint = first
    ? `resume one of its shards, such as --resume ${shellWord(first.path)}`
    : `to begin one there, or to go on where there is one, give its options with --out ${shellWord(resume)} --resume`
  return new InputError(`--resume: ${folder} holds no sweep; ${hint}`)
}

/** The sweep of a state, with what this command line says of the run. */
function continued(saved: SavedState, words: readonly string[], given: ParsedSweep): ParsedSweep {
  const { path, notes } = saved
  try {
    // A whole command line is one of the same sweep, which the library compares.
    return given.options.data === undefined ? parseSweep([...checkKept(notes.arguments), ...words]) : given
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message.replace(/^error: /, '') : String(cause)
    throw new InputError(`${path}: its arguments are not those of sweep: ${problem}`, { cause })
  }
}

async function refuseUnfinished(
  { checkpoint }: SavedState,
  folder: string,
  { force }: SweepCommandOptions,
): Promise<void> {
  if (force) return
  // A sweep that was killed after its last state has no results yet.
  const hasResults = await stat(join(folder, 'results.json')).then(
    () => true,
    () => false,
  )
  if (isFinished(checkpoint) && hasResults) return
  const trained = countTrained(checkpoint)
  throw new InputError(
    `--out: ${folder} holds a sweep of which ${trained} networks are trained; --resume goes on with it, --force replaces it, ` +
      'or give another folder',
  )
}

function checkTogether(options: SweepCommandOptions): void {
  const { keep, halving, randomSeed, random, minDelta, earlyStopping } = options
  const needs = (name: string, value: unknown, other: string, needed: unknown) => {
    if (value !== undefined && needed === undefined) throw new InputError(`${name}: is for ${other}; give that, too`)
  }
  needs('--keep', keep, '--halving', halving)
  needs('--random-seed', randomSeed, '--random', random)
  needs('--min-delta', minDelta, '--early-stopping', earlyStopping)
}

/** What the library is given. */
export function libraryOptions(plan: SweepPlan, data: SweepData): SweepOptions {
  const { options, checked, shard, saved } = plan
  const { seeds, random, randomSeed, halving, keep, limit, earlyStopping, minDelta, shuffle } = options
  return {
    ...checked.axes,
    ...{ sizes: data.sizes, shuffle, seeds, limit, validation: data.validation, folds: data.folds },
    ...checkSweepBackend(options),
    deterministic: options.deterministic === true,
    random: random === undefined ? undefined : { count: random, seed: randomSeed },
    halving: halving === undefined ? undefined : { rounds: halving === true ? undefined : halving, keep },
    earlyStopping: earlyStopping === undefined ? undefined : { patience: earlyStopping, minDelta },
    shard: shard && { index: shard.index, count: shard.count },
    resume: saved?.checkpoint,
  }
}

/** Reads the data. */
export const dataOf = (plan: SweepPlan): Promise<SweepData> => prepareSweepData(plan.parsed, plan.checked)

/** The words that the state of a sweep keeps. */
export const wordsOf = (plan: SweepPlan): string[] =>
  plan.saved && plan.parsed.options.data !== undefined ? [...plan.saved.notes.arguments] : definingWords(plan.parsed)

/** Errors of the library about a sweep, with the options of the command line; those about a state name its file. */
export function withState<T>({ saved }: SweepPlan, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause
    const message = cause.message
      .replace('random: { count: 1000 }', '--random 1000')
      .replace(/raise limit$/, 'raise --limit')
      .replace('mergeSweepCheckpoints (on the command line: sweep merge)', 'sweep merge')
    throw new InputError(saved && message.startsWith('checkpoint: ') ? `${saved.path}: ${message}` : message, { cause })
  }
}
