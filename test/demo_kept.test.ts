import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, describe, expect, it } from 'vitest'
import { epochsReach, findViolations, numberOf, numberReaches, pause, servePage } from './page.ts'

const { open, close, newProfile } = servePage()

const profiles: BrowserContext[] = []
afterEach(async () => {
  await Promise.all(profiles.splice(0).map((profile) => profile.close()))
})
async function profile(): Promise<BrowserContext> {
  const made = await newProfile()
  profiles.push(made)
  return made
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const offer = (page: Page) => page.getByRole('region', { name: 'Your last run' })

async function trainEpochs(page: Page, count: number): Promise<void> {
  await button(page, 'New start').click()
  for (let epoch = 1; epoch <= count; epoch++) {
    await button(page, 'One epoch').click()
    await numberReaches(page, 'epoch', epoch, 'exactly')
  }
}

/** The epochs of the runs in the browser's storage. */
const keptEpochs = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const opening = indexedDB.open('webgpu-mlp-runs')
        opening.onupgradeneeded = () => opening.transaction?.abort()
        opening.onerror = () => {
          resolve([])
        }
        opening.onsuccess = () => {
          const reading = opening.result.transaction('runs').objectStore('runs').getAll()
          reading.onsuccess = () => {
            opening.result.close()
            const all = reading.result as { state?: { checkpoint: { epoch: number } } }[]
            resolve(all.flatMap(({ state }) => (state ? [state.checkpoint.epoch] : [])))
          }
        }
      }),
  )

/** Keeps the run as if the user looked at another tab, and waits until it is in the storage. */
async function keep(page: Page): Promise<number> {
  const epoch = await numberOf(page, 'epoch')
  await page.evaluate(() => dispatchEvent(new Event('pagehide')))
  await expect.poll(async () => Math.max(...(await keptEpochs(page)))).toBeGreaterThanOrEqual(epoch)
  return epoch
}

/** Waits until the page has looked for runs of closed tabs; a tab that was reloaded gets another identifier. */
const searched = (page: Page, before: string | null = null) =>
  page.waitForFunction((other) => ![other, null].includes(sessionStorage.getItem('webgpu-mlp run')), before)

describe('the run of a closed tab', () => {
  it('is offered, and continues with its curves to the same bits as an unbroken run', async () => {
    const shared = { profile: await profile() }
    const hash = 'samples=60&optimizer=adam&learningRate=0.05&backend=cpu'
    const first = await open(hash, shared)
    await trainEpochs(first.page, 3)
    const loss = await numberOf(first.page, 'loss')
    await keep(first.page)
    // That tab is still open.
    const beside = await open(hash, shared)
    await searched(beside.page)
    expect(await offer(beside.page).isVisible()).toBe(false)
    await close(beside)
    await close(first)
    // Other addresses are about other runs.
    const other = await open('problem=xor', shared)
    await searched(other.page)
    expect(await offer(other.page).isVisible()).toBe(false)
    await close(other)

    const opened = await open('', shared)
    const { page } = opened
    await offer(page).getByText('Last time you trained this network to epoch 3, ').waitFor()
    expect(await findViolations(page)).toEqual([])
    await button(page, 'Continue').focus()
    await page.keyboard.press('Enter')
    await numberReaches(page, 'epoch', 3, 'exactly')
    expect(await offer(page).isVisible()).toBe(false)
    expect(await numberOf(page, 'loss')).toBe(loss)
    expect(new URL(page.url()).hash).toBe(`#${hash}`)
    const curve = page.getByRole('slider', { name: 'Loss over the epochs' })
    const ends = () => Promise.all(['min', 'max'].map((end) => curve.getAttribute(`aria-value${end}`)))
    expect(await ends()).toEqual(['0', '3'])
    await button(page, 'One epoch').click()
    await numberReaches(page, 'epoch', 4, 'exactly')
    const continued = await numberOf(page, 'loss')
    await trainEpochs(page, 4)
    expect(await numberOf(page, 'loss')).toBe(continued)
    await close(opened)
  })

  it('continues with the file on which it was trained; once discarded, it is not offered again', async () => {
    const shared = { profile: await profile() }
    const first = await open('', shared)
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 5},${3 * (i % 7) - 2 * (i % 5)}`)
    const buffer = Buffer.from(['width,height,price', ...rows].join('\n'))
    await first.page.locator('input[type=file]').first().setInputFiles({ name: 'houses.csv', mimeType: 'text/csv', buffer }) // prettier-ignore
    await first.page.getByText('houses.csv: 60 ').first().waitFor()
    await button(first.page, 'One epoch').click()
    await numberReaches(first.page, 'epoch', 1, 'exactly')
    await keep(first.page)
    const { hash } = new URL(first.page.url())
    const [epoch, loss] = [await numberOf(first.page, 'epoch'), await numberOf(first.page, 'loss')]
    await close(first)

    const opened = await open('', shared)
    const { page } = opened
    await offer(page).getByText('a network on “houses.csv”').waitFor()
    await button(page, 'Not now').click()
    await page.reload()
    await button(page, 'Continue').click()
    await numberReaches(page, 'epoch', epoch, 'exactly')
    expect(await numberOf(page, 'loss')).toBe(loss)
    expect(new URL(page.url()).hash).toBe(hash)
    await keep(page)
    await page.reload()
    await button(page, 'Discard').click()
    await expect.poll(async () => keptEpochs(page)).toEqual([])
    await close(opened)
  })

  it('goes on without a question in a tab that the browser discarded', async () => {
    const opened = await open('speed=10&samples=100')
    const { page } = opened
    await epochsReach(page, 5)
    const epoch = await keep(page)
    await page.addInitScript(() => {
      Object.defineProperty(document, 'wasDiscarded', { value: true })
    })
    await page.reload()
    await page
      .getByText(/^The browser had unloaded this tab to save memory\. Your network is back at epoch \d+\.$/)
      .waitFor()
    await button(page, 'Pause').waitFor()
    await epochsReach(page, epoch + 3)
    expect(await offer(page).isVisible()).toBe(false)
    await button(page, 'Close').click()
    await close(opened)
  })

  it('is not kept where the storage is full or damaged, and the page works', async () => {
    const opened = await open('speed=10&samples=100')
    const { page } = opened
    await epochsReach(page, 2)
    await pause(page)
    await keep(page)
    await page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const opening = indexedDB.open('webgpu-mlp-runs')
          opening.onsuccess = () => {
            const store = opening.result.transaction('runs', 'readwrite').objectStore('runs')
            store.clear()
            store.put({ version: 1, time: Date.now() }, 'run damaged')
            store.put('text', 'files unknown')
            store.transaction.oncomplete = () => {
              opening.result.close()
              resolve()
            }
          }
        }),
    )
    const before = await page.evaluate(() => sessionStorage.getItem('webgpu-mlp run'))
    await page.reload()
    await searched(page, before)
    await epochsReach(page, 2)
    expect(await offer(page).isVisible()).toBe(false)
    const tries = await page.workers()[0]!.evaluateHandle(() => {
      const made = { puts: 0 }
      IDBObjectStore.prototype.put = () => {
        made.puts++
        throw new DOMException('There is no space left.', 'QuotaExceededError')
      }
      return made
    })
    await page.evaluate(() => dispatchEvent(new Event('pagehide')))
    // A second time after the runs of closed tabs were removed.
    await expect.poll(async () => (await tries.jsonValue()).puts).toBe(2)
    await page.getByText('This browser does not keep the training when the tab closes.').waitFor({ state: 'attached' })
    await epochsReach(page, (await numberOf(page, 'epoch')) + 3)
    expect(await keptEpochs(page)).toEqual([])
    await close(opened)
  })
})
