import type { Snapshot } from '../backend/backend.ts'
import { checkInteger, checkKeys, checkName, checkNumber, InputError } from '../core/errors.ts'
import type { Epoch } from './history.ts'

/** When training ends before its epochs are over; names and meanings are those of Keras's EarlyStopping. */
export interface EarlyStopping {
  /** Training stops after so many epochs in a row that are no better than the best; at least 1. */
  patience: number
  /** What counts as better: by more than this. Default 0. */
  minDelta?: number
  /** The loss, which should fall, or the accuracy, which should rise; of the validation data, where there are any. */
  monitor?: 'loss' | 'accuracy'
  /** Whether training ends with the parameters of the best epoch. Default true. */
  restoreBest?: boolean
}

/** How far early stopping is; kept in checkpoints. */
export interface StoppingState {
  best: number
  bestEpoch: number
  /** Epochs since the best. */
  wait: number
  /** The parameters, and the optimizer's state, of the best epoch, where they are to be restored. */
  snapshot: Snapshot | undefined
}

export function checkEarlyStopping(options: EarlyStopping): Required<EarlyStopping> {
  if (typeof options !== 'object' || options === null) {
    throw new InputError('earlyStopping: expected an object, such as { patience: 10 }')
  }
  checkKeys('earlyStopping', options, ['patience', 'minDelta', 'monitor', 'restoreBest'])
  const { patience, minDelta = 0, monitor = 'loss', restoreBest = true } = options
  return {
    patience: checkInteger('earlyStopping: patience', patience),
    minDelta: checkNumber('earlyStopping: minDelta', minDelta, { min: 0 }),
    monitor: checkName('earlyStopping: monitor', monitor, ['loss', 'accuracy'] as const),
    restoreBest,
  }
}

export const newStopping = (): StoppingState => ({ best: Infinity, bestEpoch: 0, wait: 0, snapshot: undefined })

/** Whether enough epochs were no better: also of a run that was resumed just there. */
export const isOver = ({ patience }: { patience: number }, { wait }: StoppingState): boolean => wait >= patience

/**
 * Takes in an epoch.
 * @param keep copies the parameters as they are
 * @returns whether training should stop
 */
export async function watchStopping(
  { patience, minDelta, monitor, restoreBest }: Required<EarlyStopping>,
  state: StoppingState,
  { epoch, validation, ...training }: Epoch,
  keep: () => Promise<Snapshot>,
): Promise<boolean> {
  const score = validation ?? training
  const value = monitor === 'loss' ? score.loss : -score.accuracy
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
