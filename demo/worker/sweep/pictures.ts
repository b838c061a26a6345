import type { Matrix } from '../../../src/index.ts'
import { byteOf, byteOfClass } from '../../sweep/bytes.ts'
import type { Regions } from '../../protocol.ts'
import type { PlaneGrid } from '../plane.ts'

/** Writes the picture of a network at a place among others. @param activation of the output layer */
export function writePicture(
  into: Uint8Array,
  place: number,
  { grid, side, outputs, activation }: { grid: PlaneGrid; side: number; outputs: Matrix; activation: string },
): void {
  const { shares, best }: Regions = grid.regions(side, outputs.data, activation)
  const first = place * side * side
  for (let i = 0; i < shares.length; i++) {
    into[first + i] = best ? byteOfClass(best[i]!, shares[i]!) : byteOf(shares[i]!)
  }
}
