import { css, mix, type Palette } from '../colours.ts'
import { paint, paintPicture } from '../drawing.ts'
import type { ShownData } from '../protocol.ts'
import { MAX_SHOWN, type Moment, type NeuronPicture } from './moment.ts'

export interface Area {
  left: number
  top: number
  width: number
  height: number
}

/** The largest side of a neuron, and the space for the names of the outputs, in units of the frame. */
const LARGEST = 52
const NAMES = 96
/** The side of the box that stands for the inputs where they are many. */
const BOX = 92

interface Layout {
  counts: readonly number[]
  isBoxed: boolean
  side: number
  x: (layer: number) => number
  y: (layer: number, index: number) => number
}

function layOut({ sizes }: Moment, { left, top, width, height }: Area): Layout {
  const isBoxed = sizes[0]! > MAX_SHOWN
  const counts = sizes.map((size, l) => (l === 0 && isBoxed ? 1 : Math.min(size, MAX_SHOWN)))
  const pitch = Math.min(76, height / Math.max(...counts))
  const side = Math.min(LARGEST, pitch - 5)
  const first = left + (isBoxed ? BOX : side) / 2
  const step = (left + width - NAMES - side / 2 - first) / (counts.length - 1)
  return {
    counts,
    isBoxed,
    side,
    x: (layer) => first + step * layer,
    y: (layer, index) => top + height / 2 + (index - (counts[layer]! - 1) / 2) * pitch,
  }
}

/** Draws a network: ink lines whose width is the size of the weight, dashed where it is negative, and its neurons. */
export function drawNetwork(
  context: CanvasRenderingContext2D,
  moment: Moment,
  shown: ShownData,
  colours: Palette,
  area: Area,
): void {
  const layout = layOut(moment, area)
  drawEdges(context, moment, layout, colours)
  drawInputs(context, moment, shown, layout, colours)
  moment.pictures.forEach((layer, l) => {
    layer.forEach((picture, i) => {
      drawNeuron(context, layout.x(l + 1), layout.y(l + 1, i), layout.side, picture, colours)
    })
    drawRest(context, moment.sizes[l + 1]!, l + 1, layout, colours)
  })
  const last = moment.sizes.length - 1
  shown.outputs.slice(0, layout.counts[last]).forEach((name, i) => {
    write(context, shorten(name, 12), layout.x(last) + layout.side / 2 + 8, layout.y(last, i), 'left', colours)
  })
}

function drawEdges(context: CanvasRenderingContext2D, { edges }: Moment, layout: Layout, colours: Palette): void {
  const { x, y, side, counts, isBoxed } = layout
  const curve = (layer: number, from: number, to: number) => {
    const [start, end] = [x(layer - 1), x(layer)]
    const [a, b] = [y(layer - 1, from), y(layer, to)]
    const middle = (start + end) / 2
    context.beginPath()
    context.moveTo(start, a)
    context.bezierCurveTo(middle, a, middle, b, end, b)
    context.stroke()
  }
  context.save()
  if (isBoxed) {
    context.strokeStyle = css(mix(colours.middle, colours.inkColour, 0.2))
    context.lineWidth = 1
    for (let i = 0; i < counts[1]!; i++) curve(1, 0, i)
  }
  context.strokeStyle = colours.ink
  for (const { layer, from, to, weight } of edges) {
    const size = Math.abs(weight)
    context.globalAlpha = 0.25 + 0.6 * size
    context.lineWidth = 0.6 + (side / 10) * size
    context.setLineDash(weight < 0 ? [6, 4] : [])
    curve(layer, from, to)
  }
  context.restore()
}

function drawInputs(
  context: CanvasRenderingContext2D,
  { sizes }: Moment,
  { picture, inputs }: ShownData,
  { x, y, side, counts, isBoxed }: Layout,
  colours: Palette,
): void {
  if (isBoxed) {
    frame(context, x(0), y(0, 0), BOX, colours, (canvas) => {
      if (picture) paintPicture(canvas, picture.mean, picture.side, colours)
      else paintPicture(canvas, [0], 1, colours)
    })
    const text = picture ? `${sizes[0]} pixels` : `${sizes[0]} inputs`
    write(context, text, x(0), y(0, 0) + BOX / 2 + 14, 'center', colours)
    return
  }
  for (let i = 0; i < counts[0]!; i++) {
    frame(context, x(0), y(0, i), side, colours, (canvas) => {
      paintPicture(canvas, [0], 1, colours)
    })
    write(context, shorten(inputs[i]?.name ?? '', Math.floor(side / 8)), x(0), y(0, i), 'center', colours)
  }
}

function drawNeuron(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  side: number,
  picture: NeuronPicture | undefined,
  colours: Palette,
): void {
  frame(context, x, y, side, colours, (canvas) => {
    if (!picture) paintPicture(canvas, [0], 1, colours)
    else
      paint(
        canvas,
        Float32Array.from(picture.values, (byte) => byte / 255),
        picture.side,
        colours,
      )
  })
}

/** How many neurons of a layer are not shown. */
function drawRest(
  context: CanvasRenderingContext2D,
  size: number,
  layer: number,
  layout: Layout,
  colours: Palette,
): void {
  const { counts, x, y, side } = layout
  const rest = size - counts[layer]!
  if (rest > 0) write(context, `+ ${rest}`, x(layer), y(layer, counts[layer]! - 1) + side / 2 + 10, 'center', colours)
}

let scratch: HTMLCanvasElement | undefined

/** A picture in a frame with round corners. */
function frame(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  side: number,
  colours: Palette,
  draw: (canvas: HTMLCanvasElement) => void,
): void {
  scratch ??= document.createElement('canvas')
  draw(scratch)
  context.save()
  context.beginPath()
  context.roundRect(x - side / 2, y - side / 2, side, side, 5)
  context.clip()
  context.drawImage(scratch, x - side / 2, y - side / 2, side, side)
  context.restore()
  context.strokeStyle = colours.ink
  context.lineWidth = 1.6
  context.beginPath()
  context.roundRect(x - side / 2, y - side / 2, side, side, 5)
  context.stroke()
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
  { ink }: Palette,
): void {
  context.font = '15px system-ui, sans-serif'
  context.fillStyle = ink
  context.textAlign = align
  context.textBaseline = 'middle'
  context.fillText(text, x, y)
}

const shorten = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
