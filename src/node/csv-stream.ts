import { drawSeed, Random } from '../core/random.ts'
import { RawRows } from '../core/raw-rows.ts'
import {
  boolean,
  callback,
  type Fields,
  kind,
  name,
  number,
  optional,
  readOptions,
  seed,
  text,
  withDefault,
  withFresh,
} from '../core/schema.ts'
import { csvFields } from '../data/csv-options.ts'
import { ColumnTally } from '../data/preprocessing.ts'
import { fitFills } from '../data/fills.ts'
import { targetsOf } from '../data/samples.ts'
import { stratifiedCounts } from '../data/split.ts'
import { encodeRows } from '../model/encoding.ts'
import { type CsvOptions, Dataset, DataStream, type Encoding, InputError, type Scaling } from '../index.ts'
import { type Copied, copyRows, type Mixing } from './csv-copy.ts'
import { checkPath, withPath } from './paths.ts'
import { Spool, spoolFolder } from './spool.ts'

/** What {@link streamCsv} takes. */
export interface CsvStreamOptions extends CsvOptions {
  /** Holds out this share of the samples, of each class alike. Default: none. */
  test?: number | undefined
  /** Scales the inputs, fitted on those that are not held out; it must be kept with the model. Default: none. */
  scaling?: 'standardize' | 'normalize' | undefined
  /**
   * Scales regression targets to mean 0 and deviation 1, fitted on those that are not held out; `automatic`: if the targets
   * turn out to be no classes. Default false.
   */
  standardizeTargets?: boolean | 'automatic' | undefined
  /** Whether samples are mixed, all through the file. Default true; false keeps the file's order. */
  shuffle?: boolean | undefined
  /** Random by default. */
  seed?: number | undefined
  /** Where temporary files go. Default: `TMPDIR`, else `/var/tmp`, else the system's own folder for them. */
  folder?: string | undefined
  /** Called as the file is read, with the share that has been read. */
  onProgress?: ((share: number) => void) | undefined
}

export const streamCsvSchema = {
  name: 'streamCsv',
  fields: {
    ...csvFields,
    test: optional(number({ min: 0, max: 1, exclusive: true })),
    scaling: optional(name(['standardize', 'normalize'] as const)),
    standardizeTargets: withDefault(
      kind<boolean | 'automatic'>((argument, value) =>
        value === 'automatic' ? value : boolean.check(argument, value),
      ),
      false,
    ),
    shuffle: withDefault(boolean, true),
    seed: withFresh(seed, drawSeed),
    folder: withFresh(text('the path of a folder'), spoolFolder),
    onProgress: optional(callback<NonNullable<CsvStreamOptions['onProgress']>>()),
  } satisfies Fields<CsvStreamOptions>,
}

/** A CSV file as a stream. */
export interface CsvStream {
  train: DataStream
  /** Where a share is held out. */
  test: DataStream | undefined
  scaling: Scaling | undefined
  targetScaling: Scaling | undefined
  /** How many training samples are of each class; of classes only. */
  counts: number[] | undefined
  /** Removes the temporary files; the streams cannot be read any more. */
  close(): void
  [Symbol.dispose](): void
}

/** Bytes of a chunk of a stream. */
const CHUNK_BYTES = 1 << 20
/** Samples of an example. */
const EXAMPLE = 64

/**
 * Opens a CSV file that is larger than memory. It is read once, a part at a time, and its numbers are kept in temporary
 * files, 8 bytes each; each pass over the stream reads those. By default, samples of the whole file are shuffled, so it does not matter that a trainer shuffles a stream within its windows only.
 * @throws InputError as {@link parseCsv} does, naming the path, and where temporary files cannot be written
 * @example
 * using data = await streamCsv('clicks.csv', { target: 'bought', test: 0.1, scaling: 'standardize', seed: 7 })
 * await trainer.fit(data.train, { epochs: 5, validation: data.test })
 */
export async function streamCsv(path: string, options: CsvStreamOptions = {}): Promise<CsvStream> {
  checkPath(path)
  const { test, scaling, standardizeTargets, shuffle, seed, folder, onProgress, ...csv } = readOptions(
    streamCsvSchema,
    options,
  )
  return withPath(path, async () => {
    const copied = await copyRows(path, csv, { shuffle, seed, folder }, onProgress)
    try {
      return await finishCopy(copied, { test, scaling, standardizeTargets, shuffle, seed, folder })
    } catch (error) {
      copied.spool.close()
      throw error
    }
  })
}

interface FinishOptions extends Mixing {
  readonly standardizeTargets: boolean | 'automatic'
  readonly test: number | undefined
  readonly scaling: Scaling['kind'] | undefined
}

/**
 * Goes through the parts once more: mixes each, takes out what is held out, and fits the scaling on the others. Parts were
 * filled at random, so mixed parts one after another are mixed data.
 */
async function finishCopy(
  copied: Copied,
  { test, scaling: scalingKind, standardizeTargets, shuffle, seed, folder }: FinishOptions,
): Promise<CsvStream> {
  const { spool, samples, partRows, classOf, totals } = copied
  const { width } = spool
  const held = test === undefined ? undefined : new Spool(width, folder)
  try {
    const isHeld = test === undefined ? undefined : choosing(copied, test, new Random(seed, 'split'))
    const counts = totals?.map(() => 0)
    let heldRows = 0
    for (let part = 0; part < spool.parts; part++) {
      const rows = await spool.read(part)
      const kept = new Float64Array(rows.length)
      const count = rows.length / width
      const order = shuffle ? new Random(seed, 'stream', 1 + part).permutation(count) : undefined
      let end = 0
      for (let i = 0; i < count; i++) {
        const at = (order?.[i] ?? i) * width
        const row = rows.subarray(at, at + width)
        if (isHeld?.(row)) held!.append(Math.floor(heldRows++ / partRows), row)
        else {
          kept.set(row, end)
          end += width
          if (counts && classOf) counts[classOf(row)]!++
        }
      }
      spool.replace(part, kept.subarray(0, end))
    }
    const encoding = await fillsOf(copied)
    const scaling = scalingKind && (await scalingOf(copied, encoding, scalingKind))
    const isScaled = standardizeTargets === 'automatic' ? copied.classes === undefined : standardizeTargets
    const targetScaling = isScaled ? await targetScalingOf(copied) : undefined
    const description = { encoding, scaling, targetScaling }
    const close = () => {
      spool.close()
      held?.close()
    }
    return {
      train: await streamOf(spool, samples - heldRows, copied, description),
      test: held && (await streamOf(held, heldRows, copied, description)),
      scaling,
      targetScaling,
      counts,
      close,
      [Symbol.dispose]: close,
    }
  } catch (error) {
    held?.close()
    throw error
  }
}

/**
 * Says of each row, asked one after another, whether it is held out: exactly as many of each class as its share is, each
 * with the same chance (selection sampling, Knuth's algorithm S).
 */
function choosing({ samples, totals, classOf }: Copied, share: number, random: Random) {
  const wanted = Math.round(samples * share)
  if (wanted === 0 || wanted === samples) {
    throw new InputError(`test: ${share} of ${samples} samples leaves one of the two parts empty`)
  }
  const left = [...(totals ?? [samples])]
  const needed = stratifiedCounts(left, wanted)
  return (row: Float64Array): boolean => {
    const group = classOf?.(row) ?? 0
    const isHeld = random.uniform() * left[group]! < needed[group]!
    left[group]!--
    if (isHeld) needed[group]!--
    return isHeld
  }
}

/** Rows that are decoded at once. */
const DECODED_ROWS = 1 << 14
/** Rows of all parts together from which the fills of missing values are made. */
const FILL_ROWS = 1 << 17

/** The input columns of the rows of a part, decoded, some at a time. */
async function* columnsIn(copied: Copied, part: number): AsyncGenerator<RawRows> {
  const { spool, inputs, columns } = copied
  for (let first = 0; ; first += DECODED_ROWS) {
    const rows = await spool.read(part, first, DECODED_ROWS)
    if (rows.length === 0) return
    const all = new RawRows(rows.length / spool.width, spool.width, rows)
    yield columns.decode(all.columns(0, inputs.length))
  }
}

/** The encoding with the fills of the training part: of its first rows in each part, which are mixed. */
async function fillsOf(copied: Copied): Promise<Encoding | undefined> {
  const { columns, spool } = copied
  const { encoding } = columns
  if (encoding?.missing !== 'impute' || copied.isKnown) return encoding
  const seen: RawRows[] = []
  const most = Math.ceil(FILL_ROWS / spool.parts)
  for (let part = 0; part < spool.parts; part++) {
    let left = most
    for await (const rows of columnsIn(copied, part)) {
      seen.push(rows.slice(0, Math.min(left, rows.rows)))
      left -= rows.rows
      if (left <= 0) break
    }
  }
  return fitFills(RawRows.join(seen), encoding)
}

async function scalingOf(copied: Copied, encoding: Encoding | undefined, kind: Scaling['kind']): Promise<Scaling> {
  const tally = new ColumnTally(encoding)
  for (let part = 0; part < copied.spool.parts; part++) {
    for await (const rows of columnsIn(copied, part)) tally.add(encodeRows(rows, encoding))
  }
  return tally.scaling(kind)
}

/** @throws InputError for classes */
async function targetScalingOf({ spool, inputs, targets, classes }: Copied): Promise<Scaling> {
  if (classes) throw new InputError('standardizeTargets: expected regression targets to scale, got classes')
  const tally = new ColumnTally()
  for (let part = 0; part < spool.parts; part++) {
    for (let first = 0; ; first += DECODED_ROWS) {
      const rows = await spool.read(part, first, DECODED_ROWS)
      if (rows.length === 0) break
      tally.add(new RawRows(rows.length / spool.width, spool.width, rows).columns(inputs.length, targets.length))
    }
  }
  return tally.scaling('standardize')
}

/** How the columns of chunks are preprocessed. */
interface Preprocessing {
  readonly encoding: Encoding | undefined
  readonly scaling: Scaling | undefined
  readonly targetScaling: Scaling | undefined
}

async function* chunksOf(
  spool: Spool,
  copied: Copied,
  { encoding, scaling, targetScaling }: Preprocessing,
): AsyncGenerator<Dataset> {
  const { features, classes, targetNames, inputs, columns: read } = copied
  const { width } = spool
  // Small, so that what is made of them keeps pace with what is trained on; classes become a column each.
  const columns = width + (classes?.length ?? 0)
  const atOnce = Math.max(1, Math.floor(CHUNK_BYTES / (8 * columns)))
  for (let part = 0; part < spool.parts; part++) {
    for (let first = 0; ; first += atOnce) {
      const rows = await spool.read(part, first, atOnce)
      if (rows.length === 0) break
      const all = new RawRows(rows.length / width, width, rows)
      const x = read.decode(all.columns(0, inputs.length))
      const y = targetsOf(all, inputs.length, copied)
      const chunk = Dataset.fromRaw(x, encoding, y, { features, classes, targetNames })
      const scaled = scaling ? chunk.withScaling(scaling) : chunk
      yield targetScaling ? scaled.withTargetScaling(targetScaling) : scaled
    }
  }
}

async function streamOf(spool: Spool, samples: number, copied: Copied, preprocessing: Preprocessing) {
  const chunks = () => chunksOf(spool, copied, preprocessing)
  const example = await DataStream.from({ samples, chunks }).take(EXAMPLE)
  return DataStream.from({ samples, chunks, example, fingerprint: copied.fingerprint })
}
