import type { Device } from './device.ts'

/** How many submits may be under way: one that runs, one that waits; with a profiler's clocks on, one. */
export const inFlight: Record<'normal' | 'timed', number> = { normal: 2, timed: 1 }

/**
 * How many steps go into one submit: so many that the device works about `target` milliseconds on it. Longer, and a
 * page stutters, a driver's watchdog fires and an abort waits; shorter, and the submits themselves cost. Learned from
 * what the submits took.
 */
export class Pace {
  readonly #target: number
  readonly #most: number
  #steps = 2
  /** Submits that the device has not come to the end of, the first first. */
  readonly #underWay: Promise<void>[] = []
  #lastEnd = 0

  constructor(target: number, most: number) {
    this.#target = target
    this.#most = most
  }

  /** Steps for the next submit. */
  get steps(): number {
    return this.#steps
  }

  /** Takes in a submit of `steps` that was begun at `began` and resolves when the device has done it. */
  follow(steps: number, began: number, done: Promise<void>): void {
    const settled = done.then(() => {
      const now = performance.now()
      this.learn(steps, now - Math.max(began, this.#lastEnd))
      this.#lastEnd = now
    })
    settled.catch(() => undefined) // Awaited below; until then a failure must not count as unhandled.
    this.#underWay.push(settled)
  }

  /** Waits until fewer than `count` submits are under way. @throws what one of them failed with */
  async fewerThan(count: number): Promise<void> {
    while (this.#underWay.length >= count) await this.#underWay.shift()
  }

  /** After a failure: what is still under way is nothing to the next training. */
  forget(): void {
    this.#underWay.length = 0
  }

  /** Takes in that a submit of `steps` took `milliseconds`. */
  learn(steps: number, milliseconds: number): void {
    const fitting = (steps * this.#target) / Math.max(milliseconds, 0.01)
    // At most fourfold at a time: the first measurements are of a device that was just waking up.
    this.#steps = Math.max(1, Math.min(this.#most, Math.floor(Math.min(fitting, this.#steps * 4))))
  }
}

export interface SubmitOptions {
  /** The most steps of one submit. */
  readonly most?: number
  /** How many submits are under way at once. */
  readonly atOnce?: number
  /** Done once, while the device is at work on the first submit. */
  readonly meanwhile?: (() => void) | undefined
}

/**
 * Submits `steps` steps in pieces that fill the time for one submit, some of them under way at a time. Resolves when all
 * are submitted; the last ones may still be under way, and what is submitted next comes after them.
 * @param submit records and submits `count` steps from `first` on
 * @throws what any of them was refused with
 */
export async function inSubmits(
  device: Device,
  pace: Pace,
  steps: number,
  signal: AbortSignal | undefined,
  submit: (first: number, count: number) => Promise<void>,
  { most = Infinity, atOnce = inFlight.normal, meanwhile }: SubmitOptions = {},
): Promise<void> {
  const submitted: Promise<void>[] = []
  try {
    for (let first = 0; first < steps;) {
      await pace.fewerThan(atOnce)
      if (signal?.aborted) break
      const count = Math.min(pace.steps, most, steps - first)
      const began = performance.now()
      const submitting = submit(first, count)
      submitted.push(submitting)
      const done = submitting.then(() => device.settled())
      pace.follow(count, began, done)
      if (first === 0) meanwhile?.()
      first += count
    }
    await Promise.all(submitted)
    if (signal?.aborted) await pace.fewerThan(1)
  } catch (error) {
    pace.forget()
    throw error
  }
  signal?.throwIfAborted()
}
