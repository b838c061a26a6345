import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, serve } from './browser.ts'
import { isExhaustive } from './covering.ts'

/**
 * What browsers keep about an adapter (src/backend/webgpu/device/page-cache.ts), in IndexedDB: pages that are loaded one
 * after another. The library is that of dist/index.js; `npm test` builds it first.
 */

type Library = typeof import('../src/index.ts')

/** What the pages' own scripts and these tests share. */
interface Page {
  library: Library
  /** How many pipelines were compiled. */
  pipelines: number
}

interface Entry {
  adapter?: unknown
  began: number
  tests: Record<string, string>
}

/** What a page has done. */
interface Visit {
  /** Pipelines compiled before the first step: those of the self-test, where it runs. */
  tested: number
  loss: number
}

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const html = `<!doctype html><title>webgpu-mlp</title><link rel="icon" href="data:,">
<script type="module">import * as library from '/index.js'; globalThis.library = library</script>`
const DAY = 24 * 3600 * 1000

let browser: Browser
let context: BrowserContext
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  server = await serve(async (path) => (path === '/index.html' ? html : await readFile(`${dist}${path.slice(1)}`)))
  browser = await launchChromium()
  context = await browser.newContext()
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Runs before a page's own scripts. */
function countPipelines(): void {
  const page = globalThis as unknown as Page
  const make = GPUDevice.prototype.createComputePipelineAsync
  page.pipelines = 0
  GPUDevice.prototype.createComputePipelineAsync = function (descriptor) {
    page.pipelines++
    return make.call(this, descriptor)
  }
}

/** Opens a page that trains a network, and closes it. `before` runs before the page's scripts. */
async function visit<T>(before?: (value: T) => void, value?: T): Promise<Visit> {
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.addInitScript(countPipelines)
  if (before) await page.addInitScript(before as (value: unknown) => void, value)
  await page.goto(server.url)
  const done = await page.evaluate(async () => {
    const page = globalThis as unknown as Page
    const { circle, Network, Trainer, webgpu } = page.library
    const network = Network.create({ sizes: [2, 2], seed: 1 })
    const trainer = await Trainer.create(network, { backend: webgpu({ plan: 'layered' }), seed: 1 })
    const tested = page.pipelines
    const { epochs } = await trainer.fit(circle({ samples: 50, seed: 1 }), { epochs: 1 })
    trainer.dispose()
    // The library does not wait until an entry is written.
    await new Promise((resolve) => setTimeout(resolve, 100))
    return { tested, loss: epochs[0]!.loss }
  })
  await page.close()
  expect(errors).toEqual([])
  return done
}

/** Runs work on the store in a page without the library: reads all entries, or writes one for each key. */
async function inStore(write?: Record<string, unknown>): Promise<Record<string, Entry>> {
  const page = await context.newPage()
  await page.route('**/index.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
  await page.goto(`${server.url}index.html`)
  const entries = await page.evaluate(async (write) => {
    const result = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error!)
      })
    const database = await result(indexedDB.open('webgpu-mlp'))
    const store = database.transaction('adapters', 'readwrite').objectStore('adapters')
    for (const [key, value] of Object.entries(write ?? {})) await result(store.put(value, key))
    const [keys, values] = [await result(store.getAllKeys()), (await result(store.getAll())) as unknown[]]
    database.close()
    return keys.map((key, i) => [key, values[i]])
  }, write)
  await page.close()
  return Object.fromEntries(entries as [string, Entry][])
}

/** Moves the clock of a page. */
function laterBy(milliseconds: number): void {
  const now = Date.now
  Date.now = () => now() + milliseconds
}

let first: Visit
/** The key of the adapter's entry. */
let key: string

test('what the self-test finds is kept, and the next page does not test again', async () => {
  first = await visit()
  const entries = await inStore()
  expect(Object.keys(entries)).toHaveLength(1)
  key = Object.keys(entries)[0]!
  const { adapter, began, tests } = entries[key]!
  expect(adapter).toMatch(/swiftshader/i)
  expect(Math.abs(Date.now() - began)).toBeLessThan(60_000)
  expect(Object.values(tests).length).toBeGreaterThan(0)
  expect(new Set(Object.values(tests))).toEqual(new Set(['']))
  expect(first.tested).toBeGreaterThan(0)
  expect(await visit()).toEqual({ tested: 0, loss: first.loss })
})

test('a result that says that a kernel is wrong is believed', async () => {
  // Otherwise the test before this one would also pass if nothing were read.
  const { [key]: kept } = await inStore()
  const wrong = Object.fromEntries(Object.keys(kept!.tests).map((name) => [name, 'wrong in an earlier page']))
  await inStore({ [key]: { ...kept, tests: wrong } })
  await expect(visit()).rejects.toThrow(/fails the self-test: .*wrong in an earlier page/)
  await inStore({ [key]: kept })
  expect((await visit()).tested).toBe(0)
})

test('without a name of the driver, an entry is used for a week and then replaced', async () => {
  const before = (await inStore())[key]!
  expect((await visit(laterBy, 6 * DAY)).tested).toBe(0)
  expect((await inStore())[key]!.began).toBe(before.began)
  expect(await visit(laterBy, 8 * DAY)).toEqual(first)
  const after = (await inStore())[key]!
  expect(after.began - before.began).toBeGreaterThan(8 * DAY - 60_000)
  expect(after.tests).toEqual(before.tests)
  // For a page whose clock is right, the entry is from the future.
  expect(await visit()).toEqual(first)
  expect((await visit()).tested).toBe(0)
})

/** Each case costs a self-test, so `npm test` takes the last two. */
const allDamages = [7, 'text', null, { began: 'soon', tests: {} }, { began: Date.now(), tests: [1], tilings: 'wide' }]
const damages = isExhaustive ? allDamages : allDamages.slice(-2)

test('a damaged entry is ignored, and written again', async () => {
  for (const damaged of damages) {
    await inStore({ [key]: damaged })
    expect(await visit(), JSON.stringify(damaged)).toEqual(first)
    expect(Object.keys((await inStore())[key]!.tests).length).toBeGreaterThan(0)
  }
  expect((await visit()).tested).toBe(0)
})

test('entries of other versions are left alone, until there are too many', async () => {
  const { [key]: own } = await inStore()
  const others = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`version ${i}`, { tests: { case: 'bad' } }]))
  expect(Object.keys(await inStore(others))).toHaveLength(16)
  expect((await visit()).tested).toBe(0)
  expect(Object.keys(await inStore())).toHaveLength(16)
  await inStore({ [key]: { ...own, began: 0 } })
  expect(await visit()).toEqual(first)
  expect(Object.keys(await inStore())).toEqual([key])
})

/** Ways in which browsers refuse IndexedDB: private windows, sandboxed frames, full disks, a database that is blocked. `npm test` takes the last three. */
const refusals: [string, () => void][] = [
  ['is missing', () => Object.defineProperty(globalThis, 'indexedDB', { value: undefined })],
  [
    'opens no database',
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'InvalidStateError')
      }
    },
  ],
  [
    'may not be looked at',
    () =>
      Object.defineProperty(globalThis, 'indexedDB', {
        get: () => {
          throw new DOMException('denied', 'SecurityError')
        },
      }),
  ],
  ['never answers', () => void (IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest)],
  [
    'cannot be written to',
    () => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
    },
  ],
]
test.each(isExhaustive ? refusals : refusals.slice(-3))('training goes on where IndexedDB %s', async (_, refuse) => {
  const { [key]: own } = await inStore()
  await inStore({ [key]: { ...own, began: 0 } })
  expect(await visit(refuse)).toEqual(first)
  expect((await inStore())[key]!.began).toBe(0)
})
