/** `#cache` in the published package: that of browsers, unless the build for Node provides its own (`provided.ts`). */

import * as browser from './page-cache.ts'

/** What a platform provides. */
export type PlatformCache = typeof browser

let platform: PlatformCache = browser

/** Replaces the cache of browsers. Called by the entries for Node before anything else runs. */
export function provideCache(own: PlatformCache): void {
  platform = own
}

export const engineVersion: PlatformCache['engineVersion'] = () => platform.engineVersion()
export const readEntry: PlatformCache['readEntry'] = (key) => platform.readEntry(key)
export const writeEntry: PlatformCache['writeEntry'] = (key, entry) => platform.writeEntry(key, entry)
