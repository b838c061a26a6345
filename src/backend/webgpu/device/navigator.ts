/** `#gpu` where the platform itself gives WebGPU: browsers, workers, Deno. In Node `src/node/dawn.ts` takes its place. */

/** What this module looks for in its surroundings: each may be missing, and may be set after this module was loaded. */
interface Surroundings {
  navigator?: { gpu?: GPU; userAgent?: string; maxTouchPoints?: number; deviceMemory?: number }
  isSecureContext?: boolean
  Deno?: unknown
  process?: { versions?: { node?: string } }
}
const surroundings = globalThis as Surroundings

/** Work of about this many milliseconds goes into one submit: under a frame, so that the page stays smooth. */
export const submitMilliseconds = 12

/** On iPhones and iPads, the most bytes of device memory that training data take by default. */
const APPLE_MOBILE_BYTES = 2 ** 28
/** The largest value of `navigator.deviceMemory`, in GiB: there may be more. */
const MOST_DEVICE_MEMORY = 8

/**
 * The most bytes of device memory that training data take by default; larger data pass through in windows. iOS ends a page
 * that holds about 1.5 GB, without an error (WebKit bug 49472), and data are there up to three times: as they were given,
 * packed for the device, and on it. Browsers that say how much memory the machine has give an eighth of it.
 */
export function usualDataMemory(): number {
  const { userAgent = '', maxTouchPoints = 0, deviceMemory } = surroundings.navigator ?? {}
  // iPads call themselves Macintosh, which has no touch screen.
  if (/iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1)) {
    return APPLE_MOBILE_BYTES
  }
  return deviceMemory !== undefined && deviceMemory < MOST_DEVICE_MEMORY ? (deviceMemory / 8) * 2 ** 30 : Infinity
}

/** What to say where WebGPU is there but gives no adapter: an old driver, or a GPU that the browser has on its list. */
export const noAdapter = 'WebGPU finds no GPU that it can use (in Chrome and Edge, the page chrome://gpu says why)'

/** The platform's WebGPU, or undefined where it has none; {@link loadFailure} then says why. */
// eslint-disable-next-line @typescript-eslint/require-await -- the same signature as Dawn's, which is loaded on demand
export async function openGPU(): Promise<GPU | undefined> {
  return surroundings.navigator?.gpu
}

/** Why WebGPU is not available, and what to do about it, as a sentence; undefined if it is available. */
export function loadFailure(): string | undefined {
  const { navigator, isSecureContext, Deno, process } = surroundings
  if (navigator?.gpu) return undefined
  if (Deno !== undefined) return 'this Deno offers no WebGPU: update Deno, or run it with --unstable-webgpu'
  if (process?.versions?.node !== undefined) {
    return (
      "this is webgpu-mlp's build for browsers, which does not load Dawn: let Node or the bundler resolve 'webgpu-mlp' " +
      "with the export condition 'node'"
    )
  }
  // Browsers hide WebGPU from pages that came over plain http; it looks like a missing feature, and is not one.
  if (isSecureContext === false)
    return 'browsers give WebGPU to secure pages only: serve this one over https or localhost'
  return 'this browser has no WebGPU: use a recent Chrome, Edge, Firefox or Safari'
}
