import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { isExhaustive } from './covering.ts'
import { type Case, cases } from './networks/cases.ts'
import { checkCase } from './networks/run.ts'

// Adds noise to the values that the reference's stages store; it is enabled only in runs with noise.
vi.mock('../src/backend/host/reference/stages.ts', async (importOriginal) => {
  const { withNoise } = await import('./networks/noise.ts')
  return withNoise(await importOriginal())
})

// random_networks.test.ts trains a few networks on every backend; most of its time is the compilation of kernels.
const [count, seed] = [isExhaustive ? 300 : 12, Number(process.env.RANDOM_SEED ?? 2)]

it(
  `${count} random networks are trained alike on all backends of the host`,
  async () => {
    let sharp = 0
    const property = fc.asyncProperty(cases, async (one) => {
      sharp += Number((await checkCase(one, undefined)).sharp)
    })
    await fc.assert(property, { numRuns: count, seed, endOnFailure: true })
    // Otherwise the comparison would be meaningless.
    expect(sharp).toBeGreaterThan(0.4 * count)
  },
  count * 10_000,
)

// Found by `npm run test:random`: neurons of a layer that are equal have equal rounding errors, which add up in the next layer.
it('a wide network of equal neurons is trained as precisely as its equal rounding errors allow', async () => {
  const one: Case = {
    sizes: [31, 377, 128, 12],
    hidden: ['elu', 'softplus'],
    output: 'silu',
    init: 'constant',
    loss: 'quadratic',
    optimizer: 'adagrad',
    rate: 0.01,
    momentum: 0,
    nesterov: true,
    centered: false,
    weightDecay: 0.01,
    clipNorm: 0,
    schedule: 'none',
    l1: 0,
    l2: 0,
    dropout: [0, 0],
    samples: 432,
    batchSize: 216,
    epochs: 1,
    weights: 'classes',
    inputs: 'normal',
    targets: 'values',
    shuffle: false,
    validation: false,
    windows: true,
    profile: false,
    call: 'steps',
    resident: 'none',
    seed: 3822372569,
  }
  expect((await checkCase(one, undefined)).sharp).toBe(true)
})
