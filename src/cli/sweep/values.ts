import { InputError, logspace, type SweepRange } from '../../index.ts'
import { quote } from '../flags.ts'

/** The most values of one range. */
const MOST_VALUES = 1_000_000

/** What an option with several numbers takes. */
export interface NumbersOption {
  /** `--lr`. */
  readonly flag: string
  /** Checks a number as the library does. */
  readonly check: (flag: string, value: number) => unknown
  readonly isWhole?: boolean
  /** Whether a range without a count is taken: with `--random`, where the library has ranges for the option. */
  readonly takesRange?: boolean
}

const expected = (flag: string) =>
  `${flag}: expected numbers with commas between them, or a range from:to:log:count or from:to:linear:count, such as 0.01:10:log:32`

/**
 * The numbers of an option that was given once or several times: `0.1,0.3`, `0.01:10:log:32`, or with `--random` a range
 * without a count, `0.01:10:log`. Each number is there once.
 * @throws InputError naming the option, the part that is wrong, and what is expected
 */
export function parseNumbers(texts: readonly string[], option: NumbersOption): number[] | SweepRange {
  const parts = texts.flatMap((text) => text.split(',')).map((part) => part.trim())
  const read = parts.map((part) => parsePart(part, option))
  const range = read.find((one) => !Array.isArray(one))
  if (range === undefined) return [...new Set((read as number[][]).flat())]
  if (read.length === 1) return range
  throw new InputError(`${option.flag}: a range for random search is given alone, got ${quote(parts.join(','))}`)
}

function parsePart(part: string, option: NumbersOption): number[] | SweepRange {
  if (part.includes(':')) return parseRange(part, option)
  const value = toNumber(part)
  if (value === undefined) throw new InputError(`${expected(option.flag)}; got ${quote(part)}`)
  option.check(option.flag, value)
  return [value]
}

const toNumber = (text = '') => (text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text))

function parseRange(part: string, option: NumbersOption): number[] | SweepRange {
  const { flag, check, isWhole = false } = option
  const refuse = (problem: string) => new InputError(`${flag}: ${quote(part)}: ${problem}`)
  const fields = part.split(':').map((field) => field.trim())
  const [from, to, count] = [toNumber(fields[0]), toNumber(fields[1]), toNumber(fields[3])]
  const scale = fields[2]
  if (fields.length < 3 || fields.length > 4) throw new InputError(`${expected(flag)}; got ${quote(part)}`)
  if (from === undefined) throw refuse(`expected a number before the first colon, got ${quote(fields[0]!)}`)
  if (to === undefined) throw refuse(`expected a number after the first colon, got ${quote(fields[1]!)}`)
  if (scale !== 'log' && scale !== 'linear') throw refuse(`expected log or linear as the third part, got ${quote(fields[2]!)}`) // prettier-ignore
  if (!(from < to)) throw refuse(`expected a first number below the second`)
  if (scale === 'log' && from <= 0) throw refuse(`a logarithmic range begins above 0; from:to:linear:count may begin at 0`) // prettier-ignore
  for (const end of [from, to]) check(flag, end)
  if (fields.length === 3) return openRange(part, option, { from, to, scale })
  if (count === undefined || !Number.isInteger(count) || count < 2 || count > MOST_VALUES) {
    throw refuse(`expected how many values as the last part, from 2 to ${MOST_VALUES.toLocaleString('en')}`)
  }
  const values = scale === 'log' ? logspace(from, to, count) : linspace(from, to, count)
  return isWhole ? values.map(Math.round) : values
}

function openRange(part: string, { flag, takesRange = false }: NumbersOption, range: SweepRange): SweepRange {
  if (takesRange) return range
  throw new InputError(
    `${flag}: ${quote(part)} has no count; write ${part}:8 for eight values. Ranges without a count are for --random, ` +
      'of --lr, --batch, --l1, --l2 and --dropout',
  )
}

/** Numbers at equal distances, both ends among them; rounded to twelve digits, so that 0.3 is 0.3. */
function linspace(from: number, to: number, count: number): number[] {
  const step = (to - from) / (count - 1)
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? to : Number((from + i * step).toPrecision(12))))
}

/**
 * Names of an option that was given once or several times, each there once.
 * @param check one of them, with the option's name
 */
export function parseNames<T extends string>(
  texts: readonly string[],
  flag: string,
  check: (flag: string, name: string) => T,
): T[] {
  return [...new Set(texts.flatMap((text) => text.split(',')).map((name) => check(flag, name.trim())))]
}

/** `--seeds 32`: the seeds 1 to 32; `--seeds 5,6,11`: these. @throws InputError for anything else */
export function parseSeeds(text: string): number | number[] {
  const wrong = () => new InputError(`--seeds: expected how many seeds, or seeds with commas between them, such as 32 or 5,6,11; got ${quote(text)}`) // prettier-ignore
  const parts = text.split(',').map(toNumber)
  if (parts.length > 1 && parts.at(-1) === undefined) parts.pop()
  const isSeed = (value: number | undefined) => Number.isInteger(value) && value! >= 0 && value! < 2 ** 32
  if (!parts.every(isSeed)) throw wrong()
  if (text.includes(',')) return [...new Set(parts as number[])]
  if (parts[0]! < 1) throw wrong()
  return parts[0]!
}
