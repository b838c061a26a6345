/**
 * Takes the screenshots of the demo page for the README: `npm run screenshots`. Each shows the page at one URL after some
 * training, in the browser from the development dependencies. Linux on x64 only.
 */
import { readFile } from 'node:fs/promises'
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
for (const { name, path = `docs/${name}.png`, query = '', hash, until, width = 1400, height, dark = false } of shots) {
  if (wanted.length > 0 && !wanted.some((part) => path.includes(part))) continue
  const page = await browser.newPage({
    locale: 'en-US',
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  })
  await page.goto(`${server.url}${query}#${hash}`)
  await until(page)
  await page.screenshot({ path })
  console.log(path)
  await page.close()
}
await browser.close()
await server.close()
