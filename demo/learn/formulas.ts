import type { Pair } from './lesson.ts'

/** Numbers as text and as TeX. */

const DECIMALS = 3

/** 0.4321 → '0.432', and never '-0.000'. */
export function fixed(value: number, decimals = DECIMALS): string {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? (0).toFixed(decimals) : text
}

/** Five decimals, for small values such as gradients averaged over many samples: 0.00372. */
export const precise = (value: number) => fixed(value, 5)

/** Three decimals with a typographic minus, for sentences and drawings. */
export const formatNumber = (value: number) => fixed(value).replace('-', '−')

/** The largest number of decimals of {@link legible}. */
const MAX_DECIMALS = 6

/** Three decimals, or more for small values, so that 0.00037 is not shown as 0.000. */
export function legible(value: number): string {
  const size = Math.abs(value)
  const zeros = size === 0 ? 0 : Math.floor(-Math.log10(size))
  return fixed(value, Math.min(MAX_DECIMALS, Math.max(DECIMALS, zeros + 2))).replace('-', '−')
}

/** Whether every value is 0 in the digits that the lesson shows. */
export const allZero = (values: readonly number[]) =>
  values.every((value) => Number(fixed(value, MAX_DECIMALS - 1)) === 0)

/** The index of the largest size; undefined if all are shown as 0. */
export function largest(values: readonly number[]): number | undefined {
  if (allZero(values)) return undefined
  return values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]!) ? i : best), 0)
}

/** Up to three decimals without trailing zeros, for inputs and targets: 1 instead of 1.000. */
export const short = (value: number) => Number(value.toFixed(DECIMALS)).toString()

/** A factor of a product, in parentheses if it is negative. */
export const factor = (value: number, text = fixed(value)) => (text.startsWith('-') ? `(${text})` : text)

/** A term of a sum after the first: + 0.3 or − 0.3. */
export const term = (value: number) => (fixed(value).startsWith('-') ? `- ${fixed(-value)}` : `+ ${fixed(value)}`)

const bracketed = (rows: readonly string[]) => `\\begin{bmatrix*}[r]${rows.join('\\\\')}\\end{bmatrix*}`

/** A column vector of symbols. */
export const symbols = (...names: readonly string[]) => `\\begin{bmatrix}${names.join('\\\\')}\\end{bmatrix}`

/** Three decimals, or as many as the largest of the values needs to be more than zeros. */
function textFor(values: readonly number[]): (value: number) => string {
  const size = Math.max(...values.map(Math.abs))
  const decimals = size === 0 ? DECIMALS : Math.min(MAX_DECIMALS, Math.max(DECIMALS, Math.ceil(-Math.log10(size)) + 2))
  return (value) => fixed(value, decimals)
}

export const column = (values: readonly number[], text = textFor(values)) =>
  bracketed(values.map((value) => text(value)))

export const matrix = (rows: readonly (readonly number[])[]) => {
  const text = textFor(rows.flat())
  return bracketed(rows.map((row) => row.map((value) => text(value)).join('&')))
}

export const row = (values: Pair, text: (value: number) => string = fixed) =>
  bracketed([values.map((value) => text(value)).join('&')])

const lines = (left: string, relation: string, rights: readonly string[]) =>
  `\\begin{aligned}${left}&${relation}${rights.join('\\\\[4pt]&=')}\\end{aligned}`

/** One left side and the expressions equal to it, one per line. */
export const equation = (left: string, ...rights: readonly string[]) => lines(left, '=', rights)

/** An assignment to the left side, with one expression per line. */
export const assignment = (left: string, ...rights: readonly string[]) => lines(left, '\\leftarrow{}', rights)
