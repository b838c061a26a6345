import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomNumbers, tableOf } from './cases.ts'
import { commandProcess } from './command.ts'
import {
  Dataset,
  fromOnnx,
  fromSafetensors,
  Network,
  parseCsv,
  regressionReport,
  RegressionTally,
  toJavaScript,
  toOnnx,
  toSafetensors,
  Trainer,
} from '../src/index.ts'

const random = randomNumbers(5)
/** Columns a, b, heat, cold: cold is 1 − heat, so a wrong order of targets has another score. */
const rows = Array.from({ length: 60 }, () => {
  const [a, b] = [random(), random()]
  const heat = 0.5 * a + 0.2 * b
  return [a, b, heat, 1 - 2 * heat].map((value) => value.toFixed(4))
})
const head = ['a', 'b', 'heat', 'cold']
const text = tableOf([head, ...rows])
const read = (options = {}) => parseCsv(text, { target: ['heat', 'cold'], ...options })

const made = () => Network.create({ sizes: [2, 4, 2], hidden: 'tanh', output: 'linear', seed: 1 })

async function fitted(data: Dataset): Promise<Network> {
  const network = made()
  const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'meanSquaredError', seed: 1 })
  await trainer.fit(data, { epochs: 1 })
  await trainer.read()
  trainer.dispose()
  return network
}

describe('names of regression targets', () => {
  it('are those of the columns, and given ones for arrays; classes have none', async () => {
    expect((await read()).targetNames).toEqual(['heat', 'cold'])
    expect((await read({ target: 'cold' })).targetNames).toEqual(['cold'])
    expect((await parseCsv(tableOf(rows), { target: [2, 3] })).targetNames).toBe(undefined)
    const labels = await parseCsv('x,red,large\n1,1,0\n2,1,1\n3,0,0\n', {
      target: ['red', 'large'],
      task: 'multilabel',
    })
    expect([labels.classes, labels.targetNames]).toEqual([['red', 'large'], undefined])
    const data = Dataset.from([[1], [2]], [[1, 2], [3, 5]], { targetNames: ['u', 'v'] }) // prettier-ignore
    expect(data.take([1]).concat(data.slice(0, 1)).targetNames).toEqual(['u', 'v'])
    expect(() => Dataset.from([[1]], [[1, 2]], { targetNames: ['u'] })).toThrow(
      'targetNames: expected 2 names, one a column of y, got 1',
    )
    expect(() => Dataset.from([[1], [2]], ['p', 'q'], { targetNames: ['u', 'v'] })).toThrow(
      'targetNames: are for regression targets',
    )
  })

  it('are kept by a network that is fitted, and in every format', async () => {
    const network = await fitted(await read())
    expect(network.targetNames).toEqual(['heat', 'cold'])
    expect(network.clone().targetNames).toEqual(['heat', 'cold'])
    const formats = [
      Network.fromJSON(JSON.parse(JSON.stringify(network))),
      fromSafetensors(toSafetensors(network)),
      fromOnnx(await toOnnx(network)),
    ]
    for (const copy of formats) expect(copy.targetNames).toEqual(['heat', 'cold'])
    expect(toJavaScript(network)).toContain('export const targetNames = ["heat","cold"]')
  })

  it('are none in files of earlier versions, and checked in others', async () => {
    const { targetNames, ...json } = (await fitted(await read())).toJSON()
    expect(targetNames).toEqual(['heat', 'cold'])
    expect(Network.fromJSON(json).targetNames).toBe(undefined)
    expect(() => Network.fromJSON({ ...json, targetNames: ['heat'] })).toThrow(
      'model: "targetNames" has 1 names, expected 2',
    )
    expect(() => Network.fromJSON({ ...json, targetNames: 'heat' })).toThrow('"targetNames" is \'heat\'')
    const network = Object.assign(made(), { targetNames: ['heat'] })
    expect(() => toSafetensors(network)).toThrow('network: targetNames has 1 names, expected 2, one an output')
  })

  it('of later data must be the same, in the same order', async () => {
    const network = await fitted(await read())
    const trainer = await Trainer.create(network, { backend: 'cpu', loss: 'meanSquaredError', seed: 1 })
    const other = Dataset.from([[1, 2]], [[1, 2]], { targetNames: ['wet', 'dry'] })
    await expect(trainer.fit(other)).rejects.toThrow(
      'train: its targets are wet, dry, the network was fitted on heat, cold',
    )
    const turned = await read({ target: ['cold', 'heat'] })
    await expect(trainer.evaluate(turned)).rejects.toThrow(
      "data: its targets are in the order cold, heat, the network's in the order heat, cold",
    )
    await expect(trainer.fit(await read(), { validation: turned })).rejects.toThrow('validation: its targets are in')
    const { r2 } = await trainer.evaluate(Dataset.from([[1, 2], [2, 1]], [[1, 2], [2, 3]])) // prettier-ignore
    expect(r2).toBeTypeOf('number')
    trainer.dispose()
  })

  it('say which columns the targets are', async () => {
    const turned = tableOf([['cold', 'b', 'a', 'heat'], ...rows.map(([a, b, heat, cold]) => [cold!, b!, a!, heat!])])
    const known = { targetNames: ['heat', 'cold'], features: ['a', 'b'] }
    const data = await parseCsv(turned, known)
    expect([data.targetNames, data.targets.toArray()[0]]).toEqual([
      ['heat', 'cold'],
      (await read()).targets.toArray()[0],
    ])
    // Other names of columns that are chosen by hand are what the model calls its targets, but its names are not swapped.
    const renamed = await parseCsv(text.replace('heat,cold', 'h,c'), { ...known, target: 'h,c' })
    expect(renamed.targetNames).toEqual(['heat', 'cold'])
    expect((await parseCsv(turned, { ...known, target: 'cold,heat' })).targetNames).toEqual(['cold', 'heat'])
    const bare = await parseCsv(tableOf(rows), known)
    expect(bare.targets.toArray()[0]).toEqual((await read()).targets.toArray()[0])
    await expect(parseCsv(turned, { ...known, target: 'heat' })).rejects.toThrow(
      'target: expected 2 columns, one for each target of the model (heat, cold), got 1',
    )
    await expect(parseCsv(text.replace('heat', 'heart'), known)).rejects.toThrow(
      "target: the file has no column 'heat' (did you mean 'heart'?)",
    )
  })
})

describe('RegressionTally', () => {
  it('has the report of all parts together', () => {
    const targets = rows.map(([, , heat, cold]) => [Number(heat), 100 * Number(cold)])
    const answers = targets.map(([u, v], i) => [u! + 0.01 * (i % 3), v! - (i % 5)])
    const data = Dataset.from(targets, targets)
    const tally = new RegressionTally()
    for (const [from, to] of [[0, 7], [7, 8], [8, 60]] as const) tally.add(answers.slice(from, to), data.slice(from, to)) // prettier-ignore
    const [parts, whole] = [tally.report(), regressionReport(answers, data)]
    expect(parts.targets).toHaveLength(2)
    expect(parts.r2).toBeCloseTo(whole.r2, 9)
    parts.targets.forEach((target, j) => {
      expect(target.r2).toBeCloseTo(whole.targets[j]!.r2, 9)
      expect(target.rootMeanSquaredError).toBeCloseTo(whole.targets[j]!.rootMeanSquaredError, 9)
    })
    expect(() => tally.add([[1]], Dataset.from([[1]], [1]))).toThrow('expected the columns of 2 targets, got 1')
    expect(() => new RegressionTally().report()).toThrow('report: no samples were added')
  })
})

describe('commands', () => {
  let folder: string
  const runHere = commandProcess()
  const run = (args: string) => runHere(`${args} --backend cpu`.split(' '), folder)
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
  }
  const json = async (args: string) => {
    const { code, out, error } = await run(`${args} --json`)
    expect([code, error]).toEqual([0, ''])
    return JSON.parse(out) as Record<string, unknown>
  }
  const regression =
    '--layers -,8,- --activation tanh,linear --loss meanSquaredError --optimizer adam --lr 0.02 --seed 1'

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-targets-'))
    write('both.csv', text)
    const trained = await run(`train --data both.csv --target heat,cold ${regression} --epochs 40 --standardize --out both.json --report both.html`) // prettier-ignore
    expect([trained.code, trained.error]).toEqual([0, ''])
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('evaluate needs no --target, and names the targets, of streams too', async () => {
    write('moved.csv', tableOf([['note', 'cold', 'b', 'heat', 'a', 'z'], ...rows.map(([a, b, heat, cold]) => ['7', cold!, b!, heat!, a!, '0'])])) // prettier-ignore
    const whole = await json('evaluate --model both.json --data both.csv')
    expect(whole['targets']).toMatchObject([{ name: 'heat' }, { name: 'cold' }])
    expect(whole['r2']).toBeGreaterThan(0.9)
    expect((await json('evaluate --model both.json --data moved.csv'))['targets']).toEqual(whole['targets'])
    const streamed = await json('evaluate --model both.json --data both.csv --stream')
    const scores = (result: typeof whole) => result['targets'] as { r2: number; meanAbsoluteError: number }[]
    scores(streamed).forEach((score, j) => {
      expect(score.r2).toBeCloseTo(scores(whole)[j]!.r2, 6)
      expect(score.meanAbsoluteError).toBeCloseTo(scores(whole)[j]!.meanAbsoluteError, 6)
    })
    const { out } = await run('evaluate --model both.json --data both.csv --stream')
    expect(out).toMatch(/Target +R².*\nheat .*\ncold /)
    const swapped = await run('evaluate --model both.json --data both.csv --target cold,heat')
    expect([swapped.code, swapped.error]).toEqual([
      2,
      expect.stringContaining('its targets are in the order cold, heat'),
    ])
  })

  it('evaluate without names asks for --target, but not for NumPy arrays', async () => {
    const { targetNames: _, ...old } = JSON.parse(readFileSync(join(folder, 'both.json'), 'utf8')) as Record<string, unknown> // prettier-ignore
    write('old.json', JSON.stringify(old))
    const refused = await run('evaluate --model old.json --data both.csv')
    expect([refused.code, refused.error]).toEqual([
      2,
      expect.stringContaining('--target: the model predicts 2 targets'),
    ])
    expect((await json('evaluate --model old.json --data both.csv --target heat,cold'))['targets']).toMatchObject([{ name: 'heat' }, { name: 'cold' }]) // prettier-ignore
  })

  it('predict, info and the report use the names', async () => {
    expect((await run('predict --model both.json --data both.csv')).out.split('\n')[0]).toBe('heat,cold')
    const kept = await run('predict --model both.json --data both.csv --keep cold')
    expect(kept.out.split('\n')[0]).toBe('cold,heat,prediction cold')
    const info = await runHere(['info', '--model', 'both.json', '--json'], folder)
    expect(JSON.parse(info.out)).toMatchObject({ targetNames: 'heat, cold' })
    expect(readFileSync(join(folder, 'both.html'), 'utf8')).toContain('<th scope="row">heat</th>')
  })

  it('train --from finds the targets by name', async () => {
    write('more.csv', tableOf([['cold', 'a', 'heat', 'b'], ...rows.map(([a, b, heat, cold]) => [cold!, a!, heat!, b!])])) // prettier-ignore
    const { code, error } = await run('train --from both.json --data more.csv --epochs 1 --seed 1 --out more.json')
    expect([code, error]).toEqual([0, ''])
    expect((await json('evaluate --model more.json --data both.csv'))['r2']).toBeGreaterThan(0.9)
  })

  it('evaluate says above which output a label is predicted', async () => {
    const labels = rows.map(([a, b]) => [a!, b!, Number(Number(a) > 0.5), Number(Number(b) > 0.5)])
    write('labels.csv', tableOf([['a', 'b', 'red', 'large'], ...labels]))
    const trained = await run('train --data labels.csv --target red,large --layers -,8,- --activation tanh,sigmoid --loss binaryCrossEntropy --epochs 2 --seed 1 --out labels.json') // prettier-ignore
    expect([trained.code, trained.error]).toEqual([0, ''])
    const { out } = await run('evaluate --model labels.json --data labels.csv')
    expect(out).toMatch(/Labels are predicted where the output is above 0\.5\n\nLabel .*\nred .*\nlarge /)
    const result = await json('evaluate --model labels.json --data labels.csv')
    expect(result).toMatchObject({ boundary: 0.5, labels: [{ name: 'red' }, { name: 'large' }] })
  })
})
