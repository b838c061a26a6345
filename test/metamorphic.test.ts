import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { isExhaustive } from './covering.ts'
import { withDevice } from './device.ts'
import { type Case, cases } from './networks/cases.ts'
import { addResult, noFigures, writeFigures } from './networks/figures.ts'
import { plain } from './networks/mutations.ts'
import { checkProperty, propertyNames } from './networks/properties/check.ts'

// Adds noise to the values that the CPU's stages store; it is enabled only in runs with noise.
vi.mock('../src/backend/host/reference/stages.ts', async (importOriginal) => {
  const { withNoise } = await import('./networks/noise.ts')
  return withNoise(await importOriginal())
})

// Set by test/networks/main.js (`npm run test:random`).
const { RANDOM_NETWORKS, RANDOM_SEED, RANDOM_PATH: path, RANDOM_FIGURES } = process.env
const seed = Number(RANDOM_SEED ?? 1)
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Few multiplications, so that the float64 loops take milliseconds. */
const isSmall = ({ sizes, batchSize }: Case) => Math.max(...sizes, batchSize) <= 64

describe.each(propertyNames)('%s', (name) => {
  it('gives the same training on all backends of the host', async () => {
    const check = async (one: Case) => {
      await checkProperty(name, one, undefined)
    }
    await fc.assert(fc.asyncProperty(cases.filter(isSmall), check), {
      numRuns: isExhaustive ? 30 : 1,
      seed,
      endOnFailure: true,
    })
  })

  it('is compared within bounds that find parameters which differ by a thousandth', async () => {
    const change: Parameters<typeof checkProperty>[3] = (run) => {
      const network = run.network.clone()
      network.parameters.forEach((value, i) => (network.parameters[i] = value * 1.001))
      return { ...run, network }
    }
    await expect(checkProperty(name, plain, undefined, change)).rejects.toThrow(/float64: .*> /)
  })
})

const count = Number(RANDOM_NETWORKS ?? (isExhaustive ? 60 : 1))

withDevice(
  `properties of ${count} random networks hold on every backend, from seed ${seed}`,
  async ({ gpu }) => {
    const figures = noFigures()
    let index = 0
    const check = async ([name, one]: [string, Case]) => {
      const began = performance.now()
      const result = await checkProperty(name, one, gpu)
      addResult(figures, result, performance.now() - began, `--properties --seed ${seed} --path ${index}`)
    }
    const pairs = fc.tuple(fc.constantFrom(...propertyNames), cases)
    if (path !== undefined) return fc.assert(fc.asyncProperty(pairs, check), { numRuns: 1, seed, path })
    // A failure does not end the run: a long run reports all that it finds.
    const checkOrNote = async ([name, one]: [string, Case]) => {
      try {
        await check([name, one])
      } catch (error) {
        const again = `again, and made smaller: npm run test:random -- --properties --seed ${seed} --path ${index}`
        figures.failures.push(`${messageOf(error)}\nwith ${JSON.stringify(one)}\n${again}`)
      }
      index++
      // What a long run has found is there although it may be interrupted.
      writeFigures(figures, RANDOM_FIGURES)
    }
    await fc.assert(fc.asyncProperty(pairs, checkOrNote), { numRuns: count, seed })
    if (figures.failures.length > 0) throw new Error(figures.failures.join('\n\n'))
  },
  // No limit for long runs.
  RANDOM_FIGURES ? 0 : Math.max(60_000, count * 20_000),
)
