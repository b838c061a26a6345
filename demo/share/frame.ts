import { css, mix, pale, type Palette } from '../colours.ts'
import { paintRegions } from '../drawing.ts'
import type { HistoryPoint } from '../history.ts'
import { formatNumber, percent } from '../numbers.ts'
import { drawRings, drawSamples } from '../plane/samples.ts'
import type { ShownData } from '../protocol.ts'
import { drawNetwork } from './frame-network.ts'
import { type Moment, regionsOf } from './moment.ts'

/** The size of a frame in its own units; a picture or a film scales it. */
export const FRAME = { width: 960, height: 540 }
const PLANE = { left: 548, top: 84, side: 388 }
const NETWORK = { left: 24, top: 84, width: 500, height: 388 }

/** What all frames of a film show besides the moment. */
export interface Scene {
  shown: ShownData
  history: readonly HistoryPoint[]
  colours: Palette
  /** The problem and the network in a few words. */
  title: string
}

/** Draws a moment of a run: scores, network, and the plane; for pictures the curves in the place of the plane. */
export function drawFrame(context: CanvasRenderingContext2D, moment: Moment, scene: Scene): void {
  const scale = context.canvas.width / FRAME.width
  context.setTransform(scale, 0, 0, scale, 0, 0)
  const { colours } = scene
  context.fillStyle = css(colours.middle)
  context.fillRect(0, 0, FRAME.width, FRAME.height)
  drawWords(context, moment, scene)
  drawNetwork(context, moment, scene.shown, colours, NETWORK)
  if (scene.shown.picture) drawCurves(context, moment, scene)
  else drawPlane(context, moment, scene, scale)
}

const soft = ({ middle, inkColour }: Palette) => css(mix(middle, inkColour, 0.66))

function drawWords(context: CanvasRenderingContext2D, moment: Moment, { colours, title }: Scene): void {
  const { epoch, testScore, trainScore, loss } = moment
  const write = (text: string, x: number, y: number, font: string, colour: string, align: CanvasTextAlign = 'left') => {
    context.font = `${font} system-ui, sans-serif`
    context.fillStyle = colour
    context.textAlign = align
    context.textBaseline = 'alphabetic'
    context.fillText(text, x, y)
  }
  write(`Epoch ${epoch.toLocaleString('en')}`, 24, 50, '600 28px', colours.ink)
  const numbers = [
    ['test score', testScore === undefined ? '' : percent(testScore)],
    ['training score', trainScore === undefined ? '' : percent(trainScore)],
    ['loss', formatNumber(loss)],
  ].filter(([, text]) => text !== '') as [string, string][]
  numbers.forEach(([name, text], i) => {
    const x = PLANE.left + 134 * (i + 3 - numbers.length)
    write(name, x, 28, '14px', soft(colours))
    write(text, x, 56, '500 24px', colours.ink)
  })
  write(title, 24, 516, '15px', soft(colours))
  write('webgpu-mlp', FRAME.width - 24, 516, '600 15px', soft(colours), 'right')
}

/** A canvas that is reused for what has other pixels than the frame. */
let scratch: HTMLCanvasElement | undefined
const scratchCanvas = () => (scratch ??= document.createElement('canvas'))

/** Draws what `draw` puts on a canvas, scaled to a square of the frame. */
function drawSquare(
  context: CanvasRenderingContext2D,
  { left, top, side }: { left: number; top: number; side: number },
  draw: (canvas: HTMLCanvasElement) => void,
): void {
  const canvas = scratchCanvas()
  draw(canvas)
  context.drawImage(canvas, left, top, side, side)
}

function drawPlane(context: CanvasRenderingContext2D, moment: Moment, scene: Scene, scale: number): void {
  const { shown, colours } = scene
  const regions = regionsOf(moment)
  if (regions) {
    drawSquare(context, PLANE, (canvas) => {
      paintRegions(canvas, regions, pale(colours), false)
    })
  }
  drawSquare(context, PLANE, (canvas) => {
    canvas.width = canvas.height = Math.round(PLANE.side * scale)
    const on = canvas.getContext('2d')
    if (on && regions) drawRings(on, shown, shown.train, regions, colours)
    if (on) drawSamples(on, shown, shown.train, { isTest: false, colours })
  })
  context.strokeStyle = soft(colours)
  context.lineWidth = 1
  context.strokeRect(PLANE.left, PLANE.top, PLANE.side, PLANE.side)
}

/** The scores until this moment: training as a solid line, test as a dashed line. */
function drawCurves(context: CanvasRenderingContext2D, { epoch }: Moment, { history, colours }: Scene): void {
  const { left, top, side } = PLANE
  const last = Math.max(1, history.at(-1)?.epoch ?? 1)
  const points = history.filter((point) => point.epoch <= epoch)
  const [x, y] = [(at: number) => left + (side * at) / last, (score: number) => top + side * (1 - score)]
  context.font = '14px system-ui, sans-serif'
  context.fillStyle = soft(colours)
  context.textAlign = 'right'
  context.lineWidth = 1
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    context.strokeStyle = css(mix(colours.middle, colours.inkColour, 0.16))
    line(context, [left, y(share)], [left + side, y(share)])
    context.fillText(`${100 * share} %`, left + side - 4, y(share) - 4 + (share === 1 ? 18 : 0))
  }
  context.strokeStyle = colours.ink
  for (const [which, dash] of [
    ['trainScore', []],
    ['testScore', [7, 5]],
  ] as const) {
    context.setLineDash([...dash])
    context.lineWidth = 2.5
    context.beginPath()
    for (const point of points) if (point[which] !== null) context.lineTo(x(point.epoch), y(point[which]))
    context.stroke()
  }
  context.setLineDash([])
}

function line(context: CanvasRenderingContext2D, from: readonly [number, number], to: readonly [number, number]): void {
  context.beginPath()
  context.moveTo(...from)
  context.lineTo(...to)
  context.stroke()
}
