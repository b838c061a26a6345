import type { Browser } from 'playwright-core'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeReport } from '../src/cli/report/report.ts'
import {
  adam,
  crossValidate,
  Dataset,
  type LossName,
  Network,
  parseCsv,
  standardize,
  standardizeTargets,
  Trainer,
} from '../src/index.ts'
import { launchChromium } from './browser.ts'

/** The report of a regression and of several labels. */

async function reportOf(data: Dataset, loss: LossName, settings: object, folds = false): Promise<string> {
  const isRegression = loss === 'meanSquaredError'
  const activations = ['tanh', isRegression ? 'linear' : 'sigmoid'] as const
  const sizes = [data.inputs.cols, 6, data.targets.cols]
  const network = Network.create({ sizes, activations, seed: 1 })
  const { features, classes, encoding } = data
  const targetScaling = isRegression ? standardizeTargets(data) : undefined
  Object.assign(network, { features, classes, encoding, scaling: standardize(data), targetScaling })
  const trainer = await Trainer.create(network, {
    backend: 'cpu',
    seed: 1,
    loss,
    optimizer: adam({ learningRate: 0.02 }),
  })
  const { epochs, seconds } = await trainer.fit(data, { epochs: 20 })
  await trainer.read()
  const loaded = { train: await trainer.load(data), validation: undefined }
  const result = await trainer.evaluate(data)
  const crossValidation = folds
    ? await crossValidate({ sizes, activations }, data, {
        backend: 'cpu',
        seed: 1,
        loss,
        epochs: 2,
        folds: 3,
        standardize: true,
      })
    : undefined
  const prepared = { train: data, weighted: data, validation: undefined, scaling: network.scaling, targetScaling, reading: undefined, close: () => undefined } // prettier-ignore
  const { name, description } = trainer.backend
  const backend = { name, description }
  const html = await makeReport({ network, data: prepared, loaded, epochs, seconds, settings, backend, result, validation: null, trainer, crossValidation }) // prettier-ignore
  trainer.dispose()
  return html
}

const towns = ['Kassel', 'Ulm', 'Bonn <b>']
const houses = () => {
  const lines = Array.from({ length: 90 }, (_, i) => {
    const [area, town] = [40 + ((i * 37) % 160), i % 3]
    return `${area},${towns[town]},${area * 2000 + town * 50_000},${area / 30}`
  })
  return parseCsv(`area,town,price,rooms\n${lines.join('\n')}\n`, { target: 'price,rooms', task: 'regression' })
}
const weather = () => {
  const rows = Array.from({ length: 80 }, (_, i) => [Math.sin(i), Math.cos(3 * i)])
  return Dataset.from(rows, rows.map(([a, b]) => [Number(a! > 0), Number(b! > 0.4), Number(a! + b! > 0.8)]), { classes: ['warm', 'wet <i>', 'windy'] }) // prettier-ignore
}

describe('in a browser', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    browser = await launchChromium({ webgpu: false })
    folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-outputs-'))
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(html: string) {
    const file = join(folder, `${html.length}.html`)
    writeFileSync(file, html)
    const page = await browser.newPage({ viewport: { width: 1150, height: 900 } })
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(pathToFileURL(file).href)
    return { page, errors }
  }

  it('a regression shows scores, charts with points, and the largest errors with the words of the file', async () => {
    const { page, errors } = await open(await reportOf(await houses(), 'meanSquaredError', { data: 'houses.csv', target: ['price,rooms'] }, true)) // prettier-ignore
    expect(await page.locator('#targets tbody th').allTextContents()).toEqual(['price', 'rooms'])
    expect(await page.locator('#targets tbody tr').first().locator('td').count()).toBe(3)
    expect(await page.locator('#targets figure').count()).toBe(6)
    // Every chart has pixels in the colour of its points or bars.
    const coloured = await page.locator('#targets canvas').evaluateAll((all) =>
      all.map((element) => {
        const canvas = element as HTMLCanvasElement
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        let count = 0
        for (let i = 0; i < data.length; i += 4)
          count += Number(data[i]! < 90 && data[i + 2]! > 140 && data[i + 3]! > 100)
        return count
      }),
    )
    expect(coloured).toHaveLength(6)
    for (const count of coloured) expect(count).toBeGreaterThan(200)
    const head = await page.locator('#mistakes thead th').allTextContents()
    expect(head).toEqual(['target', 'predicted', 'error', 'area', 'town'])
    const words = await page.locator('#mistakes tbody td:last-child').allTextContents()
    expect(words.every((word) => towns.includes(word))).toBe(true)
    expect(await page.locator('#folds tbody tr').count()).toBe(3)
    expect(await page.locator('#folds .note').textContent()).toMatch(/^R² \S+ ± \S+\. .*all 90 samples/)
    expect(errors).toEqual([])
  })

  it('several labels show precision, recall and F1 of each with its threshold, and the share of exact matches', async () => {
    const { page, errors } = await open(await reportOf(weather(), 'binaryCrossEntropy', { data: 'weather.csv' }))
    const names = await page.locator('#labels tbody th').allTextContents()
    expect(names).toEqual(['warm', 'wet <i>', 'windy', 'macro mean', 'weighted mean', 'micro mean'])
    expect(await page.locator('#labels tbody tr').first().locator('td').last().textContent()).toBe('40')
    expect(await page.locator('#labels .note').textContent()).toMatch(
      /above 0\.5\. \d+\.\d % of the samples have all labels right/,
    )
    expect(await page.locator('#targets').count()).toBe(0)
    expect(await page.locator('#folds').count()).toBe(0)
    expect(errors).toEqual([])
  })
})
