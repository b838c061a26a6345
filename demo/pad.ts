/** Which point is at the centre of a picture: the centre of mass of the ink, as in MNIST, or of its bounding box. */
export type Centre = 'mass' | 'box'

/**
 * Preprocesses a drawing in the same way as the digits of the data: crops it to its bounding box, scales the longer side
 * to 20 of 28 pixels, and centres it.
 * @param alpha ink of each pixel, 0 to 255, row by row
 * @param width width and height of the drawing in pixels
 * @param side width and height of the result in pixels
 * @param centre which point of the drawing is moved to the centre
 * @returns side × side values from 0 to 1; undefined for an empty drawing
 */
export function centreDrawing(
  alpha: ArrayLike<number>,
  width: number,
  side: number,
  centre: Centre,
): Float32Array | undefined {
  let [left, right, top, bottom] = [width, -1, width, -1]
  for (let i = 0; i < width * width; i++) {
    if (alpha[i]! < 32) continue
    const [x, y] = [i % width, Math.floor(i / width)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  if (right < 0) return undefined
  const scale = Math.max(right - left + 1, bottom - top + 1) / ((20 * side) / 28)
  const middle = centre === 'mass' ? centreOfMass(alpha, width) : { x: (left + right) / 2, y: (top + bottom) / 2 }
  return resample(alpha, width, side, { scale, ...middle })
}

function centreOfMass(alpha: ArrayLike<number>, width: number): { x: number; y: number } {
  let [sum, x, y] = [0, 0, 0]
  for (let i = 0; i < width * width; i++) {
    sum += alpha[i]!
    x += alpha[i]! * (i % width)
    y += alpha[i]! * Math.floor(i / width)
  }
  return { x: x / sum, y: y / sum }
}

/** Resamples the drawing: each pixel of the result is the mean of the square of the drawing that it covers. */
function resample(
  alpha: ArrayLike<number>,
  width: number,
  side: number,
  { scale, x: cx, y: cy }: { scale: number; x: number; y: number },
): Float32Array {
  const per = Math.max(1, Math.ceil(scale))
  const at = (x: number, y: number) => {
    const [column, row] = [Math.round(x), Math.round(y)]
    return column >= 0 && row >= 0 && column < width && row < width ? alpha[row * width + column]! : 0
  }
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [left, top] = [cx + ((i % side) - side / 2) * scale, cy + (Math.floor(i / side) - side / 2) * scale]
    let sum = 0
    for (let k = 0; k < per * per; k++) {
      sum += at(left + (((k % per) + 0.5) / per) * scale, top + ((Math.floor(k / per) + 0.5) / per) * scale)
    }
    return sum / (255 * per * per)
  })
}
