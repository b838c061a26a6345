import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isolation, launchChromium, serve } from './browser.ts'
import { bundleProgram } from './wasm/bundle.ts'
import { expectedSums } from './wasm/exchange.ts'

/** Runs in a page or in a worker: opens a pool and uses it. */
const program = `
import { Exchange, findFeatures, openPool, usualThreads } from '/program.js'
async function usePool(threads) {
  const features = findFeatures()
  if (features.obstacle !== undefined) return { features }
  const pool = await openPool(threads)
  const exchange = await Exchange.attach(pool)
  exchange.run(20)
  const { sums } = exchange
  const { threads: count, reason } = pool
  pool.dispose()
  return { features, threads: count, reason, sums, cores: navigator.hardwareConcurrency, usual: usualThreads() }
}
`
const page = `<!doctype html><title>threads</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>`
const answers: Record<string, string> = {
  '/index.html': page,
  '/page.js': `${program}globalThis.usePool = usePool`,
  '/worker.js': `${program}onmessage = async ({ data }) => postMessage(await usePool(data))`,
}

interface Result {
  features: { obstacle?: string; hasSimd: boolean; sharingObstacle?: string }
  threads?: number
  reason?: string
  sums?: number[]
  cores: number
  usual: number
}

let browser: Browser
let bundled: Awaited<ReturnType<typeof bundleProgram>>
beforeAll(async () => {
  bundled = await bundleProgram()
  browser = await launchChromium({ webgpu: false })
})
afterAll(async () => {
  bundled.remove()
  await browser.close()
})

/** Opens a page that is served with some headers, and uses a pool there. */
async function usePool(headers: Record<string, string>, threads: number, where: 'page' | 'worker' = 'page') {
  const answer = async (path: string) => answers[path] ?? (await readFile(join(bundled.folder, path.slice(1)), 'utf8'))
  const server = await serve(answer, headers)
  const tab = await browser.newPage()
  try {
    await tab.goto(server.url)
    await tab.waitForFunction(() => 'usePool' in globalThis)
    return (await tab.evaluate(
      async ([count, isWorker]) => {
        if (!isWorker) return (globalThis as unknown as { usePool: (count: number) => unknown }).usePool(count)
        const worker = new Worker('/worker.js', { type: 'module' })
        return new Promise((resolve, reject) => {
          worker.onmessage = ({ data }: MessageEvent<Result>) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
          worker.postMessage(count)
        })
      },
      [threads, where === 'worker'] as const,
    )) as Result
  } finally {
    await tab.close()
    await server.close()
  }
}

describe('threads in a page', () => {
  it.each(['page', 'worker'] as const)('share memory where it is cross-origin isolated, from a %s', async (where) => {
    const result = await usePool(isolation, 3, where)
    expect(result).toMatchObject({ threads: 3, sums: expectedSums(3, 20), usual: Math.max(1, result.cores - 1) })
    expect(result.features.hasSimd).toBe(true)
    expect(result.reason).toBeUndefined()
  })

  it.each(['page', 'worker'] as const)('are one where it is not, from a %s', async (where) => {
    const result = await usePool({}, 3, where)
    expect(result).toMatchObject({ threads: 1, sums: expectedSums(1, 20) })
    expect(result.reason).toContain('the page is not cross-origin isolated')
    expect(result.features.sharingObstacle).toBe(result.reason)
  })

  it('are one where the Content-Security-Policy allows no workers of blob: addresses', async () => {
    const result = await usePool({ ...isolation, 'content-security-policy': "worker-src 'self'" }, 2)
    expect(result).toMatchObject({ threads: 1, sums: expectedSums(1, 20) })
    expect(result.reason).toMatch(/^a thread could not be started: /)
  })

  it('are not needed where the Content-Security-Policy forbids WebAssembly', async () => {
    const { features } = await usePool({ 'content-security-policy': "script-src 'self'" }, 2)
    expect(features.obstacle).toBe(
      "the page's Content-Security-Policy forbids WebAssembly (allow it by script-src 'wasm-unsafe-eval')",
    )
  })
})
