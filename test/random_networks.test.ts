import fc from 'fast-check'
import { expect, vi } from 'vitest'
import { withDevice } from './device.ts'
import { cases } from './networks/cases.ts'
import { checkCase } from './networks/run.ts'

// Adds noise to the values that the CPU's stages store; it is enabled only in runs with noise.
vi.mock('../src/backend/host/reference/stages.ts', async (importOriginal) => {
  const { withNoise } = await import('./networks/noise.ts')
  return withNoise(await importOriginal())
})

// Set by test/networks/main.js (`npm run test:random`) and .ci/run.
const { RANDOM_NETWORKS, RANDOM_SEED, RANDOM_PATH: path, RANDOM_VERBOSE } = process.env
const count = Number(RANDOM_NETWORKS ?? 10)
const seed = Number(RANDOM_SEED ?? 1)

withDevice(
  `${count} random networks are trained alike on every backend, from seed ${seed}`,
  async ({ gpu }) => {
    let [checked, sharp, skipped, used] = [0, 0, 0, 0]
    const property = fc.asyncProperty(cases, async (one) => {
      const began = performance.now()
      const result = await checkCase(one, gpu)
      if (RANDOM_VERBOSE) {
        console.log(JSON.stringify(result), Math.round(performance.now() - began), JSON.stringify(one))
      }
      checked++
      sharp += Number(result.sharp)
      skipped += Number(result.skipped)
      used = Math.max(used, result.used)
    })
    // A failure is reduced only on request, because each attempt is a whole training.
    const result = await fc.check(property, {
      numRuns: path === undefined ? count : 1,
      seed,
      endOnFailure: path === undefined,
      ...(path && { path }),
    })
    if (result.failed) {
      const { counterexample, counterexamplePath, errorInstance } = result
      throw new Error(
        `${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}\n` +
          `with ${JSON.stringify(counterexample?.[0])}\n` +
          `again, and made smaller: npm run test:random -- --seed ${seed} --path ${counterexamplePath ?? ''}`,
      )
    }
    if (RANDOM_NETWORKS) {
      console.log(
        `${checked} networks, ${sharp} with sharp bounds, ${skipped} skipped; at most ${used.toFixed(2)} of a bound`,
      )
    }
    if (path !== undefined) return
    // Otherwise the comparison would be meaningless.
    expect(sharp).toBeGreaterThan(0.4 * count)
    expect(skipped).toBeLessThan(Math.max(2, 0.1 * count))
  },
  Math.max(300_000, count * 10_000),
)
