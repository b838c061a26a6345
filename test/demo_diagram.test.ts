import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { curveOf, layOutDiagram, squaredDistance } from '../demo/diagram-layout.ts'
import { fromHash, toHash } from '../demo/link.ts'
import { featuresOfPoints, featureNames, orderFeatures } from '../demo/plane-inputs.ts'
import { defaultsFor } from '../demo/presets.ts'
import { prepare } from '../demo/worker/prepare.ts'
import { Run } from '../demo/worker/run.ts'
import { fromOnnx, Network, toJavaScript, toOnnx } from '../src/index.ts'
import { epochsReach, findViolations, pause, servePage } from './page.ts'

describe('inputs that are functions of x and y', () => {
  it('are computed from the points', () => {
    const values = featuresOfPoints([0.5, -0.25, -1, 1], featureNames)
    const expected = [0.5, -0.25, 0.25, 0.0625, -0.125, 0, -1, -1, 1, 1, 1, -1, 0, 0]
    expect(values).toHaveLength(14)
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6)
    })
    expect(orderFeatures(['sinX', 'x'])).toEqual(['x', 'sinX'])
    expect(orderFeatures([])).toEqual(['x', 'y'])
  })

  it('are part of a link, and invalid ones are refused', () => {
    const settings = { ...defaultsFor('circle'), features: orderFeatures(['x2', 'y2', 'sinX']) }
    expect(toHash(settings)).toBe('features=x2-y2-sinX')
    expect(fromHash('features=x2-y2-sinX')).toEqual({ settings, problems: [] })
    for (const bad of ['', 'x-z', 'x-x']) {
      const { settings: linked, problems } = fromHash(`features=${bad}`)
      expect(linked.features).toEqual(['x', 'y'])
      expect(problems).toHaveLength(1)
    }
  })

  it('solve the circle with a single neuron of x² and y², over the plane and in saved models', async () => {
    const settings = {
      ...defaultsFor('circle'),
      features: orderFeatures(['x2', 'y2']),
      hidden: [1],
      backend: 'cpu' as const,
    }
    const run = new Run(settings, prepare(settings, 'circle'))
    await run.scoreUntrained()
    await run.epoch(100)
    expect(run.network.sizes).toEqual([2, 1, 2])
    expect(run.moment.train.accuracy).toBeGreaterThan(0.98)
    expect(run.shown.inputs.map(({ name }) => name)).toEqual(['x²', 'y²'])
    // The plane remains that of x and y: inside, in the middle, is the second class.
    const { shares } = (await run.regions(21))!
    expect(shares[220]).toBeGreaterThan(0.8)
    expect(shares[0]).toBeLessThan(0.2)
    expect(shares[20]).toBeLessThan(0.2)
    const saved = Network.fromJSON(JSON.parse(JSON.stringify(run.network)))
    expect(saved.features).toEqual(['x²', 'y²'])
    expect(saved.classify([{ 'x²': 0.01, 'y²': 0.01 }])[0]!.class).toBe('inside')
    expect(saved.classify([{ 'x²': 0.9, 'y²': 0.9 }])[0]!.class).toBe('outside')
    expect(toJavaScript(run.network)).toContain('export const features = ["x²","y²"]')
    expect(fromOnnx(await toOnnx(run.network)).features).toEqual(['x²', 'y²'])
    await run.release()
  })
})

describe('an edited value', () => {
  it('changes one parameter, from which training continues, and is a moment to return to', async () => {
    const settings = { ...defaultsFor('circle'), backend: 'cpu' as const }
    const run = new Run(settings, prepare(settings, 'circle'))
    await run.scoreUntrained()
    await run.epoch(3)
    const before = run.network.parameters.slice()
    const count = run.moments.list().numbers.length
    await run.edit({ layer: 2, index: 1, from: 2, value: 4 })
    expect(run.network.weights[1]![5]).toBe(4)
    expect([...run.network.parameters].filter((value, i) => value !== before[i])).toEqual([4])
    await run.edit({ layer: 1, index: 2, from: undefined, value: -3 })
    expect(run.network.biases[0]![2]).toBe(-3)
    // Two values at the same moment, such as those of a slider, are one moment.
    expect(run.moments.list().numbers.length).toBe(count + 1)
    expect([...run.moment.checkpoint.snapshot.parameters]).toEqual([...run.network.parameters])
    await run.edit({ layer: 3, index: 0, from: undefined, value: 1 })
    expect(run.moments.list().numbers.length).toBe(count + 1)
    await run.epoch()
    expect(Math.abs(run.network.biases[0]![2]! + 3)).toBeLessThan(1)
    expect(run.moment.epoch).toBe(4)
    await run.release()
  })
})

describe('the layout of the diagram', () => {
  const request = { width: 530, height: 268, picture: false, names: ['outside', 'inside'], anchors: undefined }

  it('fits 7-8-8-2 neurons and 784-30-10 into 530 pixels without overlaps', () => {
    const anchors = Array.from({ length: 7 }, (_, i) => ({ x: -20, y: 18 + 40 * i, side: 0 }))
    const layouts = [
      layOutDiagram({ ...request, sizes: [7, 8, 8, 2], anchors }),
      layOutDiagram({ ...request, sizes: [2, 8, 8, 2] }),
      layOutDiagram({
        ...request,
        sizes: [784, 30, 10],
        picture: true,
        names: ['0', '9'],
        anchors: anchors.slice(0, 1),
      }),
      layOutDiagram({ ...request, width: 350, sizes: [784, 30, 10], picture: true, names: ['0', '9'] }),
      layOutDiagram({ ...request, width: 350, sizes: [2, 8, 8, 8, 8, 8, 8, 2] }),
      layOutDiagram({ ...request, width: 350, sizes: [40, 32, 3] }),
    ]
    for (const { places, width, height, beside, nameWidth, buttons } of layouts) {
      const squares = places.slice(beside ? 1 : 0).flat()
      for (const [i, a] of squares.entries()) {
        expect(a.x - a.side / 2).toBeGreaterThanOrEqual(-1)
        expect(a.x + a.side / 2).toBeLessThanOrEqual(width - nameWidth + 20)
        expect(a.y - a.side / 2).toBeGreaterThanOrEqual(buttons.height - 1)
        expect(a.y + a.side / 2).toBeLessThanOrEqual(height + 1)
        for (const b of squares.slice(i + 1)) {
          const apart = Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y))
          expect(apart).toBeGreaterThan(Math.max(a.side, b.side) / 2 + Math.min(a.side, b.side) / 2 - 0.5)
        }
      }
    }
    expect(layouts[0]!.height).toBe(268)
    expect(layouts[1]!.places[1]![0]!.side).toBeGreaterThan(22)
    // The weights of each pixel are pictures of 60 pixels.
    expect(layouts[2]!.places[1]!.map(({ side }) => side)).toEqual(Array.from({ length: 30 }, () => 60))
    expect(layouts[2]!.height).toBeLessThan(372)
  })

  it('draws lines between the edges of neurons, and finds the nearest', () => {
    const layout = layOutDiagram({ ...request, sizes: [2, 3, 2] })
    const curve = curveOf(layout, 1, 0, 1)!
    const [from, to] = [layout.places[1]![0]!, layout.places[2]![1]!]
    expect(curve).toEqual({ x1: from.x + from.side / 2, y1: from.y, x2: to.x - to.side / 2, y2: to.y })
    const middle = [(curve.x1 + curve.x2) / 2, (curve.y1 + curve.y2) / 2] as const
    expect(squaredDistance(curve, ...middle)).toBeLessThan(4)
    expect(squaredDistance(curve, middle[0], middle[1] + 30)).toBeGreaterThan(100)
  })
})

const { open, close } = servePage({ webgpu: false })

const card = (page: Page) => page.getByTestId('diagram-card')

/** The centre of a neuron on the screen. */
async function centreOf(page: Page, at: string) {
  const box = (await page.locator(`[data-at="${at}"]`).boundingBox())!
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width }
}

describe('the diagram', () => {
  it('shows live values at the pointer, which nothing covers and which end with it; values can be changed', async () => {
    const opened = await open('learningRate=0.1', { width: 1280 })
    const { page } = opened
    await epochsReach(page, 3)
    const before = await card(page).boundingBox()
    await page.locator('[data-at="1-1"]').hover()
    const bias = page.getByTestId('diagram-bias')
    const first = await bias.textContent()
    await page.waitForFunction(
      (text) => document.querySelector('[data-testid=diagram-bias]')?.textContent !== text,
      first,
    )
    expect(await card(page).boundingBox()).toEqual(before)
    expect(await page.locator('figcaption').first().textContent()).toBe('neuron 2 of layer 1')
    await page.mouse.move(5, 5)
    await bias.waitFor({ state: 'detached' })
    await pause(page)
    // The middle of the line from neuron 1 of layer 1 to the first output.
    const [from, to] = [await centreOf(page, '1-0'), await centreOf(page, '2-0')]
    await page.mouse.move((from.x + from.width / 2 + to.x - to.width / 2) / 2, (from.y + to.y) / 2)
    await page.getByTestId('diagram-weight').waitFor()
    await page.mouse.down()
    await page.mouse.up()
    const field = page.getByRole('spinbutton', { name: 'Weight from neuron 1 of layer 1' })
    await field.fill('2.5')
    await field.press('Enter')
    await page.getByRole('button', { name: 'Done' }).click()
    await page.mouse.move((from.x + from.width / 2 + to.x - to.width / 2) / 2, (from.y + to.y) / 2)
    await page.waitForFunction(() => document.querySelector('[data-testid=diagram-weight]')?.textContent === '2.5')
    await close(opened)
  })

  it('is edited with the keyboard, and its inputs are switched', async () => {
    const opened = await open('hidden=3-2&activations=tanh-tanh-sigmoid', { width: 1280 })
    const { page } = opened
    await epochsReach(page, 3)
    await pause(page)
    await page.locator('[data-at="1-0"]').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const field = page.getByRole('spinbutton', { name: 'Bias' })
    await field.waitFor()
    expect(await findViolations(page)).toEqual([])
    await field.fill('-1.25')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.querySelector('[data-testid=diagram-bias]')?.textContent === '−1.25')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-at'))).toBe('1-1')
    await page.getByRole('button', { name: 'Input x²' }).click()
    await page.getByRole('img', { name: 'A network of 3-3-2-2 neurons' }).waitFor()
    expect(new URL(page.url()).hash).toContain('features=x-y-x2')
    await page.getByText('expects these columns, computed from x and y: x, y, x².').waitFor()
    for (const name of ['Input x', 'Input y', 'Input x²']) {
      // The last one stays on; a press on it changes nothing.
      await page.getByRole('button', { name, exact: true }).press('Enter')
    }
    await page.getByRole('img', { name: 'A network of 1-3-2-2 neurons' }).waitFor()
    expect(await page.getByRole('button', { name: 'Input x²' }).getAttribute('aria-pressed')).toBe('true')
    await close(opened)
  })

  it('shows the weights of digits as pictures of 60 pixels, and what a drawing lights up', async () => {
    const opened = await open('problem=digits&samples=200', { width: 1280 })
    const { page } = opened
    await epochsReach(page, 3)
    const neuron = page.locator('[data-at="1-0"]')
    expect((await neuron.boundingBox())!.width).toBe(60)
    await neuron.hover()
    expect(await card(page).textContent()).not.toContain('for your drawing')
    const pad = (await page.getByRole('img', { name: 'Draw a digit here' }).boundingBox())!
    await page.mouse.move(pad.x + 0.5 * pad.width, pad.y + 0.2 * pad.height)
    await page.mouse.down()
    await page.mouse.move(pad.x + 0.5 * pad.width, pad.y + 0.8 * pad.height, { steps: 4 })
    await page.mouse.up()
    await neuron.hover()
    expect(await card(page).textContent()).toMatch(/^Neuron 1 of layer 1 · sigmoid · \d+ % for your drawing/)
    await close(opened)
  })

  it('fits a phone', async () => {
    const opened = await open('hidden=8-8&activations=tanh-tanh-sigmoid', { width: 390 })
    const { page } = opened
    await epochsReach(page, 3)
    await page.locator('[data-at="0-1"].neuron').waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await close(opened)
  })
})
