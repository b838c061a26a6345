import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResultRecord, SweepRecord } from '../src/cli/sweep/record.ts'
import { makePayload, packTexts } from '../src/cli/sweep-page/columns.ts'
import { sweepPage } from '../src/cli/sweep-page/page.ts'
import { describeSweep, makeTiles, timeSpan } from '../src/cli/sweep-page/summary.ts'
import { makeWall, MOST_PICTURES } from '../src/cli/sweep-page/wall.ts'
import { Dataset } from '../src/data/dataset.ts'
import { circle } from '../src/data/generators.ts'
import { Network } from '../src/model/network.ts'
import { launchChromium } from './browser.ts'
import { isExhaustive } from './covering.ts'
import { findViolations } from './page.ts'

const wicked = '</script><script>window.stolen = true</script>'
const layers = ['2,3,2', '2,8,2', '2,8,8,2']
const hidden = ['tanh', 'relu', wicked]
const rates = [0.01, 0.1, 1, 10]
const epochs = [1, 2, 3].map((epoch) => ({
  epoch,
  loss: 0.5 / epoch,
  accuracy: 0.5 + epoch / 10,
  validation: { loss: 0.6 / epoch, accuracy: 0.4 + epoch / 10 },
  steps: 5,
  learningRate: 0.1,
  seconds: 0.01,
  samplesPerSecond: 100,
}))

const autopsy = {
  cause: 'learningRate',
  evidence: 'the rate <b>is</b> too high',
  hint: 'lower it',
  fix: {},
  isTried: true,
} as const

/** A sweep of 36 networks a seed, whose best ones have the most layers and a learning rate of 1; some of them diverged. */
function makeSweep(seeds: number, change: Partial<SweepRecord> = {}): SweepRecord {
  const found = layers.flatMap((own, l) =>
    hidden.flatMap((activation, h) =>
      rates.flatMap((learningRate, r) =>
        Array.from({ length: seeds }, (_, s) => {
          const diverged = r === 3 && h === 1
          const score = 0.6 + 0.1 * l + 0.04 * h + 0.05 * (r === 3 ? 0 : r) - 0.01 * (s / seeds)
          return {
            seed: s + 1,
            settings: { layers: own, hidden: activation, learningRate, epochs: 20 },
            score: diverged ? null : score,
            deviation: null,
            folds: null,
            loss: diverged ? null : (1 - score) ** 2,
            epochs: diverged ? 3 : 20,
            parameters: 10 * (l + 1),
            diverged,
            fault: diverged ? { epoch: 3 } : null,
            autopsy: diverged ? autopsy : null,
            command: `webgpu-mlp train --layers ${own} --hidden '${activation}' --lr ${learningRate} --seed ${s + 1}`,
          }
        }),
      ),
    ),
  )
  const results = found
    .sort((a, b) => (b.score ?? -1) - (a.score ?? -1))
    .map((one, i): ResultRecord => ({ rank: i + 1, index: i, ...one }))
  const seedAxis = { name: 'seed', option: '--seeds', values: results.slice(0, seeds).map((_, i) => i + 1), scale: 'linear' } as const // prettier-ignore
  return {
    format: 'webgpu-mlp sweep',
    version: 1,
    program: 'webgpu-mlp 0.2.0',
    command: `webgpu-mlp sweep --data '${wicked}'`,
    data: { name: wicked, samples: 200, validationSamples: 50, fingerprint: '0123456789abcdef' },
    backend: { name: 'cpu', description: 'CPU, float32' },
    seconds: 3725,
    networksPerSecond: 12.345,
    networks: results.length,
    shard: null,
    task: 'classification',
    scoreName: 'accuracy',
    scoredOn: 'validation',
    axes: [
      { name: 'layers', option: '--layers', values: layers, scale: 'words' },
      { name: 'hidden', option: '--hidden', values: hidden, scale: 'words' },
      { name: 'learningRate', option: '--lr', values: rates, scale: 'log' },
      ...(seeds > 1 ? [seedAxis] : []),
    ],
    results,
    best: [1, 2].map((rank) => ({
      rank,
      history: { epochs, seconds: 1, stopped: 'epochs' as const, bestEpoch: null },
    })),
    ensemble: { networks: 8, score: 0.9876, loss: 0.01 },
    ...change,
  }
}

const data = circle({ samples: 60, seed: 1 })
const networks = [1, 2, 3].map((seed) => ({ rank: seed, network: Network.create({ sizes: [2, 4, 2], seed }) }))

describe('the page of a sweep', () => {
  const record = makeSweep(2)
  const html = sweepPage({ record, wall: makeWall(networks, data, record) })

  it('is one file that loads nothing, and takes names as text', () => {
    expect(html).toContain("default-src 'none'")
    expect(html).not.toContain(wicked)
    expect(html.match(/<script/g)).toHaveLength(3)
    expect(html).not.toMatch(/url\(|@import|fetch\(|XMLHttpRequest/)
  })

  it('says how long it took, what the best network and the ensemble score, and what diverged or was stopped', () => {
    expect([0.5, 59.94, 59.96, 200, 3599.6, 3725].map(timeSpan)).toEqual(['0.50 s', '59.9 s', '1 min 0 s', '3 min 20 s', '1 h 0 min', '1 h 2 min']) // prettier-ignore
    const part = { shard: { index: 1, count: 4 }, networks: 100 }
    expect(describeSweep({ ...record, ...part })).toBe(
      'Trained on 200 samples and validated on 50, in 1 h 2 min on CPU, float32. Part 1 of 4 of the sweep. 72 of 100 networks are finished.',
    )
    const numbers = makeTiles(record).match(/<strong>[^<]*/g)?.map((text) => text.slice(8)) // prettier-ignore
    expect(numbers).toEqual(['98.0 %', '98.8 %', '72', '12.3', '6'])
    const regression = makeTiles({ ...record, scoreName: 'r2', ensemble: null })
    expect(regression).toContain('Best validation R²</span><strong>0.98<')
    const halved = record.results.map((one, i) => (i < 5 ? { ...one, epochs: 10 } : one))
    expect(makeTiles({ ...record, results: halved })).toContain('Stopped early</span><strong>5<')
  })

  it('stores commands by their words, and axes by their values', () => {
    const texts = ['', 'a b  c', 'a b  d', 'x', 'a b', ...record.results.map(({ command }) => command)]
    const { groups, group, row } = packTexts(texts)
    const unpacked = texts.map(
      (_, i) =>
      groups[group[i]!]!.columns.map((column) => (typeof column === 'string' ? column : column.words[column.places[row[i]!]!]!)).join(' '), // prettier-ignore
    )
    expect(unpacked).toEqual(texts)
    const { axes, score, faults } = makePayload(record, undefined)
    expect(axes.map(({ name, scale, values }) => [name, scale, values.length])).toEqual([
      ['layers', 'words', 3],
      ['hidden', 'words', 3],
      ['learning rate', 'log', 4],
      ['seed', 'linear', 2],
    ])
    expect(score).toEqual({ name: 'validation accuracy', short: 'accuracy', decimals: 1 })
    expect(faults.filter((fault) => fault === 3)).toHaveLength(6)
    // 0 has no logarithm: its axis has evenly spaced values.
    const results = record.results.map((one, i) => ({ ...one, settings: { l2: [0, 0.1, 0.01][i % 3]! } }))
    const l2 = { name: 'l2', option: '--l2', values: [0, 0.01, 0.1], scale: 'log' } as const
    expect(makePayload({ ...record, results, axes: [l2] }, undefined).axes[0]).toMatchObject({ name: 'L2', scale: 'words', values: [0, 0.01, 0.1] }) // prettier-ignore
  })

  it('has pictures of what the networks compute over the plane', () => {
    const wall = makeWall(networks, data, record)!
    expect(wall.pictures.map(({ rank }) => rank)).toEqual([1, 2, 3])
    const [{ width, height, values }] = wall.pictures as [(typeof wall.pictures)[0]]
    const bytes = Buffer.from(values, 'base64')
    expect(bytes.length).toBe(width * height)
    const of = (j: number) => Array.from({ length: data.length }, (_, i) => data.inputs.get(i, j))
    const [low, high] = [0, 1].map((j) => [Math.min(...of(j)), Math.max(...of(j))]) as [[number, number], [number, number]] // prettier-ignore
    const at = ([from, to]: [number, number], share: number) => from + (to - from) * (1.16 * share - 0.08)
    for (const [row, column] of [
      [0, 0],
      [10, 50],
      [height - 1, 7],
    ] as const) {
      // prettier-ignore
      const point = [at(low, (column + 0.5) / width), at(high, 1 - (row + 0.5) / height)]
      const [first = 0, second = 0] = networks[0]!.network.predict([point]).row(0)
      expect(Math.abs(bytes[row * width + column]! - (255 * second) / (first + second))).toBeLessThan(0.51)
    }
    expect(wall.legend).toEqual([{ name: 'outside', colour: 0 }, { name: 'inside', colour: 255 }]) // prettier-ignore
    expect(wall.points.x).toHaveLength(60)
    const many = Array.from({ length: 60 }, (_, i) => ({ rank: i + 1, network: networks[0]!.network }))
    expect(makeWall(many, data, record)?.pictures).toHaveLength(MOST_PICTURES)
  })

  it('has pictures for several classes and for one regression target, and none where there is no plane', () => {
    const x = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(2 * i)])
    const three = Dataset.from(x, x.map((_, i) => 'abc'[i % 3]!)) // prettier-ignore
    const network = Network.create({ sizes: [2, 3], output: 'softmax', seed: 1 })
    const wall = makeWall([{ rank: 1, network }], three, record)!
    const predicted = network.predict(x).row(0)
    expect(wall.legend.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    const classes = new Set([...Buffer.from(wall.pictures[0]!.values, 'base64')].map((place) => Math.floor(place / 85)))
    expect(classes).toContain(predicted.indexOf(Math.max(...predicted)))
    const line = Dataset.from(x, x.map(([a = 0]) => [a])) // prettier-ignore
    const linear = Network.create({ sizes: [2, 1], output: 'linear', seed: 1 })
    expect(makeWall([{ rank: 1, network: linear }], line, { task: 'regression' })?.kind).toBe('values')
    expect(makeWall([{ rank: 1, network }], three, { task: 'multilabel' })).toBeUndefined()
    const deep = Network.create({ sizes: [3, 2], seed: 1 })
    expect(makeWall([{ rank: 1, network: deep }], three, record)).toBeUndefined()
    expect(makeWall([], three, record)).toBeUndefined()
  })
})

describe('the page of a sweep in a browser', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    browser = await launchChromium({ webgpu: false })
    folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-sweep-'))
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Opens a page from a file, as users do; it must cause no errors, run no foreign code, and send no requests. */
  async function open(html: string, { dark = false, width = 1280 } = {}): Promise<{ page: Page; problems: string[] }> {
    const url = pathToFileURL(join(folder, 'sweep.html')).href
    writeFileSync(join(folder, 'sweep.html'), html)
    const page = await browser.newPage({
      locale: 'en-US',
      colorScheme: dark ? 'dark' : 'light',
      viewport: { width, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const problems: string[] = []
    page.on('pageerror', ({ message }) => problems.push(message))
    page.on('console', (message) => problems.push(message.text()))
    page.on('request', (request) => request.url() !== url && problems.push(request.url()))
    await page.goto(url)
    await page.locator('#explorer canvas').first().waitFor()
    return { page, problems }
  }

  const shown = (page: Page) => page.locator('.shown').textContent()
  const record = makeSweep(4)
  const html = sweepPage({ record, wall: makeWall(networks, data, record) })
  const within = (test: (result: ResultRecord) => boolean) => record.results.filter(test).length

  it('filters by dragging along axes, by fields, and by the number of the best', async () => {
    const { page, problems } = await open(html)
    expect(await shown(page)).toBe('144 of 144 networks')
    // The learning rates from 0.1 to 1 are the middle third of their axis.
    const axis = (await page.locator('.brush').nth(2).boundingBox())!
    const drag = async (from: number, to: number) => {
      await page.mouse.move(axis.x + axis.width / 2, axis.y + from * axis.height)
      await page.mouse.down()
      await page.mouse.move(axis.x + axis.width / 2, axis.y + to * axis.height, { steps: 3 })
      await page.mouse.up()
    }
    await drag(0.25, 0.75)
    await page.getByText('learning rate 0.1 to 1').waitFor()
    expect(await shown(page)).toBe('72 of 144 networks')
    await page.getByText('Filter by values').click()
    await page.getByLabel('layers, from').selectOption('2-8-2')
    const both = within(({ settings: { layers: own, learningRate: rate } }) => own !== '2,3,2' && (rate === 0.1 || rate === 1)) // prettier-ignore
    expect(await shown(page)).toBe(`${both} of 144 networks`)
    await page.getByLabel('accuracy, from').fill('0.9')
    await page.getByLabel('accuracy, from').press('Enter')
    const scored = within(({ settings: { layers: own, learningRate: rate }, score }) => own !== '2,3,2' && (rate === 0.1 || rate === 1) && (score ?? 0) >= 0.9) // prettier-ignore
    expect(await shown(page)).toBe(`${scored} of 144 networks`)
    await page.getByLabel('Number of the best networks').fill('7')
    await page.getByLabel('Number of the best networks').press('Enter')
    expect(await shown(page)).toBe('7 of 144 networks')
    expect(await page.locator('.results tbody tr').count()).toBe(7)
    await page.getByRole('button', { name: 'Remove the filter layers' }).click()
    await page.getByRole('button', { name: 'Reset' }).click()
    expect(await shown(page)).toBe('144 of 144 networks')
    expect(await page.locator('.results tbody tr').count()).toBe(100)
    expect(problems).toEqual([])
    expect(await page.evaluate(() => 'stolen' in window)).toBe(false)
    await page.close()
  })

  it('shows the command of a network that is chosen in the table, the chart, the curves or the pictures', async () => {
    const { page, problems } = await open(html)
    const command = page.locator('.selected code')
    await page.locator('.results tbody tr').nth(11).click()
    expect(await command.textContent()).toBe(record.results[11]?.command)
    await page.locator('.selected').getByRole('button', { name: 'Copy' }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(record.results[11]?.command)
    await page.locator('.ranks button').nth(1).click()
    expect(await command.textContent()).toBe(record.results[1]?.command)
    await page.locator('.picture').nth(2).click()
    expect(await command.textContent()).toBe(record.results[2]?.command)
    await page.getByRole('button', { name: 'Close' }).click()
    expect(await page.locator('.selected').isVisible()).toBe(false)
    // Of the best network alone there is one line, which passes through the middle between two axes.
    await page.getByLabel('Number of the best networks').fill('1')
    await page.getByLabel('Number of the best networks').press('Enter')
    const points = await page.evaluate(async () => {
      const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))
      for (let frame = 0; frame < 3; frame++) await nextFrame()
      const canvas = document.querySelector<HTMLCanvasElement>('.parallel canvas')!
      const { width, height } = canvas
      const x = Math.round(width * 0.2)
      const { data: pixels } = canvas.getContext('2d')!.getImageData(x, 0, 1, height)
      const dark = Array.from({ length: height }, (_, y) => y).filter((y) => pixels[4 * y]! < 60 && pixels[4 * y + 3]! > 150) // prettier-ignore
      return dark.map((y) => [(x / width) * canvas.clientWidth, (y / height) * canvas.clientHeight])
    })
    const [x = 0, y = 0] = points[Math.floor(points.length / 2)]!
    const box = (await page.locator('.parallel canvas').first().boundingBox())!
    await page.mouse.click(box.x + x, box.y + y)
    expect(await command.textContent()).toBe(record.results[0]?.command)
    expect(problems).toEqual([])
    await page.close()
  })

  it('sorts its table, and shows the score over any two settings', async () => {
    const { page } = await open(html)
    await page.getByRole('button', { name: 'loss', exact: true }).click()
    const losses = await page.locator('.results td:nth-child(3)').allTextContents()
    expect(losses.map(Number)).toEqual(losses.map(Number).toSorted((a, b) => a - b))
    await page.getByRole('button', { name: 'loss' }).click()
    // The largest first; those that diverged are last in both orders.
    const largest = record.results.reduce((most, { loss }) => Math.max(most, loss ?? 0), 0)
    expect(Number(await page.locator('.results td:nth-child(3)').first().textContent())).toBeCloseTo(largest, 4)
    await page.getByLabel('Rows').selectOption('layers')
    await page.getByLabel('Columns').selectOption('learning rate')
    await page.getByLabel('Value').selectOption('median')
    const cell = page.getByRole('button', { name: 'layers 2-8-8-2, learning rate 10:' })
    const scores = record.results.filter(({ settings: { layers: own, learningRate: rate } }) => own === '2,8,8,2' && rate === 10).flatMap(({ score }) => score ?? []).sort() // prettier-ignore
    const median = (scores[3]! + scores[4]!) / 2
    expect(await cell.textContent()).toBe((100 * median).toFixed(1))
    expect(await cell.getAttribute('title')).toContain('12 networks, 4 diverged')
    await cell.click()
    expect(await shown(page)).toBe('12 of 144 networks')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    expect(await page.locator('.chips').textContent()).toContain('learning rate 1 ×')
    await page.close()
  })

  it.each([
    { dark: false, width: 1280 },
    { dark: true, width: 390 },
  ])('has no violation that axe finds, and fits its window: %o', async (options) => {
    const { page, problems } = await open(html, options)
    await page.getByText('Filter by values').click()
    // axe takes seconds for a hundred rows.
    await page.getByLabel('Number of the best networks').fill('12')
    await page.getByLabel('Number of the best networks').press('Enter')
    await page.locator('.results tbody tr').nth(2).click()
    expect(await findViolations(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
    expect(problems).toEqual([])
    await page.close()
  })

  it('shows a sweep of many networks, of which it draws some', async () => {
    const many = makeSweep(isExhaustive ? 1821 : 455)
    const { page, problems } = await open(sweepPage({ record: many, wall: undefined }))
    const total = many.results.length.toLocaleString('en-US')
    expect(await shown(page)).toBe(`${total} of ${total} networks`)
    await page.getByText('lines at most are drawn').waitFor()
    await page.getByText('Filter by values').click()
    await page.getByLabel('hidden, to').selectOption('tanh')
    const third = (many.results.length / 3).toLocaleString('en-US')
    expect(await shown(page)).toBe(`${third} of ${total} networks`)
    expect(problems).toEqual([])
    await page.close()
  }, 60_000)

  it('shows a sweep whose networks all diverged, and one of a single network', async () => {
    const diverged = record.results.map((one) => ({ ...one, score: null, loss: null, diverged: true, fault: { epoch: 1 }, autopsy })) // prettier-ignore
    const none = await open(sweepPage({ record: { ...record, results: diverged, best: [], ensemble: null }, wall: undefined })) // prettier-ignore
    expect(await none.page.locator('main').textContent()).toContain('The training of all networks diverged.')
    await none.page.locator('.results tbody tr').first().click()
    expect(await none.page.locator('.selected-cause').textContent()).toBe('The rate <b>is</b> too high; lower it.')
    expect(none.problems).toEqual([])
    await none.page.close()
    const one = { ...record, results: record.results.slice(0, 1), axes: [], networks: 1, best: record.best.slice(0, 1) }
    const single = await open(sweepPage({ record: one, wall: undefined }))
    expect(await shown(single.page)).toBe('1 of 1 networks')
    expect(single.problems).toEqual([])
    await single.page.close()
  })
})
