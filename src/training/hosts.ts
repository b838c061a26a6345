import type { Backend } from '../backend/backend.ts'
import { cpu } from '../backend/host/backend.ts'
import { wasm } from '../backend/host/wasm/backend.ts'
import { BackendWithFallback, type FallbackOptions } from './fallback.ts'

/** The backends of the host, WebAssembly first. */
export const openHosts = (threads: number | undefined, options: FallbackOptions): Backend =>
  new BackendWithFallback([wasm({ threads }), cpu()], options)
