import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomNumbers, tableOf } from './cases.ts'
import { commandProcess } from './command.ts'
import { Network, regressionReport, scaleTargets, standardizeTargets, Dataset, taskOf, Trainer } from '../src/index.ts'
import { streamCsv } from '../src/node/index.ts'

let folder: string
const file = (name: string) => join(folder, name)
const write = (name: string, rows: readonly (readonly (string | number)[])[]) => {
  writeFileSync(file(name), tableOf(rows))
  return file(name)
}
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-streams-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const random = randomNumbers(9)
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('the task of a stream', () => {
  const network = (outputs: number) => Network.create({ sizes: [1, 2, outputs], seed: 1 })

  it('follows from all rows, not from the first', async () => {
    const path = write('late.csv', [['x', 'y'], ...range(300).map((i) => [i / 300, i < 200 ? i % 2 : i])])
    using late = await streamCsv(path, { task: 'regression', shuffle: false, folder })
    expect(late.train.example!.targets.data.slice(0, 4)).toEqual(new Float32Array([0, 1, 0, 1]))
    expect(taskOf(network(1), 'quadratic', late.train)).toBe('regression')
    const trainer = await Trainer.create(network(1), { backend: 'cpu', seed: 1 })
    await trainer.fit(late.train, { epochs: 1 })
    expect(trainer.network.task).toBe('regression')
    trainer.dispose()
  })

  it('is labels where a later row has several', async () => {
    const label = (i: number) => (i < 200 ? [i % 2, 1 - (i % 2)] : [1, Number(i < 290)])
    const path = write('labels.csv', [['x', 'u', 'v'], ...range(300).map((i) => [i / 300, ...label(i)])])
    for (const numbers of ['classes', 'targets'] as const) {
      using late = await streamCsv(path, { target: ['u', 'v'], numbers, shuffle: false, folder })
      expect(taskOf(network(2), 'quadratic', late.train)).toBe('multilabel')
    }
    using held = await streamCsv(path, { target: ['u', 'v'], test: 0.2, seed: 1, folder })
    expect(taskOf(network(2), 'quadratic', held.test!)).toBe('multilabel')
  })
})

describe('--validation with --stream', () => {
  const runHere = commandProcess()
  const run = (args: string) => runHere(`${args} --backend cpu`.split(' '), folder)
  const json = async (args: string) => {
    const { code, out, error } = await run(`${args} --json`)
    expect([code, error]).toEqual([0, ''])
    return JSON.parse(out) as { validation: { r2?: number; accuracy?: number; loss: number } }
  }
  const houses = (count: number) =>
    range(count).map(() => {
      const [area, garden] = [30 + 100 * random(), random() < 0.5 ? 'yes' : 'no']
      return [area.toFixed(1), garden, (1000 * (3 * area + (garden === 'yes' ? 50 : 0))).toFixed(0)]
    })
  const options = '--layers -,8,- --activation tanh,linear --loss meanSquaredError --optimizer adam --lr 0.02 --seed 1 --epochs 60 --standardize' // prettier-ignore

  it('scores another file as evaluate does, in the units of the data', async () => {
    write('train.csv', [['area', 'garden', 'price'], ...houses(400)])
    write('other.csv', [['price', 'area', 'garden'], ...houses(100).map(([area, garden, price]) => [price!, area!, garden!])]) // prettier-ignore
    const trained = await json(`train --data train.csv --stream --target price --validation other.csv ${options} --out price.json --report price.html`) // prettier-ignore
    expect(trained.validation.r2).toBeGreaterThan(0.9)
    const whole = await json('evaluate --model price.json --data other.csv')
    expect(whole).toMatchObject({ r2: expect.closeTo(trained.validation.r2!, 5) as number })
    const page = readFileSync(file('price.html'), 'utf8')
    expect(page).toContain('On the 100 validation samples')
    // The table of the report has the same R², so answers and targets are in the same units.
    const [, r2] = /<th scope="row">price<\/th><td>([\d.]+)<\/td>/.exec(page)!
    expect(Number(r2)).toBeCloseTo(trained.validation.r2!, 3)
    expect(readdirSync(folder).filter((name) => name.startsWith('webgpu-mlp'))).toEqual([])
  })

  it('has a report in the units of the data where a share of the stream is held out', async () => {
    const trained = await json(`train --data train.csv --stream --target price --test 0.2 ${options} --out held.json --report held.html`) // prettier-ignore
    const [, r2] = /<th scope="row">price<\/th><td>([\d.]+)<\/td>/.exec(readFileSync(file('held.html'), 'utf8'))!
    expect(Number(r2)).toBeCloseTo(trained.validation.r2!, 3)
  })

  it('knows the classes of the training data, and refuses others', async () => {
    const kinds = (names: string[]) => range(60).map((i) => [i % 3, (i * 7) % 5, names[i % 3]!])
    write('kinds.csv', [['a', 'b', 'kind'], ...kinds(['p', 'q', 'r'])])
    write('fewer.csv', [['a', 'b', 'kind'], ...kinds(['p', 'q', 'q'])])
    write('more.csv', [['a', 'b', 'kind'], ...kinds(['p', 'q', 's'])])
    const network = '--layers -,8,- --activation tanh,softmax --loss crossEntropy --epochs 2 --seed 1 --out kinds.json'
    const { validation } = await json(`train --data kinds.csv --stream --validation fewer.csv ${network}`)
    expect(validation.accuracy).toBeTypeOf('number')
    const { code, error } = await run(`train --data kinds.csv --stream --validation more.csv ${network}`)
    expect(code).toBe(2)
    expect(error.trim().split('\n')).toEqual([
      expect.stringMatching(/more\.csv: CSV: line 4, column 'kind': found 's'/),
    ])
  })
})

describe('regressionReport', () => {
  it('compares predictions with targets in their own units where the data are scaled', () => {
    const data = Dataset.from([[1], [2], [3]], [100, 200, 400])
    const answers = [[110], [190], [400]]
    const scaled = scaleTargets(data, standardizeTargets(data))
    expect(regressionReport(answers, scaled).meanAbsoluteError).toBeCloseTo(20 / 3, 3)
    expect(regressionReport(answers, scaled).r2).toBeCloseTo(regressionReport(answers, data).r2, 5)
  })
})
