/** A curve: values from left to right at equal distances; NaN for missing values. */
export interface Curve {
  readonly values: readonly number[]
  /** An SGR colour, such as 34 for blue; undefined for none. */
  readonly colour?: number | undefined
  /** Drawn with gaps, so that it is recognised without colours. */
  readonly dashed?: boolean
}

/** The size and the labels of a plot. */
export interface PlotOptions {
  /** In characters, labels included. */
  readonly width: number
  readonly height: number
  /** Writes the labels of the axis. */
  readonly format: (value: number) => string
  /** The labels below the left and the right end. */
  readonly ends: readonly [string, string]
}

/** The bit of each of a character's 2 × 4 dots, by row and column; U+2800 is the character without any. */
const dots = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]] as const // prettier-ignore
const blank = 0x2800

/**
 * Curves as lines of braille characters, 2 × 4 dots each, with the scale at the left. All curves share the scale and
 * reach from the left to the right end.
 * @returns `height` lines and one with the ends, each `width` characters wide, colours not counted
 */
export function plot(curves: readonly Curve[], { width, height, format, ends }: PlotOptions): string[] {
  const [low, high] = scaleOf(curves)
  const labels = [high, (low + high) / 2, low].map(format)
  const labelWidth = Math.max(...labels.map((label) => label.length))
  const columns = Math.max(1, width - labelWidth - 2)
  const cells = { bits: new Uint8Array(columns * height), colours: new Int16Array(columns * height) }
  for (const curve of curves) draw(curve, cells, columns, height, [low, high])
  const lines = Array.from({ length: height }, (_, row) => {
    const label = row === 0 ? labels[0] : row === height - 1 ? labels[2] : row === height >> 1 ? labels[1] : undefined
    const axis = `${(label ?? '').padStart(labelWidth)} ${label === undefined ? '│' : '┤'}`
    return axis + paint(cells, row * columns, columns)
  })
  const below = ends[0] + ends[1].padStart(columns - ends[0].length)
  return [...lines, ' '.repeat(labelWidth + 2) + below.slice(0, columns)]
}

/** The lowest and the highest value, with a margin if they are equal. */
function scaleOf(curves: readonly Curve[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity]
  for (const { values } of curves) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  if (low > high) return [0, 1]
  return low === high ? [low - (Math.abs(low) || 1) / 10, high + (Math.abs(high) || 1) / 10] : [low, high]
}

interface Cells {
  readonly bits: Uint8Array
  readonly colours: Int16Array
}

function draw(curve: Curve, cells: Cells, columns: number, height: number, [low, high]: [number, number]): void {
  const { values, colour = 0, dashed = false } = curve
  const [across, down] = [2 * columns, 4 * height]
  let before: number | undefined
  for (let x = 0; x < across; x++) {
    const value = valueAt(values, across === 1 ? 0 : x / (across - 1))
    if (value === undefined) {
      before = undefined
      continue
    }
    const y = Math.round(((high - value) / (high - low)) * (down - 1))
    // The column's dots reach to where the column before ended, so that steep parts have no holes.
    const from = before === undefined || before === y ? y : before < y ? before + 1 : before - 1
    before = y
    if (dashed && x % 4 > 1) continue
    for (let row = Math.min(from, y); row <= Math.max(from, y); row++) {
      const cell = (row >> 2) * columns + (x >> 1)
      cells.bits[cell]! |= dots[(row & 3) as 0][(x & 1) as 0]
      cells.colours[cell] = colour
    }
  }
}

/** The value at a share of the way, between its neighbours; undefined where one of them is none. */
function valueAt(values: readonly number[], share: number): number | undefined {
  const place = share * (values.length - 1)
  const first = values[Math.floor(place)]
  const second = values[Math.ceil(place)]
  if (first === undefined || second === undefined) return undefined
  const value = first + (second - first) * (place - Math.floor(place))
  return Number.isFinite(value) ? value : undefined
}

function paint({ bits, colours }: Cells, start: number, columns: number): string {
  let text = ''
  let current = 0
  for (let i = start; i < start + columns; i++) {
    const colour = bits[i] === 0 ? 0 : colours[i]!
    if (colour !== current) text += colour === 0 ? '\x1b[0m' : `\x1b[${colour}m`
    current = colour
    text += String.fromCharCode(blank + bits[i]!)
  }
  return current === 0 ? text : `${text}\x1b[0m`
}
