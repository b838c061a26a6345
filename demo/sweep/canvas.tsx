import { useEffect, useRef } from 'preact/hooks'
import { palette } from '../colours.ts'
import { drawn, order, pictures, watchFrames } from './state.ts'

/** Pixels of the screen between two tiles. */
export const GAP = 2

/** Milliseconds in which a tile goes most of the way to its new place. */
const MOVING = 90

/** Where each tile is drawn, in columns and rows; it moves to its place in the order. */
class Places {
  readonly #columns: number
  #places: [column: number, row: number][] = []

  constructor(columns: number) {
    this.#columns = columns
  }

  /** Moves all tiles for some milliseconds. @returns whether one of them is still on its way */
  move(tiles: readonly number[], milliseconds: number): boolean {
    const share = 1 - Math.exp(-milliseconds / MOVING)
    let isMoving = false
    tiles.forEach((tile, slot) => {
      const goal = [slot % this.#columns, Math.floor(slot / this.#columns)] as const
      const place = (this.#places[tile] ??= [...goal])
      for (const i of [0, 1] as const) {
        const rest = goal[i] - place[i]
        if (Math.abs(rest) < 0.02) place[i] = goal[i]
        else {
          place[i] += share * rest
          isMoving = true
        }
      }
    })
    return isMoving
  }

  of(tile: number): readonly [number, number] {
    return this.#places[tile]!
  }
}

/** Draws the pictures of all tiles. */
export function WallCanvas({ columns, rows }: { columns: number; rows: number }) {
  const ref = useRef<HTMLCanvasElement>(null)
  const redraw = useRef<() => void>(() => undefined)
  const colours = palette()
  useEffect(() => {
    const canvas = ref.current!
    const context = canvas.getContext('2d')!
    const places = new Places(columns)
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
    let [frame, before, hasNew] = [0, 0, false]
    const draw = (now: number) => {
      frame = 0
      const isMoving = places.move(order.peek(), isStill ? Infinity : now - before)
      before = now
      drawTiles(canvas, context, columns, places)
      if (hasNew) drawn()
      hasNew = false
      if (isMoving) frame = requestAnimationFrame(draw)
    }
    redraw.current = () => {
      // After a pause, the way begins now.
      if (!frame) before = performance.now() - 16
      frame ||= requestAnimationFrame(draw)
    }
    const forget = watchFrames(() => {
      if (hasNew) drawn()
      hasNew = true
      redraw.current()
    })
    const resized = new ResizeObserver(() => redraw.current())
    resized.observe(canvas)
    const unsubscribe = order.subscribe(() => redraw.current())
    return () => {
      cancelAnimationFrame(frame)
      forget()
      resized.disconnect()
      unsubscribe()
      if (hasNew) drawn()
    }
  }, [columns, rows])
  useEffect(() => {
    pictures.setPalette(colours)
    redraw.current()
  }, [colours])
  return <canvas ref={ref} class="wall-canvas" aria-hidden="true" />
}

function drawTiles(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  columns: number,
  places: Places,
): void {
  const scale = devicePixelRatio
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)]
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height]
  else context.clearRect(0, 0, width, height)
  const step = width / columns
  const gap = GAP * scale
  for (const tile of order.peek()) {
    const [column, row] = places.of(tile)
    const [x, y] = [Math.round(column * step), Math.round(row * step)]
    pictures.drawTo(context, tile, [x + gap / 2, y + gap / 2], Math.round(step) - gap)
  }
}

/** The picture of one tile, drawn again when the scores are known. */
export function TilePicture({ tile, version, size }: { tile: number; version: unknown; size: number }) {
  const ref = useRef<HTMLCanvasElement>(null)
  const colours = palette()
  useEffect(() => {
    const context = ref.current!.getContext('2d')!
    context.clearRect(0, 0, 2 * size, 2 * size)
    pictures.drawTo(context, tile, [0, 0], 2 * size)
  }, [tile, version, colours, size])
  const style = { width: `${size}px`, height: `${size}px` }
  return <canvas ref={ref} width={2 * size} height={2 * size} style={style} aria-hidden="true" />
}
