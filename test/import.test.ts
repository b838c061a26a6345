import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** Imports the built library where globals of browsers and Node are missing, as in jsdom; `npm test` builds it first. */

interface Result {
  /** For each missing global, the error, or null. */
  imports: Record<string, string | null>
  /** With the backends 'cpu' and 'auto'. */
  trained: { first: number; last: number; backend: string; same: boolean }[]
}

it('importing needs no global that an environment may lack, and training on the CPU needs few', async () => {
  const program = fileURLToPath(new URL('./bare_import.js', import.meta.url))
  const args = ['--experimental-vm-modules', '--no-warnings', program]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const { imports, trained } = JSON.parse(stdout) as Result
  expect(Object.keys(imports).length).toBeGreaterThan(20)
  expect(Object.keys(imports)).toEqual(
    expect.arrayContaining(['all but JavaScript', 'TextEncoder', 'navigator', 'performance', 'WebAssembly']),
  )
  for (const [missing, error] of Object.entries(imports)) expect(error, missing).toBeNull()
  for (const { first, last, same } of trained) {
    expect(last).toBeLessThan(first)
    expect(same).toBe(true)
  }
  const wasm = expect.stringMatching(/^WebAssembly/) as string
  expect(trained.map(({ backend }) => backend)).toEqual(['CPU, float32', wasm])
})
