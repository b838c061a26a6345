import { css, type Palette } from './colours.ts'
import { type Curve, curveOf, type DiagramLayout, squaredDistance } from './diagram-layout.ts'
import type { Inspected } from './inspected.ts'
import type { Parameters } from './protocol.ts'

/** The largest number of weights to draw between two layers; with more, the lines would merge into one area. */
const MAX_EDGES = 320
/** The same beside a wall of weight pictures, where lines are thinner. */
const MAX_WALL_EDGES = 40
const WALL_WIDTH = 0.4

/** Where all weights of a layer are smaller than this, its lines are thinner. */
const LEAST_LARGEST = 2

/** The line of one weight. `from` is −1 for the line from a box of inputs, which represents all of its weights. */
export interface Edge {
  /** The layer of `to`. */
  layer: number
  from: number
  to: number
  weight: number
  /** The size of the weight relative to the largest of its layer, 0 to 1. */
  share: number
  curve: Curve
}

/**
 * The lines to draw: those of the largest weights of each layer, and of all weights of the neuron that is inspected.
 * @param lit the outputs of each layer for the user's drawing: the lines are then those that carry most of it
 */
export function edgesOf(
  network: Parameters,
  layout: DiagramLayout,
  inspected?: Inspected,
  lit?: readonly ArrayLike<number>[],
): Edge[] {
  const isWall = layout.wall !== undefined
  return network.weights.flatMap((weights, l): Edge[] => {
    const inputs = network.sizes[l]!
    if (l === 0 && layout.boxed) return isWall ? [] : leadsOf(layout, network.sizes[1]!)
    const strength = (at: number) => Math.abs(weights[at]! * (lit?.[l - 1]?.[at % inputs] ?? 1))
    const least = leastDrawn(weights.length, strength, isWall ? MAX_WALL_EDGES : MAX_EDGES)
    const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), LEAST_LARGEST)
    const edges: Edge[] = []
    weights.forEach((weight, at) => {
      const place = { layer: l + 1, to: Math.floor(at / inputs), from: at % inputs }
      if (strength(at) < least && !(inspected && belongs(place, inspected))) return
      const curve = curveOf(layout, l, place.from, place.to)
      const share = (Math.abs(weight) / largest) * (isWall ? WALL_WIDTH : 1)
      if (curve) edges.push({ ...place, weight, share, curve })
    })
    return edges
  })
}

const leadsOf = (layout: DiagramLayout, count: number): Edge[] =>
  Array.from({ length: count }, (_, to) => ({
    layer: 1,
    from: -1,
    to,
    weight: 0,
    share: 0.05,
    curve: curveOf(layout, 0, 0, to)!,
  }))

function leastDrawn(count: number, strength: (at: number) => number, most: number): number {
  if (count <= most) return 0
  return (
    Float32Array.from({ length: count }, (_, at) => strength(at))
      .sort()
      .at(-most) ?? 0
  )
}

/** The weight whose line is nearest to a point, at most `reach` away. */
export function edgeAt(edges: readonly Edge[], x: number, y: number, reach: number): Inspected | undefined {
  let best: Edge | undefined
  let least = reach ** 2
  for (const edge of edges) {
    const { x1, y1, x2, y2 } = edge.curve
    const isNear = x > x1 - reach && x < x2 + reach && y > Math.min(y1, y2) - reach && y < Math.max(y1, y2) + reach
    if (!isNear || edge.from < 0) continue
    const distance = squaredDistance(edge.curve, x, y)
    if (distance < least) [best, least] = [edge, distance]
  }
  return best && { layer: best.layer, index: best.to, from: best.from }
}

/** Whether a line belongs to what is inspected: it is the weight, or begins or ends at the neuron. */
function belongs({ layer, from, to }: Pick<Edge, 'layer' | 'from' | 'to'>, inspected: Inspected): boolean {
  if (inspected.from !== undefined)
    return layer === inspected.layer && to === inspected.index && from === inspected.from
  const isStart = layer === inspected.layer + 1 && (from === inspected.index || from < 0)
  return isStart || (layer === inspected.layer && to === inspected.index)
}

const widthOf = ({ share }: Edge) => 0.6 + 5 * share
const opacityOf = ({ share }: Edge) => 0.25 + 0.65 * share
/** The opacity of the other lines while a neuron or a weight is inspected. */
const FADED = 0.16

const trace = (context: CanvasRenderingContext2D, { x1, y1, x2, y2 }: Curve) => {
  const middle = (x1 + x2) / 2
  context.beginPath()
  context.moveTo(x1, y1)
  context.bezierCurveTo(middle, y1, middle, y2, x2, y2)
}

/** Draws the weights in ink: the width shows the size, dashes a negative sign. Those that are inspected are on top. */
export function drawEdges(
  context: CanvasRenderingContext2D,
  edges: readonly Edge[],
  inspected: Inspected | undefined,
  { ink }: Palette,
): void {
  context.strokeStyle = ink
  const draw = (edge: Edge, opacity: number) => {
    const width = widthOf(edge)
    context.globalAlpha = opacity
    context.lineWidth = width
    context.setLineDash(edge.weight < 0 ? [4 + width, 3 + width / 2] : [])
    trace(context, edge.curve)
    context.stroke()
  }
  const shown = inspected && edges.filter((edge) => belongs(edge, inspected))
  const isFaded = shown !== undefined && shown.length > 0
  for (const edge of edges) if (!shown?.includes(edge)) draw(edge, opacityOf(edge) * (isFaded ? FADED : 1))
  for (const edge of shown ?? []) draw(edge, Math.max(0.75, opacityOf(edge)))
  context.globalAlpha = 1
  context.setLineDash([])
}

/** Draws the bias of each neuron at its lower left corner: a disc, or a ring if it is negative; the size shows the size. */
export function drawBiases(
  context: CanvasRenderingContext2D,
  network: Parameters,
  layout: DiagramLayout,
  colours: Palette,
): void {
  network.biases.forEach((biases, l) => {
    biases.forEach((bias, i) => {
      const place = layout.places[l + 1]?.[i]
      if (!place) return
      const most = Math.min(6.5, place.side * 0.2)
      const radius = Math.min(most, 1.2 + 2 * Math.sqrt(Math.abs(bias)))
      const [x, y] = [place.x - place.side / 2 + 1, place.y + place.side / 2 - 1]
      const circle = (size: number, fill: string) => {
        context.beginPath()
        context.arc(x, y, size, 0, 2 * Math.PI)
        context.fillStyle = fill
        context.fill()
      }
      circle(radius + 1.2, css(colours.middle))
      circle(radius, colours.ink)
      if (bias < 0) circle(Math.max(0, radius - 1.6), css(colours.middle))
    })
  })
}

/** Draws where the outputs go: to the plane at the right, in the colours of their classes. */
export function drawOutputs(
  context: CanvasRenderingContext2D,
  layout: DiagramLayout,
  colourOf: (output: number) => string,
  bleed: number,
): void {
  context.lineWidth = 2
  layout.places.at(-1)!.forEach(({ x, y, side }, i) => {
    context.strokeStyle = colourOf(i)
    context.beginPath()
    context.moveTo(x + side / 2, y)
    context.lineTo(layout.width + bleed, y)
    context.stroke()
  })
}

/** Draws what the user's drawing lights up in a wall: a bar in each picture shows the neuron's value; weak ones are pale. */
export function drawLit(
  context: CanvasRenderingContext2D,
  layout: DiagramLayout,
  shares: ArrayLike<number> | undefined,
  colours: Palette,
): void {
  layout.places[1]?.forEach(({ x, y, side }, i) => {
    const value = Math.min(1, Math.max(0, shares?.[i] ?? 0))
    const [left, top, height] = [x - side / 2 + 2, y + side / 2 - 8, 6]
    context.fillStyle = css(colours.middle)
    context.globalAlpha = 0.72 * (1 - value)
    context.fillRect(left, y - side / 2 + 2, side - 4, side - 4)
    context.globalAlpha = 1
    context.fillRect(left, top, side - 4, height)
    context.fillStyle = colours.ink
    context.fillRect(left + 1, top + 1, (side - 6) * value, height - 2)
  })
}
