import type { Snapshot } from '../../../backend/backend.ts'
import type { PlateauState } from '../../../optimizer/schedule.ts'
import type { Outcome } from '../../history.ts'
import type { FoldScore, SweepFault } from '../results.ts'

/**
 * Results of consecutive epochs in one array, a row for each: a sweep keeps those of all its networks. NaN for what an epoch
 * does not have.
 */
export interface Epochs {
  /** The number of the first, from 1 on. */
  readonly first: number
  readonly values: Float64Array
  readonly hasValidation: boolean
}

/** Where a training is between two epochs, without the epochs that led there. */
export interface Position {
  /** Epochs that were trained so far, and steps. */
  readonly epoch: number
  readonly step: number
  readonly snapshot: Snapshot
  readonly plateau: PlateauState
}

/** Where and with which loss a network diverged. */
export interface KeptFault {
  readonly fault: SweepFault
  readonly loss: number
}

/** Which training of a sweep something is of. */
export interface TrainingName {
  /** As {@link SweepResult.index}. */
  readonly index: number
  /** 0 for the training on all samples; folds are counted from 1. */
  readonly part: number
}

/** Where a training is that goes on, as plain data. */
export interface KeptState extends TrainingName, Position {
  readonly epochs: Epochs
  readonly diverged?: KeptFault | undefined
  /** As of {@link MemberState}. */
  readonly form?: string | undefined
}

/** What is known of a network after its training, as plain data. */
export interface KeptResult extends TrainingName {
  readonly score: number
  readonly loss: number
  readonly epochs: number
  readonly fault?: SweepFault | undefined
  readonly folds?: readonly FoldScore[] | undefined
  readonly parameters: Float32Array
  readonly history: Epochs
  readonly stopped: Outcome['stopped']
  readonly bestEpoch: number | null
}
