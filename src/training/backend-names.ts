/** The backends that can be asked for by name. */
export const backendNames = ['auto', 'webgpu', 'wasm', 'cpu'] as const
/** The name of a backend. */
export type BackendName = (typeof backendNames)[number]
