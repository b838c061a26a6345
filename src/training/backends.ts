import type { Backend } from '../backend/backend.ts'
import { cpu } from '../backend/host/backend.ts'
import { webgpu, webgpuOn } from '../backend/webgpu/backend.ts'
import { explainMissingAdapter, findAdapter, isSoftware, nameAdapter } from '../backend/webgpu/device/adapter.ts'
import { checkName, describe, InputError } from '../core/errors.ts'
import { type Flag, kind } from '../core/schema.ts'

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
 */
export async function chooseBackend(choice: BackendName | Backend): Promise<{ backend: Backend; opened: boolean }> {
  if (typeof choice === 'object') return { backend: choice, opened: false }
  if (choice === 'cpu') return { backend: cpu(), opened: true }
  if (choice === 'webgpu') return { backend: webgpu(), opened: true }
  const adapter = await findAdapter()
  if (adapter && !isSoftware(adapter.info)) return { backend: await webgpuOn(adapter), opened: true }
  const reason = adapter ? `the only WebGPU adapter is software, ${nameAdapter(adapter.info)}` : explainMissingAdapter()
  const fallback = cpu()
  return { backend: { ...fallback, description: `${fallback.description}: ${reason}` }, opened: true }
}
