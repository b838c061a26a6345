import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { licenses, LICENSES_FILE } from '../build/licenses.ts'
import { scriptText } from '../script-text.js'

/** The licences of packages that builds contain code of. */

const packages = fileURLToPath(new URL('../node_modules', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-licenses-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Builds a program, and returns what it writes beside the code. */
async function licensesOf(program: string, more?: readonly string[]): Promise<string> {
  writeFileSync(join(folder, 'main.js'), program)
  const result = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    plugins: [scriptText(), licenses(more).plugin],
    build: { write: false, lib: { entry: join(folder, 'main.js'), formats: ['es'], cssFileName: 'style' } },
  })
  const [{ output }] = (Array.isArray(result) ? result : [result]) as [
    { output: { fileName: string; source?: unknown }[] },
  ]
  return String(output.find(({ fileName }) => fileName === LICENSES_FILE)?.source)
}

function addPackage(name: string, files: Record<string, string>): string {
  const own = join(folder, 'node_modules', name)
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'package.json'), JSON.stringify({ name, version: '1.2.3', license: 'MIT', main: 'index.js' }))
  writeFileSync(join(own, 'index.js'), 'export default 1')
  for (const [file, text] of Object.entries(files)) writeFileSync(join(own, file), text)
  return own
}

describe('the licences of a build', () => {
  it('are those of all packages that it contains, also in texts and style sheets', async () => {
    const script = fileURLToPath(new URL('../src/cli/sweep-page/browser/main.tsx', import.meta.url))
    const text = await licensesOf(`
      import * as pbf from '${packages}/pbf/index.js'
      import '${packages}/uplot/dist/uPlot.min.css'
      import script from '${script}?page'
      console.log(pbf, script)`)
    for (const name of ['pbf', 'uplot', 'preact', '@preact/signals-core', 'd3-brush', 'd3-ease']) {
      const { version } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as { version: string }
      expect(text).toContain(`\n${name} ${version} (`)
      const [license = ''] = /\S.*\S/s.exec(readFileSync(join(packages, name, 'LICENSE'), 'utf8')) ?? []
      expect(text).toContain(license)
    }
    expect(text).not.toContain('vite')
  })

  it('contain notices, and those of packages whose files are copied', async () => {
    const license = 'Permission is granted. '.repeat(20)
    const copied = addPackage('copied', { 'LICENCE.md': license, NOTICE: 'Made by somebody.' })
    const text = await licensesOf('console.log(1)', [copied])
    expect(text).toContain(`copied 1.2.3 (MIT)\n\n${license.trim()}\n\nMade by somebody.`)
  })

  it.each([
    ['no licence text', {}],
    ['a licence that only names one', { LICENSE: 'MIT' }],
  ])('fail a build with a package that has %s', async (_, files) => {
    rmSync(join(folder, 'node_modules', 'bare'), { recursive: true, force: true })
    addPackage('bare', files)
    await expect(licensesOf("import one from 'bare'\nconsole.log(one)")).rejects.toThrow(/bare has no licence text/)
  })
})
