import type { SharedReplacement } from '../recovery/shared-replacement.ts'
import type { MemberState } from './checkpoint/state.ts'
import type { Member, Plan } from './members.ts'
import type { SweepThreads } from './threads/sweep-threads.ts'
import type { Trained } from './trained.ts'

/** What all parts of a running sweep work with. */
export interface Context extends Plan {
  /** What networks are placed on, and what replaces it where its device is lost. */
  readonly replacement: SharedReplacement
  /** Where trainings go on, of a sweep that is resumed; the others begin. */
  readonly states: ReadonlyMap<Member, MemberState>
}

/** With what trains networks that are trained separately. */
export interface RunContext extends Context {
  /** Those of the host. */
  readonly threads: SweepThreads
  /** Aborted when the sweep ends, also where the loop over its rounds is left. */
  readonly ending: AbortSignal
}

/** What was done since the last report. */
export interface Progress {
  /** Epochs that were trained, of all networks together. */
  readonly epochs: number
  /** The networks that reached the epoch up to which they are trained. */
  readonly trained: readonly Trained[]
}

/**
 * Networks that are trained together: side by side on a device (side-by-side.ts), or separately (one-by-one.ts): one after
 * another, or on several threads.
 */
export interface Group {
  readonly members: readonly Member[]
  /**
   * Trains members up to an epoch, from where they are.
   * @param kept those that are still trained; the others are not any more
   */
  trainTo(epoch: number, kept: readonly Member[]): AsyncGenerator<Progress>
  /**
   * Where its trainings are that are not over: between two epochs, also while `trainTo` works. After a loss of the device,
   * where they were earlier; those that are missing begin.
   */
  states(): Promise<ReadonlyMap<Member, MemberState>>
  /**
   * Whether `trainTo` failed because the device was lost, which is replaced then.
   * @returns how many epochs of each network are trained again from `states` on; undefined for another failure
   */
  recover(error: unknown): Promise<number | undefined>
  /** Why its networks are trained separately; undefined where they are trained side by side. */
  readonly reason: string | undefined
  /** How many threads train networks that are trained separately. */
  readonly threads: number
  dispose(): void
}
