import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { isExhaustive } from './covering.ts'
import { cases } from './networks/cases.ts'
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
