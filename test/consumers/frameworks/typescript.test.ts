import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPackage } from '../../package.ts'
import { copyPrograms, installTools, runProgram } from '../install.ts'
import { PATIENCE } from './app.ts'

/** The declarations of the packed library, checked by versions of TypeScript without `skipLibCheck`. */

let tools: string
let app: string
beforeAll(async () => {
  tools = await installTools('typescript')
  app = await installPackage()
  copyPrograms('typescript', app)
}, PATIENCE)
afterAll(() => {
  rmSync(app, { recursive: true, force: true })
})

const require = createRequire(import.meta.url)
const versions = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0', '7.0']
const resolutions = { bundler: 'ESNext', nodenext: 'NodeNext' }
const types = { 'no types of WebGPU': [], '@webgpu/types': ['@webgpu/types'] }

/** Checks the programs of a page, or those with `webgpu-mlp/node`, which needs the types of Node. */
async function check(version: string, files: string[], options: object): Promise<void> {
  const folder = mkdtempSync(join(app, 'project-'))
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    ...options,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const tsc = join(tools, 'node_modules', `typescript-${version}`, 'bin', 'tsc')
  await runProgram(process.execPath, [tsc, '-p', '.'], folder)
}

describe.each(versions)('TypeScript %s', (version) => {
  // Later versions have types of WebGPU themselves, which @webgpu/types contradicts.
  const kinds: (keyof typeof types)[] =
    Number(version) < 6 ? ['no types of WebGPU', '@webgpu/types'] : ['no types of WebGPU']
  for (const [moduleResolution, module] of Object.entries(resolutions)) {
    it.each(kinds)(`checks a page: ${moduleResolution}, %s`, async (name) => {
      const installed = join(app, 'node_modules', '@webgpu', 'types')
      rmSync(installed, { recursive: true, force: true })
      if (types[name].length > 0) {
        mkdirSync(installed, { recursive: true })
        cpSync(dirname(require.resolve('@webgpu/types/package.json')), installed, { recursive: true })
      }
      const hasDevice = types[name].length > 0 || Number(version) >= 6
      const files = ['../page.ts', ...(hasDevice ? ['../device.ts'] : [])]
      await check(version, files, { module, moduleResolution, types: types[name] })
    }, 600_000) // prettier-ignore
  }

  it('checks a program for Node', async () => {
    const typeRoots = [join(dirname(dirname(require.resolve('@types/node/package.json'))))]
    await check(version, ['../node.ts'], { module: 'NodeNext', moduleResolution: 'nodenext', lib: ['ES2022'], types: ['node'], typeRoots }) // prettier-ignore
    expect(typeRoots).toHaveLength(1)
  }, 600_000)
})
