import { MOST_STRAIGHT_PARAMETERS } from '../../backend/host/wasm/straight-limit.ts'
import type { Job, TrainingSetup } from './jobs.ts'
import type { Combination, Member } from './members.ts'

const keys = new WeakMap<Combination, string>()

/** What networks have in common that can be trained on one placement, one after another. */
export function keyOf({ combination, seed }: Member): string {
  const { settings, activations, placement } = combination
  let key = keys.get(combination)
  if (key === undefined) {
    const optimizer = { ...placement.optimizer, learningRate: 0 }
    key = JSON.stringify([settings.sizes, activations, { ...placement, optimizer }])
    keys.set(combination, key)
  }
  // The units that are dropped follow from the seed.
  return placement.dropout?.some((share) => share > 0) ? `${key} ${seed}` : key
}

/** How many networks are trained together at most. */
const TOGETHER = 4
/** Up to this product of samples and parameters, the time of an epoch is mostly what every network needs. */
const MOST_WORK = 1 << 19

/** What decides whether networks are trained together. */
type BatchSetup = Pick<TrainingSetup, 'backend' | 'earlyStopping' | 'dataMemory'>

/**
 * Divides jobs into batches, each of which one thread trains: small networks that are alike in fours, the others one by one.
 * The results do not depend on it.
 * @param threads how many there are; few networks are spread over them
 */
export function batchJobs(jobs: readonly Job[], threads: number, setup: BatchSetup): Job[][] {
  const groups = new Map<string, Job[]>()
  for (const job of jobs) {
    const { member, from } = job
    // Networks on the same data come one after another, those that can be trained on one placement first.
    const key = `${keyOf(member)} ${member.part.number} ${from?.epoch ?? 0} ${job.epoch}`
    const group = groups.get(key)
    if (group) group.push(job)
    else groups.set(key, [job])
  }
  return [...groups.values()].flatMap((group) => {
    const most = canTrainTogether(group[0]!, setup) ? Math.min(TOGETHER, Math.ceil(group.length / threads)) : 1
    return Array.from({ length: Math.ceil(group.length / most) }, (_, i) => group.slice(i * most, (i + 1) * most))
  })
}

/** Whether a backend trains such networks together that has a way to do so. */
function canTrainTogether({ member }: Job, { backend, earlyStopping, dataMemory }: BatchSetup): boolean {
  const { settings, parameters, placement } = member.combination
  const { inputs, targets, weights } = member.part.train
  const { learningRate, optimizer, shuffle } = settings
  const isPlateau = typeof learningRate === 'object' && learningRate.plateau !== undefined
  return (
    backend.openLanes !== undefined &&
    parameters <= MOST_STRAIGHT_PARAMETERS &&
    inputs.rows * parameters <= MOST_WORK &&
    inputs.data.byteLength + targets.data.byteLength <= dataMemory &&
    shuffle &&
    weights === undefined &&
    !isPlateau &&
    earlyStopping === undefined &&
    optimizer.clipNorm === 0 &&
    !placement.dropout?.some((share) => share > 0)
  )
}
