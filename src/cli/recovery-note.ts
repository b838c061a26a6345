import type { Recovery } from '../index.ts'

/** What is said where a GPU was lost and training went on. */
export function recoveryNote({
  reason,
  epoch,
  backend,
  isSlower,
}: Omit<Recovery, 'epoch'> & { epoch?: number }): string {
  const onto = isSlower ? `${backend.name}, which is slower` : 'a new device'
  const place = epoch === undefined ? '' : `after epoch ${epoch}, `
  return `webgpu-mlp: note: ${reason}; ${place}training went on on ${onto}`
}
