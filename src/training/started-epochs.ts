import type { EpochOrder, Sums } from '../backend/backend.ts'

/** Epochs that were handed over, and whose results are not known yet. */
export interface StartedEpochs {
  readonly orders: readonly EpochOrder[]
  /** Steps of each. */
  readonly steps: number
  readonly began: number
  /** Of an epoch of which some steps were made one by one. */
  readonly sumsBefore: Sums | undefined
  /** One after another; with validation data each part is one epoch, scored after it. */
  readonly parts: readonly { readonly sums: Promise<Sums[]>; readonly validated: Promise<Sums> | undefined }[]
}

/** Waits for epochs whose results are not needed any more. @returns whether all of them were trained, to finite losses */
export async function settledEpochs({ parts, orders }: StartedEpochs): Promise<boolean> {
  await Promise.allSettled(parts.flatMap(({ validated }) => validated ?? []))
  const results = await Promise.allSettled(parts.map(({ sums }) => sums))
  const sums = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  return sums.length === orders.length && sums.every(({ loss }) => Number.isFinite(loss))
}
