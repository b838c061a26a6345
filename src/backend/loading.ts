import { BackendUnavailableError } from '../core/errors.ts'

/**
 * Loads the code of a backend, which programs load only when they need it.
 * @throws BackendUnavailableError where it cannot be loaded: a page may be offline by now, and service workers load no code
 *   after they have started
 */
export async function loadCode<Code>(name: string, load: () => Promise<Code>): Promise<Code> {
  try {
    return await load()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const hint = 'ServiceWorkerGlobalScope' in globalThis ? '; bundle the service worker into one file' : ''
    throw new BackendUnavailableError(`backend '${name}': its code cannot be loaded: ${message}${hint}`, { cause: error }) // prettier-ignore
  }
}
