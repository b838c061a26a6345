import type { Network } from '../../model/network.ts'
import type { History } from '../history.ts'
import type { Member } from './members.ts'
import { type SweepFault, SweepResult } from './results.ts'

/** What is known of a network after its training, or after a part of it. */
export interface Trained {
  readonly member: Member
  /** As {@link SweepResult.score}. */
  readonly score: number
  readonly loss: number
  /** Epochs that were trained to their end. */
  readonly epochs: number
  readonly fault: SweepFault | undefined
  /** Made when it is asked for: those of thousands of networks take much memory. */
  readonly history: () => History
  /** A new one each time; of a network that diverged, with the parameters from before that epoch. */
  readonly network: () => Network
}

/** Of numbers that may be NaN, which is the worst. */
const descending = (a: number, b: number) => (a === b || (Number.isNaN(a) && Number.isNaN(b)) ? 0 : a > b || Number.isNaN(b) ? -1 : 1) // prettier-ignore

/**
 * Which of two networks comes first: one that did not diverge, the better score, the smaller loss, fewer parameters, and then
 * the one that comes first among the combinations.
 */
export function compareTrained(a: Trained, b: Trained): number {
  return (
    Number(a.fault !== undefined) - Number(b.fault !== undefined) ||
    descending(a.score, b.score) ||
    descending(b.loss, a.loss) ||
    a.member.combination.parameters - b.member.combination.parameters ||
    a.member.index - b.member.index
  )
}

/** What users see of it. */
export function resultOf({ member, ...trained }: Trained): SweepResult {
  const { settings, parameters } = member.combination
  return new SweepResult({ ...trained, settings, parameters, seed: member.seed })
}
