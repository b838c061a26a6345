import { scaleLinear, type ScaleContinuousNumeric, scaleLog } from 'd3-scale'
import { type Axis, loss, score } from './axes.ts'
import type { Interval } from './state.ts'

export interface Tick {
  readonly y: number
  readonly label: string
}

/** Where the coordinates of an axis are on the screen. */
export interface AxisScale {
  readonly axis: Axis
  readonly y: (coordinate: number) => number
  /** The coordinates between two heights. */
  readonly interval: (top: number, bottom: number) => Interval
  /** The heights of an interval, the upper one first; a little apart where it is one value. */
  readonly span: (interval: Interval) => [top: number, bottom: number]
  readonly ticks: readonly Tick[]
}

const MARGIN = 10
/** The height for networks that diverged. */
const SLOT = 30
/** Labels are at least this far apart. */
const LABEL = 17
/** More different values than this are not labelled each. */
const MOST_VALUES = 14

/** The coordinates at the two ends of an axis. Extreme losses and scores would leave no space for all others. */
function domainOf({ scale, low, high, distinct, ...axis }: Axis): [number, number] {
  if (scale === 'words') return [distinct.length - 0.5, -0.5]
  const isLoss = axis.name === loss.name && !axis.isDiscrete
  const isScore = axis.name === score.name && !axis.isDiscrete
  const median = distinct[Math.floor(distinct.length / 2)] ?? high
  const top = isLoss && median > 0 ? Math.min(high, 1000 * median) : high
  const bottom = isScore ? Math.max(low, Math.min(-1, top - 1)) : low
  if (bottom < top) return [bottom, top]
  return scale === 'log' ? [bottom / 2, top * 2] : [bottom - 0.5, top + 0.5]
}

export function makeScale(axis: Axis, height: number): AxisScale {
  const top = MARGIN + (axis.diverged === 'top' ? SLOT : 0)
  const bottom = height - MARGIN - (axis.diverged === 'bottom' ? SLOT : 0)
  const make = axis.scale === 'log' ? scaleLog : scaleLinear
  const scale = make().domain(domainOf(axis)).range([bottom, top]).clamp(true)
  const slot = axis.diverged === 'top' ? MARGIN : height - MARGIN
  const y = (coordinate: number) => (Number.isFinite(coordinate) ? scale(coordinate) : slot)
  const toCoordinate = (at: number) => {
    if (axis.diverged && Math.abs(at - slot) < SLOT / 2) return axis.diverged === 'top' ? Infinity : -Infinity
    if (axis.scale === 'words') return scale.invert(at)
    if (at >= bottom - 1) return axis.low
    return at <= top + 1 ? axis.high : scale.invert(at)
  }
  return {
    axis,
    y,
    interval: (from, to) => snap(axis, [toCoordinate(from), toCoordinate(to)].sort((a, b) => a - b) as unknown as Interval), // prettier-ignore
    span: ([low, high]) => {
      const [from = 0, to = 0] = [y(low), y(high)].sort((a, b) => a - b)
      const space = to - from < 12 ? 7 : 4
      return [Math.max(0, from - space), Math.min(height, to + space)]
    },
    ticks: [...ticksOf(axis, scale), ...(axis.diverged ? [{ y: slot, label: 'diverged' }] : [])],
  }
}

/** Takes an interval to the values that there are within it, where there are few of them. */
function snap({ distinct, isDiscrete }: Axis, [low, high]: Interval): Interval {
  if (!isDiscrete || distinct.length > 100) return [low, high]
  const inside = distinct.filter((value) => value >= low && value <= high)
  return inside.length > 0 ? [inside[0]!, inside.at(-1)!] : [low, high]
}

/** Labels that do not overlap: each value where there are few, else round numbers, or the ends where there are none. */
function ticksOf(axis: Axis, scale: ScaleContinuousNumeric<number, number>): Tick[] {
  const placed: Tick[] = []
  for (const value of valuesOfTicks(axis, scale)) {
    const y = scale(value)
    if (placed.some((other) => Math.abs(other.y - y) < LABEL)) continue
    placed.push({ y, label: axis.short(value) })
  }
  return placed
}

function valuesOfTicks(axis: Axis, scale: ScaleContinuousNumeric<number, number>): readonly number[] {
  const { distinct, isDiscrete, low, high } = axis
  if (isDiscrete && (axis.scale === 'words' || distinct.length <= MOST_VALUES)) return distinct
  const ticks = scale.ticks(6)
  const powers = ticks.filter((value) => Number.isInteger(Number(Math.log10(value).toFixed(9))))
  if (axis.scale === 'log' && powers.length > 2) return powers
  const round = ticks.filter((value) => /^[125]/.test(value.toExponential()))
  if (axis.scale === 'log' && round.length > 2) return round
  return ticks.length > 1 ? ticks : [low, high]
}
