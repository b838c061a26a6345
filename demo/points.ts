/** A point that was added by hand, of the first or the second class. */
export interface Point {
  x: number
  y: number
  second: boolean
}

/** So many can be added: more would make the address too long to send. */
export const MOST_POINTS = 300

/** Coordinates are kept in steps of 1/4096, from −8 to 8. */
const STEPS = 4096

/** Points as text that fits an address: a byte for the class and two for each coordinate, in base64 for URLs. */
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

/** Reads what {@link encodePoints} writes; undefined for anything else. */
export function decodePoints(text: string): Point[] | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  if (bytes.length % 5 !== 0 || bytes.length / 5 > MOST_POINTS) return undefined
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length / 5 }, (_, i) => ({
    second: view.getUint8(5 * i) === 1,
    x: view.getInt16(5 * i + 1) / STEPS,
    y: view.getInt16(5 * i + 3) / STEPS,
  }))
}

/** What “Your own” begins with: one point of each class. */
export const firstPoints: readonly Point[] = [
  { x: -0.5, y: 0.5, second: false },
  { x: 0.5, y: -0.5, second: true },
]
