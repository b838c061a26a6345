import type { Matrix } from '../../core/matrix.ts'
import type { PredictRows } from '../../model/rows.ts'
import type { DataHandle, Placement, Snapshot } from '../../backend/backend.ts'
import { fingerprint } from '../../data/fingerprint.ts'
import { countMinibatches } from '../../data/minibatch.ts'
import type { PlateauState } from '../../optimizer/schedule.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { meanScore, RegressionSums } from '../score.ts'
import type { Member } from './members.ts'

/** How well a network of a live sweep does; both are NaN after its training diverged. */
export interface LiveScore {
  /** As {@link SweepResult.score}: accuracy, share of correct labels, or R², of the validation data if there are any. */
  readonly score: number
  /** Mean over the samples that the score is of. */
  readonly loss: number
}

/** Of a network that diverged. */
export const noScore: LiveScore = { score: NaN, loss: NaN }

/** Where a network is, for another group that goes on with it. */
export interface LiveState {
  /** Epochs that it was trained for. */
  readonly epoch: number
  readonly snapshot: Snapshot
  readonly isDiverged: boolean
}

/** Networks of a live sweep that are trained by one population, or take turns in host memory. Places are counted from 0. */
export interface LiveGroup {
  readonly members: readonly Member[]
  /** Why its networks are trained one after another; undefined where they are trained side by side. */
  readonly reason: string | undefined
  /** Trains all networks that did not diverge for some epochs. */
  train(epochs: number): Promise<void>
  /** The epochs that a network was trained for: of one that diverged, those before that epoch. */
  epochsOf(place: number): number
  isDiverged(place: number): boolean
  /** Copies of the parameters of all networks. */
  parameters(): Promise<readonly Float32Array[]>
  /** Outputs of some networks for rows: one matrix for each, rows × outputs, in the units of the targets. */
  outputs(x: PredictRows, places: readonly number[]): Promise<readonly Matrix[]>
  scores(): Promise<readonly LiveScore[]>
  checkpoint(place: number): Promise<Checkpoint>
  dispose(): void
}

/** The checkpoint of a network, as a trainer with its settings makes it after this epoch. */
export function checkpointOf(
  { combination, seed, part }: Member,
  { snapshot, epoch, plateau }: { snapshot: Snapshot; epoch: number; plateau: PlateauState },
): Checkpoint {
  const { loss, optimizer, batchSize, l1, l2, dropout } = combination.placement
  const { sizes } = combination.settings
  return {
    epoch,
    step: epoch * countMinibatches(part.train.length, batchSize),
    seed,
    data: fingerprint(part.train),
    settings: { sizes, activations: combination.activations, loss, optimizer, batchSize, l1, l2, dropout },
    snapshot,
    plateau: { ...plateau },
    stopping: undefined,
  }
}

/** The score of the network that is placed, on data that were uploaded to it. */
export async function scoreOf(placement: Placement, data: DataHandle, member: Member): Promise<LiveScore> {
  const { combination, part } = member
  const { task, outputs } = combination
  const { loss, accuracy } = meanScore(await placement.score(data, task === 'multilabel').result, task, outputs)
  if (accuracy !== undefined) return { loss, score: accuracy }
  const errors = new RegressionSums()
  errors.add(await placement.outputs(data), (part.validation ?? part.train).targets)
  return { loss, score: errors.score().r2 }
}
