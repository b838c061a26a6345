import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { epochsReach, findViolations, numberReaches, openMore, pause, servePage } from './page.ts'

const { open, close } = servePage({ webgpu: false })

const explanation = (page: Page) => page.locator('.term-popover')
const term = (page: Page, name: string) => page.locator('.term').getByText(name, { exact: true })

/** Whether two elements overlap on the screen. */
async function overlap(a: Locator, b: Locator): Promise<boolean> {
  const [one, other] = [(await a.boundingBox())!, (await b.boundingBox())!]
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  )
}

/** Opens the explanations of labels one after the other: their sentences, and whether they cover the labelled control. */
async function openEach(labels: Element[]): Promise<{ text: string; covers: boolean }[]> {
  const results = []
  for (const label of labels) {
    label.querySelector<HTMLElement>('.term')!.click()
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
    const popover = document.querySelector('.term-popover')!
    const [a, b] = [popover, (label as HTMLLabelElement).control ?? label].map((e) => e.getBoundingClientRect())
    const covers = a!.left < b!.right && b!.left < a!.right && a!.top < b!.bottom && b!.top < a!.bottom
    results.push({ text: popover.querySelector('p')?.textContent ?? '', covers })
  }
  return results
}

describe('explanations', () => {
  it('open on hover, focus and click, and close with Escape', async () => {
    const opened = await open('test=0.2')
    const { page } = opened
    await epochsReach(page, 2)
    const rate = term(page, 'Learning rate')
    await rate.hover()
    await explanation(page).waitFor()
    expect(await explanation(page).textContent()).toContain('How far each step moves the weights')
    expect(await overlap(explanation(page), page.getByLabel('Learning rate'))).toBe(false)
    expect(await rate.getAttribute('aria-describedby')).toBe(await explanation(page).locator('div').getAttribute('id'))
    // The pointer can move to the explanation, which stays open.
    await explanation(page).hover()
    await page.waitForTimeout(500)
    expect(await explanation(page).isVisible()).toBe(true)
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    expect(await explanation(page).count()).toBe(0)
    // By keyboard: the term is a stop of the Tab key, and Enter leads to the link in the explanation and back.
    await page.mouse.move(2, 2)
    await page.getByRole('button', { name: 'One epoch' }).focus()
    for (let i = 0; i < 6 && (await explanation(page).count()) === 0; i++) await page.keyboard.press('Tab')
    expect(await explanation(page).textContent()).toContain('Epoch')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('A')
    await page.keyboard.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Epoch')
    // A click keeps the explanation open, also without the pointer, until the next one.
    await term(page, 'Optimizer').click()
    await page.mouse.move(2, 2)
    await page.waitForTimeout(500)
    expect(await explanation(page).textContent()).toMatch(/Optimizer.*sgd Stochastic gradient descent/)
    await explanation(page).getByText('The other 5 choices').click()
    expect(await explanation(page).textContent()).toContain('nadam')
    await page.getByLabel('Batch size').click()
    expect(await explanation(page).count()).toBe(0)
    await close(opened)
  })

  it('open by a tap on a phone, within its screen, and lead to the lesson with the same settings', async () => {
    const opened = await open('learningRate=2&speed=2', { width: 390 })
    const { page } = opened
    await epochsReach(page, 1)
    await term(page, 'loss').first().dispatchEvent('click')
    await explanation(page).waitFor()
    const box = (await explanation(page).boundingBox())!
    expect(box.x).toBeGreaterThanOrEqual(0)
    expect(box.x + box.width).toBeLessThanOrEqual(390)
    await explanation(page).getByRole('link', { name: 'How it learns' }).click()
    await page.locator('.katex').first().waitFor()
    expect(page.url()).toMatch(/learningRate=2/)
    await close(opened)
  })

  it.each(['problem=xor&hidden=4-2', 'problem=hills', 'problem=digits&speed=2'])(
    'exist for every control of %s, and cover none',
    async (hash) => {
      const opened = await open(hash)
      const { page } = opened
      await epochsReach(page, 1)
      await pause(page)
      await openMore(page)
      const labels = page.locator('.screen .field > label:visible, .scores dt:visible, .bar-count .label')
      const texts = await labels.allTextContents()
      expect(texts.length).toBeGreaterThan(15)
      const without = await labels.evaluateAll((all) => all.filter((one) => !one.querySelector('.term')))
      expect(without).toEqual([])
      const opening = await labels.evaluateAll(openEach)
      expect(opening.filter(({ text }) => !/^\S.* .*\.$/.test(text))).toEqual([])
      expect(opening.filter(({ covers }) => covers)).toEqual([])
      await close(opened)
    },
  )
})

describe('suggestions', () => {
  it('are applied by a button, say what to see, and can be taken back', async () => {
    const opened = await open('seed=3')
    const { page } = opened
    await epochsReach(page, 2)
    const card = page.getByRole('region', { name: 'Try this' })
    await card.getByRole('button', { name: 'Do it' }).click()
    await expect.poll(() => page.url()).toMatch(/#hidden=2&seed=3$/)
    await card.getByText('With two lines').waitFor()
    await epochsReach(page, 20)
    await card.getByRole('button', { name: 'Go back' }).click()
    await expect.poll(() => page.url()).toMatch(/#seed=3$/)
    // After one suggestion, the next one is offered.
    await card.getByText('A second layer').waitFor()
    await card.getByRole('button', { name: 'Another idea' }).click()
    await card.getByText('Two straight lines').waitFor()
    await page.getByRole('button', { name: 'Hills', exact: true }).click()
    await card.getByText('the network predicts a height').waitFor()
    await numberReaches(page, 'test-score', 0.95)
    await close(opened)
  })
})

describe('challenges', () => {
  it('are marked as solved once they are, also after the page is opened again', async () => {
    const opened = await open('problem=spirals&seed=2&speed=0')
    const { page } = opened
    const list = page.getByRole('region', { name: 'Challenges' })
    const item = list.getByRole('listitem').filter({ hasText: 'Spirals from x and y' })
    // More neurons than the challenge allows do not solve it.
    await numberReaches(page, 'test-score', 0.95)
    await item.getByRole('img', { name: 'not solved yet' }).waitFor()
    await page.evaluate(() => {
      location.hash = 'problem=spirals&hidden=3&activations=tanh-sigmoid&seed=2&speed=0'
    })
    await item.getByRole('img', { name: 'solved', exact: true }).waitFor()
    await list.getByText('1 of').waitFor()
    await page.reload()
    await item.getByRole('img', { name: 'solved', exact: true }).waitFor()
    await item.getByRole('button').click()
    await expect.poll(() => page.url()).toMatch(/#problem=spirals&seed=2&speed=0$/)
    await close(opened)
  })
})
