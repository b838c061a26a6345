/** What child processes, Deno and pages run of the pool's tests; bundle.ts makes one file of it. */
export { findFeatures } from '../../src/backend/host/wasm/features.ts'
export { openPool } from '../../src/backend/host/wasm/pool.ts'
export { usualThreads } from '../../src/backend/host/wasm/threads.ts'
export { Exchange } from './exchange.ts'
