/** A point that the user added, of the first or the second class. */
export interface Point {
  x: number
  y: number
  second: boolean
}

/** The largest number of added points; more would make the URL too long to share. */
export const MAX_POINTS = 300

/** Coordinates are stored in steps of 1/4096, from −8 to 8. */
const STEPS = 4096

/** Encodes points for a URL: one byte for the class and two for each coordinate, in URL-safe base64. */
export function encodePoints(points: readonly Point[]): string {
  const bytes = new Uint8Array(5 * points.length)
  const view = new DataView(bytes.buffer)
  points.forEach(({ x, y, second }, i) => {
    view.setUint8(5 * i, Number(second))
    view.setInt16(5 * i + 1, Math.round(x * STEPS))
    view.setInt16(5 * i + 3, Math.round(y * STEPS))
  })
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Decodes the output of {@link encodePoints}; undefined for any other text. */
export function decodePoints(text: string): Point[] | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  if (bytes.length % 5 !== 0 || bytes.length / 5 > MAX_POINTS) return undefined
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length / 5 }, (_, i) => ({
    second: view.getUint8(5 * i) === 1,
    x: view.getInt16(5 * i + 1) / STEPS,
    y: view.getInt16(5 * i + 3) / STEPS,
  }))
}

/** The initial points of “Your own”: one of each class. */
export const initialPoints: readonly Point[] = [
  { x: -0.5, y: 0.5, second: false },
  { x: 0.5, y: -0.5, second: true },
]
