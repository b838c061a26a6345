/** The middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** @typedef {{ label: string, run: (seconds: number) => Promise<number>, dispose?: () => void }} Contender
 *   run trains for about so many seconds and resolves to its steps per second */

/**
 * Times contenders in turn (A B C A B C …), so that a machine that drifts drifts for all, and returns each one's
 * steps per second: the median of the rounds, with the least and the most.
 */
export async function measureInTurn(contenders, { rounds = 5, seconds = 0.6 } = {}) {
  const figures = contenders.map(() => [])
  for (const { run } of contenders) await run(seconds / 2)
  for (let round = 0; round < rounds; round++) {
    for (const [i, { run }] of contenders.entries()) figures[i].push(await run(seconds))
  }
  return contenders.map(({ label }, i) => ({
    label,
    stepsPerSecond: median(figures[i]),
    least: Math.min(...figures[i]),
    most: Math.max(...figures[i]),
  }))
}
