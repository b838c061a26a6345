import type { Snapshot } from '../backend/backend.ts'
import { boolean, type Checked, type Fields, integer, name, number, required, withDefault } from '../core/schema.ts'
import type { Epoch } from './history.ts'

/** When training ends early; names and meanings are those of Keras's EarlyStopping. */
export interface EarlyStopping {
  /** Training stops after this many epochs in a row that are no better than the best; at least 1. */
  patience: number
  /** What counts as better: by more than this. Default 0. */
  minDelta?: number | undefined
  /**
   * The loss, which should fall, or the accuracy, which should rise; of the validation data, where there are any. Regression
   * has no accuracy.
   */
  monitor?: 'loss' | 'accuracy' | undefined
  /** Whether training ends with the parameters of the best epoch. Default true. */
  restoreBest?: boolean | undefined
}

/** How far early stopping is; kept in checkpoints. */
export interface StoppingState {
  /** The best loss or accuracy so far. */
  best: number
  /** The epoch that had it, counted from 1. */
  bestEpoch: number
  /** Epochs since the best. */
  wait: number
  /** The parameters, and the optimizer's state, of the best epoch, where they are to be restored. */
  snapshot: Snapshot | undefined
}

export const earlyStoppingSchema = {
  name: 'earlyStopping',
  prefix: 'earlyStopping: ',
  fields: {
    patience: required(integer(), {
      flag: '--early-stopping <epochs>',
      help: 'stop after this many epochs without an improvement; keep the best',
    }),
    minDelta: withDefault(number({ min: 0 }), 0, {
      flag: '--min-delta <amount>',
      help: 'what counts as an improvement of the loss',
    }),
    monitor: withDefault(name(['loss', 'accuracy'] as const), 'loss'),
    restoreBest: withDefault(boolean, true),
  } satisfies Fields<EarlyStopping>,
}

/** {@link EarlyStopping}, checked and complete. */
export type StoppingRule = Checked<(typeof earlyStoppingSchema)['fields']>

export const newStopping = (): StoppingState => ({ best: Infinity, bestEpoch: 0, wait: 0, snapshot: undefined })

/** Whether enough epochs were no better: also of a run that was resumed just there. */
export const isOver = ({ patience }: { patience: number }, { wait }: StoppingState): boolean => wait >= patience

/**
 * Takes in an epoch.
 * @param keep copies the parameters as they are
 * @returns whether training should stop
 */
export async function watchStopping(
  { patience, minDelta, monitor, restoreBest }: StoppingRule,
  state: StoppingState,
  { epoch, validation, ...training }: Epoch,
  keep: () => Promise<Snapshot>,
): Promise<boolean> {
  const score = validation ?? training
  const value = monitor === 'loss' ? score.loss : -(score.accuracy ?? 0)
  if (value < state.best - minDelta) {
    state.best = value
    state.bestEpoch = epoch
    state.wait = 0
    if (restoreBest) state.snapshot = await keep()
    return false
  }
  state.wait++
  return isOver({ patience }, state)
}
