import { type Fields, integer, optional, readOptions } from '../../../core/schema.ts'
import type { Layer } from '../../../model/layout.ts'
import type { Network } from '../../../model/network.ts'
import type { Backend, NetworkLanes, Placement, PlacementSettings } from '../../backend.ts'
import { loadCode } from '../../loading.ts'
import { timed } from '../../profiler.ts'
import { withRecipe } from '../recipe.ts'

/** The options of {@link wasm}. */
export interface WasmOptions {
  /**
   * How many threads compute, the calling one included: 1 to 256. Threads need shared memory, which pages have only where
   * they are cross-origin isolated; elsewhere there is one. The results do not depend on it. Default: all cores in Node,
   * Deno and Bun; in browsers all but one.
   */
  threads?: number | undefined
}

/** The most threads that can be requested. */
const MOST_THREADS = 256

export const threadsOption = optional(integer(1, MOST_THREADS), {
  flag: '--threads <count>',
  help: 'threads of the backend wasm (default: all cores)',
})

export const wasmSchema = {
  name: 'wasm',
  fields: { threads: threadsOption } satisfies Fields<WasmOptions>,
}

/**
 * The fast CPU backend: WebAssembly with 128-bit SIMD, float32, on several threads. Its code is loaded when the first
 * network is placed on it. Where the engine cannot run it (without SIMD, or under a Content-Security-Policy that forbids
 * WebAssembly), networks are placed on the backend {@link cpu} instead, and `description` says why. The threads do not keep
 * a process alive; `dispose` of the backend ends them.
 * @param options the number of `threads`, 1 to 256, the calling one included; default all cores, in browsers all but
 *   one, and 1 where there is no shared memory
 * @throws InputError for a number of threads below 1 or above 256
 * @example
 * const backend = wasm({ threads: 2 })
 * const trainer = await Trainer.create(network, { backend })
 * console.log(trainer.backend.description) // WebAssembly SIMD, float32, 2 threads
 */
export function wasm(options: WasmOptions = {}): Backend {
  const { threads } = readOptions(wasmSchema, options)
  return withRecipe(new WasmBackend(threads), { name: 'wasm', threads })
}

/** The backend before its code is loaded. */
class WasmBackend implements Backend {
  readonly software = false
  readonly #threads: number | undefined
  #opening: Promise<Backend> | undefined
  #opened: Backend | undefined

  constructor(threads: number | undefined) {
    this.#threads = threads
  }

  get name(): string {
    return this.#opened?.name ?? 'wasm'
  }

  get description(): string {
    return this.#opened?.description ?? 'WebAssembly SIMD, float32, not opened yet'
  }

  async place(network: Network, settings: PlacementSettings): Promise<Placement> {
    return (await this.#backend(settings)).place(network, settings)
  }

  async openLanes(layers: readonly Layer[], settings: PlacementSettings): Promise<NetworkLanes | undefined> {
    return (await this.#backend(settings)).openLanes?.(layers, settings)
  }

  async #backend({ profiler }: PlacementSettings): Promise<Backend> {
    this.#opening ??= this.#open()
    const opening = this.#opening
    return (this.#opened = await timed(profiler, 'open', 'WebAssembly', () => opening))
  }

  async #open(): Promise<Backend> {
    try {
      const { openWasm } = await loadCode('wasm', () => import('./opening.ts'))
      return await openWasm(this.#threads)
    } catch (error) {
      // The next network tries again.
      this.#opening = undefined
      throw error
    }
  }

  dispose(): void {
    this.#opening?.then((backend) => backend.dispose()).catch(() => undefined)
    this.#opening = undefined
  }
}
