import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { Network } from '../src/index.ts'
import { findViolations, openMore, pause, scoreReaches, servePage } from './page.ts'

const { open, close } = servePage()

const uniform = (i: number, seed: number) => (((i * 7919 + seed * 104_729) % 1009) / 1009) * 2 - 1

const table = (header: string, row: (i: number) => readonly (string | number)[]) =>
  [header, ...Array.from({ length: 200 }, (_, i) => row(i).join())].join('\n')

/** Two targets of different units, with a gap in an input and in a target. */
const flights = table('wind,weight,place,time,fuel', (i) => {
  const [wind, weight] = [uniform(i, 1), uniform(i, 2)]
  return [i === 3 ? '' : wind, weight, 'ab'[i % 2]!, i === 4 ? '' : 3 + wind, 9000 + 4000 * weight]
})
/** Three labels, of which a row has any number. */
const songs = table('tempo,loudness,happy,loud,fast', (i) => {
  const [tempo, loudness] = [uniform(i, 1), uniform(i, 2)]
  return [tempo, loudness, ...[tempo + loudness > 0, loudness > 0.2, tempo > -0.3].map(Number)]
})

const openFile = (page: Page, name: string, text: string) =>
  page.locator('.file input').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })

async function savedNetwork(page: Page): Promise<Network> {
  const saving = page.getByRole('button', { name: 'Save the model' })
  const [download] = await Promise.all([page.waitForEvent('download'), saving.click()])
  return Network.fromJSON(JSON.parse(readFileSync(await download.path(), 'utf8')))
}

const fill = async (page: Page, name: string, value: string) => {
  const field = page.getByRole('spinbutton', { name, exact: true })
  await field.fill(value)
  await field.press('Enter')
}

describe('several outputs', () => {
  it('predicts several numbers by name, in their own units, with the errors of each', async () => {
    const opened = await open()
    const { page } = opened
    await openFile(page, 'flights.csv', flights)
    await page.getByText('The network predicts the number “fuel” (regression).').waitFor()
    const last = page.getByRole('checkbox', { name: 'Predict column fuel' })
    expect(await last.isDisabled()).toBe(true)
    expect(await page.getByRole('checkbox', { name: 'Predict column place' }).count()).toBe(0)
    await page.getByRole('checkbox', { name: 'Predict column time' }).check()
    await page.getByText('The network predicts 2 numbers: time, fuel (regression).').waitFor()
    await page.getByText('3 columns to predict “time” and “fuel” from').waitFor()
    await page.getByRole('img', { name: 'A network of 4-8-2 neurons' }).waitFor()
    await page.getByText('1 row has no target: left out.').waitFor()
    await page.waitForFunction(() => Number(document.querySelector('[data-testid=r2]')?.textContent) > 0.9)
    // The training goes on while the user types: a half-typed number stays.
    const wind = page.getByRole('spinbutton', { name: 'wind', exact: true })
    await wind.fill('')
    await wind.pressSequentially('0.125', { delay: 100 })
    expect(await wind.inputValue()).toBe('0.125')
    await pause(page)
    const errors = page.getByRole('group', { name: 'Errors of each target' })
    expect(await errors.getByRole('row').allTextContents()).toEqual([
      'TargetR²Mean error',
      expect.stringMatching(/^time[01]\.\d{3}0\.\d+$/) as string,
      expect.stringMatching(/^fuel[01]\.\d{3}\d/) as string,
    ])
    await page.getByText('“time”: Predictions (upwards)').waitFor()
    await page.getByRole('combobox', { name: 'Shown on the plane' }).selectOption('fuel')
    await page.getByText('Predictions of “fuel”').waitFor()
    await page.getByText('“fuel”: Predictions (upwards)').waitFor()
    await fill(page, 'wind', '0.5')
    await fill(page, 'weight', '0.25')
    const [answer] = (await savedNetwork(page)).predict([{ wind: 0.5, weight: 0.25, place: 'a' }]).toArray()
    const short = (value: number) => String(Number(value.toPrecision(3))).replace('-', '−')
    await page.waitForFunction(
      (texts) => document.querySelector('[data-testid=row-answer]')?.textContent === texts,
      `time: ${short(answer![0]!)}fuel: ${short(answer![1]!)}`,
    )
    expect(await findViolations(page)).toEqual([])
    // The link repeats it.
    const again = await open(new URL(page.url()).hash.slice(1))
    await openFile(again.page, 'flights.csv', flights)
    await again.page.getByText('The network predicts 2 numbers: time, fuel (regression).').waitFor()
    await again.page.getByText('Predictions of “fuel”').waitFor()
    await close(again)
    await page.getByRole('combobox', { name: 'Missing values in the input columns' }).selectOption('drop')
    await page.getByText('scaled; 1 row without a value is left out').waitFor()
    await page.getByRole('checkbox', { name: 'Predict column fuel' }).uncheck()
    await page.getByText('The network predicts the number “time” (regression).').waitFor()
    await close(opened)
  })

  it('predicts several labels by name, with the share of correct ones, and classes where the user says so', async () => {
    const opened = await open()
    const { page } = opened
    await openFile(page, 'songs.csv', songs)
    await page.getByText('The network predicts one of 2 classes: 0, 1 (classification).').waitFor()
    await page.getByRole('checkbox', { name: 'Predict column happy' }).check()
    await page.getByRole('checkbox', { name: 'Predict column loud', exact: true }).check()
    await page
      .getByText('For each of 3 labels, the network predicts whether a row has it: happy, loud, fast.')
      .waitFor()
    await page.getByText('Training labels correct').waitFor()
    await scoreReaches(page, 'training-score', 90)
    await page.waitForFunction(
      () => parseFloat(document.querySelector('[data-testid=exact-match]')?.textContent ?? '') > 80,
    )
    await pause(page)
    expect(await page.getByRole('group', { name: 'Scores of each label' }).getByRole('row').count()).toBe(4)
    await fill(page, 'tempo', '0.8')
    await fill(page, 'loudness', '0.9')
    await page.waitForFunction(() =>
      /^happy: yes \(\d.*loud: yes \(\d.*fast: yes \(\d/.test(
        document.querySelector('[data-testid=row-answer]')?.textContent ?? '',
      ),
    )
    expect((await savedNetwork(page)).task).toBe('multilabel')
    expect(await findViolations(page)).toEqual([])
    const task = page.getByRole('combobox', { name: 'Predict them as' })
    await task.selectOption('numbers')
    await page.getByText('The network predicts 3 numbers: happy, loud, fast (regression).').waitFor()
    await task.selectOption('one class: exactly one column is 1')
    await page.getByText(/expected one 1 and else 0 in the target columns/).waitFor()
    await close(opened)
  })
})

describe('advice', () => {
  const houses = table('area,rooms,price', (i) => [
    60 + ((i * 37) % 140),
    1 + (i % 5),
    150_000 + 2500 * ((i * 37) % 140),
  ])

  it('names the switch that helps before training, and is gone when it is on', async () => {
    const opened = await open()
    const { page } = opened
    const advice = page.locator('.advice')
    await openFile(page, 'houses.csv', houses)
    await page.getByText('The network predicts the number “price” (regression).').waitFor()
    await pause(page)
    expect(await advice.textContent()).toBe('')
    await page.getByRole('checkbox', { name: 'Scale the inputs' }).uncheck()
    await advice.getByText('The inputs are large: area reaches from 60 to 199; switch on “Scale the inputs”.').waitFor()
    await page.getByRole('checkbox', { name: 'Scale the target' }).uncheck()
    await advice.getByText('The target is not scaled: it reaches from').waitFor()
    await openMore(page)
    await page.getByRole('spinbutton', { name: 'Stop after epochs' }).fill('15')
    await page.getByRole('spinbutton', { name: 'Stop after epochs' }).press('Enter')
    await page.getByRole('button', { name: 'Play' }).click()
    await advice.getByText(/^The network is worse than always answering the mean of the targets/).waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('checkbox', { name: 'Scale the target' }).check()
    await page.getByRole('checkbox', { name: 'Scale the inputs' }).check()
    await page.waitForFunction(() => document.querySelector('.advice')?.textContent === '')
    await close(opened)
  })
})
