import { execFile } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import ts from 'typescript'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium, serve } from './browser.ts'
import { installPackage } from './package.ts'

/** examples/react with the packed library: compiled strictly, built with Vite, and used in Chromium. */

const root = fileURLToPath(new URL('../', import.meta.url))
const run = promisify(execFile)
let folder: string
let browser: Browser
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  folder = await installPackage({ dawn: false })
  cpSync(join(root, 'examples/react'), folder, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  })
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >
  // What the checkout has is linked; React comes from the registry, without any script of a package.
  const linked = ['@webgpu/types', 'typescript', 'vite']
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  const fetched = wanted.filter(([name]) => name !== 'webgpu-mlp' && !linked.includes(name))
  const packages = join(folder, 'packages')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--prefix', packages, ...fetched.map(([name, range]) => `${name}@${range}`)]) // prettier-ignore
  cpSync(join(packages, 'node_modules'), join(folder, 'node_modules'), { recursive: true })
  for (const name of linked) {
    const place = join(folder, 'node_modules', name)
    if (!existsSync(join(place, '..'))) cpSync(join(root, 'node_modules', name), place, { recursive: true })
    else symlinkSync(join(root, 'node_modules', name), place, 'junction')
  }
  await build({ root: folder, logLevel: 'warn' })
  server = await serve((path) => readFile(join(folder, 'dist', path)))
  browser = await launchChromium({ webgpu: false })
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

it('compiles under strict TypeScript', () => {
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
  expect(options).toMatchObject({ strict: true, noUncheckedIndexedAccess: true })
  expect(fileNames.length).toBe(4)
  const program = ts.createProgram(fileNames, options)
  const complaints = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  expect(complaints).toEqual([])
}, 120_000)

it('trains in a worker with progress, stops, and trains to the end', async () => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(server.url)
  const status = page.getByRole('status')
  const epoch = async () => Number(await page.locator('[data-value=epoch]').textContent())
  // The page stays responsive, and the training ends where the user says: in the page, because a small training may be
  // over before the click of another process arrives.
  await page.evaluate(async () => {
    const button = document.querySelector('button')!
    const shown = document.querySelector('[data-value=epoch]')!
    const begun = new Promise<void>((resolve) => {
      new MutationObserver((_, observer) => {
        if (Number(shown.textContent) === 0 || button.textContent !== 'Stop') return
        observer.disconnect()
        resolve()
      }).observe(document.body, { childList: true, characterData: true, subtree: true })
    })
    button.click()
    await begun
    button.click()
  })
  expect(page.workers().length).toBeGreaterThan(0)
  await status.getByText('stopped').waitFor()
  const stopped = await epoch()
  expect(stopped).toBeLessThan(300)
  await page.getByRole('button', { name: 'Train' }).click()
  await status.getByText('done').waitFor()
  expect(await epoch()).toBe(300)
  expect(Number(await page.locator('[data-value=accuracy]').textContent())).toBeGreaterThan(0.9)
  expect(await page.locator('output').textContent()).toMatch(/^inside, \d+ %$/)
  await page.locator('input').fill('1')
  expect(await page.locator('output').textContent()).toMatch(/^outside, \d+ %$/)
  expect(errors).toEqual([])
}, 120_000)
