import { classColours, colourOf, css, mix, type Palette } from './colours.ts'
import type { Regions } from './protocol.ts'

/** Red, green and blue, each 0 to 255, as an opaque pixel in the byte order of ImageData. */
const pixel = ([r, g, b]: readonly [number, number, number]) => (255 << 24) | (b << 16) | (g << 8) | r

/** 256 colours from low to high, cached for each palette. */
const scales = new WeakMap<Palette, Uint32Array>()
function scaleOf(colours: Palette): Uint32Array {
  let scale = scales.get(colours)
  if (!scale) {
    scale = Uint32Array.from({ length: 256 }, (_, i) => pixel(colourOf(i / 255, colours)))
    scales.set(colours, scale)
  }
  return scale
}

function paintPixels(canvas: HTMLCanvasElement, side: number, colourAt: (i: number) => number): void {
  if (canvas.width !== side) canvas.width = canvas.height = side
  const context = canvas.getContext('2d')
  if (!context) return
  const image = context.createImageData(side, side)
  const pixels = new Uint32Array(image.data.buffer)
  for (let i = 0; i < side * side; i++) pixels[i] = colourAt(i)
  context.putImageData(image, 0, 0)
}

/** Paints side × side values from 0 to 1, row by row, one pixel each; resizes the canvas to side × side pixels. */
export function paint(canvas: HTMLCanvasElement, shares: ArrayLike<number>, side: number, colours: Palette): void {
  const scale = scaleOf(colours)
  paintPixels(canvas, side, (i) => scale[Math.min(255, Math.max(0, Math.round(255 * shares[i]!)))]!)
}

/**
 * Paints the predictions over the plane: on the scale between two classes, or in the colour of the predicted class.
 * @param isHard shows the predicted class without its certainty
 */
export function paintRegions(
  canvas: HTMLCanvasElement,
  { side, shares: certain, best }: Regions,
  colours: Palette,
  isHard: boolean,
): void {
  const shares = isHard ? certain.map((share) => (best ? 1 : Number(share > 0.5))) : certain
  if (!best) {
    paint(canvas, shares, side, colours)
    return
  }
  // From the background colour, where two classes score the same, to the colour of the class.
  const scale = classColours.map((colour) =>
    Uint32Array.from({ length: 64 }, (_, i) => pixel(mix(colours.middle, colour, 0.15 + (0.55 * i) / 63))),
  )
  paintPixels(
    canvas,
    side,
    (i) => scale[best[i]! % scale.length]![Math.min(63, Math.max(0, Math.round(63 * shares[i]!)))]!,
  )
}

/** The corners of the marker of each class, in a square from −1 to 1; the first marker is a circle. */
const shapes: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  [
    [0, -1.2],
    [1.1, 0.8],
    [-1.1, 0.8],
  ],
  [
    [0, -1.3],
    [1.1, 0],
    [0, 1.3],
    [-1.1, 0],
  ],
  [
    [0, 1.2],
    [1.1, -0.8],
    [-1.1, -0.8],
  ],
  [
    [-0.4, -1.2],
    [0.4, -1.2],
    [0.4, 1.2],
    [-0.4, 1.2],
  ],
  [
    [-1.2, -0.4],
    [1.2, -0.4],
    [1.2, 0.4],
    [-1.2, 0.4],
  ],
]

/** Draws one sample as a small marker whose shape and colour both show the class. */
export function drawMark(context: CanvasRenderingContext2D, x: number, y: number, radius: number, shape: number): void {
  const corners = shapes[shape % shapes.length]!
  context.beginPath()
  if (corners.length === 0) context.arc(x, y, 1.1 * radius, 0, 2 * Math.PI)
  corners.forEach(([dx, dy], i) => {
    if (i === 0) context.moveTo(x + dx * radius, y + dy * radius)
    else context.lineTo(x + dx * radius, y + dy * radius)
  })
  context.closePath()
  context.fill()
  context.stroke()
}

/** The colour of a class: an end of the scale for up to two classes, else an entry of {@link classColours}. */
export const classColour = (label: number, classes: number, colours: Palette): string =>
  css(classes <= 2 ? (label === 1 ? colours.high : colours.low) : classColours[label % classColours.length]!)

/** Paints a picture of side × side values from 0 (background) to `full` (ink). */
export function paintPicture(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  side: number,
  colours: Palette,
  full = 1,
): void {
  const ink = colours.inkColour
  const scale = Uint32Array.from({ length: 256 }, (_, i) => pixel(mix(colours.middle, ink, i / 255)))
  paintPixels(canvas, side, (i) => scale[Math.min(255, Math.max(0, Math.round((255 * values[i]!) / full)))]!)
}
