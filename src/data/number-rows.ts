import { EXACT_DIGITS, fromDigits, MOST_DIGITS, powers } from './decimal.ts'

/** How the bytes of rows are written. */
export interface ByteDialect {
  readonly columns: number
  /** The code of the delimiter. */
  readonly delimiter: number
  /** The code of the decimal mark. */
  readonly decimal: number
}

/** Rows as they are in the bytes of a part of a file. */
export interface NumberRows {
  readonly rows: number
  /** rows × columns: the number of each cell; NaN where it is none in plain notation. */
  readonly values: Float64Array
  /** Where each cell begins, rows × columns. */
  readonly starts: Int32Array
  /** Where each cell ends. */
  readonly ends: Int32Array
  /** The line of each row. */
  readonly lines: Float64Array
  /** The line behind the last row. */
  readonly nextLine: number
  /** Whether all cells are numbers, and so all bytes are ASCII. */
  readonly areNumbers: boolean
}

const LF = 10
const CR = 13
const SPACE = 32
const QUOTE = 34

/**
 * Reads whole lines of UTF-8 as numbers, with no string for a number. The result is that of `RowSplitter` and `Number`.
 * @param line of the first byte
 * @returns undefined for what this reader leaves to `RowSplitter`: rows of other lengths, line breaks and quotes within quotes,
 *   CR alone as a line break
 */
export function readNumberRows(bytes: Uint8Array, line: number, dialect: ByteDialect): NumberRows | undefined {
  const { columns, delimiter, decimal } = dialect
  // A row has at least a byte for each column.
  const most = Math.min(countLines(bytes), Math.floor(bytes.length / columns) + 1)
  const values = new Float64Array(most * columns)
  const starts = new Int32Array(most * columns)
  const ends = new Int32Array(most * columns)
  const lines = new Float64Array(most)
  const length = bytes.length
  let rows = 0
  let areNumbers = true
  let column = 0
  let isEmpty = true
  for (let at = 0; at < length;) {
    if (rows === most) return undefined
    const place = rows * columns + column
    const start = at
    // The usual number, [-]digits[.digits] of at most 18 digits; everything else is left to readCell.
    let code = bytes[at]!
    const isNegative = code === 45
    if (isNegative) code = bytes[++at]!
    const first = at
    let a = 0
    let b = 0
    let digits = 0
    let fraction = 0
    for (let digit = code - 48; digit >= 0 && digit <= 9; digit = code - 48) {
      if (digits < 9) a = (a * 10 + digit) | 0
      else b = (b * 10 + digit) | 0
      digits++
      code = bytes[++at]!
    }
    if (code === decimal && at > first) {
      code = bytes[++at]!
      const point = at
      for (let digit = code - 48; digit >= 0 && digit <= 9; digit = code - 48) {
        if (digits < 9) a = (a * 10 + digit) | 0
        else b = (b * 10 + digit) | 0
        digits++
        code = bytes[++at]!
      }
      fraction = at - point
    }
    let value = NaN
    if (digits > 0 && digits <= 18 && (code === delimiter || code === LF)) {
      if (digits <= EXACT_DIGITS) {
        const whole = digits <= 9 ? a : a * powers[digits - 9]! + b
        value = fraction === 0 ? whole : whole / powers[fraction]!
      } else value = fromDigits(a, b, digits - 9, 0, 0, -fraction)
      if (isNegative) value = -value
    }
    if (value === value) isEmpty = false
    else {
      const cell = readCell(bytes, start, delimiter, decimal)
      at = cell.end
      if (at < 0) return undefined
      code = bytes[at]!
      value = cell.value
      if (value === value) isEmpty = false
      else {
        areNumbers = false
        isEmpty &&= isBlank(bytes, start, at)
      }
    }
    values[place] = value
    starts[place] = start
    ends[place] = at
    column++
    at++
    if (code === delimiter && at <= length) {
      if (column === columns) return undefined
      // The text may end behind a delimiter.
      if (at < length) continue
      return undefined
    }
    if (code === CR) at++
    if (column < columns && !(isEmpty && column === 1)) return undefined
    if (!isEmpty) lines[rows++] = line
    line++
    column = 0
    isEmpty = true
  }
  const cells = rows * columns
  return { rows, values: values.subarray(0, cells), starts, ends, lines: lines.subarray(0, rows), nextLine: line, areNumbers } // prettier-ignore
}

function countLines(bytes: Uint8Array): number {
  let lines = 1
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines++
  return lines
}

/** Reused for each cell: the number, and where the cell ends, at a delimiter or a line break; −1 where it is left to others. */
const found = { value: NaN, end: 0 }

/** The cell at `start`: any number that `Number` reads, or none. */
function readCell(bytes: Uint8Array, start: number, delimiter: number, decimal: number): typeof found {
  const isEnd = (code: number | undefined) => code === delimiter || code === LF || code === CR || code === undefined
  let at = start
  let code = bytes[at]
  while (code === SPACE) code = bytes[++at]
  const isNegative = code === 45
  if (isNegative || code === 43) code = bytes[++at]
  let a = 0
  let b = 0
  let c = 0
  let digits = 0
  let count = 0
  let exponent = 0
  for (let part = 0; part < 2; part++) {
    for (; code !== undefined && code >= 48 && code <= 57; code = bytes[++at]) {
      const digit = code - 48
      count++
      exponent -= part
      if (digits < 9) a = a * 10 + digit
      else if (digits < 18) b = b * 10 + digit
      else if (digits < MOST_DIGITS) c = c * 10 + digit
      // Zeros in front are none of the digits.
      if (a > 0) digits++
    }
    if (part === 1 || code !== decimal) break
    code = bytes[++at]
  }
  if (count > 0 && (code === 101 || code === 69)) {
    const letter = at
    code = bytes[++at]
    const isBelow = code === 45
    if (isBelow || code === 43) code = bytes[++at]
    const first = at
    let power = 0
    for (; code !== undefined && code >= 48 && code <= 57; code = bytes[++at])
      power = Math.min(power * 10 + code - 48, 1e6)
    if (at > first) exponent += isBelow ? -power : power
    else code = bytes[(at = letter)]
  }
  while (code === SPACE) code = bytes[++at]
  found.value = NaN
  found.end = at
  if (count === 0 || !isEnd(code)) found.end = endOf(bytes, start, isEnd)
  else {
    const [nb, nc] = [Math.min(Math.max(digits - 9, 0), 9), Math.max(digits - 18, 0)]
    const value = digits <= MOST_DIGITS ? fromDigits(a, b, nb, c, nc, exponent) : NaN
    if (value === value) found.value = isNegative ? -value : value
    else found.value = readText(bytes, start, at, decimal)
  }
  if (bytes[found.end] === CR && bytes[found.end + 1] !== LF) found.end = -1
  return found
}

function readText(bytes: Uint8Array, from: number, end: number, decimal: number): number {
  const text = new TextDecoder().decode(bytes.subarray(from, end))
  return Number(decimal === 46 ? text : text.replace(',', '.'))
}

/** Where the cell at `start`, which is no number, ends; −1 where it is left to another reader. */
function endOf(bytes: Uint8Array, start: number, isEnd: (code: number | undefined) => boolean): number {
  let at = start
  while (bytes[at] === SPACE) at++
  if (bytes[at] !== QUOTE) {
    while (!isEnd(bytes[at])) at++
    return at
  }
  at++
  while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== LF && bytes[at] !== CR) at++
  if (bytes[at] !== QUOTE) return -1
  at++
  while (bytes[at] === SPACE) at++
  return isEnd(bytes[at]) ? at : -1
}

function isBlank(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (bytes[at] !== SPACE) return false
  return true
}
