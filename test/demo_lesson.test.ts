import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { countsOf, epochsReach, findViolations, pause, servePage } from './page.ts'

const { open, close } = servePage()

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true })
const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true })
const goToStage = (page: Page, stage: number) =>
  page.locator(`button[aria-label^="Stage ${stage}:"]`).filter({ visible: true }).click()
const settingsIn = (page: Page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)))
const formulas = (page: Page) => page.locator('.katex').filter({ visible: true }).first().waitFor()

describe('the lesson', () => {
  it('follows a sample through a network, each equation with its numbers, and learns XOR', async () => {
    const opened = await open()
    const { page } = opened
    await epochsReach(page, 2)
    await link(page, 'How it learns').click()
    await formulas(page)
    expect(page.url()).toContain('tab=learn')
    // Training on the other tab is paused.
    await page.getByRole('heading', { name: 'One neuron separates two classes' }).waitFor()
    await button(page, '100 steps').click()
    await page.locator('dt', { hasText: 'Accuracy' }).locator('+ dd', { hasText: '100.0 %' }).waitFor()
    await link(page, '3. A network learns XOR').click()
    for (let stage = 2; stage <= 7; stage++) {
      await button(page, 'Next').filter({ visible: true }).click()
      await page.getByText(`Stage ${stage}`).filter({ visible: true }).waitFor()
      expect(await page.locator('.katex:visible').count()).toBeGreaterThan(0)
    }
    await button(page, 'Next sample').click()
    await page.getByText('sample 3 of 4').waitFor()
    for (let hundred = 0; hundred < 10; hundred++) await button(page, 'Train 100 samples').click()
    await page.getByText('4 of 4 predictions are correct').waitFor()
    await link(page, 'Play').click()
    // Training on the other tab continues, and the lesson keeps its state.
    const [before] = await countsOf(page)
    await epochsReach(page, before! + 3)
    await link(page, 'How it learns').click()
    await page.getByText('4 of 4 predictions are correct').waitFor()
    await close(opened)
  })

  it('derives the derivative along paths: the products are those of the numbers at the lines', async () => {
    const opened = await open('tab=learn&lesson=2')
    const { page } = opened
    await formulas(page)
    await goToStage(page, 3)
    const shown = (text: string | null) => Number(text!.replaceAll('−', '-'))
    const paths = page.locator('.chain-product:visible')
    expect(await paths.count()).toBe(2)
    let sum = 0
    for (const path of await paths.all()) {
      const cards = path.locator('.chain-card')
      expect(await cards.count()).toBe(5)
      let product = 1
      for (const card of await cards.all()) {
        const value = await card.locator('.value').textContent()
        product *= shown(value)
        const factor = await card.getAttribute('data-factor')
        expect(await page.locator(`.chain-graph:visible .factor[data-factor="${factor}"] .number`).textContent()).toBe(
          value,
        )
      }
      const result = shown(await path.locator('.result').textContent())
      expect(result).toBeCloseTo(product, 3)
      sum += result
    }
    const total = shown(await page.locator('.chain-total:visible .result').textContent())
    expect(total).toBeCloseTo(sum, 3)
    // The table of stage 6 has the same derivative, computed from δ.
    await goToStage(page, 6)
    expect(shown(await page.locator('.chain-table tr[aria-current=true] td').last().textContent())).toBe(total)
    await close(opened)
  })

  it('highlights a factor and its line together, by mouse and by keyboard', async () => {
    const opened = await open('tab=learn&lesson=2')
    const { page } = opened
    await formulas(page)
    await goToStage(page, 3)
    const id = 'z2_2>a2_2'
    const card = page.locator(`.chain-card[data-factor="${id}"]:visible`)
    const line = page.locator(`.chain-graph:visible .factor[data-factor="${id}"]`)
    const lit = async () =>
      [await card.getAttribute('class'), await line.getAttribute('class')].map((name) => name!.includes('lit'))
    expect(await lit()).toEqual([false, false])
    await card.hover()
    expect(await lit()).toEqual([true, true])
    await page.mouse.move(0, 0)
    expect(await lit()).toEqual([false, false])
    await line.focus()
    expect(await lit()).toEqual([true, true])
    await card.focus()
    expect(await lit()).toEqual([true, true])
    await button(page, 'Back').filter({ visible: true }).focus()
    expect(await lit()).toEqual([false, false])
    await close(opened)
  })

  for (const dark of [false, true]) {
    it(`has no violation that axe finds in its stages, ${dark ? 'dark' : 'light'}`, async () => {
      const opened = await open('tab=learn&lesson=2', { dark })
      const { page } = opened
      await formulas(page)
      for (const stage of dark ? [5] : [3, 6]) {
        await goToStage(page, stage)
        expect(await findViolations(page)).toEqual([])
      }
      if (dark) {
        await link(page, '3. A network learns XOR').click()
        expect(await findViolations(page)).toEqual([])
      }
      await close(opened)
    })
  }

  it('fits a phone on every page and in every stage', async () => {
    const opened = await open('tab=learn', { width: 390 })
    const { page } = opened
    const width = () => page.evaluate(() => document.documentElement.scrollWidth)
    await formulas(page)
    expect(await width()).toBeLessThanOrEqual(390)
    await link(page, '2. The chain rule').click()
    for (let stage = 1; stage <= 6; stage++) {
      await goToStage(page, stage)
      expect(await width()).toBeLessThanOrEqual(390)
    }
    const targets = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('.learn button, .learn select, .learn input')]
        .map((element) => [element.textContent.slice(0, 20), element.getBoundingClientRect().height] as const)
        .filter(([, height]) => height > 0 && height < 40),
    )
    expect(targets).toEqual([])
    await link(page, '3. A network learns XOR').click()
    expect(await width()).toBeLessThanOrEqual(390)
    await close(opened)
  })

  it('leads to another sample when all numbers of a sample are 0, and explains a seed that sticks', async () => {
    const opened = await open('tab=learn')
    const { page } = opened
    await formulas(page)
    for (let i = 0; i < 3; i++) await button(page, '100 steps').click()
    // The last sample is far from the line: all of its derivatives are 0 in the digits shown.
    const samples = page.getByLabel('Sample', { exact: true }).filter({ visible: true })
    await samples.selectOption('39')
    const suggestion = page.locator('.learn-suggestion:visible')
    await suggestion.getByRole('button').click()
    await suggestion.waitFor({ state: 'detached' })
    expect(await samples.inputValue()).not.toBe('39')
    // Training does not stay at a sample whose numbers become 0.
    await samples.selectOption('39')
    await suggestion.waitFor()
    await button(page, 'One step').filter({ visible: true }).click()
    await suggestion.waitFor({ state: 'detached' })
    await link(page, '3. A network learns XOR').click()
    await page.getByLabel('Seed').filter({ visible: true }).fill('5')
    await page.getByLabel('Seed').filter({ visible: true }).press('Enter')
    for (let hundred = 0; hundred < 10; hundred++) await button(page, 'Train 100 samples').click()
    await page.getByText('Training from seed 5 sticks.').waitFor()
    await page.getByRole('button', { name: /^Start from seed \d+$/ }).click()
    for (let hundred = 0; hundred < 10; hundred++) await button(page, 'Train 100 samples').click()
    await page.getByText('4 of 4 predictions are correct').waitFor()
    await close(opened)
  })
})

describe('the address of the lesson', () => {
  it('names its page, and the Back button moves between pages and tabs without a new run', async () => {
    const opened = await open('seed=3')
    const { page } = opened
    await epochsReach(page, 5)
    await link(page, 'How it learns').click()
    await formulas(page)
    await page.getByRole('button', { name: /^Next page: The chain rule/ }).click()
    expect(settingsIn(page)).toEqual({ seed: '3', tab: 'learn', lesson: '2' })
    await page.reload()
    await page.getByRole('heading', { name: 'A 2-3-2 network as a graph' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'One neuron separates two classes' }).waitFor()
    expect(settingsIn(page)).toEqual({ seed: '3', tab: 'learn' })
    await page.goBack()
    expect(settingsIn(page)).toEqual({ seed: '3' })
    await epochsReach(page, 5)
    await pause(page)
    const [epochs] = await countsOf(page)
    await page.goForward()
    await page.goForward()
    await page.getByRole('heading', { name: 'A 2-3-2 network as a graph' }).waitFor()
    await page.goBack()
    await page.goBack()
    expect(await countsOf(page)).toContain(epochs)
    await close(opened)
  })

  it('leads to the other tab with the network of the lesson, and back', async () => {
    const opened = await open('seed=3&tab=learn&lesson=2')
    const { page } = opened
    await formulas(page)
    await button(page, 'Play with this network').filter({ visible: true }).click()
    await epochsReach(page, 3)
    expect(await page.evaluate(() => scrollY)).toBe(0)
    expect(settingsIn(page)).toMatchObject({ learningRate: '3' })
    expect(page.url()).not.toContain('tab=learn')
    await page.goBack()
    await page.getByRole('heading', { name: 'A 2-3-2 network as a graph' }).waitFor()
    await link(page, '1. One neuron').click()
    await button(page, 'Play with this network').filter({ visible: true }).click()
    expect(settingsIn(page)).toMatchObject({ problem: 'linear', learningRate: '8', batch: '40', seed: '7' })
    await epochsReach(page, 3)
    await close(opened)
  })
})
