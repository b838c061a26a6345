import { type Axis, score } from './axes.ts'
import type { Interval } from './state.ts'

/** Values of an axis that one row or column of the heat map takes together. */
export interface Bin {
  readonly label: string
  readonly interval: Interval
}

/** More different numbers than this are divided into ranges. */
const MOST_VALUES = 40
const RANGES = 12

/** The rows or columns of an axis, the smallest values first. */
export function binsOf(axis: Axis): Bin[] {
  const { distinct, scale, low, high, text } = axis
  if (scale === 'words' || distinct.length <= MOST_VALUES) {
    return distinct.map((value) => ({ label: text(value), interval: [value, value] }))
  }
  const isLog = scale === 'log'
  const [from, to] = isLog ? [Math.log(low), Math.log(high)] : [low, high]
  const edge = (i: number) => {
    if (i === 0) return low
    if (i === RANGES) return high
    const at = from + ((to - from) * i) / RANGES
    return isLog ? Math.exp(at) : at
  }
  const short = (value: number) => text(Number(value.toPrecision(isLog ? 2 : 3)))
  return Array.from({ length: RANGES }, (_, i) => {
    const inside = distinct.filter((value) => value >= edge(i) && (i === RANGES - 1 || value < edge(i + 1)))
    const [first, last] = [inside[0] ?? edge(i), inside.at(-1) ?? edge(i)]
    return { label: first === last ? short(first) : `${short(first)}–${short(last)}`, interval: [first, last] as const }
  })
}

export const ways = ['best', 'mean', 'median'] as const
export type Way = (typeof ways)[number]

export interface Cell {
  /** Networks in it, and how many of them diverged. */
  readonly networks: number
  readonly diverged: number
  /** Undefined where none has a score. */
  readonly value: number | undefined
}

/** The place of each network's value among the bins; −1 outside. */
function placesIn(bins: readonly Bin[], { coordinates }: Axis): (network: number) => number {
  const starts = bins.map(({ interval }) => interval[0])
  return (network) => {
    const value = coordinates[network]!
    let place = starts.length - 1
    while (place >= 0 && value < starts[place]!) place--
    return place
  }
}

/** The score over two axes: a row for each bin of the first, a column for each of the second. */
export function cellsOf(
  list: Uint32Array,
  rows: [Axis, readonly Bin[]],
  columns: [Axis, readonly Bin[]],
  way: Way,
): Cell[][] {
  const [rowOf, columnOf] = [placesIn(rows[1], rows[0]), placesIn(columns[1], columns[0])]
  const scores = rows[1].map(() => columns[1].map((): number[] => []))
  for (const network of list) scores[rowOf(network)]?.[columnOf(network)]?.push(score.coordinates[network]!)
  return scores.map((row) =>
    row.map((all) => {
      const finite = all.filter(Number.isFinite)
      return { networks: all.length, diverged: all.length - finite.length, value: summarise(finite, way) }
    }),
  )
}

function summarise(scores: readonly number[], way: Way): number | undefined {
  if (scores.length === 0) return undefined
  if (way === 'mean') return scores.reduce((sum, value) => sum + value, 0) / scores.length
  const sorted = Float64Array.from(scores).sort()
  if (way === 'best') return sorted.at(-1)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
}
