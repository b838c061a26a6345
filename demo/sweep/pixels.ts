import { classColours, type Colour, colourOf, mix, type Palette } from '../colours.ts'
import { STEPS } from './bytes.ts'
import type { WallFrame } from './protocol.ts'

/** Red, green and blue as an opaque pixel in the byte order of ImageData. */
const pixel = ([r, g, b]: Colour) => (255 << 24) | (b << 16) | (g << 8) | r

/** The colour of each byte of a picture, as pixels. */
function coloursOf(palette: Palette, classes: boolean): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    if (!classes) return pixel(colourOf(byte / 255, palette))
    const certainty = (byte % STEPS) / (STEPS - 1)
    return pixel(mix(palette.middle, classColours[Math.floor(byte / STEPS)]!, 0.2 + 0.7 * certainty))
  })
}

/** The latest picture of each tile, all in one canvas that is not on the page, as columns × rows squares. */
export class Pictures {
  readonly canvas = document.createElement('canvas')
  readonly #columns: number
  readonly #rows: number
  readonly #values: (Uint8Array | undefined)[]
  #side = 0
  #palette: Palette
  #hasClasses = false
  #colours: Uint32Array
  #image: ImageData | undefined
  #isDrawn = true

  constructor(columns: number, rows: number, palette: Palette) {
    this.#columns = columns
    this.#rows = rows
    this.#values = Array.from({ length: columns * rows })
    this.#palette = palette
    this.#colours = coloursOf(palette, false)
  }

  /** Points along each side of a picture; 0 before there are any. */
  get side(): number {
    return this.#side
  }

  setPalette(palette: Palette): void {
    if (palette === this.#palette) return
    this.#palette = palette
    this.#colours = coloursOf(palette, this.#hasClasses)
    this.#fillAll()
  }

  take({ side, tiles, values, classes }: WallFrame): void {
    if (classes !== this.#hasClasses) {
      this.#hasClasses = classes
      this.#colours = coloursOf(this.#palette, classes)
    }
    const size = side * side
    tiles.forEach((tile, place) => (this.#values[tile] = values.subarray(place * size, (place + 1) * size)))
    if (side !== this.#side) {
      this.#side = side
      this.canvas.width = side * this.#columns
      this.canvas.height = side * this.#rows
      this.#image = new ImageData(this.canvas.width, this.canvas.height)
      this.#fillAll()
    } else for (const tile of tiles) this.#fill(tile)
  }

  #fillAll(): void {
    this.#values.forEach((_, tile) => this.#fill(tile))
  }

  /** Enlarges or reduces pictures of another size, which are replaced soon. */
  #fill(tile: number): void {
    const values = this.#values[tile]
    if (!values || !this.#image) return
    this.#isDrawn = false
    const pixels = new Uint32Array(this.#image.data.buffer)
    const [side, own] = [this.#side, Math.sqrt(values.length)]
    const [left, top] = [(tile % this.#columns) * side, Math.floor(tile / this.#columns) * side]
    for (let y = 0; y < side; y++) {
      const from = Math.floor((y * own) / side) * own
      const to = (top + y) * this.canvas.width + left
      for (let x = 0; x < side; x++) pixels[to + x] = this.#colours[values[from + Math.floor((x * own) / side)]!]!
    }
  }

  /** Draws the picture of a tile into a square of a canvas. */
  drawTo(context: CanvasRenderingContext2D, tile: number, [x, y]: readonly [number, number], size: number): void {
    if (!this.#image || !this.#values[tile]) return
    if (!this.#isDrawn) {
      this.canvas.getContext('2d')!.putImageData(this.#image, 0, 0)
      this.#isDrawn = true
    }
    const side = this.#side
    const [left, top] = [(tile % this.#columns) * side, Math.floor(tile / this.#columns) * side]
    // Half a point from the edge: the canvas has other pictures next to it, which smoothing would mix in.
    context.drawImage(this.canvas, left + 0.5, top + 0.5, side - 1, side - 1, x, y, size, size)
  }
}
