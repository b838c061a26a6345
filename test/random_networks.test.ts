import fc from 'fast-check'
import { expect, vi } from 'vitest'
import { withDevice } from './device.ts'
import { type Case, cases } from './networks/cases.ts'
import { found } from './networks/found.ts'
import { addResult, noFigures, writeFigures } from './networks/figures.ts'
import { checkCase } from './networks/run.ts'

// Adds noise to the values that the CPU's stages store; it is enabled only in runs with noise.
vi.mock('../src/backend/host/reference/stages.ts', async (importOriginal) => {
  const { withNoise } = await import('./networks/noise.ts')
  return withNoise(await importOriginal())
})

// Set by test/networks/main.js (`npm run test:random`) and .ci/run.
const { RANDOM_NETWORKS, RANDOM_SEED, RANDOM_PATH: path, RANDOM_FIGURES, RANDOM_VERBOSE } = process.env
const count = Number(RANDOM_NETWORKS ?? 10)
const seed = Number(RANDOM_SEED ?? 1)
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

withDevice(
  `${count} random networks are trained alike on every backend, from seed ${seed}`,
  async ({ gpu }) => {
    const figures = noFigures()
    let index = 0
    const check = async (one: Case) => {
      const began = performance.now()
      const result = await checkCase(one, gpu)
      const milliseconds = performance.now() - began
      if (RANDOM_VERBOSE) console.log(JSON.stringify(result), Math.round(milliseconds), JSON.stringify(one))
      addResult(figures, result, milliseconds, `--seed ${seed} --path ${index}`)
    }
    if (path !== undefined) {
      // A failure is reduced only on request, because each attempt is a whole training.
      await fc.assert(fc.asyncProperty(cases, check), { numRuns: 1, seed, path })
      return
    }
    // A failure does not end the run: a long run reports all that it finds.
    const checkOrNote = async (one: Case) => {
      try {
        await check(one)
      } catch (error) {
        const again = `again, and made smaller: npm run test:random -- --seed ${seed} --path ${index}`
        figures.failures.push(`${messageOf(error)}\nwith ${JSON.stringify(one)}\n${again}`)
      }
      index++
      // What a long run has found is there although it may be interrupted.
      writeFigures(figures, RANDOM_FIGURES)
    }
    await fc.assert(fc.asyncProperty(cases, checkOrNote), { numRuns: count, seed })
    if (figures.failures.length > 0) throw new Error(figures.failures.join('\n\n'))
    // Otherwise the comparison would be meaningless.
    expect(figures.sharp).toBeGreaterThan(0.4 * count)
    const skipped = Object.values(figures.skipped).reduce((sum, number) => sum + number, 0)
    expect(skipped).toBeLessThan(Math.max(2, 0.1 * count))
  },
  // No limit for long runs: how long they take depends on what else the machine does.
  RANDOM_FIGURES ? 0 : Math.max(300_000, count * 10_000),
)

for (const [why, one] of Object.entries(found)) {
  withDevice(
    `a network that a random run has found: ${why}`,
    async ({ gpu }) => {
      expect((await checkCase(one, gpu)).sharp).toBe(true)
    },
    300_000,
  )
}
