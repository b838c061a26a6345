import type { Sums } from '../backend/backend.ts'
import type { PlateauState } from '../optimizer/schedule.ts'
import type { BegunEpoch } from './begun-epoch.ts'

/** A begun epoch while it is under way. Its order follows from seed, epoch and number of samples. */
export interface Begun extends BegunEpoch {
  visited: number
  readonly sums: Sums
  order: Uint32Array | undefined
}

/** The state of training in a checkpoint, in addition to the parameters. */
export interface SessionState {
  readonly epoch: number
  readonly step: number
  readonly plateau: PlateauState
  readonly begun?: BegunEpoch | undefined
}
