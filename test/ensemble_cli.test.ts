import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Dataset, Encoding, Ensemble, evaluateEnsemble, Network, toJavaScript, toOnnx } from '../src/index.ts'
import { readEnsemble, writeModel } from '../src/node/index.ts'
import { commandProcess } from './command.ts'

/** Networks that know different words of a column. */
const networks = [
  ['ash', 'oak'],
  ['elm', 'ash'],
].map((categories, i) => {
  // prettier-ignore
  const network = Network.create({ sizes: [3, 4, 2], output: 'softmax', init: 'lecunNormal', seed: 1 + i })
  network.features = ['size', 'tree']
  network.encoding = new Encoding([{ kind: 'number' }, { kind: 'category', categories }])
  network.classes = ['no', 'yes']
  network.task = 'classification'
  network.loss = 'crossEntropy'
  return network
})
const classes = Ensemble.from(networks)
const targets = Ensemble.from(
  [1, 2].map((seed) => {
    const network = Network.create({ sizes: [1, 2], output: 'linear', seed })
    return Object.assign(network, { features: ['size'], targetNames: ['price', 'weight'], task: 'regression' })
  }),
)

let folder: string
const file = (name: string) => join(folder, name)
const runHere = commandProcess()
const run = (args: string) => runHere(args.split(' '), folder)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-ensemble-'))
  await writeModel(file('classes.json'), classes)
  await writeModel(file('targets.json'), targets)
  writeFileSync(file('trees.csv'), 'size,tree,old\n1,oak,no\n-2,elm,yes\n0.5,ash,yes\n')
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

it('predict adds the agreement to classes, and deviations to regression targets', async () => {
  const round = (value: number) => Number(value.toPrecision(7))
  const { code, out, error } = await run('predict --model classes.json --data trees.csv')
  expect([code, error]).toEqual([0, ''])
  const rows = [{ size: 1, tree: 'oak' }, { size: -2, tree: 'elm' }, { size: 0.5, tree: 'ash' }] // prettier-ignore
  const shares = classes.predict(rows).toArray()
  const lines = classes
    .classify(rows)
    .map((one, i) => [one.class, ...shares[i]!.map(round), round(one.agreement)].join(','))
  expect(out).toBe(['prediction,no,yes,agreement', ...lines, ''].join('\n'))
  const values = await run('predict --model targets.json --data trees.csv --keep size')
  const { mean, deviation } = targets.predictWithSpread([[1]])
  const first = [1, ...mean.data, ...deviation.data].map(round)
  const head = 'size,price,weight,deviation price,deviation weight'
  expect(values.out.split('\n').slice(0, 2)).toEqual([head, first.join(',')])
  const refused = await run('predict --model classes.json --data trees.csv --backend wasm')
  expect(refused).toMatchObject({ code: 2, error: expect.stringContaining('--backend: the model is an ensemble, which computes on the CPU') }) // prettier-ignore
})

it('evaluate, info and export take ensembles', async () => {
  const { out } = await run('evaluate --model classes.json --data trees.csv --target old --json')
  const encoding = classes.encoding!
  const rows = new Float64Array([1, 1, -2, 2, 0.5, 0])
  const data = Dataset.fromRaw({ rows: 3, cols: 2, data: rows }, encoding, ['no', 'yes', 'yes'], {
    classes: ['no', 'yes'],
  })
  expect(encoding.columns[1]).toEqual({ kind: 'category', categories: ['ash', 'oak', 'elm'] })
  expect(JSON.parse(out)).toMatchObject({ ...(await evaluateEnsemble(classes, data)), lossFunction: 'crossEntropy' })
  const info = JSON.parse((await run('info --model classes.json --json')).out) as object
  expect(info).toMatchObject({ networks: 2, sizes: '3-4-2', parameters: '52', classes: 'no, yes', loss: 'crossEntropy' }) // prettier-ignore
  for (const end of ['onnx', 'js', 'js']) expect(await run(`export --model classes.json --out m.${end}`)).toMatchObject({ code: 0 }) // prettier-ignore
  expect(readFileSync(file('m.onnx'))).toEqual(Buffer.from(await toOnnx(classes)))
  expect(readFileSync(file('m.js'), 'utf8')).toBe(toJavaScript(classes))
  const refused = await run('export --model classes.json --out m.npy')
  expect(refused.error).toContain('--to: npy holds one network, the model is an ensemble of 2; expected onnx, javascript') // prettier-ignore
  expect(await readEnsemble(file('classes.json'))).toEqual(classes)
  await expect(readEnsemble(file('trees.csv'))).rejects.toThrow('trees.csv: not a model file: it is not JSON')
})
