import type { Backend, Placement, PlacementSettings } from '../../backend/backend.ts'
import { loadCode } from '../../backend/loading.ts'
import type { Network } from '../../model/network.ts'
import type { Recoverable } from './choices.ts'

/** Whether the device of a backend may be lost. A backend may choose a device or the CPU each time that a network is placed. */
const mayBeLost = (backend: Backend) => backend.reopen !== undefined

/** Whether a network is placed anew when its device is lost. */
export const isRecoverable = (placement: Placement): placement is Recoverable => 'listen' in placement

/**
 * Places a network so that losses of its device are recovered from; on a backend without a device, it is a placement as
 * others. The code for losses is loaded only where there is a device that can be lost.
 * @param threads of the backend wasm, where training goes on there
 * @throws what the backend throws, except for losses of its device
 */
export async function placeRecoverable(
  backend: Backend,
  network: Network,
  settings: PlacementSettings,
  threads?: number,
): Promise<Placement> {
  if (!mayBeLost(backend)) {
    try {
      const placement = await backend.place(network, settings)
      if (!mayBeLost(backend)) return placement
      placement.dispose()
    } catch (error) {
      if (!mayBeLost(backend)) throw error
    }
  }
  const { RecoverablePlacement } = await loadCode(backend.name, () => import('./recoverable-placement.ts'))
  return RecoverablePlacement.place(backend, network, settings, threads)
}
