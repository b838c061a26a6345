import type { Backend, Placement, PlacementSettings, Population } from '../backend/backend.ts'
import { cpu } from '../backend/host/backend.ts'
import { webgpu, webgpuOn } from '../backend/webgpu/backend.ts'
import { explainMissingAdapter, findAdapter, isSoftware, nameAdapter } from '../backend/webgpu/device/adapter.ts'
import { BackendUnavailableError, checkName, describe, InputError } from '../core/errors.ts'
import { type Flag, kind } from '../core/schema.ts'
import type { Network } from '../model/network.ts'

/** The backends that can be asked for by name. */
export const backendNames = ['auto', 'webgpu', 'cpu'] as const
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
  help: 'auto, webgpu or cpu; auto takes a hardware GPU, else the CPU',
}

/**
 * The backend of a choice. 'auto' takes a hardware WebGPU adapter, else the CPU, and says why in its description; a
 * software adapter is used only when 'webgpu' is asked for by name.
 * @returns the backend, and whether it was opened here (then it is also disposed of here)
 * @throws InputError for a backend that was made without regard to `deterministic`
 */
export async function chooseBackend(
  choice: BackendName | Backend,
  deterministic = false,
): Promise<{ backend: Backend; opened: boolean }> {
  if (typeof choice === 'object') {
    if (!deterministic) return { backend: choice, opened: false }
    throw new InputError(
      'deterministic: goes with the name of a backend; make this one by webgpu({ deterministic: true })',
    )
  }
  if (choice === 'cpu') return { backend: cpu(), opened: true }
  if (choice === 'webgpu') return { backend: webgpu({ deterministic }), opened: true }
  const adapter = await findAdapter()
  if (adapter && !isSoftware(adapter.info)) {
    return { backend: new BackendWithFallback(await webgpuOn(adapter, deterministic)), opened: true }
  }
  const reason = adapter ? `the only WebGPU adapter is software, ${nameAdapter(adapter.info)}` : explainMissingAdapter()
  return { backend: cpuBecause(reason), opened: true }
}

/** The CPU, with the reason why it is not a GPU in the description. */
function cpuBecause(reason: string): Backend {
  const fallback = cpu()
  return { ...fallback, description: `${fallback.description}: ${reason}` }
}

/** A GPU, until it fails its self-test with a network: that one and all later networks are placed on the CPU. */
export class BackendWithFallback implements Backend {
  readonly #gpu: Backend
  #backend: Backend

  constructor(gpu: Backend) {
    this.#gpu = gpu
    this.#backend = gpu
  }

  get name(): string {
    return this.#backend.name
  }

  get description(): string {
    return this.#backend.description
  }

  get software(): boolean {
    return this.#backend.software
  }

  async place(network: Network, settings: PlacementSettings): Promise<Placement> {
    try {
      return await this.#backend.place(network, settings)
    } catch (error) {
      if (!(error instanceof BackendUnavailableError) || this.#backend !== this.#gpu) throw error
      this.#backend = cpuBecause(error.message)
      return this.#backend.place(network, settings)
    }
  }

  /** Populations are trained on GPUs only: where it fails the self-test, they are not trained side by side. */
  get populate() {
    const { populate } = this.#backend
    if (!populate) return undefined
    return (networks: readonly Network[], settings: readonly PlacementSettings[]): Promise<Population> =>
      populate.call(this.#backend, networks, settings)
  }

  dispose(): void {
    this.#gpu.dispose()
  }
}
