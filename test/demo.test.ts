import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { circle, Network, split, Trainer } from '../src/index.ts'
import { launchChromium, serve } from './browser.ts'

let browser: Browser
let server: Awaited<ReturnType<typeof serve>>
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-demo-'))
  await build({ mode: 'demo', logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  // Under a folder of its own, because a static host may put the page anywhere.
  server = await serve(async (path) =>
    path.startsWith('/some/where/') ? readFile(join(folder, path.slice(12))) : undefined,
  )
  browser = await launchChromium()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Opened {
  page: Page
  errors: string[]
  requests: string[]
}

/** Opens the page; `gpu: false` takes WebGPU away before any of its code runs. */
async function open(hash = '', { gpu = false, width = 1400 } = {}): Promise<Opened> {
  const page = await browser.newPage({ locale: 'en-US', viewport: { width, height: 900 } })
  const errors: string[] = []
  const requests: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('request', (request) => requests.push(request.url()))
  if (!gpu)
    await page.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })
    })
  await page.goto(`${server.url}some/where/${hash && `#${hash}`}`)
  return { page, errors, requests }
}

const scoreOf = async (page: Page) => Number.parseFloat((await page.getByTestId('train-score').textContent()) ?? '')
const epochOf = async (page: Page) =>
  Number((await page.locator('.count b').first().textContent())?.replaceAll(',', ''))

describe('the page', () => {
  it('loads little at first', () => {
    const first = readdirSync(join(folder, 'assets')).filter((name) => /\.(js|css)$/.test(name))
    const bytes = first.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, 'assets', name))).length, 0)
    expect(bytes).toBeLessThan(250 * 1024)
  })

  for (const gpu of [false, true]) {
    it(`trains the circle network at once, ${gpu ? 'on the GPU' : 'on the CPU, and says why'}`, async () => {
      const { page, errors, requests } = await open(gpu ? 'backend=webgpu&speed=0' : 'speed=0', { gpu })
      await page.waitForFunction(
        () => parseFloat(document.querySelector('[data-testid=train-score]')?.textContent ?? '') >= 95,
        undefined,
        { timeout: 60_000 },
      )
      const status = await page.locator('.status').textContent()
      expect(status).toContain(gpu ? 'GPU: ' : 'CPU, float32: ')
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: 'Play' }).waitFor()
      expect(errors).toEqual([])
      expect(requests.every((url) => url.startsWith(server.url))).toBe(true)
      await page.close()
    }, 90_000)
  }

  it('takes its settings from a link, and puts changes into the address', async () => {
    const { page } = await open('problem=xor&hidden=4-3&activations=tanh-tanh-sigmoid&seed=5&learningRate=0.5')
    await page.getByRole('img', { name: 'A network of 2-4-3-2 neurons' }).waitFor()
    expect(await page.getByRole('button', { name: 'Exclusive or' }).getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('button', { name: 'More neurons in hidden layer 1' }).click()
    await page.getByRole('combobox', { name: 'Loss' }).selectOption('crossEntropy')
    await page.getByRole('img', { name: 'A network of 2-5-3-2 neurons' }).waitFor()
    const hash = new URLSearchParams(new URL(page.url()).hash.slice(1))
    expect(Object.fromEntries(hash)).toMatchObject({
      problem: 'xor',
      hidden: '5-3',
      loss: 'crossEntropy',
      activations: 'tanh-tanh-softmax',
    })
    await page.close()
  })

  it('says what is wrong in a link, and runs all the same', async () => {
    const { page } = await open('problem=cube&hidden=99&colour=red')
    const notices = page.locator('.notices')
    await notices.getByText('problem = “cube”, which cannot be; circle is taken').waitFor()
    await notices.getByText('hidden = “99”').waitFor()
    await notices.getByText('“colour”, which is no setting here').waitFor()
    await page.waitForFunction(() => Number(document.querySelector('.count b')?.textContent) > 3)
    await page.close()
  })

  it('repeats a run from its link', async () => {
    const runs = []
    for (let i = 0; i < 2; i++) {
      const { page } = await open('seed=7&samples=100')
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: 'Reset' }).click()
      for (let epoch = 1; epoch <= 5; epoch++) {
        await page.getByRole('button', { name: 'One epoch' }).click()
        await page.waitForFunction(
          (wanted) => Number(document.querySelector('.count b')?.textContent) === wanted,
          epoch,
        )
      }
      runs.push(await page.locator('.status dl').textContent())
      await page.close()
    }
    expect(runs[0]).toBe(runs[1])
  })

  it('makes single steps, and an epoch of what is left', async () => {
    const { page } = await open('samples=50&test=0')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Reset' }).click()
    const counts = async (epochs: number, steps: number) =>
      page.waitForFunction(
        (wanted) => [...document.querySelectorAll('.count b')].map((b) => b.textContent).join() === wanted,
        `${epochs},${steps}`,
      )
    await counts(0, 0)
    await page.getByRole('button', { name: 'One step' }).click()
    await counts(0, 1)
    await page.getByRole('button', { name: 'One step' }).click()
    await counts(0, 2)
    await page.getByRole('button', { name: 'One epoch' }).click()
    await counts(1, 5)
    await page.close()
  })

  it('saves the model as the library reads it, and a picture', async () => {
    const { page } = await open('samples=200&speed=0')
    await page.waitForFunction(() => Number(document.querySelector('.count b')?.textContent?.replace(',', '')) > 500)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Play' }).waitFor()
    const save = async (name: string) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
      return readFileSync(await download.path())
    }
    const network = Network.fromJSON(JSON.parse((await save('Save the model')).toString()))
    expect(network.sizes).toEqual([2, 3, 2])
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    // The score of the training data is gathered while they are trained on; that of the others is the network's now.
    const { test } = split(circle({ samples: 200, seed: 1, noise: 0 }), { test: 0.2, seed: 1 })
    const shown = Number.parseFloat((await page.getByTestId('test-score').textContent()) ?? '')
    expect(100 * (await trainer.evaluate(test)).accuracy).toBeCloseTo(shown, 1)
    expect([...(await save('Save the picture')).subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
    await page.close()
  })

  it('goes back to earlier moments, and on from there', async () => {
    const { page } = await open()
    await page.waitForFunction(() => Number(document.querySelector('.count b')?.textContent?.replace(',', '')) > 60)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Play' }).waitFor()
    const [before, score] = [await epochOf(page), await scoreOf(page)]
    await page.getByLabel('Rewind').fill('0')
    await page.waitForFunction(() => document.querySelector('.count b')?.textContent === '0')
    expect(await scoreOf(page)).not.toBe(score)
    await page.getByRole('button', { name: 'One epoch' }).click()
    await page.waitForFunction(() => document.querySelector('.count b')?.textContent === '1')
    expect(before).toBeGreaterThan(1)
    await page.close()
  })

  it('shows each stage of the GPU beside float64', async () => {
    const { page } = await open('backend=webgpu', { gpu: true })
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Verify on this GPU' }).click()
    await page.getByText('Every stage agrees.').waitFor({ timeout: 60_000 })
    expect(await page.locator('section:has(#verify-title) tbody tr').count()).toBe(12)
    await page.close()
  }, 90_000)

  it('never blocks for 100 ms while it trains', async () => {
    const { page } = await open('hidden=8-8&activations=tanh-tanh-sigmoid&problem=spirals')
    await page.waitForFunction(() => Number(document.querySelector('.count b')?.textContent) > 3)
    const longest = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let most = 0
          new PerformanceObserver((list) =>
            list.getEntries().forEach(({ duration }) => (most = Math.max(most, duration))),
          ).observe({ entryTypes: ['longtask'] })
          setTimeout(() => {
            resolve(most)
          }, 3000)
        }),
    )
    expect(longest).toBeLessThan(100)
    await page.close()
  })

  it('fits a phone', async () => {
    const { page } = await open('', { width: 390 })
    await page.waitForFunction(() => Number(document.querySelector('.count b')?.textContent) > 3)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await page.close()
  })
})
