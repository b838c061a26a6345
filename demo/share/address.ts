import { toHash } from '../link.ts'
import type { Settings } from '../settings.ts'

/** The parameter of an address that shows the network without the header and the controls. */
const EMBED = 'embed'

export const isEmbedded = (address: string): boolean => new URL(address).searchParams.get(EMBED) === '1'

/** The address of a run with these settings: the whole page, or without the header and the controls. */
export function addressOf(page: string, settings: Settings, { embedded = false } = {}): string {
  const address = new URL(page)
  address.search = embedded ? `?${EMBED}=1` : ''
  address.hash = toHash(settings)
  return address.href
}

/** HTML that shows a run inside an article or a lesson. */
export function embedCode(page: string, settings: Settings): string {
  const source = addressOf(page, settings, { embedded: true }).replaceAll('&', '&amp;')
  return `<iframe src="${source}" title="A neural network that learns" width="760" height="460" style="border:0" loading="lazy"></iframe>`
}
