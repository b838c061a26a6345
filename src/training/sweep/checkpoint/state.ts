import type { Backend } from '../../../backend/backend.ts'
import { InputError } from '../../../core/errors.ts'
import type { Epoch } from '../../history.ts'
import { COLUMNS, countEpochs, packEpochs, unpackEpochs } from '../epochs.ts'
import { historyOf } from '../histories.ts'
import type { Member } from '../members.ts'
import type { PackedHistory, Trained } from '../trained.ts'
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

/** Epochs as a checkpoint has them: of large sweeps the last one only. */
function limited(epochs: Epochs, networks: number): Epochs {
  const count = countEpochs(epochs)
  if (networks * count <= MOST_EPOCHS) return epochs
  return { ...epochs, first: epochs.first + count - 1, values: epochs.values.slice(-COLUMNS) }
}

const pack = (epochs: readonly Epoch[], { part }: Member) => packEpochs(epochs, part.validation !== undefined)

/** As numbers, which thousands of networks have already: making their histories takes seconds. */
function packedHistory({ packed, history, member }: Trained): PackedHistory {
  if (packed) return packed
  const { epochs, stopped, bestEpoch } = history()
  return { epochs: pack(epochs, member), stopped, bestEpoch }
}

const keptResults = new WeakMap<Trained, KeptResult>()

/** @param networks how many results are kept; with many epochs of many networks, only the last epoch of each is kept */
export function keepResult(trained: Trained, networks: number): KeptResult {
  // Checkpoints are made again and again; a result does not change.
  const known = keptResults.get(trained)
  if (known) return known
  const { member, score, loss, epochs, fault, folds, parameters } = trained
  const { epochs: rows, stopped, bestEpoch } = packedHistory(trained)
  const kept: KeptResult = {
    ...nameOf(member),
    ...{ score, loss, epochs, fault, folds, parameters },
    history: limited(rows, networks),
    ...{ stopped, bestEpoch },
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
  return { ...nameOf(member), ...state, epochs: limited(pack(epochs(), member), networks) }
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
