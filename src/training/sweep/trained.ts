import type { History } from '../history.ts'
import type { Epochs } from './checkpoint/kept.ts'
import { explainFault } from './explain.ts'
import { type Member, trainedNetwork } from './members.ts'
import type { Part } from './parts.ts'
import { type FoldScore, type SweepFault, SweepResult } from './results.ts'

/** A history as numbers. */
export interface PackedHistory extends Pick<History, 'stopped' | 'bestEpoch'> {
  readonly epochs: Epochs
}

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
  /** What the history is made of, where it is kept as numbers; checkpoints take it as it is. */
  readonly packed?: PackedHistory | undefined
  /** Of a network that diverged, those from before that epoch. Laid out as `network.parameters`. */
  readonly parameters: Float32Array
  /** With cross-validation, the scores of the folds; then `score` and `loss` are their means. */
  readonly folds?: readonly FoldScore[] | undefined
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

/**
 * Networks of which all trainings are known: with cross-validation, those of the folds are put together with the one on all
 * samples, whose parameters and history they have.
 * @param parts how many trainings each network has
 */
export function combineFolds(trained: readonly Trained[], parts: number): readonly Trained[] {
  if (parts === 1) return trained
  const networks = new Map<number, Trained[]>()
  for (const one of trained) {
    const own = networks.get(one.member.index) ?? []
    own[one.member.part.number] = one
    networks.set(one.member.index, own)
  }
  return [...networks.values()].flatMap((own) => {
    const known = own.filter(() => true)
    const [whole, ...folds] = known
    return known.length < parts ? [] : [combine(whole!, folds)]
  })
}

function combine(whole: Trained, trained: readonly Trained[]): Trained {
  const folds = trained.map(({ score, loss }) => ({ score, loss }))
  const diverged = [whole, ...trained].find(({ fault }) => fault !== undefined)
  if (diverged) {
    const { number } = diverged.member.part
    const fault = { ...diverged.fault!, ...(number > 0 && { fold: number }) }
    return { ...whole, folds, score: NaN, loss: diverged.loss, fault }
  }
  const mean = (of: (fold: FoldScore) => number) => folds.reduce((sum, fold) => sum + of(fold) / folds.length, 0)
  return { ...whole, folds, score: mean(({ score }) => score), loss: mean(({ loss }) => loss) }
}

/** What users see of it. @param parts of the sweep */
export function resultOf({ member, parameters: values, packed: _, ...trained }: Trained, parts: readonly Part[]) {
  const { settings, parameters } = member.combination
  const { fault } = trained
  const network = () => trainedNetwork(member, values)
  const explain = fault && (() => explainFault(member, fault, parts, values))
  return new SweepResult({ ...trained, index: member.index, network, explain, settings, parameters, seed: member.seed })
}
