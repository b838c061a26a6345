import { describe, expect } from 'vitest'
import type { Population } from '../src/backend/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import type { Device } from '../src/backend/webgpu/device/device.ts'
import { type Backend, circle, InputError, split, sweep, type SweepResult } from '../src/index.ts'
import { withDevice } from './device.ts'

const { train, test: validation } = split(circle({ samples: 60, seed: 1 }), { test: 0.25, seed: 1 })

/** What a sweep asked of a device. */
interface Seen {
  /** The networks of each population, in order. */
  readonly networks: number[]
  /** Populations that train at the same time. */
  training: number
  most: number
}

/** A backend that takes note of its populations, and takes no more than some networks at a time. */
function watched(device: Device, seen: Seen, most = Infinity): Backend {
  const backend = webgpuWith(device)
  const watch = (population: Population): Population => {
    const train = population.trainSeeded.bind(population)
    return Object.assign(population, {
      trainSeeded(...given: Parameters<Population['trainSeeded']>) {
        const underway = train(...given)
        seen.most = Math.max(seen.most, ++seen.training)
        const over = () => {
          seen.training--
        }
        underway.result.then(over, over)
        return underway
      },
    })
  }
  return {
    name: backend.name,
    description: backend.description,
    software: backend.software,
    place: backend.place.bind(backend),
    async populate(networks, settings, form) {
      if (settings.length > most) throw new InputError('more networks than this backend takes')
      seen.networks.push(settings.length)
      return watch(await backend.populate!(networks, settings, form))
    },
    dispose: () => backend.dispose(),
  }
}

const newSeen = (): Seen => ({ networks: [], training: 0, most: 0 })

/** What must be equal of a network, whatever it was trained with. */
const recordOf = (result: SweepResult) => {
  const { settings, seed, score, loss } = result
  const epochs = result.history.epochs.map(({ epoch, loss, accuracy, steps }) => ({ epoch, loss, accuracy, steps }))
  return { rate: settings.learningRate, seed, score, loss, epochs, parameters: [...result.network().parameters] }
}

describe('a sweep on a device', () => {
  const options = { sizes: [2, 3, 2], learningRate: [0.01, 0.5, 2, 8], seeds: 4, epochs: 16, validation }
  const halving = { rounds: 3, keep: 0.5 }

  withDevice('packs the networks that train on, to the same bits', async (device) => {
    const seen = newSeen()
    const results = await sweep(train, { ...options, halving, backend: watched(device, seen, 10) })
    // Sixteen in two parts; then the eight and the four that train on, together.
    expect(seen.networks).toEqual([8, 8, 8, 4])
    const whole = await sweep(train, { ...options, backend: watched(device, newSeen()) })
    for (const result of results.slice(0, 4)) {
      const { seed, settings } = result
      const same = whole.find((one) => one.seed === seed && one.settings.learningRate === settings.learningRate)!
      expect(recordOf(result)).toEqual(recordOf(same))
      // The score of the validation data is known at the end of each round.
      expect(result.history.epochs.flatMap((one) => (one.validation ? [one.epoch] : []))).toEqual([4, 8, 16])
    }
    const packed = newSeen()
    await sweep(train, { ...options, halving, backend: watched(device, packed) })
    expect(packed.networks).toEqual([16, 8, 4])
  })

  withDevice('trains groups of different shapes at the same time, and stops at once', async (device) => {
    const seen = newSeen()
    const sizes = [2, 3, 4].map((width) => [2, width, 2])
    const backend = watched(device, seen)
    const results = await sweep(train, { ...options, sizes, seeds: 2, epochs: 40, backend })
    expect(seen.networks).toEqual([8, 8, 8])
    expect(seen.most).toBeGreaterThan(1)
    expect(results).toHaveLength(24)
    const [alone] = await sweep(train, { ...results[0]!.settings, seeds: [results[0]!.seed], validation, backend })
    expect(recordOf(alone!)).toEqual(recordOf(results[0]!))

    const stop = new AbortController()
    const running = sweep(train, { ...options, sizes, epochs: 1_000_000, backend, signal: stop.signal })
    let rounds = 0
    const leave = async () => {
      for await (const _ of running) if (++rounds === 3) stop.abort()
    }
    await expect(leave()).rejects.toThrow(/abort/i)
    expect(seen.training).toBe(0)
  })
})
