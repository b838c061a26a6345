import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { circle, fromSafetensors, Network, split, Trainer } from '../src/index.ts'
import {
  countsOf,
  epochsReach,
  numberOf,
  numberReaches,
  openMore,
  pause,
  scoreOf,
  scoreReaches,
  servePage,
} from './page.ts'

const { open, close, folder } = servePage()

describe('the page', () => {
  it('loads little at first', () => {
    // The lesson and the reader of CSV files are loaded on demand.
    const first = readdirSync(join(folder, 'assets')).filter((name) => /^(index|worker)-.*\.(js|css)$/.test(name))
    const bytes = first.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, 'assets', name))).length, 0)
    expect(first).toHaveLength(3)
    expect(bytes).toBeLessThan(250 * 1024)
  })

  for (const gpu of [false, true]) {
    it(`trains the circle network at once, ${gpu ? 'on the GPU' : 'on the CPU, with the reason'}`, async () => {
      const opened = await open(gpu ? 'backend=webgpu&speed=0' : 'speed=0')
      const { page } = opened
      await scoreReaches(page, 'training-score', 95)
      const status = await page.locator('.status').textContent()
      expect(status).toMatch(
        gpu ? /GPU: / : /(SIMD, float32, 1 thread|CPU, float32): .*(the only WebGPU adapter is software|fastest)/,
      )
      for (const rate of ['samples-per-second', 'epochs-per-second'] as const) {
        expect(await numberOf(page, rate)).toBeGreaterThan(1)
      }
      const backend = await page.locator('[data-value=backend]').getAttribute('data-number')
      expect(gpu ? ['webgpu'] : ['wasm', 'cpu']).toContain(backend)
      await pause(page)
      await close(opened)
    }, 90_000)
  }

  it('changes between CPU and GPU while it trains, with the rates of both', async () => {
    const opened = await open('backend=cpu')
    const { page } = opened
    await epochsReach(page, 30)
    await page.locator('[popovertarget=backend-details]').click()
    await page.getByRole('radio', { name: 'GPU (WebGPU)' }).check()
    await page.getByText('GPU: ').waitFor()
    const [before] = await countsOf(page)
    expect(before).toBeGreaterThanOrEqual(30)
    await epochsReach(page, before! + 10)
    const rates = await page.locator('.backend small').allTextContents()
    expect(rates).toHaveLength(2)
    expect(rates.every((text) => /[\d.,]+( million)?\/s/.test(text))).toBe(true)
    await close(opened)
  })

  it('reads its settings from a link, and writes changes to the address', async () => {
    const opened = await open('problem=xor&hidden=4-3&activations=tanh-tanh-sigmoid&seed=5&learningRate=0.5')
    const { page } = opened
    await page.getByRole('img', { name: 'A network of 2-4-3-2 neurons' }).waitFor()
    expect(await page.getByRole('button', { name: 'Exclusive or' }).getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('button', { name: 'More neurons in hidden layer 1' }).click()
    await openMore(page)
    await page.getByRole('combobox', { name: 'Loss' }).selectOption('crossEntropy')
    await page.getByRole('img', { name: 'A network of 2-5-3-2 neurons' }).waitFor()
    const hash = new URLSearchParams(new URL(page.url()).hash.slice(1))
    expect(Object.fromEntries(hash)).toMatchObject({
      problem: 'xor',
      hidden: '5-3',
      loss: 'crossEntropy',
      activations: 'tanh-tanh-softmax',
    })
    await close(opened)
  })

  it('reports what is wrong in a link, and trains nevertheless', async () => {
    const opened = await open('problem=cube&hidden=99&colour=red')
    const { page } = opened
    const notices = page.locator('.notices')
    await notices.getByText('problem = “cube”, which is not valid; the page uses circle').waitFor()
    await notices.getByText('hidden = “99”').waitFor()
    await notices.getByText('“colour”, which is not a setting of this page').waitFor()
    await epochsReach(page, 4)
    await close(opened)
  })

  it('repeats a run from its link', async () => {
    const runs = []
    for (let i = 0; i < 2; i++) {
      const opened = await open('seed=7&samples=100')
      const { page } = opened
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: 'New start' }).click()
      for (let epoch = 1; epoch <= 5; epoch++) {
        await page.getByRole('button', { name: 'One epoch' }).click()
        await numberReaches(page, 'epoch', epoch, 'exactly')
      }
      runs.push(await page.locator('.scores').textContent(), await numberOf(page, 'loss'))
      await close(opened)
    }
    expect(runs.slice(0, 2)).toEqual(runs.slice(2))
  })

  it('makes single steps, and completes an epoch', async () => {
    const opened = await open('samples=50&test=0')
    const { page } = opened
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'New start' }).click()
    const counts = async (epochs: number, steps: number) => {
      await numberReaches(page, 'step', steps, 'exactly')
      expect(await numberOf(page, 'epoch')).toBe(epochs)
    }
    await counts(0, 0)
    await page.getByRole('button', { name: 'One step' }).click()
    await counts(0, 1)
    await page.getByRole('button', { name: 'One step' }).click()
    await counts(0, 2)
    await page.getByRole('button', { name: 'One epoch' }).click()
    await counts(1, 5)
    await close(opened)
  })

  it('saves a model that the library can read, and an image', async () => {
    const opened = await open('samples=200&speed=0')
    const { page } = opened
    await epochsReach(page, 501)
    await pause(page)
    const save = async (name: string) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
      return readFileSync(await download.path())
    }
    const network = Network.fromJSON(JSON.parse((await save('Save the model')).toString()))
    expect(network.sizes).toEqual([2, 3, 2])
    const trainer = await Trainer.create(network, { backend: 'cpu' })
    // The training score is collected during the epoch; the test score is that of the current network.
    const { test } = split(circle({ samples: 200, seed: 1, noise: 0 }), { test: 0.2, seed: 1 })
    expect((await trainer.evaluate(test)).accuracy).toBeCloseTo(await numberOf(page, 'test-score'), 6)
    const kinds = page.getByRole('combobox', { name: 'as', exact: true })
    await kinds.selectOption('safetensors for PyTorch')
    const other = fromSafetensors(new Uint8Array(await save('Save the model')))
    expect([...other.parameters]).toEqual([...network.parameters])
    await kinds.selectOption('ONNX for other tools')
    expect((await save('Save the model')).toString('latin1')).toContain('webgpu-mlp')
    await kinds.selectOption('JavaScript for web pages')
    expect((await save('Save the model')).toString()).toContain('export')
    expect([...(await save('Save the picture')).subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
    await close(opened)
  })

  it('restores earlier moments with their decision regions, and continues training from there', async () => {
    const opened = await open('speed=10')
    const { page } = opened
    const pixels = () =>
      page.evaluate(async () => {
        // The plane is drawn after the numbers are shown.
        for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
        const canvas = document.querySelector<HTMLCanvasElement>('[data-regions] canvas')!
        return [...canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data].join()
      })
    await pause(page)
    await page.getByRole('button', { name: 'New start' }).click()
    const reached = async (epoch: number) => numberReaches(page, 'epoch', epoch, 'exactly')
    for (let epoch = 1; epoch <= 3; epoch++) {
      await page.getByRole('button', { name: 'One epoch' }).click()
      await reached(epoch)
    }
    const [old, score] = [await pixels(), await scoreOf(page, 'test-score')]
    for (let epoch = 4; epoch <= 30; epoch++) {
      await page.getByRole('button', { name: 'One epoch' }).click()
      await reached(epoch)
    }
    expect(await pixels()).not.toBe(old)
    // The first moment is the untrained network.
    await page.getByLabel('Rewind').fill('3')
    await reached(3)
    expect(await pixels()).toBe(old)
    expect(await scoreOf(page, 'test-score')).toBe(score)
    await page.getByLabel('Rewind').fill('0')
    await reached(0)
    await page.getByRole('button', { name: 'One epoch' }).click()
    await page.getByRole('button', { name: 'Train on', exact: true }).click()
    await reached(1)
    await close(opened)
  })

  it('compares each stage on the GPU with float64', async () => {
    const opened = await open('backend=webgpu')
    const { page } = opened
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Verify on this GPU' }).click()
    await page.getByText('Every stage agrees.').waitFor({ timeout: 60_000 })
    expect(await page.locator('section:has(#verify-title) tbody tr').count()).toBe(12)
    await close(opened)
  }, 90_000)

  it('fits a phone', async () => {
    const opened = await open('', { width: 390 })
    const { page } = opened
    await epochsReach(page, 4)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await close(opened)
  })
})
