import { createHash } from 'node:crypto'
import { cpus } from 'node:os'
import { version } from '../../../package.json'
import { type Epoch, type Evaluation, InputError, Network, taskOf } from '../../index.ts'
import { count } from '../output.ts'
import { now, payloadStart } from './html.ts'
import type { RecordedRun } from './trained-run.ts'

/** A loss and a score: the accuracy, or for regression R². Null where it was not finite. */
export interface Result {
  loss: number | null
  score: number | null
}

/** Columns of the learning curves, one value an epoch shown. */
export interface Curves {
  epoch: number[]
  loss: (number | null)[]
  /** In percent; null where epochs have no accuracy (regression), and without validation data. */
  score: (number | null)[] | null
  validationLoss: (number | null)[] | null
  validationScore: (number | null)[] | null
}

/** A run for programs. The report's page holds it as JSON, in the element `run`, under `record`. */
export interface RunRecord {
  format: 'webgpu-mlp run'
  version: 1
  title: string
  /** Names and values as the page shows them. */
  settings: [name: string, value: string][]
  environment: [name: string, value: string][]
  /** The first 16 hexadecimal digits of the SHA-256 of all parameters, see {@link fingerprint}. */
  fingerprint: string
  scoreName: 'accuracy' | 'R²'
  epochs: number
  seconds: number
  /** Null where the run took no measurable time. */
  samplesPerSecond: number | null
  training: Result
  validation: Result | null
  curves: Curves
}

/** Points of a curve at most. */
const MOST_EPOCHS = 1000
/** Options that say nothing about the run, or that other rows show better. */
const omittedOptions = [
  ...['json', 'out', 'report', 'profile', 'checkpoint', 'checkpointEvery', 'resume'],
  ...['layers', 'activation', 'lr', 'schedule', 'warmup', 'clipNorm'],
]

/**
 * Two networks with the same fingerprint hold the same parameters, to the bit: the first 16 hexadecimal digits of the
 * SHA-256 of all parameters as little-endian float32, layer by layer, weights and then biases.
 */
export function fingerprint({ parameters }: Network): string {
  const view = new DataView(new ArrayBuffer(4 * parameters.length))
  parameters.forEach((value, i) => view.setFloat32(4 * i, value, true))
  return createHash('sha256').update(view).digest('hex').slice(0, 16)
}

/** Whether a run predicts regression targets, so that its score is R². */
export function isRegression({ network, trainer, data }: RecordedRun): boolean {
  return taskOf(network, trainer.loss, data.train) === 'regression'
}

/** The parts of a run that another page can compare with other runs. */
export function makeRecord(run: RecordedRun): RunRecord {
  const { network, epochs, seconds, data, settings, result, validation } = run
  const regression = isRegression(run)
  const resultOf = ({ loss, accuracy, r2 }: Evaluation): Result => ({
    loss: finite(loss),
    score: finite(regression ? r2 : accuracy),
  })
  return {
    format: 'webgpu-mlp run',
    version: 1,
    title: `${network.sizes.join('-')} on ${String((settings as { data?: unknown }).data)}`,
    settings: describeSettings(run),
    environment: describeEnvironment(run),
    fingerprint: fingerprint(network),
    scoreName: regression ? 'R²' : 'accuracy',
    epochs: epochs.length,
    seconds,
    samplesPerSecond: finite((epochs.length * data.train.length) / seconds),
    training: resultOf(result),
    validation: validation && resultOf(validation),
    curves: makeCurves(epochs),
  }
}

const finite = (value: number | undefined) => (Number.isFinite(value) ? (value as number) : null)

function describeSettings({ network, data, settings }: RecordedRun): [string, string][] {
  const given = Object.entries(settings).filter(([key, value]) => value !== undefined && !omittedOptions.includes(key))
  return [
    ['layers', network.sizes.join('-')],
    ['activations', network.activations.join(', ')],
    ['parameters', count(network.parameters.length)],
    ['training samples', count(data.train.length)],
    ['validation samples', data.validation ? count(data.validation.length) : 'none'],
    ...given.flatMap(([key, value]) => describeSetting(key, value)),
  ]
}

/** An option as text; an optimizer is its name, and a row for each of its constants, so that runs differ in the row. */
function describeSetting(key: string, value: unknown): [string, string][] {
  // The keys are names of classes, which may be any.
  if (key === 'classWeights' && typeof value === 'object' && value !== null) {
    return [[key, Object.entries(value).map(([name, weight]) => `${name}=${String(weight)}`).join(', ')]] // prettier-ignore
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[key, describeValue(value)]]
  const { name, ...rest } = value as { name?: unknown }
  const constants = Object.entries(rest).filter(([, one]) => Boolean(one))
  return [[key, describeValue(name)], ...constants.map(([k, one]): [string, string] => [k, describeValue(one)])]
}

/** The value of an option on one line; a schedule, for example, with its name first. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(describeValue).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  const { name, ...rest } = value as { name?: unknown }
  const set = Object.entries(rest)
    .filter(([, one]) => typeof one !== 'function')
    .map(([key, one]) => `${key} ${describeValue(one)}`)
  return [...(typeof name === 'string' ? [name] : []), ...set].join(', ')
}

function describeEnvironment({ backend }: RecordedRun): [string, string][] {
  const processors = cpus()
  const processor = processors[0] ? `${processors[0].model.trim()}, ${processors.length} threads` : 'unknown'
  return [
    ['backend used', `${backend.name}: ${backend.description}`],
    ['processor', processor],
    ['platform', `${process.platform} ${process.arch}`],
    ['node', process.version],
    ['webgpu-mlp', version],
    ['date', now()],
  ]
}

/** Columns for the charts; long runs are thinned out evenly, their last epoch kept. */
function makeCurves(epochs: readonly Epoch[]): Curves {
  const every = Math.ceil(epochs.length / MOST_EPOCHS)
  const shown = epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1)
  const held = shown.some(({ validation }) => validation !== null)
  const scored = shown.some(({ accuracy }) => accuracy !== undefined)
  const percentOf = (share: number | undefined) => finite(share === undefined ? undefined : 100 * share)
  return {
    epoch: shown.map(({ epoch }) => epoch),
    loss: shown.map(({ loss }) => finite(loss)),
    score: scored ? shown.map(({ accuracy }) => percentOf(accuracy)) : null,
    validationLoss: held ? shown.map(({ validation }) => finite(validation?.loss)) : null,
    validationScore: held && scored ? shown.map(({ validation }) => percentOf(validation?.accuracy)) : null,
  }
}

/**
 * The record in a report's page; undefined where the text is no such page. The content of a file is
 * used only after it was checked.
 * @param path how the errors call it
 * @throws InputError where the page holds a record that is cut short, or of another version
 */
export function readRecord(html: string, path: string): RunRecord | undefined {
  const start = html.indexOf(payloadStart)
  if (start < 0) return undefined
  const text = html.slice(start + payloadStart.length).split('<', 1)[0] ?? ''
  let record: unknown
  try {
    record = (JSON.parse(text) as { record?: unknown } | null)?.record
  } catch (cause) {
    throw new InputError(`${path}: the run in it is cut short; write the report again with train --report`, { cause })
  }
  if (record === undefined) return undefined
  if (!isRecord(record)) {
    throw new InputError(`${path}: holds a run of another version; write the report again with train --report`)
  }
  return record
}

function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== 'object' || value === null) return false
  const { format, version, title, settings, environment, scoreName, training, validation, curves, ...rest } =
    value as Record<keyof RunRecord, unknown>
  return (
    format === 'webgpu-mlp run' &&
    version === 1 &&
    [title, rest.fingerprint].every((text) => typeof text === 'string') &&
    (scoreName === 'accuracy' || scoreName === 'R²') &&
    [rest.epochs, rest.seconds].every((number) => Number.isFinite(number) && (number as number) >= 0) &&
    isNumber(rest.samplesPerSecond) &&
    isPairs(settings) &&
    isPairs(environment) &&
    isResult(training) &&
    (validation === null || isResult(validation)) &&
    isCurves(curves)
  )
}

const isNumber = (value: unknown) => Number.isFinite(value) || value === null
const isPairs = (value: unknown) =>
  Array.isArray(value) &&
  value.every((pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every((s) => typeof s === 'string'))
const isColumn = (value: unknown) => Array.isArray(value) && value.every(isNumber)

function isResult(value: unknown): boolean {
  const { loss, score } = (value ?? {}) as Partial<Record<keyof Result, unknown>>
  return isNumber(loss) && isNumber(score)
}

function isCurves(value: unknown): boolean {
  const { epoch, loss, score, validationLoss, validationScore } = (value ?? {}) as Record<keyof Curves, unknown>
  const isOfThese = (column: unknown) =>
    isColumn(column) && (column as unknown[]).length === (epoch as unknown[]).length
  return (
    isColumn(epoch) &&
    (epoch as unknown[]).every(Number.isFinite) &&
    isOfThese(loss) &&
    [score, validationLoss, validationScore].every((c) => c === null || isOfThese(c))
  )
}
