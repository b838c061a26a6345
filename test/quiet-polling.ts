/**
 * Set-up of the tests: lets the main thread sleep while it waits for the GPU.
 *
 * Dawn's add-on for Node polls for results in a chain of `setImmediate` calls, which keeps a core busy for as long as a
 * promise is pending. With SwiftShader the same cores compile and run the kernels, and on a machine with two cores the
 * polling takes nearly half of the time of the whole test run. The tests that measure time do not use this set-up.
 */

/** The longest sleep between two polls, in milliseconds. */
const LONGEST_SLEEP = 1
/** A sleep is at most this share of the time already waited, so that short waits stay short. */
const SHARE_OF_WAIT = 0.25
/** If two polls are further apart than this, in milliseconds, other work was done between them: a new wait begins. */
const GAP = 0.1

const neverWoken = new Int32Array(new SharedArrayBuffer(4))
const setImmediateOfNode = globalThis.setImmediate
let waitingSince = 0
let lastPoll = 0

/** Dawn's polls are native functions; the callbacks of Node and the tests are not. */
const isPoll = (callback: { name: string; length: number }) =>
  callback.name === '' && callback.length === 0 && Function.prototype.toString.call(callback).includes('[native code]')

function sleepBeforePoll(): void {
  const now = performance.now()
  if (now - lastPoll > GAP) waitingSince = now
  const sleep = Math.min(LONGEST_SLEEP, SHARE_OF_WAIT * (now - waitingSince))
  if (sleep > 0.02) Atomics.wait(neverWoken, 0, 0, sleep)
  lastPoll = performance.now()
}

globalThis.setImmediate = Object.assign(
  <Values extends unknown[]>(callback: (...values: Values) => void, ...values: Values) => {
    if (isPoll(callback)) sleepBeforePoll()
    return setImmediateOfNode(callback, ...values)
  },
  { __promisify__: setImmediateOfNode.__promisify__ },
)
