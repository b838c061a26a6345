import type { Autopsy, BadValue, Fix } from '../../core/autopsy.ts'
import { checkObject } from '../../core/errors.ts'
import { sayNumber, sayRange, short } from '../advice/spread.ts'
import { libraryRemedies, type Remedies } from '../advice/remedies.ts'

/**
 * The evidence and the hint of an autopsy in the words of a program that has other names for the options, such as the command
 * line.
 * @param autopsy what was found out, such as `error.autopsy` of a `DivergedError`
 * @param remedies as for `adviseDiverged`; `row` names the sample, such as 'line 18 of houses.csv'
 * @example
 * const fix = { learningRate: 0.5 }
 * const autopsy = { cause: 'learningRate', evidence: 'the loss grew', hint: '', fix, isTried: true } as const
 * describeAutopsy(autopsy, { learningRate: 'move the slider to' }).hint // 'move the slider to 0.5'
 */
export function describeAutopsy(
  autopsy: Autopsy,
  remedies: Partial<Remedies> = {},
): {
  /** What was found, as a part of a sentence. */
  evidence: string
  /** What helps, as a part of a sentence. */
  hint: string
} {
  checkObject('autopsy', autopsy, '{ cause, evidence, hint, fix }')
  checkObject('autopsy: fix', autopsy.fix, 'an object of options')
  checkObject('remedies', remedies, 'an object of texts, such as { inputs }')
  const words = { ...libraryRemedies, ...remedies }
  const evidence = autopsy.bad ? describeBad(autopsy.bad, remedies.row) : autopsy.evidence
  return { evidence, hint: describeFix(autopsy.fix, words) || autopsy.hint }
}

/**
 * An autopsy of a training on some rows of a data set, with the numbers that the rows have there.
 * @param numbers of the rows in the data set, counted from 0
 */
export function withRowNumbers(autopsy: Autopsy, numbers: ArrayLike<number>): Autopsy {
  const numberOf = (row: number) => (numbers[row - 1] ?? row - 1) + 1
  const { bad, fix } = autopsy
  const numbered = {
    ...autopsy,
    bad: bad && { ...bad, row: numberOf(bad.row) },
    fix: fix.rows ? { ...fix, rows: fix.rows.map(numberOf) } : fix,
  }
  return { ...numbered, ...describeAutopsy(numbered) }
}

/** @param place how its sample is called */
export function describeBad({ row, column, value, usual }: BadValue, place = `sample ${row} (counted from 1)`): string {
  return `${place} has ${sayNumber(value)} in ${column}, the other samples have values ${sayRange(usual)}`
}

/** Numbers of samples that are listed. */
const MOST_LISTED = 5

export function describeFix(fix: Fix, words: Remedies): string {
  const {
    rows,
    standardize,
    standardizeTargets,
    learningRate,
    clipNorm,
    momentum,
    l1,
    l2,
    weightDecay,
    weightDivisor,
  } = fix
  const to = (text: string, value: number | undefined) => (value === undefined ? [] : [`${text} ${short(value)}`])
  return [
    ...(rows ? [words.rows ?? sayRows(rows)] : []),
    ...(standardize ? [words.inputs] : []),
    ...(standardizeTargets ? [words.targets] : []),
    ...to(words.weights, weightDivisor),
    ...to(words.learningRate, learningRate),
    ...to(words.momentum, momentum),
    ...to(words.l1, l1),
    ...to(words.l2, l2),
    ...to(words.weightDecay, weightDecay),
    ...(clipNorm === undefined ? [] : [words.clipping]),
  ].join(', and ')
}

function sayRows(rows: readonly number[]): string {
  if (rows.length === 1) return 'correct this value, or leave the sample out'
  const more = rows.length > MOST_LISTED ? ' …' : ''
  return `correct such values, or leave out the ${rows.length} samples that have them (${rows.slice(0, MOST_LISTED).join(', ')}${more})`
}
