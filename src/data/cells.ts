/** What the text of a cell means: a number in one of several notations, a missing value, or a word. */

/** Whether a cell is a finite decimal number: 5, -0.5, .5, 1e-3. No digit can be matched in two ways: linear time. */
export function isNumeric(cell: string): boolean {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(cell)
}

/**
 * The markers of a missing value, in the spelling that pandas reads: `Na` and `none` are words (sodium, a category). `?`
 * is the marker of the UCI repository. `-` and `.` are none, because files have them as classes and categories.
 */
const missingMarkers = new Set(
  ['', '?', 'NA', 'N/A', 'n/a', '<NA>', '#N/A', '#N/A N/A', '#NA', 'NULL', 'null', 'None', '1.#IND', '-1.#IND', '1.#QNAN', '-1.#QNAN'], // prettier-ignore
)

/** Whether a cell has no value: it is empty, NA, N/A, ?, NULL, None, or NaN in any case. */
export function isMissing(cell: string): boolean {
  return cell.length <= 9 && (missingMarkers.has(cell) || /^[+-]?nan$/i.test(cell))
}

/** How the numbers of a column are written. */
export interface NumberFormat {
  readonly decimal: '.' | ','
  /** Thousands may be separated: 1.234,5 with a decimal comma, 1,234.5 with a decimal point. */
  readonly grouped: boolean
  /** A percent sign follows each number; the value is the number before it. */
  readonly percent: boolean
}

export const plainNumbers: NumberFormat = { decimal: '.', grouped: false, percent: false }

/** Numbers with separators between their thousands: the same between all of them. No digit matches in two ways. */
const groupedForms = {
  '.': /^[+-]?[1-9]\d{0,2}([,'’ \u00a0\u202f])\d{3}(?:\1\d{3})*(?:\.\d*)?$/,
  ',': /^[+-]?[1-9]\d{0,2}([.'’ \u00a0\u202f])\d{3}(?:\1\d{3})*(?:,\d*)?$/,
}

const separators = { '.': /[,'’ \u00a0\u202f]/g, ',': /[.'’ \u00a0\u202f]/g }

/** The number that a cell holds; NaN where it holds none in this format. */
export function readNumber(cell: string, format: NumberFormat): number {
  if (format === plainNumbers) return isNumeric(cell) ? Number(cell) : NaN
  const { decimal, grouped, percent } = format
  let text = cell
  if (percent) {
    if (!text.endsWith('%')) return NaN
    text = text.slice(0, -1).trimEnd()
  }
  if (grouped && groupedForms[decimal].test(text)) text = text.replace(separators[decimal], '')
  if (decimal === ',') {
    if (text.includes('.')) return NaN
    text = text.replace(',', '.')
  }
  return isNumeric(text) ? Number(text) : NaN
}

/** Whether a cell is a number in some notation: 5, 0,5, 1.234,5, 12 %. One pass over the characters. */
export function looksNumeric(cell: string): boolean {
  return /^[+-]?[.,]?\d[\d.,]*(?:e[+-]?\d+)?\s?%?$/i.test(cell) && !/[,.]{2}|,%?$/.test(cell)
}

/** 0,5 and 1.234,5, but not 1,234, which may be a thousand. */
const sureComma = /^[+-]?(?:\d*,(?!\d{3}\s?%?$)\d+|0,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d+|,\d+)(?:e[+-]?\d+)?\s?%?$/i
/** 0.5 and 1,234.5, but not 1.234. */
const surePoint =
  /^[+-]?(?:\d*\.(?!\d{3}\s?%?$)\d+|0\.\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+\.\d+|\.\d+)(?:e[+-]?\d+)?\s?%?$/i
const maybeComma = /^[+-]?[1-9]\d{0,2},\d{3}\s?%?$/

/**
 * The decimal mark of a file: what most of the cells show that can be read in one way only. Where all can be read in two
 * ways (1,234), it is a comma if the values are separated by semicolons.
 * @param cells of some rows
 */
export function guessDecimal(cells: Iterable<string>, delimiter: string): '.' | ',' {
  let [commas, points, unsure] = [0, 0, 0]
  for (const cell of cells) {
    if (cell.length > LONGEST_NUMBER) continue
    if (sureComma.test(cell)) commas++
    else if (surePoint.test(cell)) points++
    else if (maybeComma.test(cell)) unsure++
  }
  if (commas !== points) return commas > points ? ',' : '.'
  return unsure > 0 && delimiter === ';' ? ',' : '.'
}

/** Characters of a cell up to which it may be a number with commas. */
const LONGEST_NUMBER = 64

/**
 * The format of a column: the one that fits most of its cells that are not missing, and more than half. A cell that does not
 * fit is no number then, so separators of thousands and percent signs are never read in some cells only.
 * @param cells of a column, trimmed
 * @param isFixed whether the decimal mark was given; else a column may have the other one, if it cannot be read otherwise
 */
export function chooseFormat(cells: readonly string[], decimal: '.' | ',', isFixed: boolean): NumberFormat {
  const usual = decimal === '.' ? plainNumbers : { decimal, grouped: false, percent: false }
  const values = cells.filter((cell) => !isMissing(cell))
  const countFits = (format: NumberFormat) => values.filter((cell) => !Number.isNaN(readNumber(cell, format))).length
  let best = { format: usual, count: countFits(usual) }
  // Most columns are plain numbers, or words from the first row on.
  if (best.count === values.length || !values.some((cell) => /\d/.test(cell))) return usual
  for (const format of candidates(values, decimal, isFixed)) {
    const count = countFits(format)
    if (count > best.count && 2 * count > values.length) best = { format, count }
  }
  return best.format
}

/** The formats that a column may have beside plain numbers with its file's decimal mark, in the order of preference. */
function* candidates(values: readonly string[], decimal: '.' | ',', isFixed: boolean): Generator<NumberFormat> {
  const [other, sure] = decimal === '.' ? ([',', sureComma] as const) : (['.', surePoint] as const)
  // 1,234 is a thousand only where the decimal mark was given, or another cell shows it.
  const isGrouped = isFixed || decimal === ',' || values.some((cell) => twoSeparators.test(cell))
  const isForeign = !isFixed && values.some((cell) => sure.test(cell))
  for (const percent of [false, true]) {
    yield { decimal, grouped: false, percent }
    if (isGrouped) yield { decimal, grouped: true, percent }
    if (isForeign) yield { decimal: other, grouped: false, percent }
  }
}

const twoSeparators = /[,'’ \u00a0\u202f]\d{3}[.,'’ \u00a0\u202f]/

/** How errors say what a column's numbers look like. */
export function sayFormat({ decimal, percent }: NumberFormat): string {
  const mark = decimal === ',' ? ' with a decimal comma' : ''
  return `a finite number${mark}${percent ? `${mark === '' ? ' with' : ' and'} a percent sign` : ''}`
}
