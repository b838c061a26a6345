import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { chooseColumns, type CsvOptions } from '../data/csv.ts'
import { Fingerprint } from '../data/fingerprint.ts'
import { Matrix } from '../data/matrix.ts'
import { cellError, readNumbers, readTableParts, type Table } from '../data/table.ts'
import { checkOneHot, labelsOf, later, targetNames, TargetSurvey } from '../data/target.ts'
import { InputError } from '../errors.ts'
import { Random } from '../random.ts'
import { fileError } from './files.ts'
import { Spool } from './spool.ts'

/** Bytes of a part, which is in memory at once; larger only where there would be more parts than files may be open. */
export const PART_BYTES = 1 << 25
const MOST_PARTS = 400

/** The text of a file in pieces. @throws InputError naming the path for text that is not UTF-8 */
export async function* textPieces(path: string, onRead?: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
    } catch (cause) {
      throw new InputError('not UTF-8 text; save it as UTF-8', { cause })
    }
  }
  try {
    let read = 0
    for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      yield decode(bytes)
      read += bytes.length
      onRead?.(read)
    }
  } catch (error) {
    throw fileError(error, path, 'read')
  }
  yield decode()
}

/** Tabs for a `.tsv` file, where nothing else is said. */
export function delimiterOf(path: string, delimiter?: string): string | undefined {
  return delimiter ?? (extname(path).toLowerCase() === '.tsv' ? '\t' : undefined)
}

/** How rows are spread over parts. */
export interface Mixing {
  readonly shuffle: boolean
  readonly seed: number
  readonly folder: string
}

/** What the columns are: known when the first rows have come. */
interface Layout {
  readonly inputs: readonly number[]
  readonly targets: readonly number[]
  readonly features: readonly string[] | undefined
}

/** The numbers of a file: rows of inputs, targets, and for a single target the place of its class. */
export interface Copied extends Layout, Classes {
  readonly spool: Spool
  readonly samples: number
  readonly fingerprint: string
}

/** Nothing of it for quantities. */
interface Classes {
  readonly classes?: readonly string[]
  /** The class of a row, by its place. */
  readonly classOf?: (row: Float32Array) => number
  /** Rows of each class. */
  readonly totals?: readonly number[]
}

/** Reads a file once, a part at a time, and keeps its numbers. */
export async function copyRows(
  path: string,
  options: CsvOptions,
  { shuffle, seed, folder }: Mixing,
  onProgress?: (share: number) => void,
): Promise<Copied> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw fileError(error, path, 'read')
  })
  const random = new Random(seed, 'stream')
  const fingerprint = new Fingerprint()
  const partBytes = Math.max(PART_BYTES, (2 * size) / MOST_PARTS)
  const parts = Math.ceil(size / partBytes)
  let layout: Layout | undefined
  let column: TargetColumn | undefined
  let spool: Spool | undefined
  let samples = 0
  try {
    const tableOptions = { ...options, delimiter: delimiterOf(path, options.delimiter) }
    const text = textPieces(path, (read) => onProgress?.(read / size))
    for await (const table of readTableParts(text, tableOptions)) {
      if (!layout) {
        const { targets, columns, names } = chooseColumns(table, options)
        layout = { targets, inputs: columns, features: names }
        column = new TargetColumn(targets, options)
      }
      const { inputs } = layout
      const x = readNumbers(table, inputs)
      const y = column!.read(table)
      const row = new Float32Array(inputs.length + y.cols)
      spool ??= new Spool(row.length, folder)
      const rowsOfPart = Math.max(1, Math.floor(partBytes / (4 * row.length)))
      for (let i = 0; i < y.rows; i++) {
        row.set(x.subarray(i * inputs.length, (i + 1) * inputs.length))
        row.set(y.data.subarray(i * y.cols, (i + 1) * y.cols), inputs.length)
        spool.append(shuffle ? random.below(parts) : Math.floor(samples / rowsOfPart), row)
        samples++
      }
      fingerprint.add(x).add(y.data)
    }
    if (!layout || !spool || !column) throw new InputError('CSV: the file is empty, expected rows of values')
    return { ...layout, spool, samples, fingerprint: String(fingerprint), ...column.classes() }
  } catch (error) {
    spool?.close()
    throw error
  }
}

/** The target of rows that come a part at a time: whether it is classes is known at the end only. */
class TargetColumn {
  readonly #columns: readonly number[]
  readonly #options: CsvOptions
  readonly #survey: TargetSurvey | undefined
  /** Rows by the place of their class. */
  readonly #totals: number[] = []
  /** Of classes that have a column each. */
  #names: readonly string[] | undefined
  #tooLarge: ((expected: string) => InputError) | undefined

  constructor(columns: readonly number[], options: CsvOptions) {
    this.#columns = columns
    this.#options = options
    if (columns.length === 1 && !options.classes) this.#survey = new TargetSurvey(columns[0]!)
  }

  /** Values, and behind a single one the place of its class. */
  read(table: Table): Matrix {
    const [column = 0, ...others] = this.#columns
    const { classes, task } = this.#options
    if (others.length > 0) return this.#readSeveral(table)
    if (task === 'regression') return new Matrix(table.rows.length, 1, readNumbers(table, this.#columns))
    const y = new Matrix(table.rows.length, 2)
    const places = this.#survey?.add(table) ?? labelsOf(table, column, classes!)
    places.forEach((place, i) => {
      const cell = table.rows[i]![column]!
      const value = Math.fround(Number(cell))
      if (Math.abs(value) === Infinity) this.#tooLarge ??= later((expected) => cellError(table, i, column, expected))
      y.data[2 * i] = value
      y.data[2 * i + 1] = place
      this.#totals[place] = (this.#totals[place] ?? 0) + 1
    })
    return y
  }

  #readSeveral(table: Table): Matrix {
    const y = new Matrix(table.rows.length, this.#columns.length, readNumbers(table, this.#columns))
    if (this.#options.task !== 'classification') return y
    checkOneHot(table, y)
    this.#names ??= this.#options.classes ?? targetNames(table, this.#columns)
    for (let i = 0; i < y.rows; i++) {
      const place = y.row(i).indexOf(1)
      this.#totals[place] = (this.#totals[place] ?? 0) + 1
    }
    return y
  }

  /** When all rows have been read. */
  classes(): Classes {
    const { classes, task } = this.#options
    const totalsOf = (names: readonly string[]) => names.map((_, i) => this.#totals[i] ?? 0)
    if (this.#columns.length > 1) {
      const names = this.#names
      if (!names) return {}
      return { classes: names, totals: totalsOf(names), classOf: (row) => row.indexOf(1, -names.length) - row.length + names.length } // prettier-ignore
    }
    if (classes) return { classes, totals: totalsOf(classes), classOf: (row) => row.at(-1)! }
    if (!this.#survey) return {}
    if ((task ?? this.#survey.task()) === 'regression') {
      if (this.#tooLarge) throw this.#tooLarge('a number that float32 can hold (below 3.4e38)')
      return {}
    }
    const { names, labels } = this.#survey.classes()
    const totals = new Array<number>(names.length).fill(0)
    labels.forEach((label, place) => (totals[label] = this.#totals[place] ?? 0))
    return { classes: names, totals, classOf: (row) => labels[row.at(-1)!]! }
  }
}
