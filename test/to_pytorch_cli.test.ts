import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromSafetensors, parseNpy } from '../src/index.ts'
import { readCheckpoint, readModel } from '../src/node/index.ts'
import { commandProcess } from './command.ts'

let folder: string
const file = (name: string) => join(folder, name)
const runHere = commandProcess()
const run = (args: string) => runHere(args.split(' '), folder)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-to-pytorch-'))
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${['ash', 'oak', 'elm'][i % 3]},${i % 2 ? 'no' : 'yes'}`)
  writeFileSync(file('trees.csv'), `size,tree,old\n${rows.join('\n')}\n`)
  const options =
    '--data trees.csv --target old --layers -,4,- --lr 0.01 --optimizer adam --batch 8 --seed 5 --epochs 3 --test 0.25'
  const { code, error } = await run(`train ${options} --standardize --backend cpu --checkpoint run.checkpoint --out model.json`) // prettier-ignore
  expect(code, error).toBe(0)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const npy = (name: string) => parseNpy(readFileSync(file(name)))

describe('export --to pytorch', () => {
  it('continues the run of a checkpoint: its data, its parameters and its optimizer', async () => {
    for (let i = 0; i < 2; i++) {
      const { code, error } = await run('export --to pytorch --checkpoint run.checkpoint --out from-run --epochs 4')
      expect([code, error]).toEqual([
        0,
        'from-run written: pytorch, train.py, model.safetensors, inputs.npy, targets.npy, optimizer.safetensors\n' +
          'run it with: python3 from-run/train.py, or torchrun --nproc_per_node=2 from-run/train.py\n',
      ])
    }
    const { snapshot } = await readCheckpoint(file('run.checkpoint'))
    const network = fromSafetensors(readFileSync(file('from-run/model.safetensors')))
    expect(network.parameters).toEqual(snapshot.parameters)
    expect({ ...network.toJSON(), weights: [], biases: [] }).toEqual({
      ...(await readModel(file('model.json'))).toJSON(),
      weights: [],
      biases: [],
    })
    // Three quarters of the samples, one number and three categories, scaled.
    expect(npy('from-run/inputs.npy').shape).toEqual([30, 4])
    const sizes = Array.from({ length: 30 }, (_, i) => npy('from-run/inputs.npy').data[4 * i] as number)
    expect(sizes.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4)
    const program = readFileSync(file('from-run/train.py'), 'utf8')
    for (const line of ['EPOCHS = 4', 'EPOCH = 3', 'STEP = 12', 'SEED = 5', 'BATCH = 8', 'RATES = [0.01]']) {
      expect(program).toContain(`\n${line}\n`)
    }
  })

  it('begins from a model, with the options that are given', async () => {
    const options = '--data trees.csv --target old --optimizer nadam --lr 0.02 --batch 5 --seed 3 --no-shuffle'
    const { code, error } = await run(`export --to pytorch --model model.json ${options} --out from-model`)
    expect(code, error).toBe(0)
    expect(readdirSync(file('from-model')).sort()).toEqual(['inputs.npy', 'model.safetensors', 'targets.npy', 'train.py']) // prettier-ignore
    const program = readFileSync(file('from-model/train.py'), 'utf8')
    expect(program).toContain('torch.optim.NAdam(model.parameters(), lr=RATES[0], betas=[0.9, 0.999], eps=1e-8, weight_decay=0, momentum_decay=0.004)') // prettier-ignore
    expect(program).toContain('return numpy.arange(samples)')
    expect(npy('from-model/inputs.npy').shape).toEqual([40, 4])
  })

  it.each([
    ['export --to pytorch --checkpoint run.checkpoint --weight-decay 1 --out x', '--weight-decay: the checkpoint has the options of its run'], // prettier-ignore
    ['export --to pytorch --checkpoint run.checkpoint --model model.json --out x', '--model: the checkpoint has its own network; give one of them'], // prettier-ignore
    ['export --to pytorch --out x', '--model: expected the model to train on, or --checkpoint'],
    ['export --to pytorch --model model.json --out x', '--data: expected the data to train on'],
    ['export --to onnx --model model.json --lr 1 --out x', '--lr: is for --to pytorch, not for onnx'],
    ['export --out x.onnx', "required option '--model <file>' not specified"],
    ['export --to pytorch --checkpoint run.checkpoint --out trees.csv', 'trees.csv is not a folder'],
    [
      'export --to pytorch --model model.json --data circle --out x',
      '--model: model.json has 4 inputs, the data have 2',
    ],
  ])('%s: says what to do', async (line, message) => {
    const { code, error } = await run(line)
    expect([code, error]).toEqual([2, expect.stringContaining(message)])
    expect(readdirSync(folder)).not.toContain('x')
  })
})
