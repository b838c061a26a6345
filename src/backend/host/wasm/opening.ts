import type { Layer } from '../../../model/layout.ts'
import type { Network } from '../../../model/network.ts'
import type { Backend, NetworkLanes, Placement, PlacementSettings } from '../../backend.ts'
import { loadCode } from '../../loading.ts'
import { HostPlacement } from '../placement.ts'
import type { StageSet } from '../stage-set.ts'
import { wasmMemory } from './heap.ts'
import { findFeatures, type WasmFeatures } from './features.ts'
import { openNetworkLanes } from './network-lanes/lanes.ts'
import { openPool, type Pool } from './pool.ts'
import { openWasmStages } from './open-stages.ts'
import { usualThreads } from './threads.ts'

/** Steps of fewer multiplications than this run on one thread, because several would mostly wait for each other. */
const SMALL_STEP = 100_000

/** The backend with WebAssembly, or the CPU backend with the reason where this engine cannot run it. */
export async function openWasm(threads = usualThreads()): Promise<Backend> {
  const features = findFeatures()
  const { obstacle } = features
  if (obstacle === undefined) return new OpenWasmBackend(threads, features)
  const { cpu } = await loadCode('cpu', () => import('../backend.ts'))
  const fallback = cpu()
  return { ...fallback, description: `${fallback.description}: WebAssembly is not used, because ${obstacle}` }
}

class OpenWasmBackend implements Backend {
  readonly name = 'wasm'
  readonly software = false
  readonly #threads: number
  readonly #features: WasmFeatures
  #opening: Promise<Pool> | undefined
  #pool: Pool | undefined

  constructor(threads: number, features: WasmFeatures) {
    this.#threads = threads
    this.#features = features
  }

  get description(): string {
    const { threads, reason } = this.#pool ?? { threads: 1, reason: undefined }
    const simd = this.#features.isRelaxed ? 'relaxed SIMD' : 'SIMD'
    const because = reason === undefined ? '' : `, because ${reason}`
    return `WebAssembly ${simd}, float32, ${threads} thread${threads === 1 ? '' : 's'}${because}`
  }

  async place(network: Network, settings: PlacementSettings): Promise<Placement> {
    const isSmall = network.parameters.length * settings.batchSize < SMALL_STEP
    // Small networks need no other threads; they are started when the first larger one is placed.
    const pool = isSmall || this.#threads === 1 ? undefined : await this.#openPool()
    const set: StageSet = {
      // Relaxed SIMD rounds otherwise: a training that goes on without it gives other bits.
      form: this.#features.isRelaxed ? 'float32, relaxed' : 'float32',
      memoryLimit: wasmMemory,
      open: (setting) => openWasmStages(setting, pool, this.#features),
    }
    return HostPlacement.place(this.name, set, network, settings)
  }

  openLanes(layers: readonly Layer[], settings: PlacementSettings): Promise<NetworkLanes | undefined> {
    return openNetworkLanes(layers, settings, this.#features)
  }

  async #openPool(): Promise<Pool> {
    // Without a thread that has ended, no network can be trained: the next one gets new threads.
    if (this.#pool?.hasFailed) this.#opening = this.#pool = undefined
    this.#opening ??= openPool(this.#threads)
    this.#pool = await this.#opening
    return this.#pool
  }

  dispose(): void {
    void this.#opening?.then((pool) => pool.dispose())
    this.#opening = undefined
  }
}
