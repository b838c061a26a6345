import type { Backend, Placement, PlacementSettings, Population } from '../backend/backend.ts'
import { type Candidate, candidateOf, fastestBackend } from '../backend/faster.ts'
import { recipeOf } from '../backend/host/recipe.ts'
import { BackendUnavailableError } from '../core/errors.ts'
import type { Network } from '../model/network.ts'

/** How {@link BackendWithFallback} chooses. */
export interface FallbackOptions {
  /** Whether small networks are placed on the fastest. */
  readonly isMeasured?: boolean
  /** Why there is no better backend. */
  readonly reason?: string
}

/**
 * Several backends, the preferred one first: one that is not available, such as a GPU that fails its self-test with a
 * network, is left out from then on. All networks are placed on the first that is left, small ones on the fastest.
 */
export class BackendWithFallback implements Backend {
  #candidates: readonly Candidate[]
  readonly #all: readonly Backend[]
  readonly #isMeasured: boolean
  /** Why backends that are preferred to all of these are not among them. */
  readonly #reasons: string[]
  #chosen: Candidate

  /** @param backends at least one */
  constructor(backends: readonly Backend[], options: FallbackOptions = {}) {
    this.#all = backends
    this.#candidates = backends.map(candidateOf)
    this.#chosen = this.#candidates[0]!
    this.#isMeasured = options.isMeasured ?? false
    this.#reasons = options.reason === undefined ? [] : [options.reason]
  }

  get #backend(): Backend {
    return this.#chosen.backend
  }

  get name(): string {
    return this.#backend.name
  }

  get description(): string {
    const { description } = this.#backend
    const isPreferred = this.#chosen === this.#candidates[0]
    const reasons = isPreferred ? this.#reasons : ['it was measured to be the fastest for this network']
    if (reasons.length === 0) return description
    return `${description}${description.includes(': ') ? '; ' : ': '}${reasons.join('; ')}`
  }

  get software(): boolean {
    return this.#backend.software
  }

  get isLost(): boolean | undefined {
    return this.#backend.isLost
  }

  get lost(): Promise<void> | undefined {
    return this.#backend.lost
  }

  get reopen(): Backend['reopen'] {
    const backend = this.#backend
    return backend.reopen && ((options) => backend.reopen!(options))
  }

  async place(network: Network, settings: PlacementSettings): Promise<Placement> {
    for (;;) {
      this.#chosen = await this.#choose(network, settings)
      try {
        return await this.#backend.place(network, settings)
      } catch (error) {
        if (!(error instanceof BackendUnavailableError) || this.#candidates.length === 1) throw error
        this.#leaveOut(this.#chosen, error)
      }
    }
  }

  async #choose(network: Network, settings: PlacementSettings): Promise<Candidate> {
    const candidates = this.#candidates
    if (!this.#isMeasured) return candidates[0]!
    return fastestBackend(candidates, network, settings, (one, error) => this.#leaveOut(one, error))
  }

  /**
   * The backend of the host that trains a network where many are trained: the first one where there is no GPU, because
   * measuring each shape takes longer than many of them train.
   * @returns undefined where the network is placed on a GPU
   */
  async hostFor(network: Network, settings: PlacementSettings): Promise<Backend | undefined> {
    const areHosts = this.#candidates.every(({ backend }) => recipeOf(backend))
    const { backend } = areHosts ? this.#candidates[0]! : await this.#choose(network, settings)
    return recipeOf(backend) && backend
  }

  /** The last one stays: whoever places a network on it gets its error. */
  #leaveOut(candidate: Candidate, { message }: Error): void {
    if (this.#candidates.length === 1) return
    this.#candidates = this.#candidates.filter((one) => one !== candidate)
    this.#reasons.push(message)
  }

  /** Populations are trained on GPUs only: where it fails the self-test, they are not trained side by side. */
  get populate() {
    const { populate } = this.#backend
    if (!populate) return undefined
    return (...given: Parameters<typeof populate>): Promise<Population> => populate.apply(this.#backend, given)
  }

  dispose(): void {
    for (const candidate of this.#all) candidate.dispose()
  }
}
