import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { digits, Network, parseCsv, Trainer } from '../src/index.ts'
import { countsOf, epochsReach, numberOf, numberReaches, pause, scoreReaches, servePage } from './page.ts'

const { open, close } = servePage()

interface Dropped {
  name: string
  bytes: Uint8Array
}

/** Drops files onto the page, as a user would. */
async function drop(page: Page, ...files: Dropped[]): Promise<void> {
  const given = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }))
  const transfer = await page.evaluateHandle((all) => {
    const made = new DataTransfer()
    for (const { name, base64 } of all) {
      const data = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      made.items.add(new File([data], name))
    }
    return made
  }, given)
  await page.dispatchEvent('.file', 'drop', { dataTransfer: transfer })
}

const csv = (name: string, text: string): Dropped => ({ name, bytes: Buffer.from(text) })

/** Three kinds of flower in four columns of numbers and one of words, in ranges far from 0 to 1. */
function flowers(): string {
  const rows = Array.from({ length: 150 }, (_, i) => {
    const kind = i % 3
    const wave = (k: number) => Math.sin(i * 12.9898 + k * 78.233)
    const numbers = [
      50 + 7 * kind + 3 * wave(1),
      30 - 2 * kind + 2 * wave(2),
      14 + 20 * kind + 4 * wave(3),
      0.2 + 0.9 * kind + 0.2 * wave(4),
    ]
    return [
      ...numbers.map((v) => v.toFixed(2)),
      ['red', 'blue'][i % 2],
      ['setosa', 'versicolor', 'virginica'][kind],
    ].join()
  })
  return ['length,width,petal length,petal width,colour,kind', ...rows].join('\n')
}

/** More distinct texts than the maximum number of classes on the page, each of them twice. */
const manyNames = () => Array.from({ length: 400 }, (_, i) => `${i},name${i % 200}`).join('\n')

/** Prices that are a function of two columns. */
function houses(): string {
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [area, age] = [60 + ((i * 37) % 140), (i * 13) % 50]
    return `${area},${age},${150_000 + 2500 * area - 1200 * age}`
  })
  return ['area,age,price', ...rows].join('\n')
}

/** An IDX file of bytes. */
function idx(shape: number[], values: ArrayLike<number>): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, 8, shape.length])
  shape.forEach((length, i) => header.writeUInt32BE(length, 4 + 4 * i))
  return Buffer.concat([header, Uint8Array.from(values)])
}

function idxDigits(samples: number, seed: number): { images: Uint8Array; labels: Uint8Array } {
  const data = digits({ samples, seed })
  return {
    images: idx(
      [samples, 28, 28],
      data.inputs.data.map((value) => Math.round(255 * value)),
    ),
    labels: idx([samples], data.labels()),
  }
}

async function saveModel(page: Page): Promise<Network> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the model' }).click(),
  ])
  const chunks = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  return Network.fromJSON(JSON.parse(Buffer.concat(chunks).toString()))
}

describe('data on the page', () => {
  it('offers problems, each with its own points', async () => {
    const opened = await open()
    const { page } = opened
    await pause(page)
    for (const [name, problem] of [
      ['Line', 'linear'],
      ['Exclusive or', 'xor'],
      ['Moons', 'moons'],
      ['Spirals', 'spirals'],
      ['Hills', 'hills'],
      ['Your own', 'own'],
      ['Digits', 'digits'],
    ]) {
      const button = page.getByRole('button', { name: name! })
      await button.click()
      expect(await button.getAttribute('aria-pressed')).toBe('true')
      expect(page.url()).toContain(`problem=${problem}`)
      await numberReaches(page, 'epoch', 0, 'exactly')
      await page.getByRole('button', { name: 'One epoch' }).click()
      await epochsReach(page, 1)
    }
    await close(opened)
  })

  it('has sliders for the number of points, the noise and the share held out', async () => {
    const opened = await open()
    const { page } = opened
    // While the user drags, the label follows, and the run continues.
    await page.getByLabel('Points').evaluate((slider: HTMLInputElement) => {
      slider.value = '1200'
      slider.dispatchEvent(new Event('input', { bubbles: true }))
    })
    await page.getByText('Points: 1,200').waitFor()
    expect(page.url()).not.toContain('samples')
    await page.getByRole('slider', { name: 'Points' }).fill('200')
    await page.getByText('Points: 200').waitFor()
    await page.getByLabel('Noise').fill('50')
    await page.getByLabel('Test data').fill('0.5')
    await page.getByText('Test data: 50 %').waitFor()
    await page.getByText('On the 100 test samples.').waitFor()
    expect(page.url()).toMatch(/samples=200&noise=50&test=0.5/)
    await page.getByLabel('Test data').fill('0')
    await page.getByText('On the 200 training samples.').waitFor()
    await close(opened)
  })

  it('adds points by clicking, and stores them in the link', async () => {
    const opened = await open('problem=own&test=0')
    const { page } = opened
    await page.getByText('On the 2 training samples.').waitFor()
    const plane = page.getByRole('button', { name: 'Add a point of class circles' })
    await plane.click({ position: { x: 40, y: 40 } })
    await page.getByText('On the 3 training samples.').waitFor()
    await page.getByRole('radio', { name: 'squares' }).check()
    await page.getByRole('button', { name: 'Add a point of class squares' }).click({ position: { x: 60, y: 200 } })
    await page.getByText('On the 4 training samples.').waitFor()
    const [before] = await countsOf(page)
    expect(before, 'training continues with the same network').toBeGreaterThan(1)
    const hash = new URL(page.url()).hash.slice(1)
    const other = await open(hash)
    await other.page.getByText('On the 4 training samples.').waitFor()
    await close(other)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('On the 3 training samples.').waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByText('On the 2 training samples.').waitFor()
    await close(opened)
  })

  it('adds points by keyboard', async () => {
    const opened = await open('problem=own&test=0')
    const { page } = opened
    await page.getByText('On the 2 training samples.').waitFor()
    await page.getByRole('button', { name: 'Add a point of class' }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.getByText('On the 3 training samples.').waitFor()
    await close(opened)
  })

  it('trains on a CSV file that is dropped: on all columns, of which two are shown', async () => {
    const opened = await open()
    const { page } = opened
    await epochsReach(page, 2)
    await drop(page, csv('flowers.csv', flowers()))
    await page.getByText('150 rows, 5 columns to predict “kind” from').waitFor()
    await page.getByText('The network predicts one of 3 classes: setosa, versicolor, virginica').waitFor()
    await page.getByRole('row', { name: 'colour' }).getByText('words: 2 categories; one input per category').waitFor()
    await page.getByRole('img', { name: 'A network of 6-8-3 neurons' }).waitFor()
    await scoreReaches(page, 'test-score', 95)
    expect(await page.locator('.confusion tbody tr').count()).toBe(3)
    expect(await page.getByRole('combobox', { name: 'Horizontal axis' }).inputValue()).toBe('petal length')
    await page.getByRole('combobox', { name: 'Horizontal axis' }).selectOption('length')
    await page.locator('.plane-name-x', { hasText: /^length →/ }).waitFor()
    await page.locator('.plane-name-y', { hasText: /^↑ petal width/ }).waitFor()
    await pause(page)
    const network = await saveModel(page)
    expect(network.features).toEqual(['length', 'width', 'petal length', 'petal width', 'colour'])
    // A saved model includes its preprocessing, so it takes the rows of the file.
    const { features, encoding } = network
    const data = await parseCsv(flowers(), { target: 'kind', features: features!, columns: encoding! })
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'crossEntropy' })
    expect((await trainer.evaluate(data)).accuracy).toBeGreaterThan(0.95)
    expect(network.classify([[70, 26, 54, 2, 'red']])[0]!.class).toBe('virginica')
    await close(opened)
  })

  it('trains a regression on a CSV file, with errors in the units of the file', async () => {
    const opened = await open()
    const { page } = opened
    await drop(page, csv('houses.csv', houses()))
    await page.getByText('2 columns to predict “price” from').waitFor()
    await page.waitForFunction(
      () => Number(document.querySelector('[data-testid=r2]')?.textContent) > 0.98,
      undefined,
      {
        timeout: 60_000,
      },
    )
    await pause(page)
    const error = Number(await page.getByTestId('mean-error').textContent())
    expect(error).toBeGreaterThan(1)
    expect(error).toBeLessThan(30_000)
    const network = await saveModel(page)
    const answer = network.predict([[100, 20]])
    expect(Math.abs(answer.data[0]! - (150_000 + 250_000 - 24_000))).toBeLessThan(60_000)
    await close(opened)
  })

  it('predicts another column on request, and repeats the run of a link when its file is opened', async () => {
    const opened = await open()
    const { page } = opened
    await drop(page, csv('flowers.csv', flowers()))
    await page.getByText('to predict “kind” from').waitFor()
    await page.getByRole('combobox', { name: 'Target column' }).selectOption('petal length')
    await page.getByText('5 columns to predict “petal length” from').waitFor()
    await page.getByTitle('mean absolute error of petal length').waitFor()
    await page.getByRole('button', { name: 'More neurons in hidden layer 1' }).click()
    await page.getByRole('img', { name: 'A network of 8-9-1 neurons' }).waitFor()
    const other = await open(new URL(page.url()).hash.slice(1))
    await other.page.getByText('The link refers to “flowers.csv”, which it does not contain').waitFor()
    await drop(other.page, csv('flowers.csv', flowers()))
    await other.page.getByText('to predict “petal length” from').waitFor()
    await other.page.getByRole('img', { name: 'A network of 8-9-1 neurons' }).waitFor()
    await close(other)
    await close(opened)
  })

  it('trains on IDX files, opened one after the other or at once', async () => {
    const opened = await open()
    const { page } = opened
    const { images, labels } = idxDigits(300, 3)
    await drop(page, { name: 'train-images-idx3-ubyte', bytes: images })
    await page.getByText('contains images. Now drop the matching labels').waitFor()
    await drop(page, { name: 'train-labels-idx1-ubyte.gz', bytes: gzipSync(labels) })
    await page.getByText('300 of 300 pictures are used').waitFor()
    await page.getByRole('img', { name: 'A network of 784-30-10 neurons' }).waitFor()
    await scoreReaches(page, 'training-score', 95)
    expect(await page.locator('.confusion tbody tr').count()).toBe(10)
    const test = idxDigits(60, 4)
    await drop(
      page,
      { name: 'train-images-idx3-ubyte', bytes: images },
      { name: 'train-labels-idx1-ubyte', bytes: labels },
      { name: 't10k-images-idx3-ubyte', bytes: test.images },
      { name: 't10k-labels-idx1-ubyte', bytes: test.labels },
    )
    await page.getByText('On the 60 test samples.').waitFor()
    await close(opened)
  })

  it('recognises digits that the user draws, and shows misclassified samples', async () => {
    const opened = await open('problem=digits')
    const { page } = opened
    await scoreReaches(page, 'test-score', 95)
    const pad = page.getByRole('img', { name: 'Draw a digit here' })
    await pad.scrollIntoViewIfNeeded()
    const box = (await pad.boundingBox())!
    const stroke = async (...points: [number, number][]) => {
      const [first, ...others] = points.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const)
      await page.mouse.move(...first!)
      await page.mouse.down()
      for (const point of others) await page.mouse.move(...point, { steps: 2 })
      await page.mouse.up()
    }
    const digit = page.getByTestId('digit')
    await stroke([0.5, 0.15], [0.5, 0.85])
    await page.waitForFunction(() => document.querySelector('[data-testid=digit]')?.textContent === '1')
    await page.getByRole('button', { name: 'Clear' }).click()
    await digit.waitFor({ state: 'detached' })
    await stroke([0.25, 0.2], [0.75, 0.2], [0.45, 0.85])
    await page.waitForFunction(() => document.querySelector('[data-testid=digit]')?.textContent === '7')
    await page.getByRole('button', { name: 'Clear' }).click()
    const round = Array.from({ length: 25 }, (_, i): [number, number] => {
      const angle = (2 * Math.PI * i) / 24
      return [0.5 + 0.25 * Math.sin(angle), 0.5 - 0.35 * Math.cos(angle)]
    })
    await stroke(...round)
    await page.waitForFunction(() => document.querySelector('[data-testid=digit]')?.textContent === '0')
    await pause(page)
    const wrong = await page.locator('.mistakes li').count()
    const counts = await page.locator('.confusion td').allTextContents()
    const total = counts.reduce((sum, text) => sum + Number(text), 0)
    expect(total).toBe(400)
    expect(wrong).toBe(Math.round((1 - (await numberOf(page, 'test-score'))) * 400))
    await close(opened)
  })

  it('reports errors in a file, and continues training', async () => {
    const opened = await open()
    const { page } = opened
    const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Data', exact: true }) })
    const { images, labels } = idxDigits(20, 1)
    const bad: [Dropped[], string][] = [
      [[{ name: 'photo.png', bytes: Buffer.from('\x89PNG\0\0\0\rIHDR\0\0\0\0') }], 'photo.png is not a text file'],
      [[csv('poem.csv', 'The woods are lovely\ndark and deep\n')], 'poem.csv'],
      [[csv('ragged.csv', 'a,b\n1,2\n3\n')], 'ragged.csv: CSV: line 3: expected 2 values'],
      [[csv('empty.csv', 'a,b\n,\n,\n')], 'empty.csv'],
      [[csv('nothing.csv', '')], 'nothing.csv is empty'],
      [[csv('wide.csv', `${'1,'.repeat(5000)}2\n`)], 'wide.csv has 5,001 columns; this page accepts up to 1,000'],
      [[csv('names.csv', manyNames())], 'has more than 100 different texts'],
      [
        [{ name: 'bomb.gz', bytes: gzipSync(idx([100_000_000], new Uint8Array(100_000_000))) }],
        'bomb.gz: IDX file: at most',
      ],
      [
        [
          { name: 'images', bytes: images.subarray(0, 5000) },
          { name: 'labels', bytes: labels },
        ],
        'images: ',
      ],
      [
        [
          { name: 'images', bytes: images },
          { name: 'labels', bytes: idx([3], [1, 2, 3]) },
        ],
        'labels: expected 20, one an image, got 3',
      ],
    ]
    for (const [files, message] of bad) {
      await drop(page, ...files)
      await panel.getByText(message).waitFor()
    }
    // Reading this file takes a second or more.
    await page.evaluate(() => {
      // The epochs shown before the error appeared: afterwards, training catches up.
      const seen = new Set<string | null | undefined>()
      const timer = setInterval(() => {
        if (document.body.textContent.includes('late.csv: CSV')) clearInterval(timer)
        else seen.add(document.querySelector('[data-value=epoch]')?.textContent)
        document.body.dataset.seen = String(seen.size)
      }, 20)
      const rows = `${Array.from({ length: 10 }, (_, i) => i / 7).join()}\n`.repeat(250_000)
      const event = new DragEvent('drop', { bubbles: true, cancelable: true })
      const files = [new File([rows, '1,2\n'], 'late.csv')]
      Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], files } })
      document.dispatchEvent(event)
    })
    await panel.getByText('late.csv: CSV: line 250001: expected 10 values').waitFor()
    const shown = Number(await page.evaluate(() => document.body.dataset.seen))
    expect(shown, 'training goes on while a file is read').toBeGreaterThan(5)
    // A file of 500 MB, which is not read at all.
    await page.evaluate(() => {
      const part = new Blob([new Uint8Array(2 ** 20)])
      const file = new File(new Array<Blob>(500).fill(part), 'huge.csv')
      const event = new DragEvent('drop', { bubbles: true, cancelable: true })
      Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], files: [file] } })
      document.dispatchEvent(event)
    })
    await panel.getByText('huge.csv has 500 MB; this page accepts up to 64 MB').waitFor()
    const [before] = await countsOf(page)
    await epochsReach(page, before! + 5)
    expect(await page.getByRole('button', { name: 'Circle' }).getAttribute('aria-pressed')).toBe('true')
    await close(opened)
  })
})
