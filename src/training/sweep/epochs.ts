import { countMinibatches } from '../../data/minibatch.ts'
import type { Epoch } from '../history.ts'
import type { Score } from '../score.ts'
import type { Epochs } from './checkpoint/kept.ts'
import type { Member } from './members.ts'

export const COLUMNS = 6

export const countEpochs = ({ values }: Epochs): number => values.length / COLUMNS

export function packEpochs(epochs: readonly Epoch[], hasValidation: boolean): Epochs {
  const values = new Float64Array(COLUMNS * epochs.length)
  epochs.forEach((epoch, i) => packEpoch(values, i, epoch, epoch.validation, epoch))
  return { first: epochs[0]?.epoch ?? 1, values, hasValidation }
}

/** Writes row i of {@link Epochs.values}: sweeps have hundreds of thousands of epochs, which are objects only where one looks. */
export function packEpoch(
  values: Float64Array,
  i: number,
  { loss, accuracy = NaN }: Score,
  validation: Score | null,
  { learningRate, seconds }: Pick<Epoch, 'learningRate' | 'seconds'>,
): void {
  const row = i * COLUMNS
  values[row] = loss
  values[row + 1] = accuracy
  values[row + 2] = validation?.loss ?? NaN
  values[row + 3] = validation?.accuracy ?? NaN
  values[row + 4] = learningRate
  values[row + 5] = seconds
}

/** That of the last epoch on the validation data, or without them on the training data; NaN for what it does not have. */
export function lastScore({ values, hasValidation }: Epochs): Required<Score> {
  const at = values.length - COLUMNS + (hasValidation ? 2 : 0)
  return { loss: values[at]!, accuracy: values[at + 1]! }
}

/** Epochs, and those that follow them. */
export function joinEpochs(before: Epochs | undefined, next: Epochs): Epochs {
  if (!before) return next
  const values = new Float64Array(before.values.length + next.values.length)
  values.set(before.values)
  values.set(next.values, before.values.length)
  return { ...before, values }
}

export function unpackEpochs({ first, values, hasValidation }: Epochs, { combination, part }: Member): Epoch[] {
  const { task, settings } = combination
  const samples = part.train.length
  const steps = countMinibatches(samples, settings.batchSize)
  const scoreAt = (place: number): Score =>
    task === 'regression' ? { loss: values[place]! } : { loss: values[place]!, accuracy: values[place + 1]! }
  return Array.from({ length: values.length / COLUMNS }, (_, i) => {
    const row = i * COLUMNS
    const [learningRate, seconds] = [values[row + 4]!, values[row + 5]!]
    return {
      epoch: first + i,
      ...scoreAt(row),
      validation: hasValidation && !Number.isNaN(values[row + 2]) ? scoreAt(row + 2) : null,
      steps,
      learningRate,
      seconds,
      samplesPerSecond: samples / seconds,
    }
  })
}
