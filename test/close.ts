/** The tolerance: |got − want| ≤ atol + rtol·|want|. Bounds follow from the arithmetic; they are never guessed. */
export interface Tolerance {
  /** What is compared, for the message. */
  name: string
  /** Absolute bound, one for all or one per element. Default 0. */
  atol?: number | ArrayLike<number>
  /** Relative bound. Default 0: without an absolute bound, the values must be equal. */
  rtol?: number
}

/**
 * The comparison that all tests use. NaN always fails, even if NaN is expected; an infinity equals only itself; lengths
 * must be equal. Throws an error with the first bad index, both values and the bound.
 * @example expectClose(gpu.deltas, cpu.deltas, { name: 'deltas[1]', atol: 1e-6, rtol: 1e-5 })
 */
export function expectClose(
  got: number | ArrayLike<number>,
  want: number | ArrayLike<number>,
  { name, atol = 0, rtol = 0 }: Tolerance,
): void {
  if (typeof got === 'number' && typeof want === 'number') return expectClose([got], [want], { name, atol, rtol })
  if (typeof got === 'number' || typeof want === 'number') throw new Error(`${name}: a number against an array`)
  if (got.length !== want.length) throw new Error(`${name}: got ${got.length} values, want ${want.length}`)
  if (want.length === 0) throw new Error(`${name}: there is nothing to compare, both are empty`)
  if (typeof atol !== 'number' && atol.length !== want.length) {
    throw new Error(`${name}: ${atol.length} bounds for ${want.length} values`)
  }
  let bad = 0
  let first = ''
  for (let i = 0; i < want.length; i++) {
    const [a, b] = [got[i]!, want[i]!]
    const bound = (typeof atol === 'number' ? atol : atol[i]!) + rtol * Math.abs(b)
    // Without the check on b, an infinite `want` would make the bound infinite, and every value would pass.
    const close = a === b || (Number.isFinite(b) && Number.isFinite(bound) && Math.abs(a - b) <= bound)
    if (close) continue
    if (bad === 0) first = `${name}[${i}]: got ${a}, want ${b}: |got - want| = ${Math.abs(a - b)} > ${bound}`
    bad++
  }
  if (bad > 0) throw new Error(`${first} (${bad} of ${want.length} values out of bounds)`)
}
