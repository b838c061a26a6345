import type { Backend } from '../backend/backend.ts'
import { cpu } from '../backend/host/backend.ts'
import { loadCode } from '../backend/loading.ts'
import { BackendUnavailableError, checkName, describe, InputError } from '../core/errors.ts'
import { type Flag, kind } from '../core/schema.ts'
import { type BackendName, backendNames } from './backend-names.ts'

export { type BackendName, backendNames }

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
  return { backend: await openNamed(choice, deterministic, threads), opened: true }
}

/** Opens a backend with code that is loaded now: programs that import the functions of their backends need no others. */
async function openNamed(
  choice: Exclude<BackendName, 'cpu'>,
  deterministic: boolean,
  threads: number | undefined,
): Promise<Backend> {
  let code: typeof import('./named-backends.ts')
  try {
    code = await loadCode(choice, () => import('./named-backends.ts'))
  } catch (error) {
    // As in service workers, which load no code.
    if (choice !== 'auto' || !(error instanceof BackendUnavailableError)) throw error
    const fallback = cpu()
    return { ...fallback, description: `${fallback.description}: ${error.message}` }
  }
  return code.openNamed(choice, deterministic, threads)
}
