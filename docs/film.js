/**
 * Makes the film of the demo page for the README, docs/page.gif, in the browser from the development dependencies:
 * `npm run film`, after `npm run demo:build`. A frame is a screenshot after some epochs, so the film does not depend on the
 * speed of the machine. Linux on x64 only.
 */
import { readFile, writeFile } from 'node:fs/promises'
import gifenc from 'gifenc'
import { runnerImport } from 'vite'

const { GIFEncoder, applyPalette, quantize } = gifenc
const size = { width: 1280, height: 720 }
/** The film has this part of the size. */
const scale = 0.6
const width = Math.round(size.width * scale)
const height = Math.round(size.height * scale)

/** Epochs between two frames, growing, because a network changes most at first; the last frame remains visible longer. */
const strides = [0, ...Array(12).fill(1), ...Array(14).fill(3), ...Array(14).fill(8), ...Array(6).fill(20)]
const [frameTime, lastTime] = [110, 2500]

const { module: browserModule } = await runnerImport('./test/browser.ts')
const server = await browserModule.serve((path) => readFile(`dist-demo${path}`))
const browser = await browserModule.launchChromium()
// With reduced motion, the page waits for the user.
const page = await browser.newPage({ locale: 'en-US', viewport: size, reducedMotion: 'reduce' })
const scaler = await browser.newPage()
await page.goto(`${server.url}#problem=spirals`)
const epoch = async () => Number(await page.locator('[data-value=epoch]').getAttribute('data-number'))

/** The pixels of a screenshot, as RGBA bytes at the size of the film. */
async function scaled(png) {
  const text = await scaler.evaluate(
    async ([source, w, h]) => {
      const image = new Image()
      image.src = `data:image/png;base64,${source}`
      await image.decode()
      const context = new OffscreenCanvas(w, h).getContext('2d')
      context.imageSmoothingQuality = 'high'
      context.drawImage(image, 0, 0, w, h)
      const bytes = context.getImageData(0, 0, w, h).data
      let binary = ''
      for (let i = 0; i < bytes.length; i += 30_000) binary += String.fromCharCode(...bytes.subarray(i, i + 30_000))
      return btoa(binary)
    },
    [png.toString('base64'), width, height],
  )
  return new Uint8Array(Buffer.from(text, 'base64'))
}

const frames = []
for (const stride of strides) {
  for (let i = 0; i < stride; i++) {
    const before = await epoch()
    await page.getByRole('button', { name: 'One epoch' }).click()
    await page.waitForFunction(
      (reached) => Number(document.querySelector('[data-value=epoch]')?.dataset.number) > reached,
      before,
    )
  }
  await page.mouse.move(size.width / 2, size.height - 1)
  // The plane is drawn after the numbers are shown.
  await page.waitForTimeout(120)
  frames.push(await scaled(await page.screenshot()))
}
await browser.close()
await server.close()

// One palette for all frames, so that pixels that do not change keep their colour: of the last frame, which has all colours.
const palette = quantize(frames.at(-1), 255)
const transparent = palette.length
const gif = GIFEncoder()
let before
for (const [i, frame] of frames.entries()) {
  const indices = applyPalette(frame, palette)
  // Pixels that do not change are transparent, which makes the file much smaller.
  const changed = before ? indices.map((index, at) => (index === before[at] ? transparent : index)) : indices
  gif.writeFrame(changed, width, height, {
    ...(i === 0 && { palette: [...palette, [0, 0, 0]] }),
    delay: i === frames.length - 1 ? lastTime : frameTime,
    ...(i > 0 && { transparent: true, transparentIndex: transparent, dispose: 1 }),
  })
  before = indices
}
gif.finish()
await writeFile('docs/page.gif', gif.bytes())
console.log(`docs/page.gif: ${frames.length} frames, ${Math.round(gif.bytes().length / 1024)} KiB`)
