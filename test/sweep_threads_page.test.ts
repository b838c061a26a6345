import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isolation, launchChromium, serve } from './browser.ts'

/** A page with the library as it is built for browsers. */
const page = `<!doctype html><title>sweep</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>`
const program = `
import { circle, sweep } from '/index.js'
globalThis.train = async ([threads, backend]) => {
  const data = circle({ samples: 60, seed: 1 })
  let last
  const options = { sizes: [2, 3, 2], learningRate: [0.1, 1, 5], seeds: 2, epochs: 8, halving: true, backend, threads }
  const results = await sweep(data, { ...options, onRound: (round) => void (last = round) })
  return {
    separately: last.separately,
    results: results.map((result) => ({ seed: result.seed, loss: result.loss, parameters: [...result.network().parameters] })),
  }
}`
const answers: Record<string, string> = { '/index.html': page, '/page.js': program }
const built = fileURLToPath(new URL('../dist', import.meta.url))

interface Result {
  separately: { networks: number; threads: number; reasons: string[] }
  results: unknown[]
}

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium({ webgpu: false })
})
afterAll(async () => {
  await browser.close()
})

/** Trains the same sweep on one thread and on two in a page that is served with some headers. */
async function trainInPage(headers: Record<string, string>, backend: 'cpu' | 'wasm'): Promise<Result[]> {
  const server = await serve(async (path) => answers[path] ?? (await readFile(`${built}${path}`)), headers)
  const tab = await browser.newPage()
  try {
    await tab.goto(server.url)
    await tab.waitForFunction(() => 'train' in globalThis)
    const results: Result[] = []
    for (const threads of [1, 2]) {
      const train = (given: unknown) => (globalThis as unknown as { train: (given: unknown) => unknown }).train(given)
      results.push((await tab.evaluate(train, [threads, backend])) as Result)
    }
    return results
  } finally {
    await tab.close()
    await server.close()
  }
}

describe('threads of a sweep in a page', () => {
  it.each([
    ['share the data where it is cross-origin isolated', isolation, 'wasm'],
    ['have copies of the data where it is not', {}, 'cpu'],
  ] as const)('%s, and give the results of one thread', async (_, headers, backend) => {
    const [one, two] = await trainInPage(headers, backend)
    expect(one!.results).toHaveLength(6)
    expect(two!.results).toEqual(one!.results)
    expect([one, two].map((result) => result!.separately.threads)).toEqual([1, 2])
  })

  it('are not needed where the Content-Security-Policy allows no workers of blob: addresses', async () => {
    const headers = { 'content-security-policy': "worker-src 'self'" }
    const [one, two] = await trainInPage(headers, 'wasm')
    expect(two!.results).toEqual(one!.results)
    expect(two!.separately.threads).toBe(1)
    expect(two!.separately.reasons).toEqual([
      expect.stringMatching(/one network at a time; no threads, because a thread could not be started: .*blob:/),
    ])
  })
})
