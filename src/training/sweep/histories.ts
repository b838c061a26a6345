import type { Backend, PopulationSums } from '../../backend/backend.ts'
import { countMinibatches } from '../../data/minibatch.ts'
import { rateAt } from '../../optimizer/schedule.ts'
import { type Epoch, type History, makeHistory, type Outcome } from '../history.ts'
import { meanScore, type Score } from '../score.ts'
import type { Member } from './members.ts'

interface HistoryParts extends Outcome {
  readonly seed: number
  readonly backend: Pick<Backend, 'name' | 'description'>
  /** Of an epoch. */
  readonly samples: number
}

/** A history from the first epoch on. */
export function historyOf(
  epochs: readonly Epoch[],
  { seed, backend, samples, stopped, bestEpoch }: HistoryParts,
): History {
  const { name, description } = backend
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0)
  return makeHistory({
    recoveries: 0,
    epochs: [...epochs],
    seed,
    backend: { name, description },
    steps: epochs.reduce((sum, { steps }) => sum + steps, 0),
    seconds,
    samplesPerSecond: seconds > 0 ? (epochs.length * samples) / seconds : 0,
    stopped,
    bestEpoch,
  })
}

/** Epochs that a population was trained for in one call. */
export interface Stretch {
  readonly sums: PopulationSums
  /** The number of the first of them, from 1 on. */
  readonly first: number
  /** The time of one epoch. */
  readonly seconds: number
}

/**
 * The epochs of one network of a population.
 * @param place of the network in the population
 * @param validated the scores of the validation data, by epoch
 */
export function epochsOf(
  { combination }: Member,
  place: number,
  stretches: readonly Stretch[],
  validated: ReadonlyMap<number, Score>,
): Epoch[] {
  const { task, outputs, settings } = combination
  const epochs: Epoch[] = []
  for (const { sums, first, seconds } of stretches) {
    const { samples } = sums
    for (let e = 0; e < sums.trained[place]!; e++) {
      const [loss, right] = [sums.loss(place, e), sums.right(place, e)]
      if (!Number.isFinite(loss)) break
      const epoch = first + e
      epochs.push({
        epoch,
        ...meanScore({ loss, right, samples }, task, outputs),
        validation: validated.get(epoch) ?? null,
        steps: countMinibatches(samples, settings.batchSize),
        learningRate: rateAt(settings.learningRate, epoch - 1),
        seconds,
        samplesPerSecond: samples / seconds,
      })
    }
  }
  return epochs
}
