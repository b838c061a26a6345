/** The nearest of several names to a mistyped one. */

/** Steps of {@link editDistance} that a search for a name may take: some tens of milliseconds. */
const MOST_STEPS = 1 << 24

/** How many letters differ; anything above `most` where more than `most` do. */
function editDistance(a: string, b: string, most: number): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  let row = previous.slice()
  for (let i = 1; i <= a.length; i++) {
    let least = (row[0] = i)
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const distance = Math.min(row[j - 1]! + 1, previous[j]! + 1, substitution)
      row[j] = distance
      if (distance < least) least = distance
    }
    if (least > most) return least
    ;[previous, row] = [row, previous]
  }
  return previous[b.length]!
}

/**
 * The known name that is nearest to a mistyped one, if any is near enough. Files have any number of names of
 * any length: the search ends, with the nearest so far, when it has taken a bounded number of steps.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let most = Math.max(2, Math.floor(name.length / 2))
  let steps = 0
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) > most) continue
    steps += (wanted.length + 1) * (candidate.length + 1)
    if (steps > MOST_STEPS) break
    const distance = editDistance(wanted, candidate.toLowerCase(), most)
    if (distance <= most) [best, most] = [candidate, distance - 1]
    if (most < 0) break
  }
  return best
}
