import { fromHash, toHash } from '../link.ts'
import type { Settings } from '../settings.ts'

/** Marks the entries of the browser's history that the page made; other entries are links that the user followed. */
export const OWN_ENTRY = 'page'

/** Writes the settings into the address. Another tab or another page of the lesson is a new entry in the history. */
export function writeAddress(next: Settings): void {
  const { settings: before } = fromHash(location.hash)
  const hash = toHash(next)
  const url = hash ? `#${hash}` : location.pathname + location.search
  const moved = next.tab !== before.tab || (next.tab === 'learn' && next.lesson !== before.lesson)
  if (moved) window.history.pushState(OWN_ENTRY, '', url)
  else window.history.replaceState(OWN_ENTRY, '', url)
}
