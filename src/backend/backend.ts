import type { Layer } from '../model/layout.ts'
import type { Network } from '../model/network.ts'
import type { NetworkLanes } from './network-lanes.ts'
import type { Placement, PlacementSettings } from './placement.ts'
import type { Population } from './population.ts'

export * from './placement.ts'
export type * from './population.ts'
export type * from './network-lanes.ts'

/**
 * The interface between the training code and the code that computes. A backend holds parameters, the optimizer's state
 * and data sets, runs minibatches and returns results. It does not know the number of epochs of a run, learning rate
 * schedules, early stopping, checkpoints, files, or data sets that do not fit: all of that is in `src/training`.
 */
export interface Backend {
  /** 'webgpu', 'wasm' or 'cpu'. */
  readonly name: string
  /** A text for people: the adapter's name, or the precision. */
  readonly description: string
  /** Whether it is a GPU that is emulated in software. */
  readonly software: boolean
  /**
   * Copies the network's parameters to where the backend computes, and allocates the memory that training needs.
   * @internal
   */
  place(network: Network, settings: PlacementSettings): Promise<Placement>
  /**
   * Places many networks of one shape to train them side by side. Absent where a backend trains one at a time.
   * @param networks one for each of the settings; or a single one for all, whose parameters all of them begin with
   * @param settings one for each network, which differ in numbers only: learning rate, decays, momentum, l1, l2, seed.
   *   Networks with equal settings share one object, so that they take no work of the host each
   * @param form that of an earlier population whose training goes on here ({@link PopulationState.form}); by default, the
   *   fastest one for this number of networks
   * @internal
   * @throws InputError if they differ in anything else, are too large to be trained side by side, or cannot have this form
   */
  readonly populate?:
    | ((networks: readonly Network[], settings: readonly PlacementSettings[], form?: string) => Promise<Population>)
    | undefined
  /** Whether the device that networks are placed on was lost; absent where the backend has none that can be. */
  readonly isLost?: boolean | undefined
  /**
   * Resolves when that device is lost, also while nothing is computed; a device that replaces it has another promise. Absent
   * as above, and before a device is open.
   */
  readonly lost?: Promise<void> | undefined
  /**
   * Replaces a device that was lost by another one, on which networks are placed from then on; does nothing where it is not
   * lost. Absent where the backend has no device.
   * @throws BackendUnavailableError where there is no other device
   */
  readonly reopen?:
    | ((options: {
        /** Whether it is given less work at a time, because a device was lost over the same work. */ readonly smaller: boolean
      }) => Promise<void>)
    | undefined
  /**
   * Opens the training of a few networks of one shape side by side on one thread. Absent where a backend has none.
   * @param settings of all networks; their learning rate is not used
   * @internal
   * @returns undefined for networks that are faster, or that can only be trained, one at a time
   */
  readonly openLanes?:
    ((layers: readonly Layer[], settings: PlacementSettings) => Promise<NetworkLanes | undefined>) | undefined
  /** Frees what the backend itself opened. */
  dispose(): void
}
