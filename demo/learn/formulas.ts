import type { Pair, Square } from './lesson.ts'

/** Numbers as text and as TeX. */

const DECIMALS = 3

/** 0.4321 → '0.432', and never '-0.000'. */
export function fixed(value: number, decimals = DECIMALS): string {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? (0).toFixed(decimals) : text
}

/** Gradients that are means over many samples are small: 0.00372. */
export const precise = (value: number) => fixed(value, 5)

/** As in sentences and drawings, where a minus is as wide as a plus. */
export const told = (value: number) => fixed(value).replace('-', '−')

/** Inputs and targets are short: 1, not 1.000. */
export const short = (value: number) => Number(value.toFixed(DECIMALS)).toString()

/** A factor or a term, in brackets where it has a sign of its own. */
export const factor = (value: number, text = fixed(value)) => (text.startsWith('-') ? `(${text})` : text)

/** A further term of a sum: + 0.3 or − 0.3. */
export const term = (value: number) => (fixed(value).startsWith('-') ? `- ${fixed(-value)}` : `+ ${fixed(value)}`)

const bracketed = (rows: readonly string[]) => `\\begin{bmatrix*}[r]${rows.join('\\\\')}\\end{bmatrix*}`

/** A column of names. */
export const symbols = (...names: readonly string[]) => `\\begin{bmatrix}${names.join('\\\\')}\\end{bmatrix}`

export const column = (values: readonly number[], text: (value: number) => string = fixed) =>
  bracketed(values.map((value) => text(value)))

export const matrix = (rows: Square) => bracketed(rows.map((row) => row.map((value) => fixed(value)).join('&')))

export const row = (values: Pair, text: (value: number) => string = fixed) =>
  bracketed([values.map((value) => text(value)).join('&')])

const lines = (left: string, relation: string, rights: readonly string[]) =>
  `\\begin{aligned}${left}&${relation}${rights.join('\\\\[4pt]&=')}\\end{aligned}`

/** One left side and what it is equal to, a line each. */
export const equation = (left: string, ...rights: readonly string[]) => lines(left, '=', rights)

/** What takes the left side's place. */
export const assignment = (left: string, ...rights: readonly string[]) => lines(left, '\\leftarrow{}', rights)
