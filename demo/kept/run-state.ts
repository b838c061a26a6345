import type { Checkpoint, Score } from '../../src/index.ts'

/** The lowest loss so far and its epoch, from which the patience rule counts. */
export interface BestLoss {
  loss: number
  epoch: number
}

/** All that a run needs to go on as if it had not been interrupted, besides its settings and its data. */
export interface RunState {
  checkpoint: Checkpoint
  train: Score
  test: Score | null
  best: BestLoss
}
