type Parts = readonly ArrayLike<number>[]

/** Copies arrays one after another into a new one. @param make a new array of this length */
function joined<A extends Float32Array | Uint8Array>(make: (length: number) => A, parts: Parts): A {
  const all = make(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Arrays one after another, as float32. */
export const joinFloats = (parts: Parts) => joined((length) => new Float32Array(length), parts)

/** Bytes one after another. */
export const joinBytes = (parts: readonly Uint8Array[]) => joined((length) => new Uint8Array(length), parts)
