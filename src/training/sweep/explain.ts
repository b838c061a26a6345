import type { Autopsy } from '../../core/autopsy.ts'
import { takenForTraining } from '../../data/folds.ts'
import { withRowNumbers } from '../autopsy/words.ts'
import type { Settings } from '../settings.ts'
import { type Member, networkOf } from './members.ts'
import type { Part } from './parts.ts'
import type { SweepFault } from './results.ts'

/**
 * The settings with which a single training of a network of a sweep has the same result. The cause of a divergence is looked
 * for when a result is asked for it.
 */
export function settingsOf({ combination, seed }: Member, dataMemory: number): Settings {
  const { dropout = [], l1 = 0, l2 = 0, ...others } = combination.placement
  return { ...others, dropout, l1, l2, seed, dataMemory, profiler: undefined }
}

/**
 * The likely cause of the divergence of a network of a sweep, as a single training finds it.
 * @param parts of the sweep: the network may have diverged in a fold
 * @param trained of the training on all samples, those from before the divergence
 */
export async function explainFault(
  member: Member,
  { epoch, minibatch, fold = 0 }: SweepFault,
  parts: readonly Part[],
  trained: Float32Array,
): Promise<Autopsy | undefined> {
  const part = parts[fold] ?? member.part
  const own = { ...member, part }
  const network = networkOf(own)
  // Loaded when a network is explained: worker threads, which import this file, explain none.
  const loading = import('../autopsy/autopsy.ts')
  const autopsy = await loading
    .then(({ performAutopsy }) =>
      performAutopsy({
        network,
        start: { parameters: network.parameters, epoch: 0 },
        settings: settingsOf(own, Infinity),
        epoch,
        minibatch,
        shuffle: member.combination.settings.shuffle,
        samples: part.train.length,
        window: { data: part.train, first: 0 },
        // Those of the folds are not kept.
        parameters: part === member.part ? trained : undefined,
      }),
    )
    .catch(() => undefined)
  const { held } = part
  if (!autopsy || !held) return autopsy
  return withRowNumbers(autopsy, takenForTraining(part.train.length + held.length, held))
}
