/**
 * Cosine and sine from additions and multiplications alone. ECMAScript leaves the last bits of Math.cos and Math.sin to
 * the engine; generated data have to be the same on every platform.
 * @param angle in radians; made for small ones (a few turns), within 4 · 10⁻¹⁶ there
 * @returns [cos(angle), sin(angle)]
 */
export function cosineAndSine(angle: number): [number, number] {
  const quarter = Math.round(angle / (Math.PI / 2))
  const rest = angle - quarter * (Math.PI / 2)
  const square = rest * rest
  let cosine = 1
  let sine = 1
  for (let k = 18; k >= 2; k -= 2) {
    cosine = 1 - (square / (k * (k - 1))) * cosine
    sine = 1 - (square / (k * (k + 1))) * sine
  }
  sine *= rest
  const turned: [number, number][] = [
    [cosine, sine],
    [-sine, cosine],
    [-cosine, -sine],
    [sine, -cosine],
  ]
  return turned[((quarter % 4) + 4) % 4] as [number, number]
}
