import { Random } from '../core/random.ts'
import { readOptions } from '../core/schema.ts'
import { cosineAndSine } from './angle.ts'
import { oneHot } from './classes.ts'
import { Dataset } from './dataset.ts'
import { generatorFields, type GeneratorOptions } from './generator-options.ts'
import { Matrix } from '../core/matrix.ts'

/** The options of {@link digits}; by default 1000 images. `noise` is added to every pixel, which then stays within 0 … 1. */
export type DigitsOptions = GeneratorOptions

export const digitsSchema = { name: 'digits', fields: generatorFields(0, [1000, 2 ** 21]) }

/** A point of a stroke, in percent of the digit's box, y downwards; at a corner the pen changes direction at once. */
type PenPoint = readonly [x: number, y: number, corner?: 'corner']
type Stroke = readonly PenPoint[]
interface Position {
  x: number
  y: number
}

const size = 28

/** The ways in which each digit is written; the pen follows a smooth curve through the points of a stroke. */
// prettier-ignore
const shapes: readonly (readonly (readonly Stroke[])[])[] = [
  [
    [[[52, 2], [26, 12], [11, 45], [20, 83], [46, 98], [75, 85], [88, 50], [78, 15], [50, 3], [38, 8]]],
    [[[66, 10], [44, 2], [20, 24], [14, 62], [34, 96], [64, 92], [84, 58], [80, 22], [60, 6]]],
  ],
  [
    [[[50, 0], [49, 50], [50, 100]]],
    [[[28, 24], [54, 1, 'corner'], [52, 50], [51, 100]]],
    [[[32, 20], [54, 1, 'corner'], [53, 50], [53, 98]], [[26, 99], [80, 98]]],
  ],
  [
    [[[12, 25], [25, 7], [52, 2], [78, 15], [78, 38], [55, 65], [12, 97, 'corner'], [50, 96], [92, 96]]],
    [[[12, 22], [36, 3], [70, 8], [78, 32], [56, 66], [26, 94], [9, 90], [16, 75], [38, 80], [62, 95], [94, 90]]],
  ],
  [
    [[[14, 14], [40, 2], [74, 10], [76, 32], [40, 47, 'corner'], [80, 58], [84, 84], [50, 99], [10, 86]]],
    [[[12, 4], [80, 3, 'corner'], [42, 40, 'corner'], [80, 52], [84, 82], [50, 99], [8, 90]]],
    [[[14, 12], [44, 1], [78, 16], [64, 40], [38, 46], [66, 52], [84, 74], [58, 98], [10, 88]]],
  ],
  [
    [[[24, 3], [18, 32], [10, 58, 'corner'], [50, 58], [92, 54]], [[72, 6], [67, 55], [64, 100]]],
    [[[64, 100], [66, 50], [68, 1, 'corner'], [6, 66, 'corner'], [50, 66], [94, 64]]],
    [[[20, 4], [14, 34], [30, 52], [58, 48], [76, 34]], [[80, 2], [76, 50], [68, 100]]],
  ],
  [
    [[[86, 4], [24, 4, 'corner'], [18, 44, 'corner'], [52, 36], [86, 60], [74, 90], [40, 99], [8, 86]]],
    [[[26, 6], [20, 46, 'corner'], [50, 42], [80, 62], [68, 92], [36, 98], [8, 90]], [[26, 6], [58, 5], [92, 1]]],
  ],
  [
    [[[70, 2], [40, 22], [17, 56], [20, 86], [48, 99], [78, 84], [76, 60], [50, 52], [24, 66], [17, 80]]],
    [[[46, 1], [26, 34], [16, 70], [30, 96], [58, 96], [76, 76], [62, 58], [36, 62], [20, 82]]],
  ],
  [
    [[[8, 6], [50, 5], [88, 5, 'corner'], [58, 48], [40, 100]]],
    [[[8, 6], [50, 5], [88, 5, 'corner'], [60, 48], [44, 100]], [[30, 52], [82, 48]]],
    [[[10, 24], [14, 6, 'corner'], [50, 8], [86, 4, 'corner'], [66, 36], [54, 68], [50, 100]]],
  ],
  [
    [[[76, 16], [50, 2], [22, 18], [36, 40], [62, 56], [80, 78], [52, 99], [20, 80], [36, 58], [64, 42], [80, 18], [66, 5]]],
    [
      [[56, 3], [28, 12], [28, 36], [54, 46], [76, 32], [74, 10], [52, 3]],
      [[52, 47], [22, 62], [20, 88], [50, 99], [80, 86], [78, 62], [54, 47]],
    ],
  ],
  [
    [[[78, 18], [52, 2], [22, 16], [20, 42], [46, 52], [72, 38], [80, 12, 'corner'], [78, 55], [72, 100]]],
    [[[76, 14], [50, 2], [20, 18], [22, 44], [50, 50], [76, 32], [80, 24], [80, 56], [64, 90], [26, 98]]],
  ],
]

/**
 * Digits that look handwritten, 28 × 28 pixels, painted with a round pen along strokes that differ in every image: way of
 * writing, rotation, slant, width, height, place, thickness of the pen and every point of the stroke. As many of each
 * digit, in random order; a substitute for MNIST that needs no download.
 * @param options the number of images (`samples`, default 1000), the standard deviation of the `noise` that is added to
 *   each pixel (default 0), and the `seed` (default random)
 * @returns inputs samples × 784, 0 (paper) to 1 (ink), row by row from the top (`pixel0` … `pixel783`); targets
 *   samples × 10, one-hot, classes `0` … `9`
 * @throws InputError for options that are unknown or out of range
 * @example const { train, test } = split(digits({ samples: 2000, seed: 7 }), { test: 0.2, seed: 7 })
 */
export function digits(options: DigitsOptions = {}): Dataset {
  const { samples, seed, noise } = readOptions(digitsSchema, options)
  const random = new Random(seed, 'data')
  const inputs = new Matrix(samples, size * size)
  const labels = random.permutation(samples).map((place) => place % 10)
  labels.forEach((digit, i) => draw(digit, inputs.row(i), noise, random))
  return Dataset.from(inputs, oneHot(labels, 10), {
    features: pixelNames(size * size),
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
  })
}

/** What the columns of an image are called: `pixel0`, `pixel1`, … row by row from the top. */
export function pixelNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `pixel${i}`)
}

function draw(digit: number, image: Float32Array, noise: number, random: Random): void {
  const ways = shapes[digit] as readonly (readonly Stroke[])[]
  const strokes = ways[random.below(ways.length)] as readonly Stroke[]
  const move = drawTransform(random)
  const wobble = random.between(1.5, 4.5)
  const pen = { radius: random.between(0.75, 1.75), ink: random.between(0.82, 1) }
  for (const stroke of strokes) {
    for (const curve of splitAtCorners(stroke, wobble, random)) inkCurve(image, curve.map(move), pen)
  }
  if (noise === 0) return
  for (let i = 0; i < image.length; i++) {
    image[i] = Math.min(1, Math.max(0, (image[i] as number) + noise * random.normal()))
  }
}

/** From the percent box to pixels: scale, slant, rotate about the middle, then shift. */
function drawTransform(random: Random): (point: Position) => Position {
  const limited = (deviation: number) => deviation * Math.min(2, Math.max(-2, random.normal()))
  const height = 19.5 + limited(0.9)
  const width = height * (0.74 + limited(0.09))
  const slant = 0.1 + limited(0.13)
  const [cosine, sine] = cosineAndSine(limited(0.1))
  const [right, down] = [size / 2 + limited(0.8), size / 2 + limited(0.8)]
  return ({ x, y }) => {
    const v = (y / 100 - 0.5) * height
    const u = (x / 100 - 0.5) * width - slant * v
    return { x: right + cosine * u - sine * v, y: down + sine * u + cosine * v }
  }
}

/** The stroke with its points moved at random, as the curves between its corners; neighbours share the corner. */
function splitAtCorners(stroke: Stroke, wobble: number, random: Random): Position[][] {
  let curve: Position[] = []
  const curves = [curve]
  for (const [x, y, corner] of stroke) {
    const point = { x: x + wobble * random.normal(), y: y + wobble * random.normal() }
    curve.push(point)
    if (corner !== undefined) curves.push((curve = [point]))
  }
  return curves
}

/** Follows the Catmull–Rom spline through the points in short straight pieces. */
function inkCurve(image: Float32Array, points: readonly Position[], pen: Pen): void {
  const pieces = 8
  const at = (i: number) => points[Math.min(points.length - 1, Math.max(0, i))] as Position
  let from = at(0)
  for (let i = 0; i + 1 < points.length; i++) {
    const [before, start, end, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)]
    for (let piece = 1; piece <= pieces; piece++) {
      const t = piece / pieces
      const to = {
        x: interpolate(before.x, start.x, end.x, after.x, t),
        y: interpolate(before.y, start.y, end.y, after.y, t),
      }
      inkLine(image, from, to, pen)
      from = to
    }
  }
}

function interpolate(before: number, start: number, end: number, after: number, t: number): number {
  const slope = (end - before) / 2
  const nextSlope = (after - start) / 2
  const rise = end - start
  return start + t * (slope + t * (3 * rise - 2 * slope - nextSlope + t * (slope + nextSlope - 2 * rise)))
}

interface Pen {
  radius: number
  ink: number
}

/** Inks every pixel by how far the pen's edge reaches over its middle: one pixel of soft edge, as a scanner gives. */
function inkLine(image: Float32Array, from: Position, to: Position, { radius, ink }: Pen): void {
  const reach = radius + 0.5
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const square = dx * dx + dy * dy
  const [left, right] = [Math.min(from.x, to.x) - reach, Math.max(from.x, to.x) + reach]
  const [top, bottom] = [Math.min(from.y, to.y) - reach, Math.max(from.y, to.y) + reach]
  for (let row = Math.max(0, Math.floor(top)); row < Math.min(size, Math.ceil(bottom)); row++) {
    for (let column = Math.max(0, Math.floor(left)); column < Math.min(size, Math.ceil(right)); column++) {
      const [px, py] = [column + 0.5 - from.x, row + 0.5 - from.y]
      const t = square === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / square))
      const [ox, oy] = [px - t * dx, py - t * dy]
      const shade = ink * Math.min(1, Math.max(0, reach - Math.sqrt(ox * ox + oy * oy)))
      const place = row * size + column
      if (shade > (image[place] as number)) image[place] = shade
    }
  }
}
