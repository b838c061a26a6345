import { drawSeed, Random } from '../core/random.ts'
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
import { stratifiedCounts } from '../data/split.ts'
import { type CsvOptions, type DataStream, InputError, type Scaling } from '../index.ts'
import { ExampleRows, streamOf } from './csv-chunks.ts'
import { type Copied, copyRows, type Mixing } from './csv-copy.ts'
import { fillsOf, scalingOf, targetScalingOf } from './csv-fits.ts'
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
  /** The samples to train on, as a stream. */
  train: DataStream
  /** Where a share is held out. */
  test: DataStream | undefined
  /** How inputs are scaled; undefined without the option `scaling`. */
  scaling: Scaling | undefined
  /** How regression targets are scaled; undefined if they are not. */
  targetScaling: Scaling | undefined
  /** How many training samples are of each class; of classes only. */
  counts: number[] | undefined
  /** Removes the temporary files; the streams cannot be read any more. */
  close(): void
  /** Removes the temporary files, at the end of a `using` block. */
  [Symbol.dispose](): void
}

/**
 * Opens a CSV file that is larger than memory. It is read once, a part at a time, and its numbers are kept in temporary
 * files, 8 bytes each; each pass over the stream reads those. By default, samples of the whole file are shuffled, so it
 * does not matter that a trainer shuffles a stream within its windows only.
 * @param path the path of a CSV file, gzipped or not
 * @param options those of `parseCsv`, with the share to hold out, the scaling, whether and with which seed samples are
 *   shuffled, and the folder of the temporary files
 * @throws InputError as `parseCsv` does, naming the path, and where temporary files cannot be written
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
    const copied = await copyRows(
      path,
      { ...csv, isScaled: scaling !== undefined },
      { shuffle, seed, folder },
      onProgress,
    )
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
  const targets = copied.targets.length
  const held = test === undefined ? undefined : new Spool(width, folder)
  try {
    const isHeld = test === undefined ? undefined : choosing(copied, test, new Random(seed, 'split'))
    const counts = totals?.map(() => 0)
    const [trainRows, testRows] = [new ExampleRows(copied.inputs.length), new ExampleRows(copied.inputs.length)]
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
        if (isHeld?.(row)) {
          testRows.add(row, targets)
          held!.append(Math.floor(heldRows++ / partRows), row)
        } else {
          trainRows.add(row, targets)
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
      train: streamOf({ spool, samples: samples - heldRows, rows: trainRows }, copied, description),
      test: held && streamOf({ spool: held, samples: heldRows, rows: testRows }, copied, description),
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
