/** Where everything in the diagram is, in CSS pixels from its top left corner: a function of the space and the network. */

/** The centre and the side of a square; a side of 0 is a point where lines begin. */
export interface Place {
  x: number
  y: number
  side: number
}

/** Networks with more inputs than this show them as one box. */
export const MAX_INPUTS = 12

/** The largest and the smallest side of a neuron, and of a neuron that shows the weights of a picture. */
const NEURON = { most: 40, least: 10 }
const WALL_SIDES = [60, 52, 44, 36] as const
const WALL_GAP = 3
/** The height of a wall that the diagram takes at least, and the width beside it for each further layer. */
const WALL_HEIGHT = 320
const WALL_COLUMN = 62
/** The distance of two neurons in a column. */
const PITCH = { most: 84, least: 15 }
/** The width of a letter in the names of outputs, and the bounds of the width of these names. */
const LETTER = 7
const NAME = { least: 22, most: 140 }
/** Below this width, buttons are as large as a finger. */
const NARROW = 440

export interface LayoutRequest {
  width: number
  /** The height that is available; large networks need more. */
  height: number
  /** Neurons in each layer, the inputs first. */
  sizes: readonly number[]
  /** Whether the inputs are the pixels of a picture, so that the first layer can show its weights. */
  picture: boolean
  /** Where lines begin, if the inputs are shown beside the diagram: one for each input, or one for all. */
  anchors: readonly Place[] | undefined
  /** The names of the outputs. */
  names: readonly string[]
}

export interface DiagramLayout {
  sizes: readonly number[]
  width: number
  height: number
  /** The neurons of each layer; all inputs of a box have one place, and those of a wall none. */
  places: readonly (readonly Place[])[]
  /** Whether the inputs are shown as one box. */
  boxed: boolean
  /** Whether the inputs are shown in another part of the page. */
  beside: boolean
  /** The right edge of the first layer, if it is a wall of weight pictures. */
  wall: number | undefined
  /** The space to the right of the outputs, for their names. */
  nameWidth: number
  /** The buttons above each hidden layer. */
  buttons: { size: number; stacked: boolean; height: number }
  /** The centre of each layer. */
  columns: readonly number[]
}

/** Lays out the inputs, the hidden layers and the outputs in columns. */
export function layOutDiagram(request: LayoutRequest): DiagramLayout {
  const { width, sizes, picture, anchors, names } = request
  const last = sizes.length - 1
  const boxed = picture || sizes[0]! > MAX_INPUTS
  const isWall = picture && last > 1
  const longest = Math.max(0, ...names.map((name) => name.length))
  const nameWidth = Math.max(NAME.least, Math.min(NAME.most, width * 0.26, LETTER * longest + 18))
  const buttonSize = width < NARROW ? 40 : 26
  // Columns of neurons share the width that is left by the inputs, or the wall, and the names.
  const right = width - nameWidth - NEURON.most / 2
  const left = isWall ? right - WALL_COLUMN * (last - 1) : anchors ? -14 : NEURON.most / 2
  const spacing = (right - left) / (isWall ? Math.max(1, last - 1) : last)
  // The buttons of a wall are above its middle, far from those of the next layer.
  const isCrowded = last > (isWall ? 3 : 2) || (last === 2 && !isWall && spacing < buttonSize)
  const stacked = isCrowded && spacing < 2 * buttonSize + 24
  const head = last < 2 ? 0 : stacked ? 2 * buttonSize + 24 : buttonSize + 8
  const buttons = { size: buttonSize, stacked, height: head }
  const most = Math.max(...sizes.slice(isWall ? 2 : 1), boxed || anchors ? 1 : sizes[0]!)
  const wall = isWall ? layOutWall(sizes[1]!, left - WALL_COLUMN / 3, request.height - head) : undefined
  const height = Math.max(request.height, head + most * PITCH.least, head + (wall?.height ?? 0))
  const space = height - head
  const side = Math.max(NEURON.least, Math.min(NEURON.most, (space / most) * 0.86, spacing * 0.62))
  const column = (count: number, x: number, size = side): Place[] => {
    const pitch = Math.min(PITCH.most, space / count)
    return Array.from({ length: count }, (_, i) => ({
      x,
      y: head + space / 2 + (i - (count - 1) / 2) * pitch,
      side: size,
    }))
  }
  const x = (l: number) => (isWall ? left + (l - 1) * spacing : left + l * spacing)
  const placesOf = (l: number): readonly Place[] => {
    if (l === 0 && anchors) return anchors
    if (l === 0 && isWall) return []
    if (l === 0) return column(boxed ? 1 : sizes[0]!, x(0), boxed ? NEURON.most : side)
    if (l === 1 && wall)
      return wall.places.map((place) => ({ ...place, y: place.y + head + (space - wall.height) / 2 }))
    return column(sizes[l]!, x(l))
  }
  return {
    sizes,
    width,
    height,
    places: sizes.map((_, l) => placesOf(l)),
    boxed,
    beside: anchors !== undefined,
    wall: wall?.right,
    nameWidth,
    buttons,
    columns: sizes.map((_, l) => (l === 1 && wall ? wall.right / 2 : x(l))),
  }
}

/** Neurons in rows, as large as the space allows. */
function layOutWall(count: number, width: number, height: number) {
  const fit = (side: number) => {
    const perRow = Math.max(1, Math.min(count, Math.floor((width + WALL_GAP) / (side + WALL_GAP))))
    const rows = Math.ceil(count / perRow)
    return { side, perRow: Math.ceil(count / rows), height: rows * (side + WALL_GAP) }
  }
  const most = Math.max(height, WALL_HEIGHT)
  const {
    side,
    perRow,
    height: needed,
  } = WALL_SIDES.map(fit).find((wall) => wall.height <= most) ?? fit(WALL_SIDES.at(-1)!)
  const pitch = side + WALL_GAP
  const places = Array.from({ length: count }, (_, i) => ({
    x: (i % perRow) * pitch + side / 2 + 2,
    y: Math.floor(i / perRow) * pitch + pitch / 2,
    side,
  }))
  return { places, height: needed, right: perRow * pitch }
}

/** The place of a neuron; all inputs of a box have the same. */
export const placeOf = ({ places }: DiagramLayout, layer: number, index: number): Place | undefined =>
  places[layer]?.[index] ?? (layer === 0 ? places[0]?.[0] : undefined)

/** A line from a neuron of a layer to one of the next layer: a cubic curve that begins and ends horizontally. */
export interface Curve {
  x1: number
  y1: number
  x2: number
  y2: number
}

/** @param layer the layer of `from`; `to` is in the next one */
export function curveOf(layout: DiagramLayout, layer: number, from: number, to: number): Curve | undefined {
  const [start, end] = [placeOf(layout, layer, from), placeOf(layout, layer + 1, to)]
  if (!start || !end) return undefined
  const { wall } = layout
  const ends = { x2: end.x - end.side / 2, y2: end.y }
  if (layer !== 1 || wall === undefined) return { x1: start.x + start.side / 2, y1: start.y, ...ends }
  // Lines begin at the right edge of the wall, in the order of the pictures of a row.
  return { x1: wall + 2, y1: start.y + (start.x / wall - 0.5) * start.side * 0.8, ...ends }
}

/** The squared distance of a point from a curve. */
export function squaredDistance({ x1, y1, x2, y2 }: Curve, x: number, y: number): number {
  let least = Infinity
  for (let k = 0; k <= CURVE_PARTS; k++) {
    const t = k / CURVE_PARTS
    const [a, b] = [3 * t * (1 - t), t * t * (3 - 2 * t)]
    // The control points are in the middle between x1 and x2, at the heights of the ends.
    const cx = x1 * (1 - t) ** 3 + ((x1 + x2) / 2) * a + x2 * t ** 3
    const cy = y1 + (y2 - y1) * b
    least = Math.min(least, (cx - x) ** 2 + (cy - y) ** 2)
  }
  return least
}
const CURVE_PARTS = 32
