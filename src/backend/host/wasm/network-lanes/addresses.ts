import type { ProgramSettings } from '../addresses.ts'

/** Where the values of four networks are, in bytes: of each number four, one for each network. */
export interface LaneAddresses {
  readonly parameters: number
  readonly state: number
  /** Partial sums of gradients: three vectors for each parameter. */
  readonly scratch: number
  /** The first words of the generators of the orders: three vectors. */
  readonly words: number
}

/** What a program is written for. */
export interface LaneSettings extends Pick<ProgramSettings, 'layers' | 'settings' | 'kit'> {
  readonly addresses: LaneAddresses
}
