import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { epochsReach, findViolations, numberOf, pause, servePage } from './page.ts'

const { open, close, folder } = servePage({ webgpu: false })

async function download(page: Page, button: string): Promise<{ name: string; bytes: Buffer }> {
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ])
  return { name: saved.suggestedFilename(), bytes: await readFile(await saved.path()) }
}

/**
 * How long a video is and how large its frames are, according to the browser; and whether its frames differ. It plays in a
 * page without a policy, which may use videos within addresses.
 */
async function playVideo(page: Page, base64: string) {
  const player = await page.context().browser()!.newPage()
  const played = await player.evaluate(async (data) => {
    const video = document.createElement('video')
    video.src = `data:video/webm;base64,${data}`
    const context = new OffscreenCanvas(96, 54).getContext('2d')!
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve
      video.onerror = reject
    })
    /** The pixels at a time, once they satisfy a condition; a busy machine decodes a frame some time after the seek. */
    const frameAt = async (time: number, isReady: (pixels: string) => boolean) => {
      video.currentTime = time
      await new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }))
      for (let tries = 0; tries < 100; tries++) {
        context.drawImage(video, 0, 0, 96, 54)
        const pixels = context.getImageData(0, 0, 96, 54).data.join()
        if (isReady(pixels)) return pixels
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return undefined
    }
    const { duration, videoWidth, videoHeight } = video
    const first = await frameAt(0.05, (pixels) => /[1-9]/.test(pixels))
    const last = await frameAt(duration - 0.5, (pixels) => pixels !== first)
    return { duration, videoWidth, videoHeight, differ: first !== undefined && last !== undefined }
  }, base64)
  await player.close()
  return played
}

describe('sharing', () => {
  it('copies a link that repeats the run, and shows where the page comes from', async () => {
    const opened = await open('problem=xor', { reducedMotion: true })
    const { page } = opened
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText())
    await page.getByRole('button', { name: 'Copy link' }).click()
    await page.getByText('Link copied.').waitFor()
    expect(await clipboard()).toBe(page.url())
    await page.getByRole('button', { name: 'Copy code' }).click()
    await page.getByText('Code copied.').waitFor()
    expect(await clipboard()).toContain('?embed=1#problem=xor')
    for (const name of ['Source', 'Article', 'Documentation']) {
      const link = page.getByRole('link', { name, exact: true })
      expect(await link.getAttribute('href')).toMatch(/^https:\/\//)
    }
    expect(await findViolations(page)).toEqual([])
    await close(opened)
  })

  it('uses the dialog of the system where there is one', async () => {
    const opened = await open('', { reducedMotion: true })
    const { page } = opened
    await page.addInitScript(() => {
      Object.assign(navigator, { share: (data: ShareData) => Promise.resolve(Object.assign(window, { shared: data })) })
    })
    await page.reload()
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    await page.getByRole('button', { name: 'Share link' }).click()
    const shared = await page.evaluate(() => (window as unknown as { shared: ShareData }).shared)
    expect(shared.url).toBe(page.url())
    await close(opened)
  })

  it('shows network and plane alone where it is embedded', async () => {
    const opened = await open('problem=moons', { reducedMotion: true })
    const { page } = opened
    await page.goto(page.url().replace('#', '?embed=1#'))
    await page.getByRole('button', { name: 'Play' }).click()
    await epochsReach(page, 3)
    await pause(page)
    expect(await page.locator('.diagram').isVisible()).toBe(true)
    expect(await page.locator('[data-regions] canvas').first().isVisible()).toBe(true)
    expect(await page.getByLabel('Learning rate').count()).toBe(0)
    expect(await page.getByRole('heading').count()).toBe(0)
    const link = page.getByRole('link', { name: 'Open in webgpu-mlp' })
    expect(await link.getAttribute('href')).toMatch(/\/some\/where\/#problem=moons$/)
    await close(opened)
  })

  it('has a card for social networks, whose picture is part of the page', async () => {
    const html = await readFile(join(folder, 'index.html'), 'utf8')
    expect(html).toContain('property="og:image" content="./card.png"')
    expect(html).toContain('name="twitter:card" content="summary_large_image"')
    const card = await readFile(join(folder, 'card.png'))
    expect([card.readUInt32BE(16), card.readUInt32BE(20)]).toEqual([1200, 630])
  })
})

describe('the film of a run', () => {
  it('is a video that browsers play, and a picture shows the end', async () => {
    const opened = await open()
    const { page } = opened
    await epochsReach(page, 60)
    await pause(page)
    const epoch = await numberOf(page, 'epoch')
    const picture = await download(page, 'Save the picture')
    expect(picture.name).toBe(`circle-epoch-${epoch}.png`)
    expect([picture.bytes.readUInt32BE(16), picture.bytes.readUInt32BE(20)]).toEqual([1920, 1080])
    const film = await download(page, 'Save a film')
    expect(film.name).toBe(`circle-epoch-${epoch}.webm`)
    const { duration, ...played } = await playVideo(page, film.bytes.toString('base64'))
    expect(played).toEqual({ videoWidth: 960, videoHeight: 540, differ: true })
    expect(duration).toBeGreaterThan(2)
    expect(duration).toBeLessThan(12)
    await page.getByText(`Saved ${film.name}.`).waitFor()
    await close(opened)
  })

  it('is a GIF where the browser has no video encoder', async () => {
    const opened = await open()
    const { page } = opened
    await page.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'VideoEncoder')
    })
    await page.reload()
    await epochsReach(page, 20)
    await pause(page)
    const { name, bytes } = await download(page, 'Save a film')
    expect(name).toMatch(/\.gif$/)
    expect(bytes.subarray(0, 6).toString('latin1')).toBe('GIF89a')
    expect([bytes.readUInt16LE(6), bytes.readUInt16LE(8)]).toEqual([640, 360])
    const frames = await page.evaluate(async (data) => {
      const decoder = new ImageDecoder({ data: Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), type: 'image/gif' })
      await decoder.tracks.ready
      return decoder.tracks.selectedTrack!.frameCount
    }, bytes.toString('base64'))
    expect(frames).toBeGreaterThan(3)
    expect(frames).toBeLessThan(130)
    await close(opened)
  })
})

describe('the curves', () => {
  it('read their values to the pointer and to the keyboard, and have a log axis and a recent part', async () => {
    const opened = await open()
    const { page } = opened
    await epochsReach(page, 60)
    await pause(page)
    const epoch = await numberOf(page, 'epoch')
    const chart = page.getByRole('slider', { name: /^Loss over the epochs/ })
    await chart.scrollIntoViewIfNeeded()
    await chart.locator('canvas').waitFor()
    const text = () => chart.getAttribute('aria-valuetext')
    // Without pointer or focus: where the network is.
    expect(await text()).toMatch(new RegExp(`^epoch ${epoch} · training [\\d.]+ · test [\\d.]+$`))
    const box = (await chart.boundingBox())!
    await page.mouse.move(box.x + 0.4 * box.width, box.y + 0.5 * box.height)
    await page.waitForFunction((end) => !document.querySelector('.curve output')?.textContent?.startsWith(end), `epoch ${epoch} `) // prettier-ignore
    await page.mouse.move(0, 0)
    await chart.focus()
    await page.keyboard.press('Home')
    await page.waitForFunction(() => document.querySelector('.curve output')?.textContent?.startsWith('epoch 0 '))
    await page.getByRole('button', { name: 'Recent part' }).click()
    expect(Number(await chart.getAttribute('aria-valuemin'))).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Log axis' }).click()
    await chart.locator('canvas').waitFor()
    await close(opened)
  })
})
