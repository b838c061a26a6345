import { countMinibatches } from '../../data/minibatch.ts'
import type { Epoch } from '../history.ts'
import type { Score } from '../score.ts'
import type { Epochs } from './checkpoint/kept.ts'
import type { Member } from './members.ts'

export const COLUMNS = 6

export const countEpochs = ({ values }: Epochs): number => values.length / COLUMNS

export function packEpochs(epochs: readonly Epoch[], hasValidation: boolean): Epochs {
  const values = new Float64Array(COLUMNS * epochs.length)
  epochs.forEach(({ loss, accuracy = NaN, validation, learningRate, seconds }, i) => {
    const row = i * COLUMNS
    values[row] = loss
    values[row + 1] = accuracy
    values[row + 2] = validation?.loss ?? NaN
    values[row + 3] = validation?.accuracy ?? NaN
    values[row + 4] = learningRate
    values[row + 5] = seconds
  })
  return { first: epochs[0]?.epoch ?? 1, values, hasValidation }
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
