/**
 * `#gpu` in the published package: what browsers give, unless the build for Node provides its own. All builds share
 * the files of the library this way; in the sources and the tests, `package.json` resolves `#gpu` instead.
 */

import * as browser from './navigator.ts'

/** What a platform provides; `navigator.ts` describes each. */
export interface PlatformGPU {
  readonly noAdapter: string
  readonly submitMilliseconds: number
  openGPU(): Promise<GPU | undefined>
  loadFailure(): string | undefined
  usualDataMemory(): number
}

let platform: PlatformGPU = browser
export let noAdapter: string = browser.noAdapter
export let submitMilliseconds: number = browser.submitMilliseconds

/** Replaces what browsers give. Called by the entries for Node before anything else runs. */
export function provideGPU(own: PlatformGPU): void {
  platform = own
  noAdapter = own.noAdapter
  submitMilliseconds = own.submitMilliseconds
}

export const openGPU: PlatformGPU['openGPU'] = () => platform.openGPU()
export const loadFailure: PlatformGPU['loadFailure'] = () => platform.loadFailure()
export const usualDataMemory: PlatformGPU['usualDataMemory'] = () => platform.usualDataMemory()
