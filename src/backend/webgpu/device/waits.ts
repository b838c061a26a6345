/** Waits shorter than this, in milliseconds, are not worth anything but awaiting them. */
const NOTICEABLE = 5
/** Longer ones than this are not measured: then something else keeps the device busy. */
const LONGEST = 200
/** From here on, waits are shortened by empty submits. */
const WORTH_NUDGING = 20
/** Milliseconds before the first empty submit, at least. */
const FIRST_NUDGE = 2

/** Devices that were measured in this process. */
const measured = new WeakMap<GPUDevice, Promise<number>>()

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
 * because a device that is at work is only slowed down by questions.
 */
export class Waits {
  readonly #gpu: GPUDevice
  #latency = 0
  /** When the device should have done all that was handed over. */
  #due = 0
  #waiting = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu
  }

  /** Milliseconds that an answer may come late; 0 where that is not worth mentioning, and until it is measured. */
  get latency(): number {
    return this.#latency
  }

  /** Measures the latency, once for each device; in most places that takes less than a millisecond. */
  async measure(): Promise<void> {
    let measuring = measured.get(this.#gpu)
    if (!measuring) {
      measuring = measureLatency(this.#gpu)
      measured.set(this.#gpu, measuring)
    }
    this.#latency = await measuring
  }

  /** Records that work of about `milliseconds` was submitted. */
  expect(milliseconds: number): void {
    this.#due = Math.max(this.#due, performance.now()) + milliseconds
  }

  /** Awaits an answer of the device. */
  async until<T>(answer: Promise<T>): Promise<T> {
    if (this.#latency < WORTH_NUDGING) return answer
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
      // More may have been handed over since.
      if (this.#due - performance.now() <= delay) this.#gpu.queue.submit([])
      this.#nudgeLater(Math.max(1.5 * delay, this.#half))
    }, delay)
  }
}
