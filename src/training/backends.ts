import type { Backend, Placement, PlacementSettings, Population } from '../backend/backend.ts'
import { type Candidate, candidateOf, fastestBackend } from '../backend/faster.ts'
import { cpu } from '../backend/host/backend.ts'
import { recipeOf } from '../backend/host/recipe.ts'
import { wasm } from '../backend/host/wasm/backend.ts'
import { webgpu } from '../backend/webgpu/backend.ts'
import { explainMissingAdapter, findAdapter, isSoftware, nameAdapter } from '../backend/webgpu/device/adapter.ts'
import { loadWebGPU } from '../backend/webgpu/load.ts'
import { BackendUnavailableError, checkName, describe, InputError } from '../core/errors.ts'
import { type Flag, kind } from '../core/schema.ts'
import type { Network } from '../model/network.ts'

/** The backends that can be asked for by name. */
export const backendNames = ['auto', 'webgpu', 'wasm', 'cpu'] as const
/** The name of a backend. */
export type BackendName = (typeof backendNames)[number]

/** A backend, or the name of one. */
export const backendKind = {
  ...kind<BackendName | Backend>((argument, value) => {
    if (typeof value !== 'object' || value === null) return checkName(argument, value, backendNames)
    const { place, dispose } = value as Partial<Backend>
    if (typeof place === 'function' && typeof dispose === 'function') return value as Backend
    const hint = 'queue' in value ? '; pass a GPUDevice as webgpu({ device })' : ''
    throw new InputError(`${argument}: expected a name or a Backend, got ${describe(value)}${hint}`)
  }),
  names: backendNames,
}

export const backendFlag: Flag = {
  flag: '--backend <name>',
  help: 'auto, webgpu, wasm or cpu; auto takes a hardware GPU, else wasm; for small networks the faster one',
}

/** How a backend is made from its name. */
export interface NamedOptions {
  readonly deterministic?: boolean | undefined
  readonly threads?: number | undefined
}

/**
 * The backend of a choice. 'auto' takes a hardware WebGPU adapter, else WebAssembly, else the CPU, and says why in its
 * description; a software adapter is used only when 'webgpu' is asked for by name. For small networks 'auto' takes the
 * backend that was measured to be the fastest, unless it is deterministic.
 * @returns the backend, and whether it was opened here (then it is also disposed of here)
 * @throws InputError for a backend that was made without regard to `deterministic` or `threads`
 */
export async function chooseBackend(
  choice: BackendName | Backend,
  { deterministic = false, threads }: NamedOptions = {},
): Promise<{ backend: Backend; opened: boolean }> {
  if (typeof choice === 'object') {
    if (!deterministic && threads === undefined) return { backend: choice, opened: false }
    const [option, maker] = deterministic
      ? ['deterministic', 'webgpu({ deterministic: true })']
      : ['threads', `wasm({ threads: ${threads} })`]
    throw new InputError(`${option}: goes with the name of a backend; make this one by ${maker}`)
  }
  if (threads !== undefined && (choice === 'webgpu' || choice === 'cpu')) {
    throw new InputError(`threads: goes with the backends 'wasm' and 'auto'; '${choice}' has no such option`)
  }
  if (choice === 'cpu') return { backend: cpu(), opened: true }
  if (choice === 'wasm') return { backend: wasm({ threads }), opened: true }
  if (choice === 'webgpu') return { backend: webgpu({ deterministic }), opened: true }
  return { backend: await chooseAutomatically(deterministic, threads), opened: true }
}

async function chooseAutomatically(deterministic: boolean, threads: number | undefined): Promise<Backend> {
  const hosts = [wasm({ threads }), cpu()]
  const adapter = await findAdapter()
  const isMeasured = !deterministic
  if (adapter && !isSoftware(adapter.info)) {
    try {
      const { webgpuOn } = await loadWebGPU()
      return new BackendWithFallback([await webgpuOn(adapter, deterministic), ...hosts], { isMeasured })
    } catch (error) {
      if (!(error instanceof BackendUnavailableError)) throw error
      return new BackendWithFallback(hosts, { isMeasured, reason: error.message })
    }
  }
  const reason = adapter ? `the only WebGPU adapter is software, ${nameAdapter(adapter.info)}` : explainMissingAdapter()
  return new BackendWithFallback(hosts, { isMeasured, reason })
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

  /**
   * @param backends at least one
   * @param options `isMeasured`: whether small networks are placed on the fastest; `reason`: why there is no better one
   */
  constructor(backends: readonly Backend[], options: { isMeasured?: boolean; reason?: string } = {}) {
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
