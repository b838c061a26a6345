/**
 * Takes the screenshots of the demo page and of the page of a sweep for the documentation: `npm run screenshots`. Each shows the page
 * at one URL after some training, in the browser from the development dependencies. Linux on x64 only.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { runnerImport } from 'vite'

/** Waits until the test score reaches a percentage. */
const scoreReaches = (percent) => (page) =>
  page.waitForFunction(
    (wanted) => 100 * Number(document.querySelector('[data-value=test-score]')?.dataset.number) >= wanted,
    percent,
    { timeout: 120_000 },
  )

/** Waits until an epoch. */
const epochsReach = (epoch) => (page) =>
  page.waitForFunction(
    (wanted) => Number(document.querySelector('[data-value=epoch]')?.dataset.number) >= wanted,
    epoch,
    { timeout: 120_000 },
  )

/** The picture that social networks show beside a link to the page: network and plane in large, with a title. */
const makeCard = async (page) => {
  await scoreReaches(99)(page)
  await page.locator('.embedded-bar').evaluate((bar) => {
    bar.outerHTML = '<header class="head"><h1>Watch a <b>neural network</b> learn, on your own GPU.</h1></header>'
    document.querySelector('.head h1').style.fontSize = '40px'
    document.querySelector('.diagram-card').hidden = true
  })
  await page.waitForTimeout(1000)
}

const drawThree = async (page) => {
  await scoreReaches(95)(page)
  const box = await page.locator('.drawing').boundingBox()
  const stroke = [
    [0.28, 0.2],
    [0.5, 0.12],
    [0.7, 0.24],
    [0.64, 0.4],
    [0.45, 0.48],
    [0.68, 0.56],
    [0.74, 0.74],
    [0.54, 0.88],
    [0.26, 0.8],
  ].map(([x, y]) => [box.x + x * box.width, box.y + y * box.height])
  await page.mouse.move(...stroke[0])
  await page.mouse.down()
  for (const point of stroke.slice(1)) await page.mouse.move(...point, { steps: 8 })
  await page.mouse.up()
  await page.waitForTimeout(500)
}

/** The two paths of a weight of the hidden layer, with one factor highlighted. */
const showPaths = async (page) => {
  await page.getByRole('button', { name: 'Stage 3: Two paths' }).click()
  await page.locator('.chain-card[data-factor="a1_1>z2_1"]').filter({ visible: true }).hover()
  await page.waitForTimeout(300)
}

/** Trains a sweep with the command line, and returns the address of its page. */
async function trainSweep() {
  const folder = await mkdtemp(join(tmpdir(), 'webgpu-mlp-sweep-'))
  const options =
    '--data circle --test 0.25 --layers 2,3,2 --layers 2,5,2 --layers 2,8,2 --hidden tanh,relu,sigmoid --lr 0.01:30:log:8 --batch 10 --epochs 60 --seeds 14'
  const command = ['dist/node/cli.js', 'sweep', ...options.split(' '), '--out', join(folder, 'sweep')]
  await promisify(execFile)(process.execPath, command)
  return { url: pathToFileURL(join(folder, 'sweep', 'sweep.html')).href, close: () => rm(folder, { recursive: true }) }
}

/** Marks a part of the learning rates, and selects one of the best networks. */
const brushAndSelect = async (page) => {
  await page.locator('#parallel-title').evaluate((title) => scrollTo(0, title.offsetTop - 16))
  const axis = await page.locator('.brush').nth(2).boundingBox()
  const x = axis.x + axis.width / 2
  await page.mouse.move(x, axis.y + 0.1 * axis.height)
  await page.mouse.down()
  await page.mouse.move(x, axis.y + 0.5 * axis.height, { steps: 5 })
  await page.mouse.up()
  await page.locator('.results tbody tr').nth(2).click()
  await page.mouse.move(10, 10)
  await page.waitForTimeout(500)
}

const shots = [
  { name: 'page', hash: '', until: scoreReaches(97), width: 1280, height: 720 },
  {
    name: 'page-dark',
    hash: 'problem=spirals&hidden=8-8&activations=tanh-tanh-sigmoid&optimizer=adam&learningRate=0.01&speed=0',
    until: scoreReaches(97),
    width: 1440,
    height: 900,
    dark: true,
  },
  { name: 'page-digits', hash: 'problem=digits', until: drawThree, width: 1280, height: 800 },
  { name: 'page-learn', hash: 'tab=learn&lesson=2', until: showPaths, width: 1280, height: 900 },
  { name: 'wall', hash: 'tab=wall', until: epochsReach(600), width: 1280, height: 720 },
  { name: 'page-tablet', hash: 'problem=moons', until: scoreReaches(97), width: 820, height: 1180 },
  { name: 'page-phone', hash: '', until: scoreReaches(97), width: 390, height: 844 },
  { name: 'sweep', open: trainSweep, until: brushAndSelect, width: 1280, height: 860 },
  {
    path: 'demo/public/card.png',
    query: '?embed=1',
    hash: 'hidden=5&activations=tanh-sigmoid&learningRate=0.3&speed=0',
    until: makeCard,
    width: 1200,
    height: 630,
  },
]

/** Parts of the paths of the screenshots to take; without any, all are taken. */
const wanted = process.argv.slice(2)

const { module: browserModule } = await runnerImport('./test/browser.ts')
const server = await browserModule.serve((path) => readFile(`dist-demo${path}`))
const browser = await browserModule.launchChromium()
for (const {
  name,
  path = `docs/${name}.png`,
  open,
  query = '',
  hash,
  until,
  width = 1400,
  height,
  dark = false,
} of shots) {
  if (wanted.length > 0 && !wanted.some((part) => path.includes(part))) continue
  const page = await browser.newPage({
    locale: 'en-US',
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  })
  const opened = await open?.()
  await page.goto(opened?.url ?? `${server.url}${query}#${hash}`)
  await until(page)
  await page.screenshot({ path })
  console.log(path)
  await page.close()
  await opened?.close()
}
await browser.close()
await server.close()
