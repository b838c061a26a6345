import type { Epoch } from '../history.ts'
import type { Score } from '../score.ts'
import { epochsOf, type Stretch } from './histories.ts'
import type { Member } from './members.ts'

/** What is known of the epochs of all networks of a group at one time. */
export interface KnownEpochs {
  readonly stretches: readonly Stretch[]
  readonly validated: readonly ValidatedEpoch[]
}

/** The scores of the validation data after an epoch: of all networks, by their places. */
interface ValidatedEpoch {
  readonly epoch: number
  readonly scores: readonly Score[]
}

/** The epochs of networks that are trained side by side. */
export class EpochRecords {
  readonly #stretches: Stretch[] = []
  readonly #validated: ValidatedEpoch[] = []
  /** The epochs before the networks were placed. */
  readonly #before = new Map<Member, () => readonly Epoch[]>()

  /** The epochs of the last call. */
  get lastStretch(): Stretch | undefined {
    return this.#stretches.at(-1)
  }

  addStretch(stretch: Stretch): void {
    this.#stretches.push(stretch)
  }

  addScores(epoch: number, scores: readonly Score[]): void {
    this.#validated.push({ epoch, scores })
  }

  /** @param epochs those before the networks were placed */
  restore(member: Member, epochs: () => readonly Epoch[]): void {
    this.#before.set(member, epochs)
  }

  /** What is known now. */
  known(): KnownEpochs {
    return { stretches: [...this.#stretches], validated: [...this.#validated] }
  }

  /** All epochs of a network that were known. */
  of(member: Member, place: number, { stretches, validated }: KnownEpochs): () => Epoch[] {
    // What is returned is kept longer than the group, so it has no part of the device's memory.
    const before = this.#before.get(member)
    return () => {
      const scores = new Map(validated.map(({ epoch, scores }) => [epoch, scores[place]!]))
      // The last epoch before the sweep was resumed may have its score since then.
      const earlier = (before?.() ?? []).map((one) => ({
        ...one,
        validation: one.validation ?? scores.get(one.epoch) ?? null,
      }))
      return [...earlier, ...epochsOf(member, place, stretches, scores)]
    }
  }
}
