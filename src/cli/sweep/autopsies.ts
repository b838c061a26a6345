import { describeAutopsy, type SweepResult } from '../../index.ts'
import { remedies } from '../remedies.ts'
import type { ResultRecord } from './record.ts'

/** What was found out about networks that diverged. */
export type Autopsies = ReadonlyMap<SweepResult, NonNullable<ResultRecord['autopsy']>>

/** Networks that are explained at most. */
const MOST_NETWORKS = 32
/** Seconds that explaining may take at least, and the share of the time of the sweep. Most sweeps take far less. */
const [LEAST_SECONDS, SHARE] = [10, 0.05]

/**
 * Looks for the causes of the networks that diverged, the first ones of the ranking first.
 * @param seconds that the sweep took
 */
export async function explainResults(results: readonly SweepResult[], seconds: number): Promise<Autopsies> {
  const end = performance.now() + 1000 * Math.max(LEAST_SECONDS, SHARE * seconds)
  const found = new Map<SweepResult, NonNullable<ResultRecord['autopsy']>>()
  for (const result of results.filter(({ diverged }) => diverged).slice(0, MOST_NETWORKS)) {
    if (performance.now() > end) break
    const autopsy = await result.explain()
    if (!autopsy) continue
    const { cause, fix, isTried } = autopsy
    found.set(result, { cause, ...describeAutopsy(autopsy, remedies), fix, isTried })
  }
  return found
}
