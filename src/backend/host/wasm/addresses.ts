import type { Layer } from '../../../model/layout.ts'
import type { PlacementSettings } from '../../backend.ts'
import type { Kit } from './kit.ts'

/** Where the values of a placed network are, in bytes. */
export interface Addresses {
  readonly control: number
  readonly parameters: number
  readonly gradients: number
  readonly state: number
  /** The minibatch of training: its rows, and one array a layer. */
  readonly inputs: number
  readonly targets: number
  readonly weights: number
  readonly z: readonly number[]
  readonly a: readonly number[]
  readonly deltas: readonly number[]
  /** What each layer reads. */
  readonly below: readonly number[]
  /** Two float64 for each row. */
  readonly scores: number
  /** Partial sums of the gradients' squares, float64. */
  readonly squares: number
  /** The scratch memory of the first thread; that of the others follows. */
  readonly scratch: number
}

/** What a program is written for. */
export interface ProgramSettings {
  readonly layers: readonly Layer[]
  readonly settings: PlacementSettings
  readonly addresses: Addresses
  readonly kit: Kit
}
