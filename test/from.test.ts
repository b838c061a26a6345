import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Network, toSafetensors } from '../src/index.ts'
import { commandProcess } from './command.ts'

let folder: string
const file = (name: string) => join(folder, name)
const runHere = commandProcess()
const run = (args: string) => runHere(args.split(' '), folder)
const model = (name: string) => Network.fromJSON(JSON.parse(readFileSync(file(name), 'utf8')))

/** Two kinds of points, far from 0, as rows of a CSV file. */
const points = (count: number, shift: number, kinds = ['ash', 'oak']) =>
  ['length,width,kind', ...Array.from({ length: count }, (_, i) => `${1000 + (i % 7) + 20 * (i % 2)},${shift + (i % 5)},${kinds[i % 2]!}`)].join('\n') // prettier-ignore

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-from-'))
  writeFileSync(file('a.csv'), points(40, 5))
  writeFileSync(file('b.csv'), points(60, 9))
  writeFileSync(file('other.csv'), points(40, 5, ['ash', 'elm']))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const train = '--optimizer adam --lr 0.05 --seed 3 --backend cpu'

describe('train --from', () => {
  it('begins with the parameters, the preprocessing, the loss and the classes of a model', async () => {
    const first = await run(`train --data a.csv --layers -,4,- --activation tanh --loss crossEntropy --standardize ${train} --epochs 30 --out a.json --json`) // prettier-ignore
    expect([first.error, first.code]).toEqual(['', 0])
    // A rate of almost 0 leaves the parameters nearly as they are: the first loss is that of the model.
    const still = await run('train --from a.json --data a.csv --lr 1e-12 --epochs 1 --seed 5 --backend cpu --out still.json --json') // prettier-ignore
    const { loss } = JSON.parse(first.out) as { loss: number }
    expect(JSON.parse(still.out)).toMatchObject({ loss: expect.closeTo(loss, 5) as number })
    const further = await run(`train --from a.json --data b.csv --layers -,4,2 --activation tanh ${train} --epochs 20 --out b.json --json`) // prettier-ignore
    expect(JSON.parse(further.out)).toMatchObject({ accuracy: 1 })
    const [a, b] = [model('a.json'), model('b.json')]
    expect([b.classes, b.features, b.activations]).toEqual([['ash', 'oak'], ['length', 'width'], ['tanh', 'softmax']]) // prettier-ignore
    // The scaling is that of the first data, not of the new ones.
    expect([...b.scaling!.offset]).toEqual([...a.scaling!.offset])
    expect(b.parameters).not.toEqual(a.parameters)
    const evaluated = await run('evaluate --model b.json --data b.csv --backend cpu --json')
    expect(JSON.parse(evaluated.out)).toMatchObject({ accuracy: 1 })
  })

  it('works for imported models, and is resumed from a checkpoint', async () => {
    const network = Network.create({ sizes: [2, 3, 2], hidden: 'relu', output: 'softmax', seed: 1 })
    writeFileSync(file('i.safetensors'), toSafetensors(network))
    expect((await run('import i.safetensors --out i.json')).code).toBe(0)
    const args = `--from i.json --data circle --samples 40 ${train} --epochs 4`
    expect((await run(`train ${args} --out whole.json`)).error).toBe('')
    expect((await run(`train ${args} --epochs 2 --checkpoint run.ck`)).error).toBe('')
    expect((await run('train --resume run.ck --epochs 4 --out resumed.json')).error).toBe('')
    expect(model('resumed.json').parameters).toEqual(model('whole.json').parameters)
  })

  it.each([
    ['--data a.csv --layers -,5,-', /--layers: a\.json has 2,4,2; leave the option out/],
    ['--data a.csv --activation relu', /--activation: a\.json has tanh,softmax; leave the option out/],
    ['--data a.csv --standardize', /--standardize: with --from, the model's own scaling/],
    ['--data a.csv --init heUniform', /--init: with --from, the parameters are those of the model/],
    ['--data a.csv --out a.json', /--out: a\.json is also what --from reads/],
    ['--data other.csv', /'elm'/],
    ['--data digits --samples 10', /a\.json has 2 inputs, the data have 784/],
  ])('refuses %s in one line', async (args, message) => {
    const { code, error } = await run(`train --from a.json ${args} --epochs 1 --backend cpu`)
    expect([code, error.trim().split('\n')]).toEqual([2, [expect.stringMatching(message)]])
  })

  it('refuses what is no model', async () => {
    expect((await run('train --from nowhere.json --data a.csv')).error).toMatch(/nowhere\.json: cannot be read/)
    expect((await run('train --from a.csv --data a.csv')).error).toMatch(/a\.csv: not a model file/)
  })
})
