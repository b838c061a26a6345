import type { DataSource, Snapshot } from './placement.ts'

/** A network as it begins, or as it goes on. */
export interface LaneNetwork {
  /** That of its orders. */
  readonly seed: number
  /** Laid out as `network.parameters`. */
  readonly parameters: Snapshot['parameters']
  /** As {@link Snapshot.state}; by default, what it is before the first step. */
  readonly state?: Snapshot['state'] | undefined
}

/** Epochs of networks side by side, in the orders of `epochOrder(samples, seed, epoch, true)`. */
export interface LaneEpochs {
  /** The number of the first epoch, counted from 1 over the training's life, and how many are trained. */
  readonly first: number
  readonly count: number
  /** @param epoch counted from 0 over the training's life */
  readonly rate: (network: number, epoch: number) => number
  /** Whether {@link LaneSums.right} counts labels. */
  readonly countsLabels: boolean
  readonly signal?: AbortSignal | undefined
}

/** Sums over the samples of each epoch, networks × epochs, as of {@link Sums}. */
export interface LaneSums {
  /** Not finite where a parameter is not at the end of the epoch. */
  readonly losses: Float64Array
  readonly right: Float64Array
}

/**
 * A few small networks of one shape that one thread of the host trains side by side, because its vectors have a lane for each.
 * All bits are those of networks that are trained one at a time on the same backend. Unlike those of a placement, networks
 * that diverge go on: their losses are not finite from then on.
 */
export interface NetworkLanes {
  /** The most networks. */
  readonly lanes: number
  /** Replaces all networks. @param networks one for each lane, or fewer */
  write(networks: readonly LaneNetwork[]): void
  /** Trains epochs one after another. */
  train(data: DataSource, epochs: LaneEpochs): Promise<LaneSums>
  /** Copies of a network's parameters and of its optimizer's state. */
  read(network: number): { readonly parameters: Float32Array; readonly state: Float32Array }
  /** The data will not be used again, so that copies of them are freed. */
  release(data: DataSource): void
  dispose(): void
}
