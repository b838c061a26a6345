/** How the values of a column are distributed. */
export interface Spread {
  readonly name: string
  readonly low: number
  readonly high: number
  readonly mean: number
  /** The standard deviation. */
  readonly deviation: number
  /** Whether at least half of the values are the smallest or the largest one, as in the border of pictures. */
  readonly isSparse: boolean
}

interface Values {
  readonly rows: number
  readonly cols: number
  readonly data: ArrayLike<number>
}

/** Values that are examined at most, of rows that are spread evenly over the data. */
const MOST_VALUES = 4_000_000

/** The spread of each of some columns. @param columns their places and names */
export function spreadOf(
  { rows, cols, data }: Values,
  columns: readonly { readonly place: number; readonly name: string }[],
): Spread[] {
  const every = Math.max(1, Math.ceil((rows * cols) / MOST_VALUES))
  const examined = Math.ceil(rows / every)
  return columns.map(({ place, name }) => {
    const valueAt = (i: number) => data[i * every * cols + place]!
    let [low, high, sum] = [Infinity, -Infinity, 0]
    for (let i = 0; i < examined; i++) {
      const value = valueAt(i)
      if (value < low) low = value
      if (value > high) high = value
      sum += value
    }
    const mean = sum / examined
    let [squares, lows, highs] = [0, 0, 0]
    for (let i = 0; i < examined; i++) {
      const value = valueAt(i)
      squares += (value - mean) ** 2
      lows += Number(value === low)
      highs += Number(value === high)
    }
    const deviation = low === high ? 0 : Math.sqrt(squares / examined)
    return { name, low, high, mean, deviation, isSparse: 2 * Math.max(lows, highs) >= examined }
  })
}

/** The number with four significant digits, or as many as are given. */
export const short = (value: number, digits = 4): string => String(Number(value.toPrecision(digits)))

/** As {@link short}, and large numbers with an exponent. */
export const sayNumber = (value: number): string =>
  Math.abs(value) < 1e7 ? short(value) : Number(value.toPrecision(4)).toExponential()

/** Whole numbers up to here are exact. */
const MOST_DIGITS = 2 ** 53

const sayLong = (value: number, digits: number) =>
  Math.abs(value) < MOST_DIGITS ? short(value, digits) : Number(value.toPrecision(digits)).toExponential()

/** Both ends, with enough digits to show the difference. */
export function sayRange({ low, high }: Pick<Spread, 'low' | 'high'>): string {
  const ratio = Math.max(Math.abs(low), Math.abs(high)) / (high - low)
  const digits = high > low ? Math.min(17, Math.max(4, 2 + Math.ceil(Math.log10(ratio)))) : 4
  return `from ${sayLong(low, digits)} to ${sayLong(high, digits)}`
}

/** Values above which steps that fit numbers around 1 are too large; a byte's are above it. */
const LARGE = 100
/** Deviations above and below which values are far from those around 1. */
const [WIDE, NARROW] = [10, 0.01]
/** The largest deviation is at most this many times the smallest. */
const MOST_RATIO = 100
/** A mean is at most this many deviations away from 0. */
const MOST_OFFSET = 10

const magnitude = ({ low, high }: Spread) => Math.max(-low, high)
const isOffCentre = ({ mean, deviation }: Spread) => Math.abs(mean) >= 2 && Math.abs(mean) > MOST_OFFSET * deviation

const largest = (spreads: readonly Spread[], of: (spread: Spread) => number) =>
  spreads.reduce((a, b) => (of(b) > of(a) ? b : a))

/**
 * In what way inputs are not scaled: one reaches much further than another, is large, or is far from 0; or all are small.
 * Columns that do not vary are left out.
 * @returns a clause that names a column and its range; undefined where nothing is wrong
 */
export function describeInputs(all: readonly Spread[]): string | undefined {
  const spreads = all.filter(({ deviation }) => deviation > 0)
  if (spreads.length === 0) return undefined
  const wide = largest(spreads, ({ deviation }) => deviation)
  const dense = spreads.filter(({ isSparse }) => !isSparse)
  const narrow = dense.length > 0 ? largest(dense, ({ deviation }) => -deviation) : undefined
  if (narrow && wide.deviation > MOST_RATIO * narrow.deviation) {
    return `the inputs are of very different sizes: ${wide.name} reaches ${sayRange(wide)}, ${narrow.name} ${sayRange(narrow)}`
  }
  const large = largest(spreads, magnitude)
  if (magnitude(large) > LARGE) return `the inputs are large: ${large.name} reaches ${sayRange(large)}`
  const off = spreads.filter(isOffCentre)
  if (off.length > 0) {
    const one = largest(off, ({ mean, deviation }) => Math.abs(mean) / deviation)
    return `the input ${one.name} is far from 0 compared with how much it varies: it reaches ${sayRange(one)}`
  }
  if (wide.deviation < NARROW) return `the inputs are small: ${wide.name}, the widest, reaches ${sayRange(wide)}`
  return undefined
}

/** In what way regression targets are not scaled: a clause, as of {@link describeInputs}. */
export function describeTargets(all: readonly Spread[]): string | undefined {
  const spreads = all.filter(({ deviation, mean }) => deviation > 0 || mean !== 0)
  if (spreads.length === 0) return undefined
  const say = (problem: string, one: Spread) =>
    all.length === 1
      ? `the target is ${problem}: it reaches ${sayRange(one)}`
      : `the targets are ${problem}: ${one.name} reaches ${sayRange(one)}`
  const large = largest(spreads, magnitude)
  if (magnitude(large) > LARGE) return say('not scaled', large)
  const wide = largest(spreads, ({ deviation }) => deviation)
  if (wide.deviation > WIDE) return say('not scaled', wide)
  const off = spreads.find(isOffCentre)
  if (off) return say('not scaled', off)
  return wide.deviation > 0 && wide.deviation < NARROW ? say('small', wide) : undefined
}
