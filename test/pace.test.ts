import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Device } from '../src/backend/webgpu/device/device.ts'
import { inSubmits, Pace } from '../src/backend/webgpu/device/pace.ts'

/** A device that finishes submitted work a few turns of the event loop later. */
const device = { settled: () => new Promise<void>((resolve) => setTimeout(resolve, 5)) } as Device

describe('inSubmits', () => {
  it('submits all steps, with about two submits in flight', async () => {
    const pace = new Pace(5, 8)
    let [underWay, most, done] = [0, 0, 0]
    const slow = {
      settled: async () => {
        await device.settled()
        underWay--
      },
    } as Device
    await inSubmits(slow, pace, 40, undefined, (first, count) => {
      expect(first).toBe(done)
      done += count
      most = Math.max(most, ++underWay)
      return Promise.resolve()
    })
    expect(done).toBe(40)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThan(9)
  })

  it('rejects if any submit failed, not only the last, and the next training is not affected', async () => {
    for (const bad of [0, 2, 4]) {
      const pace = new Pace(0.001, 2)
      const refused = inSubmits(device, pace, 6, undefined, (first) =>
        first === bad ? Promise.reject(new Error('out of memory')) : Promise.resolve(),
      )
      await expect(refused).rejects.toThrow('out of memory')
      let steps = 0
      for (let epoch = 0; epoch < 2; epoch++) {
        await inSubmits(device, pace, 6, undefined, (_, count) => {
          steps += count
          return Promise.resolve()
        })
      }
      expect(steps).toBe(12)
    }
  })
})

/** A device on fake timers: it works on one submit after another, and reports completion at the ticks of a timer. */
class SimulatedDevice {
  readonly #perStep: number
  readonly #beat: number
  readonly #launch: number
  #free = 0
  /** The duration of each submit, and the remaining work when it was submitted, in milliseconds. */
  readonly submits: { began: number; work: number; before: number }[] = []

  constructor(perStep: number, beat: number, launch = 0.1) {
    this.#perStep = perStep
    this.#beat = beat
    this.#launch = launch
  }

  submit(steps: number): Promise<void> {
    const now = performance.now()
    const work = steps * this.#perStep + this.#launch
    this.submits.push({ began: now, work, before: Math.max(0, this.#free - now) })
    this.#free = Math.max(this.#free, now) + work
    // Whether there was an error is known later than the call.
    return new Promise((resolve) => setTimeout(resolve, 1))
  }

  settled(): Promise<void> {
    const answer = this.#beat > 0 ? this.#beat * Math.ceil(this.#free / this.#beat) : this.#free
    return new Promise((resolve) => setTimeout(resolve, answer - performance.now()))
  }

  /** The share of a period in which the device was busy. */
  busy(from: number, to: number): number {
    let [work, free] = [0, 0]
    for (const submit of this.submits) {
      const start = Math.max(free, submit.began)
      free = start + submit.work
      work += Math.max(0, Math.min(free, to) - Math.max(start, from))
    }
    return work / (to - from)
  }
}

describe('Pace, in simulated time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Trains for some milliseconds, in calls of a given number of steps. */
  async function train(perStep: number, beat: number, { target = 12, milliseconds = 4000, call = 1e9 } = {}) {
    const simulated = new SimulatedDevice(perStep, beat)
    const pace = new Pace(target, 1 << 24, () => beat)
    const end = performance.now() + milliseconds
    const controller = new AbortController()
    setTimeout(() => controller.abort(), milliseconds)
    const training = (async () => {
      while (performance.now() < end) {
        await inSubmits(simulated as unknown as Device, pace, call, controller.signal, (_, count) => simulated.submit(count)) // prettier-ignore
      }
    })().catch(() => performance.now())
    await vi.advanceTimersByTimeAsync(milliseconds + 60_000)
    const stopped = (await training) ?? performance.now()
    return { simulated, pace, late: stopped - end, began: end - milliseconds, end }
  }

  for (const beat of [0, 16, 100]) {
    for (const perStep of [0.0005, 0.03, 0.7, 9, 40]) {
      it(`keeps a device busy that takes ${perStep} ms a step and reports completion ${beat ? `every ${beat} ms` : 'at once'}`, async () => {
        const { simulated, late, began, end } = await train(perStep, beat)
        expect(simulated.busy(began + 1500, end)).toBeGreaterThan(0.95)
        const later = simulated.submits.filter((submit) => submit.began > began + 1500)
        // Neither longer than the target nor much shorter; a single step may be longer than the target.
        const longest = Math.max(...later.map(({ work }) => work))
        expect(longest).toBeLessThan(Math.max(24, 2 * perStep))
        const mean = later.reduce((sum, { work }) => sum + work, 0) / later.length
        expect(mean).toBeGreaterThan(Math.min(6, perStep))
        // The submitted work is bounded, and so is the time until an abort takes effect.
        const waiting = Math.max(...later.map(({ work, before }) => work + before))
        expect(waiting).toBeLessThan(2.8 * (12 + beat) + 3 * perStep)
        expect(late).toBeLessThan(2.8 * (12 + beat) + 3 * perStep + beat + 1)
      })
    }
  }

  it('never submits much more than the target, from the first submit on', async () => {
    for (const beat of [0, 100]) {
      for (const perStep of [0.03, 0.7, 9, 40, 300]) {
        const { simulated } = await train(perStep, beat)
        const [longest, most] = [
          Math.max(...simulated.submits.map(({ work }) => work)),
          Math.max(...simulated.submits.map(({ work, before }) => work + before)),
        ]
        expect(longest).toBeLessThan(Math.max(60, 2.1 * perStep))
        expect(most).toBeLessThan(Math.max(6 * (12 + beat), 4.2 * perStep))
      }
    }
  })

  it('waits once for a shorter call', async () => {
    const pace = new Pace(12, 1 << 24, () => 100)
    const simulated = new SimulatedDevice(0.03, 100)
    const submit = (_: number, count: number) => simulated.submit(count)
    let calls = 0
    const training = (async () => {
      for (const end = performance.now() + 4000; performance.now() < end; calls++) {
        await inSubmits(simulated as unknown as Device, pace, 50, undefined, submit)
        await pace.idle()
      }
    })()
    await vi.advanceTimersByTimeAsync(5000)
    await training
    expect(calls).toBeGreaterThanOrEqual(37)
  })
})
