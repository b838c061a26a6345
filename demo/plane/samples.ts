import { colourOf, css, type Palette } from '../colours.ts'
import { classColour, drawMark } from '../drawing.ts'
import type { PlottedSamples, Regions, ShownData } from '../protocol.ts'

/** Coordinates of the plane as fractions of its width and height, from the top left. */
export const across = ({ left, width }: ShownData['view'], x: number) => (x - left) / width
export const down = ({ bottom, height }: ShownData['view'], y: number) => 1 - (y - bottom) / height

/** With more samples than this, their marks are smaller. */
const MANY = 800

interface Look {
  isTest: boolean
  /** Which samples are misclassified, where that is known. */
  wrong: Uint8Array | undefined
  colours: Palette
}

/** Draws samples as marks in the colour and shape of their class; test data have a bold outline, errors a ring. */
export function drawSamples(
  context: CanvasRenderingContext2D,
  shown: ShownData,
  samples: PlottedSamples,
  { isTest, wrong, colours }: Look,
): void {
  const side = context.canvas.width
  const radius = side / (samples.x.length > MANY ? 150 : 110)
  const [low, high] = shown.range
  const isRegression = shown.kind === 'regression'
  // Samples with and without the label.
  const classes = shown.kind === 'labels' ? 2 : shown.classes.length
  const [outline, width] = isTest ? [colours.ink, side / 300] : [css(colours.middle), side / 400]
  const places = Array.from(
    samples.value,
    (_, i) => [across(shown.view, samples.x[i]!) * side, down(shown.view, samples.y[i]!) * side] as const,
  )
  // Below the marks, so that the rings of close samples do not hide them.
  places.forEach(([x, y], i) => {
    if (wrong?.[i]) drawRing(context, x, y, 2.1 * radius, colours)
  })
  samples.value.forEach((value, i) => {
    const [x, y] = places[i]!
    context.strokeStyle = outline
    context.lineWidth = width
    context.fillStyle = isRegression
      ? css(colourOf((value - low) / (high - low || 1), colours))
      : classColour(value, classes, colours)
    drawMark(context, x, y, radius, isRegression ? 0 : value)
  })
}

function drawRing(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colours: Palette): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.strokeStyle = colours.ink
  context.lineWidth = context.canvas.width / 300
  context.stroke()
}

/**
 * Which samples lie in the region of another class. Undefined for regression, and for tables with more columns than the
 * plane shows, where a sample differs from its place on the plane in the other columns.
 */
export function findMisclassified(
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
