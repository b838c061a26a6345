import { loadCode } from '../loading.ts'

/**
 * The module with everything that runs on a GPU. In a separate file, so that declarations of the public API do not lead to it.
 * @throws BackendUnavailableError where it cannot be loaded
 */
export const loadWebGPU = () => loadCode('webgpu', () => import('./opened-backend.ts'))
