import type { EpochOrder, Sums } from '../backend/backend.ts'

/** Epochs that were handed over, and whose results are not known yet. */
export interface StartedEpochs {
  readonly orders: readonly EpochOrder[]
  /** Steps of each. */
  readonly steps: number
  readonly began: number
  /** Of an epoch of which some steps were made one by one. */
  readonly sumsBefore: Sums | undefined
  /** The number of those steps. */
  readonly minibatchesBefore: number
  /** One after another; with validation data each part is one epoch, scored after it. */
  readonly parts: readonly { readonly sums: Promise<Sums[]>; readonly validated: Promise<Sums> | undefined }[]
}

/**
 * Waits for epochs whose results are not needed any more.
 * @returns 'trained' where all of them were trained, to finite losses; 'failed' where a call failed or was aborted
 */
export async function settledEpochs({ parts, orders }: StartedEpochs): Promise<'trained' | 'diverged' | 'failed'> {
  await Promise.allSettled(parts.flatMap(({ validated }) => validated ?? []))
  const results = await Promise.allSettled(parts.map(({ sums }) => sums))
  const sums = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  if (sums.length === orders.length && sums.every(({ loss }) => Number.isFinite(loss))) return 'trained'
  if (results.some(({ status }) => status === 'rejected')) return 'failed'
  // Epochs after one that diverged have no results. A call that failed may have started none of its epochs, or some.
  const isBroken = (each: readonly Sums[]) => each.length === 0 || each.some(({ loss }) => !Number.isFinite(loss))
  return results.some((result) => result.status === 'fulfilled' && isBroken(result.value)) ? 'diverged' : 'failed'
}
