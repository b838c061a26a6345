/** `#gpu` where the platform itself gives WebGPU: browsers, workers, Deno. In Node `src/node/dawn.ts` takes its place. */

const { navigator, isSecureContext } = globalThis as { navigator?: { gpu?: GPU }; isSecureContext?: boolean }

/** Work of about this many milliseconds goes into one submit: under a frame, so that the page stays smooth. */
export const submitMilliseconds = 12

/** What to say where WebGPU is there but gives no adapter: an old driver, or a GPU that the browser has on its list. */
export const noAdapter = 'WebGPU finds no GPU that it can use (in Chrome and Edge, the page chrome://gpu says why)'

/** The platform's WebGPU, or undefined where it has none; {@link loadFailure} then says why. */
// eslint-disable-next-line @typescript-eslint/require-await -- the same signature as Dawn's, which is loaded on demand
export async function openGPU(): Promise<GPU | undefined> {
  return navigator?.gpu
}

/** Why there is no WebGPU here, in a sentence with a mend; undefined where there is. */
export function loadFailure(): string | undefined {
  if (navigator?.gpu) return undefined
  // Browsers hide WebGPU from pages that came over plain http; it looks like a missing feature, and is not one.
  if (isSecureContext === false)
    return 'browsers give WebGPU to secure pages only: serve this one over https or localhost'
  return 'this browser has no WebGPU: use a recent Chrome, Edge, Firefox or Safari'
}
