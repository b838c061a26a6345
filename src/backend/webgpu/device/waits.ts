import type { AdapterProfile } from './profile.ts'

/** Waits shorter than this, in milliseconds, are not worth anything but awaiting them. */
const NOTICEABLE = 5
/** A longer wait counts as this: then other work keeps the device busy. */
const LONGEST = 200
/** From this latency on, empty submits shorten the waits. */
const WORTH_NUDGING = 20
/** Milliseconds before the first empty submit, at least. */
const FIRST_NUDGE = 2

/**
 * How long an idle device takes to answer that it is idle. Firefox answers on a timer of 100 ms, so that all that can be
 * learned from a single wait is that it took no longer than that.
 */
async function measureLatency({ queue }: GPUDevice): Promise<number> {
  const wait = async () => {
    const began = performance.now()
    queue.submit([])
    await queue.onSubmittedWorkDone()
    return performance.now() - began
  }
  await wait() // It ends with the timer, somewhere between two of its beats; those that follow take a whole one.
  // Not one wait alone: a timer that fires a little early ends the next wait at the same beat.
  const long: number[] = []
  for (let short = 0; short < 3;) {
    const milliseconds = await wait()
    if (milliseconds < NOTICEABLE) short++
    else if (long.push(Math.min(milliseconds, LONGEST)) === 2) return Math.min(...long)
  }
  return 0
}

/**
 * What waiting for a device costs beyond its work. Where answers come on a timer, {@link Waits.until} sends an empty
 * submit when the work should be done: browsers look for finished work then. It does so seldom, at growing intervals,
 * because such questions slow a busy device down.
 */
export class Waits {
  readonly #gpu: GPUDevice
  readonly #profile: AdapterProfile
  #measuring: Promise<void> | undefined
  /** When the device should have finished all submitted work. */
  #due = 0
  #waiting = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(gpu: GPUDevice, profile: AdapterProfile) {
    this.#gpu = gpu
    this.#profile = profile
  }

  /** Measures the latency and writes it into the profile, once; on most devices that takes less than a millisecond. */
  measure(): Promise<void> {
    this.#measuring ??= measureLatency(this.#gpu).then((latency) => {
      this.#profile.latency = latency
    })
    return this.#measuring
  }

  /** Records that work of about `milliseconds` was submitted. */
  expect(milliseconds: number): void {
    this.#due = Math.max(this.#due, performance.now()) + milliseconds
  }

  /** Awaits an answer of the device. */
  async until<T>(answer: Promise<T>): Promise<T> {
    if (this.#profile.latency < WORTH_NUDGING) return answer
    this.#waiting++
    this.#nudgeLater(this.#half)
    try {
      return await answer
    } finally {
      if (--this.#waiting === 0) {
        clearTimeout(this.#timer)
        this.#timer = undefined
      }
    }
  }

  /** Half of the time until the work should be done: estimates are on the long side. */
  get #half(): number {
    return Math.max(FIRST_NUDGE, (this.#due - performance.now()) / 2)
  }

  #nudgeLater(delay: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#waiting === 0) return
      // More work may have been submitted since.
      if (this.#due - performance.now() <= delay) this.#gpu.queue.submit([])
      this.#nudgeLater(Math.max(1.5 * delay, this.#half))
    }, delay)
  }
}
