import { Command } from 'commander'
import { InputError, optionSchemas } from '../../index.ts'
import { addFlag, addOwn, libraryFlags, longName, number, type OwnFlag, ownFlags, quote } from '../flags.ts'
import {
  addBackendOptions,
  addColumnOptions,
  addDataOptions,
  addDataSeed,
  addTaskOption,
  type BackendOptions,
  classWeights,
} from '../options.ts'
import { sweepFlags } from './flags.ts'
import { parseSeeds } from './values.ts'

/** The options with several values, as they were given: a text each time. */
export interface AxisTexts {
  layers?: string[]
  activation?: string[]
  hidden?: string[]
  output?: string[]
  init?: string[]
  loss?: string[]
  optimizer?: string[]
  lr?: string[]
  schedule?: string[]
  batch?: string[]
  epochs?: string[]
  momentum?: string[]
  weightDecay?: string[]
  clipNorm?: string[]
  l1?: string[]
  l2?: string[]
  dropout?: string[]
}

/** The options of `sweep`, as the command line has them; those of the data are read by `train`'s parser. */
export interface SweepCommandOptions extends BackendOptions, AxisTexts {
  data?: string
  warmup?: number
  shuffle: boolean
  earlyStopping?: number
  minDelta?: number
  deterministic?: boolean
  seeds?: number | number[]
  random?: number
  randomSeed?: number
  halving?: number | true
  keep?: number
  limit?: number
  dataSeed?: number
  test?: number
  folds?: number
  ensemble?: number
  dryRun?: boolean
  out?: string
  resume?: string | true
  shard?: string
  shards?: number
  force?: boolean
  json?: boolean
}

/** An option of a command line with its text; without one for a flag. */
type Word = readonly [flag: string, text?: string]

/** A command line of `sweep`, read. */
export interface ParsedSweep {
  readonly options: SweepCommandOptions
  /** All options in their order. */
  readonly given: readonly Word[]
}

const examples = `
Values: --lr 0.1,0.3,1, or --lr 0.01:10:log:32 for 32 values from 0.01 to 10 (also :linear:). Options of words take
several with commas, and every option can be repeated. All combinations are trained, each with every seed.

Examples:
  webgpu-mlp sweep --data circle --layers 2,3,2 --layers 2,8,2 --lr 0.01:10:log:32 --seeds 32 --epochs 200 --out sweep
  webgpu-mlp sweep --data flowers.csv --target species --test 0.2 --standardize --layers -,16,- --loss crossEntropy \\
    --hidden relu,tanh --optimizer adam --lr 0.0001:0.1:log --batch 8:64:log --random 500 --halving --epochs 100
  webgpu-mlp sweep --resume sweep
  webgpu-mlp sweep --data circle --lr 0.01:10:log:32 --seeds 32 --out sweep --shard 1/4   # on each machine another one
  webgpu-mlp sweep merge sweep --out merged`

const collect = (text: string, earlier: readonly string[] = []) => [...earlier, text]

/** The flags of settings, each of which takes several values. */
const networkAxes = ['layers', 'activation', 'hidden', 'output', 'init', 'loss'] as const
const stepAxes = ['optimizer', 'lr', 'batch', 'epochs', 'momentum', 'weightDecay', 'schedule'] as const
const penaltyAxes = ['clipNorm', 'dropout', 'l1', 'l2'] as const

/** The command with its options, without an action. */
export function defineSweep(): Command {
  const command = new Command('sweep')
    .description('train a network for each combination of settings and each seed, and rank them')
    .optionsGroup('Data:')
  addOwn(command, ownFlags.data)
  addDataOptions(command)
  addColumnOptions(command)
  addTaskOption(command)
  addFlag(command, libraryFlags.test)
  addChecked(command, sweepFlags.folds, whole(2))
  addOwn(command, ownFlags.validation, ownFlags.validationTargets)
  addOwn(command, ownFlags.standardize, ownFlags.standardizeTargets, ownFlags.normalize)
  addDataSeed(command).optionsGroup('Settings, with several values:')
  for (const name of [...networkAxes, ...stepAxes, ...penaltyAxes]) {
    command.option(sweepFlags[name].flag, sweepFlags[name].help, collect)
  }
  command.option(sweepFlags.seeds.flag, sweepFlags.seeds.help, parseSeeds).optionsGroup('What is trained:')
  addChecked(command, sweepFlags.random, whole(1))
  addChecked(command, sweepFlags.randomSeed, seed)
  addChecked(command, sweepFlags.halving, whole(2, 32))
  addChecked(command, sweepFlags.keep, share)
  addChecked(command, sweepFlags.limit, whole(1, 2 ** 24))
  addOwn(command, sweepFlags.dryRun, sweepFlags.shard)
  addChecked(command, sweepFlags.shards, whole(1)).optionsGroup('For all networks:')
  addFlag(command, libraryFlags.shuffle)
  addFlag(command, libraryFlags.warmup)
  addFlag(command, libraryFlags.earlyStopping)
  addFlag(command, libraryFlags.minDelta)
  addFlag(command, libraryFlags.classWeights, { read: classWeights })
  addBackendOptions(command)
  addFlag(command, libraryFlags.deterministic).optionsGroup('Files and output:')
  addChecked(command, sweepFlags.ensemble, whole(0, 1000))
  addOwn(command, sweepFlags.out, sweepFlags.resume, ownFlags.force, ownFlags.json)
  return command.addHelpText('after', examples)
}

/** Adds a flag whose value is checked by a function that takes its name and a number. */
function addChecked(command: Command, { flag, help }: OwnFlag, check: (name: string, value: number) => number) {
  return command.option(flag, help, (text: string) => check(longName(flag), number(text)))
}

const whole =
  (least: number, most = 2 ** 32 - 1) =>
  (name: string, value: number): number => {
    if (Number.isInteger(value) && value >= least && value <= most) return value
    const limit = most === 2 ** 32 - 1 ? `from ${least} on` : `from ${least} to ${most}`
    throw new InputError(`${name}: expected a whole number ${limit}, got ${value}`)
  }

const seed = (name: string, value: number) => optionSchemas.split.fields.seed.check(name, value)

function share(name: string, value: number): number {
  if (value > 0 && value < 1) return value
  throw new InputError(`${name}: expected a number above 0 and below 1, got ${value}`)
}

/**
 * Reads the words of a `sweep`.
 * @throws CommanderError or InputError for those that do not fit
 */
export function parseSweep(words: readonly string[]): ParsedSweep {
  const command = defineSweep()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  const given: Word[] = []
  for (const option of command.options) {
    command.on(`option:${option.name()}`, (text: string | null | undefined) => {
      given.push(typeof text === 'string' ? [option.long!, text] : [option.long!])
    })
  }
  command.parse([...words], { from: 'user' })
  const [extra] = command.args
  if (extra !== undefined) {
    throw new InputError(`sweep: ${quote(extra)} is no option; merge is given first: webgpu-mlp sweep merge DIR`)
  }
  return { options: command.opts(), given }
}

/** Options that `train` takes as a sweep does, so that a network's command repeats them; results do not depend on threads. */
const shared = new Set([
  ...['data', 'target', 'samples', 'noise', 'delimiter', 'header', 'decimal', 'comment', 'encoding', 'missing'],
  ...['max-unpacked-bytes', 'targets', 'arrays', 'features', 'drop', 'task', 'test', 'validation'],
  ...['validation-targets', 'standardize', 'standardize-targets', 'normalize', 'no-shuffle', 'warmup'],
  ...['early-stopping', 'min-delta', 'class-weights', 'deterministic'],
])

/** Options that say where results go and how they are shown; a sweep that is resumed does not repeat them. */
const ofThisRun = new Set(['out', 'resume', 'force', 'json', 'dry-run', 'shard', 'shards', 'limit', 'ensemble'])

const nameOf = ([flag]: Word) => flag.slice(2)

/** The words that a network's `train` command has in common with its sweep. */
export const sharedWords = ({ given }: ParsedSweep): string[] =>
  given.filter((word) => shared.has(nameOf(word))).flatMap((word) => [...word] as string[])

/** The words that define the sweep, as its state keeps them. */
export const definingWords = ({ given }: ParsedSweep): string[] =>
  given.filter((word) => !ofThisRun.has(nameOf(word))).flatMap((word) => [...word] as string[])

/**
 * The words that the state of a sweep keeps, which another person may have written: they say what is trained, and not what is
 * replaced or where results go.
 * @throws InputError for options of {@link ofThisRun}; CommanderError or InputError for those that do not fit
 */
export function checkKept(words: readonly string[]): readonly string[] {
  const own = parseSweep(words).given.find((word) => ofThisRun.has(nameOf(word)))
  if (own) throw new InputError(`the sweep has ${own[0]}, which the command line alone decides`)
  return words
}
