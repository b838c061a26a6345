import { createHash } from 'node:crypto'
import { type Dataset, DataStream, InputError, type SweepOptions } from '../../index.ts'
import { describeData } from '../data.ts'
import { type PreparedData, prepareData } from '../train/data.ts'
import { parseTrain, type TrainOptions } from '../train/options.ts'
import { type CheckedAxes, layersOf } from './axes.ts'
import { formsOf, readOnce, taskOfAll } from './forms.ts'
import { type ParsedSweep, sharedWords } from './options.ts'
import type { SweepRecord } from './record.ts'

/** The data of a sweep. */
export interface SweepData {
  /** What the library trains on: scaled, where the options say so and there are no folds, which are scaled each. */
  readonly train: Dataset
  readonly validation: Dataset | undefined
  readonly folds: SweepOptions['folds']
  readonly sizes: readonly (readonly number[])[]
  /** What `--layers` was given, by the sizes. */
  readonly layers: ReadonlyMap<string, string>
  readonly seed: number
  readonly task: SweepRecord['task']
  readonly fingerprint: string
  /** For people. */
  readonly description: string
  /** The samples in their own units, for pictures. */
  readonly raw: Dataset
}

/** The seed of the data where none is given: all shards of a sweep have the same data. */
const USUAL_SEED = 1

/**
 * Reads the data as `train` reads them for each of the networks.
 * @throws InputError as the readers do, and where the networks would read them in different ways
 */
export async function prepareSweepData(parsed: ParsedSweep, checked: CheckedAxes): Promise<SweepData> {
  const { options } = parsed
  if (options.data === undefined) throw new InputError("required option '--data <name>' not specified")
  const seed = options.dataSeed ?? USUAL_SEED
  const forms = formsOf(checked)
  const read = { ...readOnce(parseTrain(sharedWords(parsed)), forms), data: options.data, stream: false }
  const prepared = await prepareData(read, seed)
  const { train: raw, weighted, validation } = prepared
  if (raw instanceof DataStream || weighted instanceof DataStream || validation instanceof DataStream) {
    throw new Error('a sweep reads no streams')
  }
  if (options.folds !== undefined && validation) {
    throw new InputError('--folds: the networks are scored by the folds; leave --test and --validation out (a folder with its own validation set takes no folds)') // prettier-ignore
  }
  const ends = { inputs: raw.inputs.cols, outputs: raw.targets.cols }
  const { sizes, texts } = layersOf(checked.layers, ends)
  const folds = options.folds === undefined ? undefined : foldsOf(options.folds, seed, read, prepared)
  return {
    train: folds ? weighted : scaled(weighted, prepared),
    validation,
    folds,
    sizes,
    layers: texts,
    seed,
    task: taskOfAll(forms, prepared.reading, raw, ends),
    fingerprint: fingerprintOf(raw, validation),
    description: describeData(raw, validation),
    raw,
  }
}

function scaled(data: Dataset, { scaling, targetScaling }: PreparedData): Dataset {
  const inputs = scaling ? data.withScaling(scaling) : data
  return targetScaling ? inputs.withTargetScaling(targetScaling) : inputs
}

function foldsOf(count: number, seed: number, { standardize, normalize }: TrainOptions, data: PreparedData) {
  const standardizeTargets = data.targetScaling !== undefined
  return { count, seed, standardize: standardize === true, normalize: normalize === true, standardizeTargets }
}

/** The first 16 hexadecimal digits of the SHA-256 of all samples as little-endian float32. */
function fingerprintOf(train: Dataset, validation: Dataset | undefined): string {
  const hash = createHash('sha256')
  for (const part of [train, validation]) {
    for (const matrix of part ? [part.inputs, part.targets] : []) hash.update(bytesOf(matrix.data))
  }
  return hash.digest('hex').slice(0, 16)
}

function bytesOf(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length))
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true)
  return new Uint8Array(view.buffer)
}
