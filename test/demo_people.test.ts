import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { countsOf, epochsReach, findViolations, numberReaches, openMore, pause, servePage } from './page.ts'

const { open, close } = servePage()

/** Types a number into a field. */
async function enter(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label).fill(value)
  await page.getByLabel(label).press('Enter')
}

const controls = 'button:not(:disabled), select, input:not([type=radio])'

describe('accessibility of the page', () => {
  for (const dark of [false, true]) {
    for (const hash of ['', 'problem=hills', 'problem=digits', 'tab=learn']) {
      it(`has no violation that axe finds: ${hash || 'first sight'}, ${dark ? 'dark' : 'light'}`, async () => {
        const opened = await open(hash, { dark })
        const { page } = opened
        if (hash === 'tab=learn') await page.locator('.katex').first().waitFor()
        else {
          await epochsReach(page, 5)
          await page.getByRole('heading', { name: 'Evaluation', exact: true }).waitFor()
          await pause(page)
        }
        expect(await findViolations(page)).toEqual([])
        await close(opened)
      })
    }
  }

  it('shows errors without violations that axe finds, and shows a verified GPU', async () => {
    const opened = await open('problem=cube&backend=webgpu&test=0')
    const { page } = opened
    await pause(page)
    await page.getByRole('button', { name: 'Verify on this GPU' }).click()
    await page.getByText('Every stage agrees.').waitFor()
    expect(await findViolations(page)).toEqual([])
    await close(opened)
  }, 90_000)

  it('supports navigation through the network by keyboard', async () => {
    const opened = await open('hidden=3-2&activations=tanh-tanh-sigmoid')
    const { page } = opened
    await epochsReach(page, 3)
    await pause(page)
    await page.locator('[data-at="1-0"]').focus()
    const card = page.getByTestId('diagram-card')
    expect(await card.textContent()).toMatch(
      /^Neuron 1 of layer 1 · tanhbias −?[\d.e−]+, which .*weights:x −?[\d.e-]+y −?[\d.e-]+$/,
    )
    await page.keyboard.press('ArrowDown')
    expect(await card.textContent()).toMatch(/^Neuron 2 of layer 1/)
    await page.keyboard.press('ArrowRight')
    expect(await card.textContent()).toMatch(/^Neuron 2 of layer 2/)
    await page.getByText('neuron 2 of layer 2', { exact: false }).first().waitFor()
    await page.keyboard.press('ArrowRight')
    expect(await card.textContent()).toMatch(/^Output inside/)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    expect(await card.textContent()).toMatch(/^Input y/)
    await close(opened)
  })

  it('reaches every control with the Tab key', async () => {
    const opened = await open()
    const { page } = opened
    await epochsReach(page, 3)
    await pause(page)
    await openMore(page)
    const wanted = await page.evaluate(
      (selector) =>
        [...document.querySelectorAll<HTMLElement>(selector)].filter((found) => found.checkVisibility()).length,
      controls,
    )
    const reached = new Set<string>()
    for (let i = 0; i < 2 * wanted + 60 && reached.size < wanted; i++) {
      await page.keyboard.press('Tab')
      const key = await page.evaluate((selector) => {
        const element = document.activeElement
        if (!element || element === document.body) return ''
        const all = [...document.querySelectorAll<HTMLElement>(selector)].filter((found) => found.checkVisibility())
        return all.includes(element as HTMLElement) ? String(all.indexOf(element as HTMLElement)) : ''
      }, controls)
      if (key) reached.add(key)
    }
    expect(reached.size).toBe(wanted)
    await close(opened)
  })

  it('changes the setting of each control', async () => {
    const opened = await open()
    const { page } = opened
    const hash = () => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)))
    await pause(page)
    await openMore(page)
    for (const [label, value] of [
      ['Learning rate', '0.3'],
      ['Batch size', '25'],
      ['l1 penalty', '0.001'],
      ['l2 penalty', '0.002'],
      ['Dropout', '0.25'],
      ['Seed', '9'],
    ] as const) {
      await enter(page, label, value)
    }
    await page.getByRole('combobox', { name: 'Optimizer' }).selectOption('adam')
    await page.getByRole('combobox', { name: 'Initial weights' }).selectOption('heNormal')
    await page.getByRole('combobox', { name: 'Activation, layer 1' }).selectOption('relu')
    await page.getByRole('combobox', { name: 'Speed' }).selectOption('10 epochs/s')
    await page.getByRole('button', { name: 'Add a hidden layer' }).click()
    await page.getByRole('button', { name: 'Fewer neurons in hidden layer 2' }).click()
    expect(hash()).toEqual({
      learningRate: '0.3',
      batch: '25',
      l1: '0.001',
      l2: '0.002',
      dropout: '0.25',
      seed: '9',
      optimizer: 'adam',
      init: 'heNormal',
      activations: 'relu-relu-sigmoid',
      speed: '10',
      hidden: '3-2',
    })
    // 400 training samples in minibatches of 25 are 16 steps.
    await page.getByRole('button', { name: 'One epoch' }).click()
    await numberReaches(page, 'step', 16, 'exactly')
    expect(await countsOf(page)).toEqual([1, 16])
    await page.getByRole('button', { name: 'Remove a hidden layer' }).click()
    await page.getByRole('img', { name: 'A network of 2-3-2 neurons' }).waitFor()
    // A value out of bounds is refused: the field shows what is used, and why.
    await enter(page, 'Batch size', '0')
    expect(hash()).toMatchObject({ batch: '25' })
    await page.getByText('Enter a whole number from 1 to 5,000. 25 is still used.').waitFor()
    expect(await page.getByLabel('Batch size').inputValue()).toBe('25')
    await close(opened)
  })

  it('stops automatically after a number of epochs, and when the loss no longer improves', async () => {
    const opened = await open('stop=40')
    const { page } = opened
    await page.getByText('Stopped after 40 epochs').waitFor()
    await page.getByRole('button', { name: 'Play' }).waitFor()
    expect((await countsOf(page))[0]).toBe(40)
    await openMore(page)
    await enter(page, 'Stop after epochs', '0')
    // With too large a learning rate the loss oscillates, and soon stops improving on its minimum.
    await enter(page, 'Learning rate', '60')
    await enter(page, 'Patience', '20')
    await page.getByRole('button', { name: 'Play' }).click()
    await page.getByText(/Stopped: the test loss has not improved since epoch \d+/).waitFor()
    await close(opened)
  })

  it('reports when the loss is no longer finite, and can train again after a reset', async () => {
    const opened = await open('problem=hills&optimizer=sgd&learningRate=100&batch=1')
    const { page } = opened
    await page.locator('.divergence', { hasText: /Training stopped\..*learning rate/ }).waitFor()
    await page.getByRole('button', { name: 'Play' }).waitFor()
    await enter(page, 'Learning rate', '0.01')
    await page.getByRole('button', { name: 'Play' }).click()
    await epochsReach(page, 20)
    await close(opened)
  })

  it('uses the chosen colours', async () => {
    const opened = await open()
    const { page } = opened
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await ground()
    await openMore(page)
    await page.getByRole('combobox', { name: 'Colours' }).selectOption('dark')
    expect(await ground()).not.toBe(light)
    // The choice is kept.
    await page.reload()
    expect(await ground()).not.toBe(light)
    await openMore(page)
    await page.getByRole('combobox', { name: 'Colours' }).selectOption('light')
    expect(await ground()).toBe(light)
    await close(opened)
  })

  it('has no animations and does not train until asked if the user prefers reduced motion', async () => {
    const opened = await open('', { reducedMotion: true })
    const { page } = opened
    await numberReaches(page, 'training-score', 0)
    await page.waitForTimeout(300)
    expect(await countsOf(page)).toEqual([0, 0])
    await page.getByRole('button', { name: 'Play' }).click()
    await epochsReach(page, 3)
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll('*')].filter((element) => {
          const { transitionDuration, animationName } = getComputedStyle(element)
          return transitionDuration !== '0s' || animationName !== 'none'
        }).length,
    )
    expect(moving).toBe(0)
    await close(opened)
  })

  for (const hash of ['', 'problem=digits', 'tab=learn']) {
    it(`fits a phone: ${hash || 'first sight'}`, async () => {
      // On systems without a locale, browsers report a language in which they cannot format numbers.
      const opened = await open(hash, { width: 390, language: 'en-US@posix' })
      const { page } = opened
      if (hash === 'tab=learn') await page.locator('.katex').first().waitFor()
      else await epochsReach(page, 3)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      await close(opened)
    })
  }
})
