import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { countsOf, epochsReach, numberOf, numberReaches, pause, servePage } from './page.ts'

const { open, close } = servePage()

const timeline = (page: Page) => page.getByRole('slider', { name: 'Rewind' })
const question = (page: Page) => page.getByRole('alertdialog')
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

/** Pauses, starts anew, and trains epochs one by one. */
async function trainEpochs(page: Page, count: number): Promise<void> {
  await pause(page)
  await button(page, 'New start').click()
  for (let epoch = 1; epoch <= count; epoch++) {
    await button(page, 'One epoch').click()
    await numberReaches(page, 'epoch', epoch, 'exactly')
  }
}

describe('time on the page', () => {
  it('keeps the later run until one trains on, asks then, and repeats it to the same loss', async () => {
    const opened = await open('samples=60&optimizer=adam&learningRate=0.05&backend=cpu')
    const { page } = opened
    await trainEpochs(page, 6)
    const loss = await numberOf(page, 'loss')
    const line = timeline(page)
    expect(await line.getAttribute('max')).toBe('6')
    await line.fill('2')
    await page.getByText('epoch 2 of 6').waitFor()
    expect(await numberOf(page, 'epoch')).toBe(2)
    await button(page, 'Back to now').click()
    await numberReaches(page, 'epoch', 6, 'exactly')
    expect(await numberOf(page, 'loss')).toBe(loss)

    await line.fill('2')
    await page.getByText('epoch 2 of 6').waitFor()
    await button(page, 'Play').click()
    await page.getByText('Train on from epoch 2? The later run until epoch 6 is discarded.').waitFor()
    // By keyboard: the answer has the focus.
    await page.keyboard.press('Escape')
    await question(page).waitFor({ state: 'detached' })
    expect([await line.getAttribute('max'), await numberOf(page, 'epoch')]).toEqual(['6', 2])
    expect(await button(page, 'Play').isVisible()).toBe(true)
    await button(page, 'One epoch').click()
    await question(page).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await question(page).waitFor({ state: 'detached' })
    expect(await line.getAttribute('max')).toBe('6')
    await button(page, 'One epoch').click()
    await question(page).waitFor()
    await page.keyboard.press('Enter')
    await numberReaches(page, 'epoch', 3, 'exactly')
    expect(await line.getAttribute('max')).toBe('3')
    for (let epoch = 4; epoch <= 6; epoch++) {
      await button(page, 'One epoch').click()
      await numberReaches(page, 'epoch', epoch, 'exactly')
    }
    // With the optimizer's state and the order of the samples, these are the epochs of the first time.
    expect(await numberOf(page, 'loss')).toBe(loss)
    await close(opened)
  })

  it('changes learning rate, batch size and penalties without a restart, and refuses a rate of 1000', async () => {
    const opened = await open('samples=50&test=0&speed=60')
    const { page } = opened
    await epochsReach(page, 20)
    const rate = page.getByLabel('Learning rate', { exact: true })
    const before = await rate.inputValue()
    await rate.fill('1000')
    await rate.blur()
    await page.getByText('Enter a number from').waitFor()
    expect(await rate.inputValue()).toBe(before)
    expect(page.url()).not.toContain('1000')
    await rate.fill('0.25')
    await rate.blur()
    await page.getByLabel('Batch size', { exact: true }).fill('50')
    await page.getByLabel('Batch size', { exact: true }).blur()
    await page.getByLabel('Regularization', { exact: true }).selectOption('l2 0.001')
    await epochsReach(page, 40)
    await pause(page)
    const [epoch, step] = await countsOf(page)
    await button(page, 'One epoch').click()
    await numberReaches(page, 'epoch', epoch! + 1, 'exactly')
    // One minibatch of all 50 samples; with a restart, there would be one step for each epoch.
    expect((await countsOf(page))[1]).toBe(step! + 1)
    expect(step).toBeGreaterThan(epoch!)
    expect(new URL(page.url()).hash).toMatch(/learningRate=0.25.*batch=50.*l2=0.001/)
    await close(opened)
  })

  it('trains on where the GPU is refused, and says on what', async () => {
    const opened = await open('backend=cpu&speed=60', { neverHadWebGPU: true })
    const { page } = opened
    await epochsReach(page, 5)
    const runsOn = async () => page.locator('[data-value=backend]').first().getAttribute('data-number')
    expect(await runsOn()).toBe('cpu')
    await page.locator('[popovertarget=backend-details]').click()
    await page.getByRole('radio', { name: 'GPU (WebGPU)' }).click()
    await page.locator('.notices', { hasText: 'WebGPU' }).waitFor()
    expect(await page.getByRole('radio', { name: 'CPU (JavaScript)' }).isChecked()).toBe(true)
    expect(await runsOn()).toBe('cpu')
    expect(page.url()).toContain('backend=cpu')
    const [epoch] = await countsOf(page)
    await epochsReach(page, epoch! + 10)
    expect(await numberOf(page, 'epochs-per-second')).toBeGreaterThan(0)
    await close(opened)
  })

  it('that diverges names the cause, and trains again with the change that helps', async () => {
    const settings = 'learningRate=100&loss=meanSquaredError&optimizer=sgd&hidden=6&activations=relu-linear&seed=1'
    const opened = await open(`problem=circle&${settings}&backend=cpu`)
    const { page } = opened
    const message = page.locator('.divergence')
    await message.getByText('The learning rate of sgd, 100, is too high').waitFor()
    expect(await message.textContent()).toMatch(/^Training stopped\. In epoch \d+ the numbers in the output layer grew/)
    await message.getByRole('button', { name: 'Try again with learning rate 1' }).click()
    await epochsReach(page, 10)
    expect(await message.textContent()).toBe('')
    expect(await page.getByLabel('Learning rate').inputValue()).toBe('1')
    await close(opened)
  })
})
