import type { Device } from './device.ts'

/** How many submits are under way at least: one that runs, one that waits; with a profiler's clocks on, one. */
export const inFlight: Record<'normal' | 'timed', number> = { normal: 2, timed: 1 }

/** Submits that are under way at most, however short they are. */
const MOST_UNDER_WAY = 64
/** The factor by which the estimate of a step's time may fall at once: the first figures are of a device that wakes up. */
const MOST_GROWTH = 4

/** The time at which `done` steps, of all that were ever submitted, were known to be complete. */
interface Point {
  readonly time: number
  done: number
  /** Whether the device reported it; otherwise it is the time at which a submit began. */
  readonly answered: boolean
}

/**
 * The number of steps in one submit, such that the device works on it for about `target` milliseconds. With longer submits a
 * page stutters, a driver's watchdog fires and an abort waits; shorter, and the submits themselves cost.
 *
 * What a step takes is the slope of the steps done over the time, and never the time of one wait: where answers come late
 * (`latency`, waits.ts) a single wait says no more than that the steps took no longer. For the same reason so much is under
 * way at once that the device does not run out of work before the next answer. The slope is too steep while it does run
 * out, so that more is handed over each time, until it does not.
 */
export class Pace {
  readonly #target: number
  readonly #most: number
  readonly #latency: () => number
  /** Milliseconds a step; undefined until a submit came back after another one. */
  #perStep: number | undefined
  /** The same, at the last point but one. */
  #perStepBefore: number
  /** Submits that the device is not known to have finished, in order. */
  readonly #underWay: { readonly steps: number; readonly began: number; readonly settled: Promise<void> }[] = []
  #done = 0
  /** Since the device last had nothing to do. */
  #points: Point[] = []
  /** Whether the first submit came back: it compiles, and wakes the device. */
  #warm = false
  /** Whether more would have been handed over since the last point. */
  #limited = false

  constructor(target: number, most: number, latency = () => 0) {
    this.#target = target
    this.#most = most
    this.#latency = latency
    this.#perStepBefore = target / 2
  }

  /** Steps for the next submit. */
  get steps(): number {
    const fitting = Math.floor(this.#target / (this.#perStep ?? this.#perStepBefore))
    return Math.max(1, Math.min(this.#most, fitting))
  }

  /** Steps to prepare: more than may be under way, so that submitting never waits for the host. */
  get stepsAhead(): number {
    return Math.ceil(1.5 * (this.#perStep === undefined ? 2 * this.steps : this.#budget / this.#perStep))
  }

  /** Steps whose results it is good to read together: those of one submit, or of half the time that an answer takes. */
  get stepsTogether(): number {
    const { steps } = this
    return this.#perStep === undefined ? steps : Math.max(steps, Math.floor(this.#latency() / 2 / this.#perStep))
  }

  /** Milliseconds of work that may be under way at once. */
  get #budget(): number {
    return 2 * (this.#target + this.#latency())
  }

  /** About how many milliseconds `steps` steps take; 0 while that is not known. */
  expected(steps: number): number {
    return steps * (this.#perStep ?? 0)
  }

  /** Takes in a submit of `steps` that was begun at `began` and resolves when the device has done it. */
  follow(steps: number, began: number, done: Promise<void>): void {
    if (this.#underWay.length === 0 && this.#warm) {
      this.#points = [{ time: began, done: this.#done, answered: false }]
      this.#limited = false
    }
    const settled = done.then(() => {
      const i = this.#underWay.indexOf(submit)
      if (i >= 0) this.#underWay.splice(i, 1)
      this.#learn(steps, performance.now())
    })
    settled.catch(() => undefined) // Awaited below; until then a failure must not count as unhandled.
    const submit = { steps, began, settled }
    this.#underWay.push(submit)
  }

  /** Waits until another submit may be made. @throws the error of one that is under way and failed */
  async ready(atLeast = inFlight.normal): Promise<void> {
    while (!this.#isReady(atLeast)) {
      this.#limited = true
      await this.#underWay[0]!.settled
    }
  }

  #isReady(atLeast: number): boolean {
    const { length } = this.#underWay
    if (length < atLeast) return true
    if (atLeast < inFlight.normal || length >= MOST_UNDER_WAY || this.#perStep === undefined) return false
    const steps = this.#underWay.reduce((sum, submit) => sum + submit.steps, this.steps)
    return steps * this.#perStep <= this.#budget
  }

  /** Waits until nothing is under way. @throws what one of the submits failed with */
  async idle(): Promise<void> {
    while (this.#underWay.length > 0) await this.#underWay[0]!.settled
  }

  /** After a failure: what is still under way is nothing to the next training. */
  forget(): void {
    this.#underWay.length = 0
    this.#points = []
  }

  #learn(steps: number, now: number): void {
    this.#done += steps
    const points = this.#points
    const last = points.at(-1)
    // Answers that come together say only together how far the device is.
    if (last?.answered && now - last.time < Math.max(1, this.#latency() / 10)) last.done = this.#done
    else {
      if (this.#perStep !== undefined) this.#perStepBefore = this.#perStep
      points.push({ time: now, done: this.#done, answered: true })
    }
    if (points.length > 1) this.#estimate(points, now)
    this.#warm = true
  }

  #estimate(points: Point[], now: number): void {
    const latency = this.#latency()
    const [before, last] = [points.at(-2)!, points.at(-1)!]
    const span = Math.max(this.#target, 1.5 * latency)
    let first = 0
    while (first + 1 < points.length - 1 && now - points[first + 1]!.time >= span) first++
    points.splice(0, first)
    // Browsers round the time, some of them to whole milliseconds.
    const slopeFrom = ({ time, done }: Point) => Math.max(now - time, latency > 0 ? 1 : 0.01) / (this.#done - done)
    let perStep = slopeFrom(points[0]!)
    // Where all is back that could be handed over before this answer, it cannot be seen how much sooner that was done.
    if (latency > 0 && this.#limited && now - before.time < span) {
      if (this.#underWay.every(({ began }) => began >= last.time)) perStep = slopeFrom(before) / MOST_GROWTH
    }
    this.#perStep = Math.max(perStep, this.#perStepBefore / MOST_GROWTH, 1e-6)
  }
}

export interface SubmitOptions {
  /** The most steps of one submit. */
  readonly most?: number
  /** How many submits are under way at once, at least. */
  readonly atOnce?: number
}

/**
 * Submits `steps` steps in pieces that fill the time for one submit, some of them under way at a time. Resolves when all
 * are submitted; the last ones may still be under way, and what is submitted next comes after them.
 * @param submit records `count` steps from `first` on, and submits them before it first waits for anything
 * @throws what any of them was refused with
 */
export async function inSubmits(
  device: Device,
  pace: Pace,
  steps: number,
  signal: AbortSignal | undefined,
  submit: (first: number, count: number) => Promise<void>,
  { most = Infinity, atOnce = inFlight.normal }: SubmitOptions = {},
): Promise<void> {
  const submitted: Promise<void>[] = []
  try {
    for (let first = 0; first < steps;) {
      await pace.ready(atOnce)
      if (signal?.aborted) break
      const count = Math.min(pace.steps, most, steps - first)
      const began = performance.now()
      const submitting = submit(first, count)
      submitted.push(submitting)
      // Asked for now: after the next submit, the answer would come when that one is done, too.
      const settled = device.settled(pace.expected(count))
      pace.follow(
        count,
        began,
        Promise.all([submitting, settled]).then(() => undefined),
      )
      first += count
    }
    await Promise.all(submitted)
    if (signal?.aborted) await pace.idle()
  } catch (error) {
    pace.forget()
    throw error
  }
  signal?.throwIfAborted()
}
