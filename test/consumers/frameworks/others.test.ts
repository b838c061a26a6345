import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram } from '../install.ts'
import { expectTrained, openFolder } from '../pages.ts'
import { installApp, PATIENCE } from './app.ts'

/** Parcel, Jest with jsdom, and Bun. Deno has `npm run test:deno`. */

it(
  'Parcel makes a page that trains, also in a worker',
  async () => {
    const folder = await installApp('parcel')
    // With scope hoisting, Parcel makes workers that do not find the modules that they share with others.
    const options = ['--no-scope-hoist', '--public-url', './', '--no-cache']
    const args = [join(folder, 'node_modules', 'parcel', 'lib', 'bin.js'), 'build', 'index.html', ...options]
    await runProgram(process.execPath, args, folder, { NODE_ENV: 'production' })
    expectTrained(await openFolder(join(folder, 'dist')))
  },
  PATIENCE,
)

it(
  'Jest runs tests of programs that train, in jsdom',
  async () => {
    const folder = await installApp('jest')
    const args = ['--experimental-vm-modules', '--no-warnings', join(folder, 'node_modules', 'jest', 'bin', 'jest.js')]
    expect(await runProgram(process.execPath, args, folder)).toContain('3 passed, 3 total')
  },
  PATIENCE,
)

it(
  'Bun trains on each backend',
  async () => {
    const folder = await installApp('bun')
    // Where npm puts the program, on every system.
    const bun = join(folder, 'node_modules', 'bun', 'bin', 'bun.exe')
    const output = await runProgram(bun, ['main.js'], folder)
    const missing = expect.stringContaining('missing.json')
    expect(JSON.parse(output)).toEqual(
      ['cpu', 'wasm', 'webgpu'].map((backend) => ({ backend, loss: expect.closeTo(0.22747, 4), missing })),
    )
  },
  PATIENCE,
)
