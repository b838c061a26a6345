import type { Backend } from '../../backend/backend.ts'
import type { Outcome } from '../history.ts'
import type { StoppingRule } from '../stopping.ts'
import type { Epochs, Position } from './checkpoint/kept.ts'
import type { Member } from './members.ts'
import type { SharedReplacement } from '../recovery/shared-replacement.ts'
import type { SweepFault } from './results.ts'

/** What all networks that are trained one at a time have in common. */
export interface TrainingSetup {
  readonly backend: Backend
  readonly earlyStopping: StoppingRule | undefined
  /** Bytes of device memory that data may take. */
  readonly dataMemory: number
  readonly signal?: AbortSignal | undefined
  /** Takes note of devices that were lost; absent in threads, which have none. */
  readonly replacement?: SharedReplacement | undefined
}

/** One network, and how far it is to be trained. */
export interface Job {
  readonly member: Member
  /** The last epoch. */
  readonly epoch: number
  /** From where it goes on; undefined from the beginning. */
  readonly from: Position | undefined
}

/** The result of a job; plain data, which can be sent to another thread. */
export interface JobResult extends Outcome {
  readonly score: number
  readonly loss: number
  readonly fault: SweepFault | undefined
  readonly parameters: Float32Array
  /** Those of this job, without earlier ones. */
  readonly epochs: Epochs
  /** Where a later job goes on; undefined after the last epoch. */
  readonly position: Position | undefined
  readonly backend: { readonly name: string; readonly description: string }
}
