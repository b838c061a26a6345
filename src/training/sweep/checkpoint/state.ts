import type { Backend } from '../../../backend/backend.ts'
import { InputError } from '../../../core/errors.ts'
import type { Epoch } from '../../history.ts'
import { packEpochs, unpackEpochs } from '../epochs.ts'
import { historyOf } from '../histories.ts'
import type { Member } from '../members.ts'
import type { Trained } from '../trained.ts'
import type { Epochs, KeptFault, KeptResult, KeptState, Position, TrainingName } from './kept.ts'

/** A training between two epochs: with it, it goes on elsewhere; to the same bits on the same kind of device. */
export interface MemberState extends Position {
  /** The epochs so far; of large sweeps that were resumed only some. */
  readonly epochs: () => readonly Epoch[]
  /** Of a network that diverged, and is trained no more. */
  readonly diverged?: KeptFault | undefined
  /** The form of the population that trained it, which decides the last bits ({@link Population.form}). */
  readonly form?: string | undefined
}

/** Epochs of all networks together of which checkpoints keep the scores: about 64 MB. */
const MOST_EPOCHS = 1 << 21

function packed(epochs: readonly Epoch[], networks: number, { part }: Member): Epochs {
  const kept = networks * epochs.length > MOST_EPOCHS ? epochs.slice(-1) : epochs
  return packEpochs(kept, part.validation !== undefined)
}

const keptResults = new WeakMap<Trained, KeptResult>()

/** @param networks how many results are kept; with many epochs of many networks, only the last epoch of each is kept */
export function keepResult(trained: Trained, networks: number): KeptResult {
  // Checkpoints are made again and again; a result does not change.
  const known = keptResults.get(trained)
  if (known) return known
  const { member, score, loss, epochs, fault, folds, parameters } = trained
  const history = trained.history()
  const kept: KeptResult = {
    ...nameOf(member),
    ...{ score, loss, epochs, fault, folds, parameters },
    history: packed(history.epochs, networks, member),
    stopped: history.stopped,
    bestEpoch: history.bestEpoch,
  }
  keptResults.set(trained, kept)
  return kept
}

/** @throws InputError for parameters that are not those of the network */
export function restoreResult(kept: KeptResult, member: Member, backend: Backend): Trained {
  const { score, loss, epochs, fault, folds, parameters, stopped, bestEpoch } = kept
  checkLength('parameters', parameters, member)
  const { seed, part } = member
  const history = () =>
    historyOf(unpackEpochs(kept.history, member), { seed, backend, samples: part.train.length, stopped, bestEpoch })
  const trained = { member, score, loss, epochs, fault, folds, parameters, history }
  keptResults.set(trained, kept)
  return trained
}

/** @param networks as of {@link keepResult} */
export function keepState(member: Member, { epochs, ...state }: MemberState, networks: number): KeptState {
  return { ...nameOf(member), ...state, epochs: packed(epochs(), networks, member) }
}

/** @throws InputError for parameters that are not those of the network */
export function restoreState(kept: KeptState, member: Member): MemberState {
  const { epoch, step, epochs, snapshot, plateau, diverged, form } = kept
  checkLength('snapshot.parameters', snapshot.parameters, member)
  return { epoch, step, epochs: () => unpackEpochs(epochs, member), snapshot, plateau, diverged, form }
}

const nameOf = ({ index, part }: Member): TrainingName => ({ index, part: part.number })

function checkLength(field: string, { length }: ArrayLike<number>, { index, combination }: Member): void {
  if (length === combination.parameters) return
  throw new InputError(
    `checkpoint: network ${index} has ${length} "${field}", expected ${combination.parameters}; it is damaged`,
  )
}
