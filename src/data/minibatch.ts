import { Random } from '../core/random.ts'

/**
 * The order in which an epoch visits the samples: the same for the same seed and epoch on every backend, and each
 * epoch's order is had without those before it.
 * @param epoch counted from 1 over the trainer's life
 * @param order where it goes
 */
export function epochOrder(
  samples: number,
  seed: number,
  epoch: number,
  shuffle: boolean,
  order = new Uint32Array(samples),
): Uint32Array {
  if (shuffle) return new Random(seed, 'shuffle', epoch).permutation(samples, order)
  for (let i = 0; i < samples; i++) order[i] = i
  return order
}

/** How many minibatches an epoch has; the last one may be shorter. */
export function countMinibatches(samples: number, batchSize: number): number {
  return Math.ceil(samples / batchSize)
}
