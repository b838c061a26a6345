import { axes, score } from './axes.ts'
import { type LineColours, stepOf } from './colours.ts'
import { networks } from './run.ts'
import type { AxisScale } from './scale.ts'

/** Lines that are drawn at most. */
export const MOST_LINES = 5000
/** Lines of networks that the filters exclude, drawn behind the others. */
const MOST_EXCLUDED = 600
/** Lines that are stroked together; where lines of different strokes cross, their colours add up. */
const TOGETHER = 24

/** Where all lines are. */
export interface Geometry {
  readonly width: number
  readonly height: number
  /** Of each axis, from left to right. */
  readonly xs: readonly number[]
  readonly scales: readonly AxisScale[]
  /** networks × axes. */
  readonly ys: Float32Array
}

export function makeYs(scales: readonly AxisScale[]): Float32Array {
  const ys = new Float32Array(networks * axes.length)
  scales.forEach(({ y, axis: { coordinates } }, a) => {
    for (let network = 0; network < networks; network++) ys[network * axes.length + a] = y(coordinates[network]!)
  })
  return ys
}

/** Networks at equal distances in a list. */
const every = (list: Uint32Array, step: number) => list.filter((_, i) => i % step === 0)

/** The networks whose lines are drawn. */
export interface Lines {
  readonly lines: Uint32Array
  /** Every how many of the weaker networks have a line. */
  readonly every: number
  /** Networks that the filters exclude, drawn behind the others. */
  readonly excluded: Uint32Array
}

/** Where there are more networks than lines, a fifth of the lines are those of the best, the others are evenly spread. */
export function chooseLines(shown: Uint32Array, limit: number): Lines {
  const excluded = chooseExcluded(shown)
  if (shown.length <= limit) return { lines: shown, every: 1, excluded }
  const best = limit / 5
  const step = Math.ceil((shown.length - best) / (limit - best))
  const lines = new Uint32Array([...shown.subarray(0, best), ...every(shown.subarray(best), step)])
  return { lines, every: step, excluded }
}

function chooseExcluded(shown: Uint32Array): Uint32Array {
  const isShown = new Uint8Array(networks)
  for (const network of shown) isShown[network] = 1
  const excluded = Uint32Array.from(isShown.keys()).filter((network) => isShown[network] === 0)
  return every(excluded, Math.ceil(excluded.length / MOST_EXCLUDED))
}

/** How far from an axis a line bends, as a share of the distance to the next one. */
const BEND = 0.4

function traceLine(context: CanvasRenderingContext2D, { xs, ys }: Geometry, network: number): void {
  const start = network * axes.length
  context.moveTo(xs[0]!, ys[start]!)
  for (let a = 1; a < axes.length; a++) {
    const [left, right] = [xs[a - 1]!, xs[a]!]
    const bend = BEND * (right - left)
    context.bezierCurveTo(left + bend, ys[start + a - 1]!, right - bend, ys[start + a]!, right, ys[start + a]!)
  }
}

/** Draws the lines of networks, the best one last, over those that the filters exclude. */
export function drawLines(
  context: CanvasRenderingContext2D,
  geometry: Geometry,
  { lines, excluded }: Lines,
  { steps, behind, diverged }: LineColours,
): void {
  const { width, height } = geometry
  context.clearRect(0, 0, width, height)
  context.globalAlpha = 0.55
  context.lineWidth = 0.8
  context.strokeStyle = behind
  for (const network of excluded) strokeLines(context, geometry, [network])
  context.globalAlpha = opacityOf(lines.length)
  context.lineWidth = lines.length > 300 ? 1 : 1.6
  let group: number[] = []
  let colour = ''
  const finish = () => {
    context.strokeStyle = colour
    strokeLines(context, geometry, group)
    group = []
  }
  for (const network of lines.toReversed()) {
    const value = score.coordinates[network]!
    const own = Number.isFinite(value) ? steps[stepOf(value)]! : diverged
    if (own !== colour || group.length >= TOGETHER) finish()
    colour = own
    group.push(network)
  }
  finish()
  context.globalAlpha = 1
}

/** So that the many lines of a large sweep do not become one area. */
const opacityOf = (lines: number) => Math.min(0.95, (14 / Math.sqrt(lines)) * Math.min(1, Math.sqrt(1000 / lines)))

function strokeLines(context: CanvasRenderingContext2D, geometry: Geometry, group: readonly number[]): void {
  if (group.length === 0) return
  context.beginPath()
  for (const network of group) traceLine(context, geometry, network)
  context.stroke()
}

/** Draws one line over all others, with a border that separates it from them. */
export function drawHighlight(
  context: CanvasRenderingContext2D,
  geometry: Geometry,
  network: number,
  { highlight, border }: LineColours,
): void {
  for (const [style, width] of [
    [border, 6],
    [highlight, 2.6],
  ] as const) {
    context.lineWidth = width
    context.strokeStyle = style
    strokeLines(context, geometry, [network])
  }
  context.fillStyle = highlight
  geometry.xs.forEach((x, a) => {
    context.beginPath()
    context.arc(x, geometry.ys[network * axes.length + a]!, 4, 0, 2 * Math.PI)
    context.fill()
  })
}

/** The line that is nearest to a point, if one is near. */
export function lineAt({ xs, ys }: Geometry, lines: Uint32Array, x: number, y: number): number | undefined {
  const a = xs.findLastIndex((left, i) => left <= x && i < xs.length - 1)
  if (a < 0 || x > xs.at(-1)!) return undefined
  const along = curveShare((x - xs[a]!) / (xs[a + 1]! - xs[a]!))
  let nearest: number | undefined
  let distance = 7
  for (const network of lines) {
    const start = network * axes.length + a
    const [from, to] = [ys[start]!, ys[start + 1]!]
    const away = Math.abs(from + (to - from) * along - y)
    if (away >= distance) continue
    distance = away
    nearest = network
  }
  return nearest
}

/** How far up a curve from 0 to 1 is where it is a share of the way to the right: the curve of `bezierCurveTo` above. */
function curveShare(share: number): number {
  const x = (t: number) => 3 * BEND * t * (1 - t) ** 2 + 3 * (1 - BEND) * t * t * (1 - t) + t ** 3
  let [low, high] = [0, 1]
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2
    if (x(middle) < share) low = middle
    else high = middle
  }
  return low * low * (3 - 2 * low)
}
