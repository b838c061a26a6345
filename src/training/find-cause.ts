import type { Autopsy } from '../core/autopsy.ts'
import type { DivergedRun } from './autopsy/run.ts'

/** Finds the cause of a divergence with code that is loaded when a training diverges. */
export async function findCause(run: DivergedRun): Promise<Autopsy> {
  const { performAutopsy } = await import('./autopsy/autopsy.ts')
  return performAutopsy(run)
}
