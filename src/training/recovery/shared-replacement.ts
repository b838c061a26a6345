import type { Backend, Placement, PlacementSettings } from '../../backend/backend.ts'
import type { Network } from '../../model/network.ts'
import type { LossChoice, Recovery } from './choices.ts'
import { placeRecoverable } from './recoverable.ts'
import { isLoss, Replacement, summaryOf } from './replacement.ts'

/** A loss that several populations share, which are at different epochs. */
export type SharedRecovery = Omit<Recovery, 'epoch'>

/** How losses are treated, and who hears of them. */
export interface SharedOptions {
  readonly onLoss: LossChoice
  readonly onRecovery: ((recovery: SharedRecovery) => void) | undefined
  readonly threads?: number | undefined
}

/**
 * The device of several populations: the first that finds it lost replaces it, and the others place their networks on the
 * device that replaced it.
 */
export class SharedReplacement {
  readonly #given: Backend
  readonly #replacement: Replacement
  readonly #options: SharedOptions
  #generation = 0
  #replacing: Promise<void> | undefined
  #recoveries = 0

  constructor(backend: Backend, options: SharedOptions) {
    this.#given = backend
    this.#replacement = new Replacement(backend, options.threads)
    this.#options = options
  }

  /** What networks are placed on now. */
  get backend(): Backend {
    return this.#replacement.backend
  }

  /** Whether a lost device is replaced. */
  get isWanted(): boolean {
    return this.#options.onLoss === 'recover'
  }

  /** How often the device was replaced; whoever places networks remembers it for {@link replaces}. */
  get generation(): number {
    return this.#generation
  }

  /** How many losses were recovered from. */
  get recoveries(): number {
    return this.#recoveries
  }

  /** Takes note of results that need not be computed again, whatever is lost. */
  noteProgress(generation: number): void {
    if (generation === this.#generation) this.#replacement.noteProgress()
  }

  /** Places one network, which replaces its device itself where a lost device is replaced. */
  place(backend: Backend, network: Network, settings: PlacementSettings): Promise<Placement> {
    return this.isWanted ? placeRecoverable(backend, network, settings) : backend.place(network, settings)
  }

  /** Takes note of a recovery of networks that are placed one at a time, which replace their device themselves. */
  note({ reason, backend, isSlower }: SharedRecovery): void {
    this.#recoveries++
    this.#options.onRecovery?.({ reason, backend, isSlower })
  }

  /**
   * Whether work failed because the device was lost; then another one, or the CPU, has replaced it.
   * @param generation when the networks were placed that the work was done with
   * @throws DeviceLostError where the backend was disposed of
   */
  async replaces(error: unknown, generation: number): Promise<boolean> {
    if (!this.isWanted) return false
    if (generation === this.#generation) {
      if (!(await isLoss(error, this.backend))) return false
      if (generation === this.#generation) this.#replacing ??= this.#next(error)
    }
    await this.#replacing
    return true
  }

  async #next(error: unknown): Promise<void> {
    try {
      const { name, description } = await this.#replacement.next(error)
      this.#generation++
      this.note({ reason: summaryOf(error), backend: { name, description }, isSlower: this.#replacement.isOnHost })
    } finally {
      this.#replacing = undefined
    }
  }

  /** Frees what replaced the backend, which is disposed of by whoever opened it. */
  dispose(): void {
    this.#replacement.dispose()
  }
}
