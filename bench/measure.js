/** The median. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The sample standard deviation, with n − 1 in the denominator; 0 for a single value. */
export function spread(values) {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1))
}

/** @typedef {{ label: string, run: (seconds: number) => Promise<number>, mostRounds?: number, warm?: boolean, dispose?: () => void }}
 *   Contender run trains for about the given number of seconds and resolves to steps per second; warm: it needs no
 *   warm-up; mostRounds: the number of rounds in which a slow contender takes part */

/**
 * Times contenders in turn (A B C A B C …), so that a change in the speed of the machine affects all of them. Returns the
 * steps per second of each: the median, minimum and maximum of the rounds. After the first round, no round starts that
 * would exceed the budget.
 * @param {Contender[]} contenders
 * @param {{ rounds?: number, seconds?: number, budget?: import('./budget.js').Budget }} options
 */
export async function measureInTurn(contenders, { rounds = 5, seconds = 0.6, budget } = {}) {
  const figures = contenders.map(() => [])
  for (const { run, warm } of contenders) if (!warm) await run(seconds / 2)
  let longest = 0
  for (let round = 0; round < rounds; round++) {
    if (budget && round > 0 && budget.left < longest) break
    const began = performance.now()
    for (const [i, { run, mostRounds = rounds }] of contenders.entries()) {
      if (round < mostRounds) figures[i].push(await run(seconds))
    }
    longest = Math.max(longest, (performance.now() - began) / 1000)
  }
  return contenders.map(({ label }, i) => ({
    label,
    stepsPerSecond: median(figures[i]),
    least: Math.min(...figures[i]),
    most: Math.max(...figures[i]),
    rounds: figures[i].length,
  }))
}
