import { stat } from 'node:fs/promises'
import { Fingerprint } from '../data/fingerprint.ts'
import { isDropping } from '../data/csv.ts'
import { SampleReader, type Samples } from '../data/samples.ts'
import { readTableParts } from '../data/table-parts.ts'
import { Random } from '../core/random.ts'
import { type CsvOptions, InputError } from '../index.ts'
import { isGzipFile } from './bytes.ts'
import { likelyDelimiter, utf8Pieces } from './files.ts'
import { fileError } from './paths.ts'
import { Spool } from './spool.ts'

/** Bytes of a part, which is in memory at once; larger only where there would be more parts than files may be open. */
const PART_BYTES = 1 << 25
const MOST_PARTS = 200
/** How many times its own size a gzipped table has, about. */
const GZIP_RATIO = 8

/** How rows are spread over parts. */
export interface Mixing {
  readonly shuffle: boolean
  readonly seed: number
  readonly folder: string
}

/** The numbers of a file: rows of inputs, targets, and for a single target the place of its class. */
export interface Copied extends Samples {
  readonly spool: Spool
  readonly samples: number
  readonly fingerprint: string
  /** Whether the columns and their fills are those of a model. */
  readonly isKnown: boolean
  /** How many rows a part may have. */
  readonly partRows: number
}

/** Reads a file once, a part at a time, and keeps its numbers. */
export async function copyRows(
  path: string,
  options: CsvOptions & { readonly isScaled: boolean },
  { shuffle, seed, folder }: Mixing,
  onProgress?: (share: number) => void,
): Promise<Copied> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw fileError(error, path, 'read')
  })
  const random = new Random(seed, 'stream')
  const fingerprint = new Fingerprint()
  // What a gzipped file unpacks to is known at the end only; more parts than are needed are only smaller.
  const unpacked = (await isGzipFile(path)) ? GZIP_RATIO * size : size
  const partBytes = Math.max(PART_BYTES, (2 * unpacked) / MOST_PARTS)
  const parts = Math.ceil(unpacked / partBytes)
  const reader = new SampleReader(options)
  let spool: Spool | undefined
  let samples = 0
  let dropped = 0
  const leavesOut = isDropping(options)
  let partRows = 1
  try {
    const tableOptions = { ...options, likelyDelimiter: likelyDelimiter(path) }
    const bytes = utf8Pieces(path, options, (read) => onProgress?.(read / size))
    for await (const table of readTableParts(bytes, tableOptions)) {
      const { inputs, targets } = reader.read(table)
      const row = new Float64Array(inputs.cols + targets.cols)
      spool ??= new Spool(row.length, folder)
      partRows = Math.max(1, Math.floor(partBytes / (8 * row.length)))
      for (let i = 0; i < inputs.rows; i++) {
        if (leavesOut && inputs.row(i).some(Number.isNaN)) {
          dropped++
          continue
        }
        row.set(inputs.row(i))
        row.set(targets.row(i), inputs.cols)
        spool.append(shuffle ? random.below(parts) : Math.floor(samples / partRows), row)
        samples++
      }
      fingerprint.add(inputs.data).add(targets.data)
    }
    // A file without rows has been refused by then.
    const read = reader.samples()
    if (samples === 0) throw new InputError("CSV: every row has a missing value; missing: 'drop' leaves none")
    if (dropped > 0) options.onNote?.(`${dropped} of ${samples + dropped} rows have missing values: left out`)
    return {
      ...read,
      isKnown: options.columns !== undefined,
      spool: spool!,
      samples,
      partRows,
      fingerprint: String(fingerprint),
    }
  } catch (error) {
    spool?.close()
    throw error
  }
}
