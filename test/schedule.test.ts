import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import {
  adam,
  constant,
  cosine,
  exponential,
  type LearningRate,
  reduceOnPlateau,
  sgd,
  step,
  Trainer,
  warmup,
} from '../src/index.ts'
import { newPlateau, rateAt, rateWith, watchPlateau } from '../src/optimizer/schedule.ts'
import { randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const rates = (rate: LearningRate, epochs: number) => Array.from({ length: epochs }, (_, epoch) => rateAt(rate, epoch))

describe('schedules', () => {
  it('follow the formulas of torch.optim.lr_scheduler', () => {
    expect(rates(constant(0.3), 3)).toEqual([0.3, 0.3, 0.3])
    expectClose(rates(step({ learningRate: 0.05, every: 2 }), 5), [0.05, 0.05, 0.005, 0.005, 0.0005], {
      name: 'step',
      rtol: 1e-12,
    })
    expectClose(rates(exponential({ learningRate: 1, factor: 0.5 }), 4), [1, 0.5, 0.25, 0.125], {
      name: 'exponential',
      rtol: 1e-12,
    })
    // CosineAnnealingLR(T_max=4, eta_min=0.2) from 1: 0.2 + 0.4 (1 + cos(π t / 4)).
    const wave = cosine({ learningRate: 1, epochs: 4, minimum: 0.2 })
    expectClose(rates(wave, 6), [1, 0.882842712, 0.6, 0.317157288, 0.2, 0.2], { name: 'cosine', rtol: 1e-8 })
    // LinearLR(start_factor=0.5, total_iters=4) of the documentation: 0.025, 0.03125, 0.0375, 0.04375, 0.05.
    const grown = warmup({ epochs: 4, start: 0.5, then: 0.05 })
    expectClose(rates(grown, 6), [0.025, 0.03125, 0.0375, 0.04375, 0.05, 0.05], { name: 'warmup', rtol: 1e-12 })
    const both = warmup({ epochs: 2, start: 0, then: step({ learningRate: 1, every: 1, factor: 0.5 }) })
    expectClose(rates(both, 5), [0, 0.5, 1, 0.5, 0.25], { name: 'warmup, then step', rtol: 1e-12 })
  })

  it('reduce the rate on a plateau, as ReduceLROnPlateau counts', () => {
    const rate = reduceOnPlateau({
      learningRate: 1,
      factor: 0.5,
      patience: 1,
      cooldown: 1,
      threshold: 0.1,
      minimum: 0.2,
    })
    const state = newPlateau()
    // Better by more than a tenth: 1, 0.8. Then bad epochs: the second in a row exceeds the patience; the next one is in the cooldown.
    const seen = [1, 0.8, 0.79, 0.78, 0.77, 0.76, 0.75, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1].map((loss, epoch) => {
      watchPlateau(rate.plateau!, state, loss)
      return rateWith(rate, epoch + 1, state)
    })
    expectClose(seen, [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2], { name: 'rates', rtol: 1e-12 })
  })

  it('report invalid options', () => {
    expect(() => step({ learningRate: 0.1, every: 0 })).toThrow('step: every: expected a whole number from 1')
    expect(() => cosine({ learningRate: -1, epochs: 5 })).toThrow('cosine: learningRate: expected a finite number')
    expect(() => sgd({ learningRate: 'fast' as never })).toThrow('sgd: learningRate: expected a number or a schedule')
    expect(() => step({ learningRate: 1, every: 1, gamma: 2 } as never)).toThrow("unknown name 'gamma'")
  })

  const network = randomNetwork([3, 5, 2], 'tanh', 'sigmoid', 1)
  const data = randomData(24, 3, 2, 2)
  const schedules: Record<string, LearningRate> = {
    step: step({ learningRate: 0.8, every: 3, factor: 0.5 }),
    cosine: warmup({ epochs: 3, then: cosine({ learningRate: 1, epochs: 7 }) }),
    reduceOnPlateau: reduceOnPlateau({ learningRate: 1, patience: 0, threshold: 0.05, factor: 0.5 }),
  }
  for (const [name, learningRate] of Object.entries(schedules)) {
    for (const plan of ['layered', 'resident'] as const) {
      withDevice(`train alike on every backend, each epoch with its own rate: ${name}, ${plan}`, async ({ gpu }) => {
        for (const make of [sgd, adam]) {
          const train = async (backend: Backend) => {
            const options = { backend, optimizer: make({ learningRate }), batchSize: 5, seed: 4 }
            const trainer = await Trainer.create(network.clone(), options)
            const { epochs } = await trainer.fit(data, { epochs: 10 })
            trainer.dispose()
            return { losses: epochs.map(({ loss }) => loss), rates: epochs.map((epoch) => epoch.learningRate) }
          }
          const want = await train(cpu({ precision: 'float64' }))
          for (const backend of [webgpu({ device: gpu, plan }), wasmOnTwoThreads]) {
            const got = await train(backend)
            expectClose(got.losses, want.losses, { name: `losses, ${backend.name}`, rtol: 1e-3 })
            expect(got.rates).toEqual(want.rates)
          }
          expect(new Set(want.rates).size).toBeGreaterThan(2)
        }
      })
    }
  }
})
