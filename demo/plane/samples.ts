import { colourOf, css, type Palette } from '../colours.ts'
import { classColour, drawMark } from '../drawing.ts'
import type { PlottedSamples, Regions, ShownData } from '../protocol.ts'

/** Coordinates of the plane as fractions of its width and height, from the top left. */
export const across = ({ left, width }: ShownData['view'], x: number) => (x - left) / width
export const down = ({ bottom, height }: ShownData['view'], y: number) => 1 - (y - bottom) / height

/** With more samples than this, their marks are smaller. */
const MANY = 800

/** Where the samples are in a picture of side × side pixels, and the radius of their marks. */
function placesOf(shown: ShownData, samples: PlottedSamples, side: number) {
  const places = Array.from(
    samples.value,
    (_, i) => [across(shown.view, samples.x[i]!) * side, down(shown.view, samples.y[i]!) * side] as const,
  )
  return { places, radius: side / (samples.x.length > MANY ? 150 : 110) }
}

/** Draws samples as marks in the colour and shape of their class; test data have a bold outline. */
export function drawSamples(
  context: CanvasRenderingContext2D,
  shown: ShownData,
  samples: PlottedSamples,
  { isTest, colours }: { isTest: boolean; colours: Palette },
): void {
  const side = context.canvas.width
  const { places, radius } = placesOf(shown, samples, side)
  const [low, high] = shown.range
  const isRegression = shown.kind === 'regression'
  // Samples with and without the label.
  const classes = shown.kind === 'labels' ? 2 : shown.classes.length
  context.strokeStyle = isTest ? colours.ink : css(colours.middle)
  context.lineWidth = side / (isTest ? 300 : 400)
  samples.value.forEach((value, i) => {
    context.fillStyle = isRegression
      ? css(colourOf((value - low) / (high - low || 1), colours))
      : classColour(value, classes, colours)
    drawMark(context, ...places[i]!, radius, isRegression ? 0 : value)
  })
}

/** Draws a ring around each misclassified sample. It belongs below the marks, so that rings of close samples hide none. */
export function drawRings(
  context: CanvasRenderingContext2D,
  shown: ShownData,
  samples: PlottedSamples,
  regions: Regions,
  colours: Palette,
): void {
  const wrong = findMisclassified(shown, samples, regions)
  if (!wrong) return
  const side = context.canvas.width
  const { places, radius } = placesOf(shown, samples, side)
  context.strokeStyle = colours.ink
  context.lineWidth = side / 300
  places.forEach(([x, y], i) => {
    if (!wrong[i]) return
    context.beginPath()
    context.arc(x, y, 2.1 * radius, 0, 2 * Math.PI)
    context.stroke()
  })
}

/**
 * Which samples lie in the region of another class. Undefined for regression, and for tables with more columns than the
 * plane shows, where a sample differs from its place on the plane in the other columns.
 */
function findMisclassified(
  { kind, features, view }: ShownData,
  { x, y, value }: PlottedSamples,
  { side, shares, best }: Regions,
): Uint8Array | undefined {
  if (kind === 'regression' || kind === 'images' || features.length > 2) return undefined
  return Uint8Array.from(value, (label, i) => {
    const column = across(view, x[i]!) * side - 0.5
    const row = down(view, y[i]!) * side - 0.5
    const clamp = (at: number) => Math.min(side - 1, Math.max(0, at))
    if (best) return Number(best[clamp(Math.round(row)) * side + clamp(Math.round(column))] !== label)
    const [left, top] = [clamp(Math.floor(column)), clamp(Math.floor(row))]
    const [right, bottom] = [clamp(left + 1), clamp(top + 1)]
    const [u, v] = [clamp(column) - left, clamp(row) - top]
    const at = (r: number, c: number) => shares[r * side + c]!
    const share =
      (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) +
      v * ((1 - u) * at(bottom, left) + u * at(bottom, right))
    return Number(Number(share > 0.5) !== label)
  })
}
