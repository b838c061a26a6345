import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bestRuns, divideSettings, makeComparison } from '../src/cli/report/comparison.ts'
import { historyCsv, historyPath } from '../src/cli/report/history.ts'
import { escapeHtml, escapeJson } from '../src/cli/report/html.ts'
import { pictureSide } from '../src/cli/report/mistakes.ts'
import { makeRecord, readRecord } from '../src/cli/report/record.ts'
import { makeReport } from '../src/cli/report/report.ts'
import type { TrainedRun } from '../src/cli/report/trained-run.ts'
import { Dataset } from '../src/data/dataset.ts'
import { digits } from '../src/data/generators.ts'
import { Network } from '../src/model/network.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { Trainer } from '../src/training/trainer.ts'
import { launchChromium } from './browser.ts'

const wicked = '</script><script>window.stolen = true</script>'
const quoted = `"'&\u2028<img src=x onerror="window.stolen=true">\u0000`

interface Case {
  data: Dataset
  learningRate?: number
  regression?: boolean
}

/** A small run whose names contain markup. */
async function makeRun({ data, learningRate = 0.1, regression = false }: Case): Promise<TrainedRun> {
  const sizes = [data.inputs.cols, 3, data.targets.cols]
  const network = Network.create({ sizes, seed: 1, ...(regression && { output: 'linear' }) })
  network.features = data.features
  network.classes = data.classes
  const optimizer = sgd({ learningRate })
  const trainer = await Trainer.create(network, { backend: 'cpu', seed: 1, optimizer })
  const { epochs, seconds } = await trainer.fit(data, { epochs: 5, validation: data })
  await trainer.read()
  const result = await trainer.evaluate(data)
  const { name, description } = trainer.backend
  const settings = { data: wicked, target: quoted, optimizer, seed: 1, json: true }
  const prepared = {
    train: data,
    weighted: data,
    validation: data,
    scaling: undefined,
    targetScaling: undefined,
    reading: undefined,
    close: () => undefined,
  }
  const backend = { name, description }
  const train = await trainer.load(data)
  const loaded = { train, validation: train }
  return { network, data: prepared, loaded, epochs, seconds, settings, backend, result, validation: result, trainer }
}

/** 40 samples with the given number of inputs and two classes, with hostile names. */
function wickedData(inputs: number): Dataset {
  const x = Array.from({ length: 40 }, (_, i) => Array.from({ length: inputs }, (_, j) => Math.sin(i * (j + 1))))
  const names = [wicked, quoted, 'a,b\n"c"', '__proto__']
  const features = Array.from({ length: inputs }, (_, j) => names[j] ?? `${wicked} ${j}`)
  return Dataset.from(x, x.map((_, i) => (i % 3 ? wicked : quoted)), { features }) // prettier-ignore
}

describe('the report', () => {
  it('is one file that loads nothing', async () => {
    const html = await makeReport(await makeRun({ data: wickedData(2) }))
    // `src=` occurs in the text of a name, whose angle bracket is escaped.
    expect(html.replaceAll('&lt;img src=x', '').replaceAll('\\u003cimg src=x', '')).not.toMatch(/\b(src|href)\s*=/)
    expect(html).not.toMatch(/url\(|@import|fetch\(|XMLHttpRequest/)
    expect(html).toContain("default-src 'none'")
  })

  it('treats names as text, in markup and in data', async () => {
    const html = await makeReport(await makeRun({ data: wickedData(2) }))
    expect(html).not.toContain(wicked)
    expect(html).not.toContain('<img')
    expect(html.match(/<script/g)).toHaveLength(3)
    expect(escapeHtml('<a href="x">&\'')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&#39;')
    expect(JSON.parse(escapeJson({ a: '</script>&\u2028' }))).toEqual({ a: '</script>&\u2028' })
    expect(escapeJson('</script>')).not.toContain('<')
  })

  it('contains settings, environment, and a fingerprint of the parameters', async () => {
    const run = await makeRun({ data: wickedData(3) })
    const html = await makeReport(run)
    const hash = createHash('sha256').update(new Uint8Array(run.network.parameters.buffer)).digest('hex').slice(0, 16)
    expect(html).toContain(`<td>${hash}</td>`)
    for (const row of ['learningRate</th><td>0.1', 'seed</th><td>1', `node</th><td>${process.version}`, 'processor']) {
      expect(html).toContain(`<tr><th scope="row">${row}`)
    }
    expect(html).toContain('backend used</th><td>cpu: CPU, float32')
    expect(html).not.toContain('json</th>')
  })
})

describe('a report in a browser', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    browser = await launchChromium()
    folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-report-'))
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Opens a page from a file, as users do; it must cause no errors, run no foreign code, and send no requests. */
  async function open(html: string, colorScheme: 'light' | 'dark' = 'light') {
    const file = join(folder, `<b>'&${Math.abs(html.length)} ${colorScheme}.html`)
    writeFileSync(file, html)
    const url = pathToFileURL(file).href
    const page = await browser.newPage({ locale: 'en-US', colorScheme })
    // The language that browsers report on systems without a locale.
    const odd = () => Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true })
    if (colorScheme === 'dark') await page.addInitScript(odd)
    const problems: string[] = []
    page.on('pageerror', ({ message }) => problems.push(message))
    page.on('console', (message) => problems.push(message.text()))
    page.on('dialog', (dialog) => problems.push(dialog.message()))
    page.on('request', (request) => {
      if (request.url() !== url) problems.push(request.url())
    })
    await page.goto(url)
    expect(problems).toEqual([])
    expect(await page.evaluate(() => 'stolen' in window)).toBe(false)
    return page
  }
  /** As a browser reads it from markup, which cannot contain U+0000; JSON preserves it. */
  const shown = quoted.replace('\u0000', '')

  it.each(['light', 'dark'] as const)('draws plane, curves, matrix and misclassified samples (%s)', async (scheme) => {
    const page = await open(await makeReport(await makeRun({ data: wickedData(2) })), scheme)
    expect(await page.locator('canvas').count()).toBe(4)
    const legend = await page.locator('.legend span').allTextContents()
    expect(legend.sort()).toEqual([quoted, wicked].sort())
    const matrix = await page.locator('.confusion td:not(:empty)').allTextContents()
    expect(matrix.map(Number).reduce((a, b) => a + b)).toBe(40)
    const right = page.locator('.confusion .right').first()
    expect(await right.evaluate((cell) => getComputedStyle(cell).backgroundColor)).toMatch(/0\.\d+\)$/)
    expect(await page.locator('#classes .data').first().locator('tbody tr').count()).toBe(5)
    const heads = await page.locator('#mistakes thead th').allTextContents()
    expect(heads).toEqual(['class', 'predicted', 'output', wicked, shown])
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    expect(background).toBe(scheme === 'dark' ? 'rgb(20, 23, 29)' : 'rgb(246, 247, 249)')
    await page.close()
  })

  it('shows misclassified square images', async () => {
    const some = digits({ samples: 60, seed: 1 })
    const page = await open(await makeReport(await makeRun({ data: some })))
    const wrong = Number(/^(\d+) of 60/.exec((await page.locator('#mistakes .note').textContent()) ?? '')?.[1])
    expect(wrong).toBeGreaterThan(0)
    expect(await page.locator('#mistakes canvas').count()).toBe(wrong)
    expect(await page.locator('#mistakes figcaption').first().textContent()).toMatch(/^\d, is \d$/)
    await page.close()
  })

  it('shows the largest errors of a regression, and no score without a meaning', async () => {
    const x = Array.from({ length: 30 }, (_, i) => [i / 30, 1 - i / 30])
    const data = Dataset.from(x, x.map(([a = 0]) => 2 * a), { features: [wicked, quoted] }) // prettier-ignore
    const page = await open(await makeReport(await makeRun({ data, regression: true })))
    expect(await page.locator('canvas').count()).toBe(4) // The loss, and the three charts of the target.
    const errors = (await page.locator('#mistakes td:nth-child(3)').allTextContents()).map(Number)
    expect(errors).toHaveLength(20)
    expect(errors).toEqual(errors.toSorted((a, b) => b - a))
    expect(await page.locator('.tile').first().textContent()).toMatch(/^Training R²-?[\d.]+/)
    await page.close()
  })

  it.each(['light', 'dark'] as const)('compares runs (%s)', async (scheme) => {
    const data = wickedData(3)
    const runs = await Promise.all([0.1, 3].map((learningRate) => makeRun({ data, learningRate })))
    const records = runs.map((run, i) => ({ name: [wicked, quoted][i]!, record: makeRecord(run) }))
    const page = await open(makeComparison(records), scheme)
    expect(await page.locator('canvas').count()).toBe(2)
    const table = page.locator('.data').first()
    expect(await table.locator('tbody th').allTextContents()).toEqual([wicked, shown])
    const swatch = table.locator('.swatch').nth(1)
    expect(await swatch.evaluate((dot) => getComputedStyle(dot).backgroundColor)).toBe('rgb(230, 159, 0)')
    expect(await table.locator('thead th').allTextContents()).toContain('learningRate')
    expect(await table.locator('thead th').allTextContents()).not.toContain('seed')
    expect(await page.locator('details th').allTextContents()).toContain('seed')
    const labels = await page.locator('#loss .u-label').allTextContents()
    expect(labels).toEqual(['epoch', wicked, `${wicked} (validation)`, quoted, `${quoted} (validation)`])
    await page.close()
  })
})

describe('the record of a run', () => {
  it('can be read from a report, with its settings in groups', async () => {
    const data = wickedData(2)
    const [a, b] = await Promise.all([0.1, 3].map((learningRate) => makeRun({ data, learningRate })))
    const record = makeRecord(a!)
    expect(readRecord(await makeReport(a!), 'a.html')).toEqual(record)
    expect(record).toMatchObject({ scoreName: 'accuracy', epochs: 5, validation: { score: a!.result.accuracy } })
    expect(record.curves.validationLoss).toEqual(a!.epochs.map(({ validation }) => validation?.loss))
    const other = makeRecord(b!)
    const runs = [
      { name: 'a', record },
      { name: 'b', record: other },
    ]
    expect(divideSettings(runs).differing).toEqual([['learningRate', ['0.1', '3']]])
    expect(divideSettings(runs).same).toContainEqual(['seed', '1'])
    const better = { ...other, validation: { loss: 0, score: 1 } }
    expect(bestRuns([runs[0]!, { name: 'b', record: better }])).toEqual(new Set([1]))
    expect(bestRuns([runs[0]!, { name: 'b', record: { ...better, scoreName: 'R²' } }])).toEqual(new Set())
  })

  it('names the weight of each class, for any class name', async () => {
    const settings = { data: 'x.csv', classWeights: Object.fromEntries([['name', 2], ['__proto__', 3]]) } // prettier-ignore
    const record = makeRecord({ ...(await makeRun({ data: wickedData(2) })), settings })
    expect(record.settings).toContainEqual(['classWeights', 'name=2, __proto__=3'])
  })

  it('is validated when it is read', async () => {
    const html = await makeReport(await makeRun({ data: wickedData(2) }))
    expect(readRecord('<!doctype html><p>Something else', 'x.html')).toBeUndefined()
    expect(() => readRecord(html.slice(0, html.indexOf('"plane":')), 'x.html')).toThrow('x.html: the run in it is cut')
    const changed = html.replace('"format":"webgpu-mlp run","version":1', '"format":"webgpu-mlp run","version":9')
    expect(() => readRecord(changed, 'x.html')).toThrow('x.html: holds a run of another version')
    const bad = html.replace('"scoreName":"accuracy"', '"scoreName":{}')
    expect(() => readRecord(bad, 'x.html')).toThrow('x.html: holds a run of another version')
    const record = readRecord(html, 'x.html')!
    const withRecord = (changed: unknown) => {
      const text = JSON.stringify(changed).replaceAll('<', '\\u003c')
      return readRecord(
        html.replace(/"record":\{.*?\},"plane"/s, () => `"record":${text},"plane"`),
        'x.html',
      )
    }
    expect(withRecord(record)).toEqual(record)
    for (const changed of [
      null,
      [],
      { ...record, epochs: null },
      { ...record, seconds: null },
      { ...record, seconds: -1 },
      { ...record, scoreName: 'toString' },
      { ...record, training: null },
      { ...record, curves: { ...record.curves, loss: [1] } },
      { ...record, curves: { ...record.curves, epoch: record.curves.epoch.map(() => null) } },
    ]) {
      expect(() => withRecord(changed), JSON.stringify(changed)).toThrow('x.html: holds a run of another version')
    }
    const nullPayload = html.replace(/(id="run">).*?(<\/script>)/s, '$1null$2')
    expect(readRecord(nullPayload, 'x.html')).toBeUndefined()
    // A run that is too short to be timed has no rate.
    const short = withRecord({ ...record, samplesPerSecond: null })!
    expect(makeComparison([{ name: 'short', record: short }])).toContain('<td>–</td>')
  })
})

describe('the history file of a report', () => {
  it('is CSV according to RFC 4180, with one epoch per line', async () => {
    const run = await makeRun({ data: wickedData(2) })
    const lines = historyCsv(run.epochs).split('\r\n')
    expect(lines[0]).toBe('epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds')
    expect(lines).toHaveLength(1 + 5 + 1)
    expect(lines.at(-1)).toBe('')
    const { epoch, loss, accuracy, validation, learningRate, seconds } = run.epochs[4]!
    expect(lines[5]!.split(',').map(Number)).toEqual([
      epoch,
      loss,
      accuracy,
      validation?.loss,
      validation?.accuracy,
      learningRate,
      seconds,
    ])
    const bare = historyCsv([{ ...run.epochs[0]!, validation: null }])
    expect(bare.split('\r\n')[1]!.split(',').slice(3, 5)).toEqual(['', ''])
  })

  it('has a different name for each report, and does not exist for a device', () => {
    expect(historyPath('runs/a/report.html')).toBe('runs/a/history.csv')
    expect(historyPath('report.html')).toBe('history.csv')
    expect(historyPath('runs/adam.html')).toBe('runs/adam-history.csv')
    expect(historyPath('runs/myreport.html')).toBe('runs/myreport-history.csv')
    expect(historyPath('/dev/stdout')).toBeUndefined()
  })
})

describe('pictureSide', () => {
  const of = (cols: number, features?: string[]) =>
    pictureSide(Dataset.from([Array.from({ length: cols }, () => 0)], [0], { features }))

  it('recognises images by their size, but not if columns are named', () => {
    expect(pictureSide(digits({ samples: 10, seed: 1 }))).toBe(28)
    expect([of(25), of(36), of(24), of(16)]).toEqual([5, 6, undefined, undefined])
    expect(
      of(
        25,
        Array.from({ length: 25 }, (_, i) => `1x${i + 1}`),
      ),
    ).toBe(5)
    expect(
      of(
        25,
        Array.from({ length: 25 }, (_, i) => (i === 7 ? 'age' : `x${i}`)),
      ),
    ).toBeUndefined()
  })
})
