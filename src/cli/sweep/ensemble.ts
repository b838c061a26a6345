import { Ensemble, evaluateEnsemble, type SweepResult } from '../../index.ts'
import type { SweepData } from './data.ts'
import type { SweepRecord } from './record.ts'
import { shownSamples } from './results.ts'

/** How many of the best networks are an ensemble where no option says it. */
const USUAL_NETWORKS = 5

/** The best networks together, with the score of their mean prediction. */
export interface ScoredEnsemble {
  readonly ensemble: Ensemble
  readonly score: NonNullable<SweepRecord['ensemble']>
}

/**
 * An ensemble of the best networks, scored on the samples that their own scores are of.
 * @returns undefined for fewer than two networks that did not diverge, and with folds, whose networks have seen all samples
 */
export async function makeEnsemble(
  results: readonly SweepResult[],
  data: SweepData,
  most = USUAL_NETWORKS,
): Promise<ScoredEnsemble | undefined> {
  const best = results.slice(0, most).filter(({ diverged }) => !diverged)
  if (best.length < 2 || data.folds !== undefined) return undefined
  const ensemble = Ensemble.from(best)
  const { accuracy, r2, loss } = await evaluateEnsemble(ensemble, shownSamples(data))
  const score = r2 ?? accuracy!
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  return { ensemble, score: { networks: best.length, score: finite(score), loss: finite(loss) } }
}
