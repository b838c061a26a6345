import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { fromSafetensors, Network, toJavaScript, toOnnx } from '../src/index.ts'
import { findViolations, pause, scoreReaches, servePage } from './page.ts'

const { open, close } = servePage()

/** Words, truth values, gaps, a row number without name, a column of different words, and 36 columns of measurements. */
function passengers(): string {
  const lines = Array.from({ length: 240 }, (_, i) => {
    const sex = i % 3 === 0 ? 'female' : 'male'
    const age = i % 7 === 0 ? '' : `${20 + ((i * 13) % 50)},5`
    const fate = sex === 'female' || (i * 13) % 50 < 10 ? 'survived' : 'died'
    const others = Array.from({ length: 36 }, (_, j) =>
      Math.sin(i * (j + 2))
        .toFixed(2)
        .replace('.', ','),
    )
    return [i, `passenger ${i}`, sex, age, i % 2 === 0 ? 'yes' : 'no', ...others, fate].join(';')
  })
  const names = Array.from({ length: 36 }, (_, j) => `measurement ${j + 1}`)
  return [`;name;sex;age;alone;${names.join(';')};fate`, ...lines].join('\n')
}

const openFile = (page: Page, name: string, bytes: Uint8Array) =>
  page.locator('.file input').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(bytes) })

async function savedModel(page: Page, format: string): Promise<Uint8Array> {
  await page.getByRole('combobox', { name: 'as', exact: true }).selectOption(format)
  const saving = page.getByRole('button', { name: 'Save the model' })
  const [download] = await Promise.all([page.waitForEvent('download'), saving.click()])
  return readFileSync(await download.path())
}

describe('tables on the page', () => {
  it('says what it does with each column, predicts rows, and saves a model that predicts the same', async () => {
    const opened = await open()
    const { page } = opened
    // UTF-16 within gzip, with decimal commas.
    const bytes = gzipSync(new Uint8Array([0xff, 0xfe, ...Buffer.from(passengers(), 'utf16le')]))
    await openFile(page, 'passengers.csv.gz', bytes)
    await page.getByText('240 rows, 39 columns to predict “fate” from').waitFor()
    await page.getByText('The first column has no name and holds row numbers: it is left out.').waitFor()
    await page.getByText('The network predicts one of 2 classes: died, survived (classification).').waitFor()
    const row = (name: string) => page.getByRole('row', { name: new RegExp(`^(Use column )?.? ?${name}\\b`) }).first()
    const says = async (name: string, text: RegExp) => expect(await row(name).textContent()).toMatch(text)
    await says('name', /words; left out: it has more than 64 different words/)
    await says('sex', /words: 2 categories; one input per category/)
    await says('age', /numbers; scaled; 35 missing values filled with the median \d+/)
    await says('alone', /yes or no; yes is 1, no is 0/)
    expect(await page.locator('.file-columns .target').textContent()).toMatch(/fatetarget.*2 classes/)
    await page.getByRole('img', { name: 'A network of 40-8-2 neurons' }).waitFor()
    await scoreReaches(page, 'training-score', 95)
    await pause(page)
    const answer = page.getByTestId('row-answer')
    await page.getByRole('combobox', { name: 'sex' }).selectOption('female')
    await page.getByRole('spinbutton', { name: 'age' }).fill('')
    await page.getByRole('spinbutton', { name: 'age' }).press('Enter')
    await page.getByRole('combobox', { name: 'alone' }).selectOption('yes')
    await page.waitForFunction(() => document.querySelector('.row-prediction')?.textContent?.includes('fate: survived'))
    const json = Buffer.from(await savedModel(page, 'json')).toString()
    const network = Network.fromJSON(JSON.parse(json))
    const values = Object.fromEntries(network.features!.map((name, j) => [name, Number(network.scaling!.offset[j + 1]!.toPrecision(3))])) // prettier-ignore
    const [same] = network.classify([{ ...values, sex: 'female', age: null, alone: 'yes' }])
    expect(await answer.textContent()).toBe(`fate: ${same!.class} (${(100 * same!.probability).toFixed(1)} %)`)
    const saved = fromSafetensors(await savedModel(page, 'safetensors'))
    expect(saved.toJSON()).toEqual(network.toJSON())
    expect(Buffer.from(await savedModel(page, 'onnx')).equals(await toOnnx(network))).toBe(true)
    expect(Buffer.from(await savedModel(page, 'javascript')).toString()).toBe(toJavaScript(network))
    expect(await findViolations(page)).toEqual([])
    await close(opened)
  })

  it('switches columns off and on, keeps that for another target, and in the link', async () => {
    const opened = await open()
    const { page } = opened
    await openFile(page, 'passengers.csv', Buffer.from(passengers()))
    await page.getByRole('checkbox', { name: 'Use column sex' }).uncheck()
    await page.getByText('38 columns to predict “fate” from').waitFor()
    await page.getByRole('img', { name: 'A network of 38-8-2 neurons' }).waitFor()
    await page.getByRole('combobox', { name: 'Target column' }).selectOption('measurement 1')
    await page.getByText('The network predicts the number “measurement 1” (regression).').waitFor()
    await page.getByText('38 columns to predict “measurement 1” from').waitFor()
    expect(page.url()).toContain('without=1')
    expect(await page.getByRole('checkbox', { name: 'Use column sex' }).isChecked()).toBe(false)
    const other = await open(new URL(page.url()).hash.slice(1))
    await openFile(other.page, 'passengers.csv', Buffer.from(passengers()))
    await other.page.getByText('38 columns to predict “measurement 1” from').waitFor()
    await close(other)
    await page.getByRole('combobox', { name: 'Target column' }).selectOption('alone')
    await page.getByText('The network predicts one of 2 classes: no, yes (classification).').waitFor()
    await page.getByRole('combobox', { name: 'Target column' }).selectOption('age')
    await page.getByText('The network predicts the number “age” (regression).').waitFor()
    await page.getByRole('combobox', { name: 'Predict it as' }).selectOption('one of several classes')
    await page.getByText('The network predicts one of 50 classes: 20.5, 21.5').waitFor()
    expect(page.url()).toContain('task=classification')
    await page.getByRole('combobox', { name: 'Target column' }).selectOption('measurement 1')
    await page.getByText('38 columns to predict “measurement 1” from').waitFor()
    await page.getByRole('checkbox', { name: 'Use column sex' }).check()
    await page.getByText('39 columns to predict “measurement 1” from').waitFor()
    await close(opened)
  })

  it('fits on the screen of a phone', async () => {
    const opened = await open('', { width: 390 })
    const { page } = opened
    await openFile(page, 'passengers.csv', Buffer.from(passengers()))
    await page.getByText('39 columns to predict “fate” from').waitFor()
    await page.getByTestId('row-answer').locator('b').waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    expect((await page.locator('.file-columns').boundingBox())!.height).toBeLessThanOrEqual(400)
    await close(opened)
  })
})
