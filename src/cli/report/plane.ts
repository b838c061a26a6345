import { DataStream, decisionBoundary, Matrix, type Network, predictedClasses } from '../../index.ts'
import { palette } from './html.ts'
import { predictFirst } from '../train/loaded.ts'
import type { TrainedRun } from './trained-run.ts'

/** Points per side of the grid for the decision regions. */
const GRID = 160
/** Points that a report shows at most: enough to see, few enough to open. */
const MOST_POINTS = 2000

/** Whether the inputs are two columns of numbers: categories and truth values make no plane. */
export const hasPlane = ({ sizes, encoding }: Network) =>
  sizes[0] === 2 && (encoding?.columns.every(({ kind }) => kind === 'number') ?? true)

/** The points with their classes and answers, and the plane around them as colours, a row at a time from the top. */
export async function makePlane({ data, loaded, network, trainer }: TrainedRun) {
  const { train } = data
  const points = Math.min(MOST_POINTS, train.length)
  const shown = train instanceof DataStream ? await train.take(points) : train.slice(0, points)
  const boundary = decisionBoundary(network)
  const labels = [...shown.labels(boundary)]
  const answers = await predictFirst(trainer, data, loaded, 'train', points)
  const predicted = predictedClasses(answers, { boundary })
  const wrong = labels.map((label, i) => Number(predicted[i] !== label))
  const bounds = boundsOf(shown.inputs)
  const colours = colourPlane(await trainer.predict(gridPoints(bounds, GRID)), boundary)
  // Streams are scaled; what people read on the axes are the units of the data.
  const { scaling } = shown
  const unscale = (value: number, j: number) => (scaling ? value * scaling.scale[j]! + scaling.offset[j]! : value)
  const axis = ({ values, low, high }: Bounds, j: number) => ({
    values: values.map((value) => unscale(value, j)),
    low: unscale(low, j),
    high: unscale(high, j),
  })
  return { x: axis(bounds[0], 0), y: axis(bounds[1], 1), labels, wrong, grid: GRID, colours }
}

/** The coordinates of points along one axis, and the part of the axis that is shown. */
export interface Bounds {
  readonly values: number[]
  readonly low: number
  readonly high: number
}

/** The bounds of points with a margin. @param points samples × 2 */
export function boundsOf(points: Matrix): [Bounds, Bounds] {
  return [0, 1].map((j) => {
    const values = Array.from({ length: points.rows }, (_, i) => points.get(i, j))
    const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]) // prettier-ignore
    const margin = 0.08 * (high - low || 1)
    return { values, low: low - margin, high: high + margin }
  }) as [Bounds, Bounds]
}

/** The middle of each of side × side cells, a row at a time from the top. */
export function gridPoints([x, y]: readonly [Bounds, Bounds], side: number): Matrix {
  const points = new Matrix(side * side, 2)
  const at = ({ low, high }: Bounds, share: number) => low + (high - low) * share
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const place = 2 * (row * side + column)
      points.data[place] = at(x, (column + 0.5) / side)
      points.data[place + 1] = at(y, 1 - (row + 0.5) / side)
    }
  }
  return points
}

/** Each point's colour: the classes' colours mixed by their answers, as base64 of red, green, blue bytes. */
function colourPlane(answers: Matrix, boundary: number): string {
  const bytes = new Uint8Array(answers.rows * 3)
  for (let i = 0; i < answers.rows; i++) {
    const shares = classShares(answers.row(i), boundary)
    const total = shares.reduce((sum, share) => sum + share, 0) || 1
    for (let channel = 0; channel < 3; channel++) {
      const mixed = shares.reduce((sum, share, j) => sum + (share / total) * palette[j % palette.length]![channel]!, 0)
      bytes[3 * i + channel] = Math.round(mixed)
    }
  }
  return Buffer.from(bytes).toString('base64')
}

/** The part of each class in an output, from 0 to 1. @param boundary between two classes of one output */
export function classShares(answer: Float32Array, boundary: number): number[] {
  const clamp = (value: number) => Math.max(0, Math.min(1, value))
  if (answer.length > 1) return Array.from(answer, clamp)
  const second = clamp(boundary === 0 ? (answer[0]! + 1) / 2 : answer[0]!)
  return [1 - second, second]
}
