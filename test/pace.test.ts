import { describe, expect, it } from 'vitest'
import type { Device } from '../src/backend/webgpu/device.ts'
import { inSubmits, Pace } from '../src/backend/webgpu/pace.ts'

/** A device that is done with what it was given some turns later. */
const device = { settled: () => new Promise<void>((resolve) => setTimeout(resolve, 5)) } as Device

describe('inSubmits', () => {
  it('submits all steps, two submits at a time at most', async () => {
    const pace = new Pace(50, 8)
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
    expect([done, most]).toEqual([40, 2])
  })

  it('is refused where any submit was, not only the last; and the next training knows nothing of it', async () => {
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
