import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { makePage } from '../src/cli/report/html.ts'
import { launchChromium } from './browser.ts'

const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-policy-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('lets a report that is opened from a file run its scripts and use its styles, and no others', async () => {
  const foreign = `<script>window.foreign = 1</script><style>h1 { color: red }</style>
    <img src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E" style="color: red" onerror="window.foreign = 1">`
  const html = makePage({
    title: 'A page',
    eyebrow: '',
    summary: '',
    body: foreign,
    payload: {},
    // As on Windows, where text files may have other line ends; browsers read both in the same way.
    script: 'window.own = [\r\n1]\r\n',
    styles: 'h1 {\r\n  color: rgb(1 2 3)\r\n}',
  })
  expect(html).not.toContain('unsafe')
  writeFileSync(join(folder, 'page.html'), html)
  const browser = await launchChromium({ webgpu: false })
  try {
    const page = await browser.newPage()
    const refused: string[] = []
    page.on('console', (message) => refused.push(message.text()))
    await page.goto(pathToFileURL(join(folder, 'page.html')).href)
    const found = await page.evaluate(() => {
      const { own, foreign: other } = window as { own?: unknown; foreign?: unknown }
      const title = getComputedStyle(document.querySelector('h1')!).color
      return { own, other, title, image: document.querySelector('img')!.style.color }
    })
    expect(found).toEqual({ own: [1], other: undefined, title: 'rgb(1, 2, 3)', image: '' })
    // The script, the style element, the style attribute and the picture; its handler, once the picture is refused.
    expect(refused).toHaveLength(5)
  } finally {
    await browser.close()
  }
})
