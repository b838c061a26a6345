import { type CrossValidation, type Epoch, type Evaluation, type Network, type Trainer } from '../../index.ts'
import type { PreparedData } from '../train/data.ts'
import type { LoadedSets } from '../train/loaded.ts'

/** A run that a report describes. */
export interface RecordedRun {
  readonly network: Network
  readonly data: PreparedData
  readonly epochs: readonly Epoch[]
  readonly seconds: number
  /** The options of the command line, with the loss, the optimizer and the seed that were used. */
  readonly settings: object
  readonly backend: { readonly name: string; readonly description: string }
  readonly result: Evaluation
  readonly validation: Evaluation | null
  /** Holds the trained network: the report asks it for the decision regions. */
  readonly trainer: Trainer
  /** With `--folds`. */
  readonly crossValidation?: CrossValidation | undefined
}

/** A run whose data are still with the backend. */
export interface TrainedRun extends RecordedRun {
  readonly loaded: LoadedSets
}
