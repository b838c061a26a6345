import type { Backend } from '../../backend/backend.ts'
import { cpu } from '../../backend/host/backend.ts'
import { wasm } from '../../backend/host/wasm/backend.ts'

/** The most placements with WebAssembly: browsers reserve gigabytes of addresses for the memory of each, and have few. */
const MOST_PLACED = 32

/**
 * The backends with which a live sweep computes in host memory: that of the sweep, or WebAssembly if that is a device; and
 * without WebAssembly for more networks than have a memory.
 */
export class HostBackends {
  readonly #backend: Backend
  readonly #own: Backend[] = []
  #rest: Backend | undefined
  #placed = 0

  constructor(backend: Backend) {
    this.#backend = backend.populate ? this.#open(wasm({ threads: 1 })) : backend
  }

  #open(backend: Backend): Backend {
    this.#own.push(backend)
    return backend
  }

  /** The backend of the next placement. */
  next(): Backend {
    if (this.#backend.name !== 'wasm' || this.#placed++ < MOST_PLACED) return this.#backend
    return (this.#rest ??= this.#open(cpu()))
  }

  dispose(): void {
    for (const backend of this.#own) backend.dispose()
  }
}
