import { describe, expect, it } from 'vitest'
import { escapeHtml, escapeJson, makeReport } from '../src/cli/report/report.ts'
import { Dataset } from '../src/data/dataset.ts'
import { Network } from '../src/model/network.ts'
import { Trainer } from '../src/training/trainer.ts'
import { launchChromium } from './browser.ts'

const wicked = '</script><script>window.stolen = true</script>'

/** A report of a small run whose names would like to be markup. */
async function wickedReport(): Promise<string> {
  const x = Array.from({ length: 40 }, (_, i) => [Math.cos(i), Math.sin(2 * i)])
  const data = Dataset.from(x, x.map((_, i) => (i % 2 ? wicked : 'plain')), { features: [wicked, `"'&`] }) // prettier-ignore
  const network = Network.create({ sizes: [2, 3, 2], seed: 1 })
  network.features = data.features
  network.classes = data.classes
  const trainer = await Trainer.create(network, { backend: 'cpu', seed: 1 })
  const { epochs, seconds } = await trainer.fit(data, { epochs: 5, validation: data })
  const result = await trainer.evaluate(data)
  const { name, description } = trainer.backend
  const settings = { data: wicked, optimizer: trainer.optimizer }
  const prepared = { train: data, validation: data, scaling: undefined }
  const backend = { name, description }
  return makeReport({
    network,
    data: prepared,
    epochs,
    seconds,
    settings,
    backend,
    result,
    validation: result,
    trainer,
  })
}

describe('the report', () => {
  it('is one file that loads nothing', async () => {
    const html = await wickedReport()
    expect(html).not.toMatch(/\b(src|href)\s*=/)
    expect(html).not.toMatch(/url\(|@import|fetch\(|XMLHttpRequest/)
    expect(html).toContain("default-src 'none'")
  })

  it('takes names as text, in markup and in data', async () => {
    const html = await wickedReport()
    expect(html).not.toContain(wicked)
    expect(html.match(/<script/g)).toHaveLength(3)
    expect(escapeHtml('<a href="x">&\'')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&#39;')
    expect(JSON.parse(escapeJson({ a: '</script>&\u2028' }))).toEqual({ a: '</script>&\u2028' })
    expect(escapeJson('</script>')).not.toContain('<')
  })

  it('draws its charts in a browser, without an error and without a request', async () => {
    const browser = await launchChromium()
    try {
      const page = await browser.newPage({ locale: 'en-US' })
      const problems: string[] = []
      page.on('pageerror', ({ message }) => problems.push(message))
      page.on('console', (message) => problems.push(message.text()))
      page.on('request', (request) => problems.push(request.url()))
      await page.setContent(await wickedReport())
      expect(problems).toEqual([])
      expect(await page.locator('canvas').count()).toBe(4)
      expect(await page.evaluate(() => 'stolen' in window)).toBe(false)
      expect(await page.locator('.legend span').allTextContents()).toEqual([wicked, 'plain'])
    } finally {
      await browser.close()
    }
  })
})
