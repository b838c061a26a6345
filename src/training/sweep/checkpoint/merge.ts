import { InputError, listNames } from '../../../core/errors.ts'
import { checkSweepCheckpoint } from './check.ts'
import type { SweepCheckpoint } from './checkpoint.ts'
import { checkSamePlan } from './plan.ts'

/**
 * Puts the checkpoints of all shards of a sweep together: `sweep(data, { …, resume })` with the same options, without `shard`,
 * then gives the results of all of them.
 * @param checkpoints of finished shards, in any order; their notes are those of the first one
 * @throws InputError that names shards that are missing, that are given twice or are not finished, and for another sweep
 * @example
 * const data = circle({ samples: 50, seed: 1 })
 * const options = { sizes: [2, 3, 2], seeds: 4, epochs: 2, backend: 'cpu' } as const
 * const shards = [1, 2].map((index) => sweep(data, { ...options, shard: { index, count: 2 } }))
 * await Promise.all(shards)
 * const merged = mergeSweepCheckpoints(await Promise.all(shards.map((shard) => shard.checkpoint())))
 * const results = await sweep(data, { ...options, resume: merged })
 * results.length // 4
 */
export function mergeSweepCheckpoints(checkpoints: readonly SweepCheckpoint[]): SweepCheckpoint {
  const given: unknown = checkpoints
  if (!Array.isArray(given) || given.length === 0) {
    throw new InputError('checkpoints: expected an array with at least one checkpoint of a sweep')
  }
  for (const checkpoint of checkpoints) checkSweepCheckpoint(checkpoint)
  const [first] = checkpoints as [SweepCheckpoint]
  for (const { plan, combinations } of checkpoints) {
    checkSamePlan(plan, first.plan, 'the first checkpoint')
    if (combinations !== first.combinations)
      throw new InputError('checkpoints: they have different numbers of networks')
  }
  checkShards(checkpoints)
  const stages = Math.max(...checkpoints.map(({ finished }) => finished.length))
  return {
    ...first,
    shards: { count: 1, own: [1] },
    stage: stages,
    finished: Array.from({ length: stages }, (_, stage) =>
      checkpoints.flatMap(({ finished }) => finished[stage] ?? []),
    ),
    kept: [],
    current: [],
    states: [],
    epochs: checkpoints.reduce((sum, { epochs }) => sum + epochs, 0),
    seconds: Math.max(...checkpoints.map(({ seconds }) => seconds)),
  }
}

function checkShards(checkpoints: readonly SweepCheckpoint[]): void {
  const [{ shards }] = checkpoints as [SweepCheckpoint]
  const { count } = shards
  const seen = new Set<number>()
  const twice = new Set<number>()
  for (const { shards: own } of checkpoints) {
    if (own.count !== count) {
      throw new InputError(`checkpoints: some are of ${count} shards and some of ${own.count}; expected one division`)
    }
    for (const shard of own.own) (seen.has(shard) ? twice : seen).add(shard)
  }
  const name = (list: Iterable<number>) => listNames([...list].sort((a, b) => a - b))
  if (twice.size > 0) throw new InputError(`checkpoints: they overlap: shard ${name(twice)} of ${count} is there twice`)
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((shard) => !seen.has(shard))
  if (missing.length > 0) throw new InputError(`checkpoints: shard ${name(missing)} of ${count} is missing`)
  const open = checkpoints.filter(({ kept, current, states, finished, stage }) => stage !== finished.length || kept.length + current.length + states.length > 0 || finished.length === 0) // prettier-ignore
  if (open.length === 0) return
  throw new InputError(
    `checkpoints: shard ${name(open.flatMap(({ shards: { own } }) => own))} of ${count} is not finished; resume it first`,
  )
}
