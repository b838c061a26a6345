import { InputError, listNames } from '../../../core/errors.ts'
import type { Context } from '../context.ts'
import type { Member, Plan } from '../members.ts'
import type { Trained } from '../trained.ts'
import { checkSweepCheckpoint } from './check.ts'
import type { SweepCheckpoint } from './checkpoint.ts'
import { checkSamePlan, describePlan } from './plan.ts'
import type { KeptResult, TrainingName } from './kept.ts'
import { keepResult, keepState, type MemberState, restoreResult, restoreState } from './state.ts'

/** Where a running sweep is; the fields are those of {@link SweepCheckpoint}. */
export interface RunState {
  readonly stage: number
  readonly finished: readonly (readonly Trained[])[]
  readonly kept: readonly Trained[]
  readonly current: readonly Trained[]
  readonly states: ReadonlyMap<Member, MemberState>
  readonly epochs: number
  readonly seconds: number
}

export function takeCheckpoint(state: RunState, plan: Plan): SweepCheckpoint {
  const { combinations, options } = plan
  const keep = (trained: readonly Trained[]) => trained.map((one) => keepResult(one, combinations))
  // Those that are finished train no more.
  const over = new Set(state.finished.flatMap((own) => own.map(({ member }) => member.index)))
  const states = [...state.states].filter(([{ index }]) => !over.has(index))
  const { index, count } = options.shard ?? { index: 1, count: 1 }
  return {
    plan: describePlan(plan),
    combinations,
    shards: { count, own: [index] },
    stage: state.stage,
    finished: state.finished.map(keep),
    kept: keep(state.kept),
    current: keep(state.current),
    states: states.map(([member, own]) => keepState(member, own, combinations)),
    epochs: state.epochs,
    seconds: state.seconds,
  }
}

/** @throws InputError for the checkpoint of another sweep or shard, and for one that does not fit the sweep */
export function restoreRun(checkpoint: SweepCheckpoint, context: Omit<Context, 'states'>): RunState {
  checkSameSweep(checkpoint, context)
  const { members, replacement } = context
  const named = new Map(members.map((member) => [keyOf({ index: member.index, part: member.part.number }), member]))
  const memberOf = (name: TrainingName): Member => {
    const member = named.get(keyOf(name))
    if (member) return member
    throw new InputError(`checkpoint: it has training ${name.part} of network ${name.index}, which this sweep has not`)
  }
  const restore = (kept: readonly KeptResult[]) =>
    kept.map((one) => restoreResult(one, memberOf(one), replacement.backend))
  const { stage, finished, kept, current, states, epochs, seconds } = checkpoint
  return {
    stage,
    finished: finished.map(restore),
    kept: restore(kept),
    current: restore(current),
    states: new Map(states.map((state) => [memberOf(state), restoreState(state, memberOf(state))])),
    epochs,
    seconds,
  }
}

const keyOf = ({ index, part }: TrainingName) => `${index} ${part}`

/** @throws InputError for the checkpoint of another sweep or shard */
export function checkSameSweep(checkpoint: SweepCheckpoint, plan: Plan): void {
  checkSweepCheckpoint(checkpoint)
  checkSamePlan(checkpoint.plan, describePlan(plan), 'this one')
  const { count, own } = checkpoint.shards
  const { shard } = plan.options
  const isSame = shard ? shard.count === count && own.length === 1 && own[0] === shard.index : count === 1
  if (isSame) return
  const theirs = `shard ${listNames(own)} of ${count}`
  throw new InputError(
    `checkpoint: it is of ${count === 1 ? 'the whole sweep' : theirs}, and this is ` +
      `${shard ? `shard ${shard.index} of ${shard.count}` : 'the whole sweep'}; ` +
      'shards are put together with mergeSweepCheckpoints (on the command line: sweep merge)',
  )
}
