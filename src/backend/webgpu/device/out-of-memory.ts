import { OutOfMemoryError } from '../../../core/errors.ts'
import { describeBytes } from '../../../core/memory.ts'

/** What makes an allocation smaller, by what is allocated; for all others, smaller layers and batches do. */
const remedies: Readonly<Record<string, string>> = {
  'data set': 'set dataMemory to fewer bytes, so that the data pass through the device in windows',
}
const usualRemedy = 'use smaller layers or a smaller batchSize'

/**
 * The error of an allocation that the device has no memory for, as one sentence.
 * @param what was allocated
 * @param bytes that it takes; 0 if no buffer was made
 */
export function outOfMemory(device: string, what: string, bytes: number): OutOfMemoryError {
  const needed = bytes > 0 ? `${describeBytes(bytes)} more` : 'this step'
  const remedy = remedies[what] ?? usualRemedy
  return new OutOfMemoryError(
    `${what}: '${device}' has no memory left for ${needed}; ${remedy}, dispose of trainers that are not needed, or use ` +
      "backend: 'cpu'",
  )
}
