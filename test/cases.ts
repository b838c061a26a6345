/** Small tables for the tests of files as they are in practice. */

/** Random numbers from −1 to 1 that are the same in every run. */
export function randomNumbers(seed = 7): () => number {
  let state = seed
  return () => (2 * (state = (state * 16807) % 2147483647)) / 2147483647 - 1
}

/** Rows of three numbers and a kind that follows from the first one. */
export function kinds(rows = 40, names: readonly [string, string] = ['reed', 'sedge']): string[][] {
  const random = randomNumbers()
  return Array.from({ length: rows }, (_, i) => {
    const size = (i % 2 === 0 ? -1 : 1) * (0.3 + Math.abs(random()))
    return [...[size, random(), random()].map((value) => value.toFixed(2)), names[i % 2]!]
  })
}

/** Rows of area, district, garden and a price that follows from them. */
export function houses(rows = 80): string[][] {
  const random = randomNumbers(11)
  return Array.from({ length: rows }, (_, i) => {
    const [area, district, garden] = [Math.round(140 + 100 * random()), ['north', 'south', 'east'][i % 3]!, i % 2]
    return [String(area), district, garden ? 'yes' : 'no', String(2500 * area + 60_000 * (i % 3) + 30_000 * garden)]
  })
}

/** The text of a table. */
export const tableOf = (rows: readonly (readonly (string | number)[])[], delimiter = ','): string =>
  rows.map((row) => row.join(delimiter)).join('\n') + '\n'
