import type { Sweep, SweepResult } from '../../index.ts'
import { count, print } from '../output.ts'
import { commandLine } from '../../shell.ts'
import { type CommandParts, trainWords } from './command.ts'
import { sayRate, sayTime } from './table.ts'

/** Milliseconds for which networks are trained, to estimate the time of all; and for which the first progress is waited for. */
const TRIAL = 3000
const LONGEST = 15_000
/** Networks that are listed. */
const MOST_LISTED = 3

/** What a sweep would train, and how long that would take. */
export interface Estimate {
  readonly networks: number
  /** Seconds for all; undefined where no training ended within the trial. */
  readonly seconds: number | undefined
  readonly backend: string | undefined
  readonly first: readonly SweepResult[]
}

/**
 * Trains for a few seconds, to see how fast that is; the results are thrown away.
 * @param start makes the sweep with a signal
 */
export async function estimateSweep(start: (signal: AbortSignal) => Sweep): Promise<Estimate> {
  const abort = new AbortController()
  const timer = setTimeout(() => {
    abort.abort()
  }, LONGEST)
  const run = start(abort.signal)
  const points: { progress: number; seconds: number }[] = []
  try {
    for await (const { progress, seconds } of run) {
      points.push({ progress, seconds })
      if (1000 * seconds > TRIAL && progress > 0) break
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
  const results = await run
  const first = results.toSorted((a, b) => a.index - b.index).slice(0, MOST_LISTED)
  return { networks: run.networks, seconds: timeOf(points), backend: results[0]?.history.backend.description, first }
}

/** The beginning, which compiles, counts once; the rest goes on as between the first and the last report. */
function timeOf(points: readonly { progress: number; seconds: number }[]): number | undefined {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || last.progress === 0) return undefined
  const [progress, seconds] = [last.progress - first.progress, last.seconds - first.seconds]
  const rate = progress > 0 && seconds > 0.5 ? progress / seconds : last.progress / last.seconds
  return last.seconds + (1 - last.progress) / rate
}

/** @param factors as `describeFactors` says them @param shapes the sizes of the networks */
export function printEstimate(
  { networks, seconds, backend, first }: Estimate,
  factors: string,
  shapes: readonly (readonly number[])[],
  parts: Omit<CommandParts, 'backend'>,
): void {
  print(`Networks   ${count(networks)}${factors === '' ? '' : `: ${factors}`}`)
  for (const [i, sizes] of shapes.entries()) {
    const parameters = sizes.slice(1).reduce((sum, size, l) => sum + size * (sizes[l]! + 1), 0)
    print(`${i === 0 ? 'Shapes  ' : '        '}   ${sizes.join('-')}, ${count(parameters)} parameters`)
  }
  const rate = seconds === undefined ? '' : `, ${sayRate(networks / seconds)} networks/s`
  const time = seconds === undefined ? `more than ${sayTime(LONGEST / 1000)} a network` : `about ${sayTime(seconds)}`
  print(`Time       ${time}${rate}${backend === undefined ? '' : `, on ${backend}`}`)
  for (const [i, { settings, seed, history }] of first.entries()) {
    const words = trainWords(settings, seed, { ...parts, backend: history.backend.name })
    print(`${i === 0 ? 'The first' : '         '}  ${commandLine(words)}`)
  }
  print('Nothing was written; without --dry-run, all of them are trained.')
}
