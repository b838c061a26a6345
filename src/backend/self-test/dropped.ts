import { dropoutKey, dropoutRow, dropoutThreshold, isKept } from '../../optimizer/dropout.ts'
import type { Drop } from '../webgpu/kernels/stage-kernels.ts'

/** The dropout of a tested layer, whose scale, 4/3, is not exact in float32. */
export const testedDrop: Drop = { share: 0.25, seed: 7, layer: 1 }
/** The number of the step, from which the dropped units follow. */
export const DROP_STEP = 3

/** What dropout multiplies each value of a layer by, rows × columns: 0 where a unit is dropped. */
export function dropFactors(rows: number, columns: number): Float64Array {
  const { share, seed, layer } = testedDrop
  const [key, threshold] = [dropoutKey(seed, layer), dropoutThreshold(share)]
  const factors = new Float64Array(rows * columns)
  for (let m = 0; m < rows; m++) {
    const row = dropoutRow(key, DROP_STEP, m)
    for (let i = 0; i < columns; i++) factors[m * columns + i] = isKept(row, i, threshold) ? 1 / (1 - share) : 0
  }
  return factors
}
