import type { Backend } from '../../backend/backend.ts'
import type { Network } from '../../model/network.ts'
import { type Member, networkOf, type Plan } from './members.ts'
import type { Trained } from './trained.ts'

/** What all parts of a running sweep work with. */
export interface Context extends Plan {
  readonly backend: Backend
}

/** What was done since the last report. */
export interface Progress {
  /** Epochs that were trained, of all networks together. */
  readonly epochs: number
  /** The networks that reached the epoch up to which they are trained. */
  readonly trained: readonly Trained[]
}

/**
 * Networks that are trained together: side by side on a device (side-by-side.ts), or one after another (one-by-one.ts). A
 * third way, on several threads, would be one more implementation.
 */
export interface Group {
  readonly members: readonly Member[]
  /**
   * Trains members up to an epoch, from where they are.
   * @param kept those that are still trained; the others are not any more
   */
  trainTo(epoch: number, kept: readonly Member[]): AsyncGenerator<Progress>
  /** Why its networks are trained separately; undefined where they are trained side by side. */
  readonly reason: string | undefined
  dispose(): void
}

/** A network with trained parameters. */
export function trainedNetwork(member: Member, parameters: Float32Array): Network {
  const network = networkOf(member)
  network.parameters.set(parameters)
  return network
}
