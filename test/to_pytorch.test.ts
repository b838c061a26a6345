import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  adagrad,
  adam,
  adamw,
  type Checkpoint,
  circle,
  cosine,
  Dataset,
  fromSafetensors,
  InputError,
  nadam,
  Network,
  type NetworkOptions,
  type PyTorchOptions,
  reduceOnPlateau,
  rmsprop,
  sgd,
  standardize,
  standardizeTargets,
  toPyTorch,
  Trainer,
  warmup,
} from '../src/index.ts'
import { Random } from '../src/core/random.ts'
import { expectClose } from './close.ts'
import { isExhaustive } from './covering.ts'

/** Python must not load the libraries of the tests' software adapter, and gloo must not look up this machine's name. */
const GLOO_SOCKET_IFNAME = process.platform === 'darwin' ? 'lo0' : 'lo'
const env = { ...process.env, LD_LIBRARY_PATH: undefined, OMP_NUM_THREADS: '1', GLOO_SOCKET_IFNAME }
const runPython = (python: string, args: readonly string[]) =>
  spawnSync(python, args, { env, encoding: 'utf8', timeout: 100_000 })
const python = ['python3', '/usr/bin/python3'].find(
  (name) => runPython(name, ['-c', 'import torch, numpy']).status === 0,
)
const reason = python === undefined ? ' (skipped: python3 has no torch)' : ''

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-pytorch-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Case extends PyTorchOptions {
  readonly name: string
  readonly network: Network
  readonly data: Dataset
  /** Epochs that are trained here before, up to a checkpoint. */
  readonly before?: number
}

const random = new Random(4, 'data')
const inputs = Array.from({ length: 50 }, () => [3 + random.normal(), 100 * random.normal(), random.uniform()])
const labels = inputs.map(([a, b, c]) => [a! > 3 ? 1 : 0, b! > 0 ? 1 : 0, c! > 0.5 ? 1 : 0])
const prices = inputs.map(([a, b]) => [200 + 10 * a!, b! * b!])

const points = circle({ samples: 50, seed: 3 })
const makeNetwork = (options: Partial<NetworkOptions> = {}) =>
  Network.create({ sizes: [2, 5, 4, 2], init: 'lecunNormal', seed: 2, ...options })

function cases(): Case[] {
  const scaled = Dataset.from(inputs, prices)
  const regression = scaled.withScaling(standardize(scaled)).withTargetScaling(standardizeTargets(scaled))
  const wide = { sizes: [3, 6, 2], output: 'linear' as const }
  return [
    { name: 'quadratic, sgd', network: makeNetwork(), data: points, optimizer: sgd({ learningRate: 2 }) },
    {
      name: 'crossEntropy, nesterov, weight decay, clipped, weights of samples',
      network: makeNetwork({ hidden: 'gelu', output: 'softmax' }),
      data: points.withWeights(Array.from({ length: 50 }, (_, i) => i % 3)),
      loss: 'crossEntropy',
      optimizer: sgd({ learningRate: 0.3, momentum: 0.9, nesterov: true, weightDecay: 1e-3, clipNorm: 0.5 }),
      before: 2,
    },
    {
      name: 'binaryCrossEntropy, rmsprop, l1 and l2',
      network: makeNetwork({ sizes: [3, 6, 3], hidden: 'tanh' }),
      data: Dataset.from(inputs, labels),
      loss: 'binaryCrossEntropy',
      optimizer: rmsprop({ learningRate: 0.01, momentum: 0.5, centered: true }),
      l1: 1e-3,
      l2: 1e-3,
      before: 1,
    },
    { name: 'huber, adam, scaled', network: makeNetwork({ ...wide, hidden: 'mish' }), data: regression, loss: 'huber', optimizer: adam({ learningRate: cosine({ learningRate: 0.02, epochs: 5 }) }), before: 3 }, // prettier-ignore
    { name: 'meanSquaredError, adamw', network: makeNetwork({ ...wide, hidden: 'softplus' }), data: regression, loss: 'meanSquaredError', optimizer: adamw({ learningRate: warmup({ epochs: 2, then: 0.01 }), weightDecay: 0.1 }) }, // prettier-ignore
    { name: 'meanAbsoluteError, nadam, decoupled', network: makeNetwork({ ...wide, hidden: 'silu' }), data: regression, loss: 'meanAbsoluteError', optimizer: nadam({ learningRate: 0.01, weightDecay: 0.1, decoupledWeightDecay: true }), before: 2 }, // prettier-ignore
    { name: 'quadratic, adagrad, unshuffled', network: makeNetwork({ hidden: 'elu', output: 'tanh' }), data: points, optimizer: adagrad({ learningRate: 0.1, learningRateDecay: 0.01, initialAccumulator: 0.1 }), shuffle: false, before: 1 }, // prettier-ignore
    { name: 'quadratic, plateau', network: makeNetwork({ hidden: 'leakyRelu' }), data: points, optimizer: sgd({ learningRate: reduceOnPlateau({ learningRate: 3, patience: 0, threshold: 0.2, cooldown: 1 }) }), before: 2 }, // prettier-ignore
  ]
}

/** Writes the program, and trains on here. @returns the losses of the next steps and epochs, and the parameters at the end */
async function prepare({ name: _, network, data, before = 0, shuffle = true, ...options }: Case, into: string) {
  const given = { batchSize: 8, seed: 9, ...options }
  const trainer = await Trainer.create(network, { ...given, backend: 'cpu' })
  let checkpoint: Checkpoint | undefined
  if (before > 0) {
    await trainer.fit(data, { epochs: before, shuffle })
    checkpoint = await trainer.checkpoint()
  }
  // A network whose parameters are those of the checkpoint only.
  const files = toPyTorch(network, data, { ...given, shuffle, checkpoint, epochs: 3 })
  mkdirSync(into)
  for (const [file, content] of Object.entries(files)) writeFileSync(join(into, file), content)
  const steps: number[] = []
  for await (const { loss } of trainer.steps(data, { shuffle })) if (steps.push(loss) === 6) break
  const { epochs } = await trainer.fit(data, { epochs: 3, shuffle })
  await trainer.read()
  trainer.dispose()
  return { steps, epochs: epochs.map(({ loss }) => loss) }
}

const lossesOf = (out: string, what: string) =>
  Array.from(out.matchAll(new RegExp(`^(?:\\[\\w+\\]:)?${what} (\\d+) loss (\\S+)$`, 'gm')), ([, , loss]) =>
    Number(loss),
  )

/** All programs in one process, which loads PyTorch once. */
const driver = `
import runpy, sys
for folder in sys.argv[1:]:
    print("program " + folder)
    sys.argv = ["train.py", "--each-step", "--out", folder + "/trained.safetensors"]
    runpy.run_path(folder + "/train.py", run_name="__main__")
`

/**
 * torchrun, without looking up this machine's name: where a name server does not answer, each of its lookups takes many
 * seconds.
 */
const torchrun = `
import socket
socket.getfqdn = lambda name="": "localhost"
from torch.distributed.run import main
main()
`

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })

function expectSameTraining(
  out: string,
  folder: string,
  expected: { steps: number[]; epochs: number[] },
  trained: Network,
): void {
  expectClose(lossesOf(out, 'step').slice(0, 6), expected.steps, { name: 'steps', rtol: 1e-5, atol: 1e-6 })
  expectClose(lossesOf(out, 'epoch'), expected.epochs, { name: 'epochs', rtol: 1e-5, atol: 1e-6 })
  const read = fromSafetensors(readFileSync(join(folder, 'trained.safetensors')))
  expectClose(read.parameters, trained.parameters, { name: 'parameters', rtol: 1e-3, atol: 1e-4 })
  expect({ ...read.toJSON(), weights: [], biases: [] }).toEqual({ ...trained.toJSON(), weights: [], biases: [] })
}

describe(`toPyTorch${reason}`, () => {
  it.skipIf(!python)('programs train on with the same losses, to the same parameters', async () => {
    const list = cases()
    const folders = list.map((_, i) => join(folder, `one-${i}`))
    const expected: Awaited<ReturnType<typeof prepare>>[] = []
    for (const [i, one] of list.entries()) expected.push(await prepare(one, folders[i]!))
    const { stdout, stderr } = runPython(python!, ['-c', driver, ...folders])
    expect(stderr).toBe('')
    const parts = stdout.split(/^program .*$/m).slice(1)
    expect(parts).toHaveLength(list.length)
    list.forEach(({ network }, i) => {
      expectSameTraining(parts[i]!, folders[i]!, expected[i]!, network)
    })
  })

  it.skipIf(!python || !isExhaustive)(
    'two processes with gloo make the same steps, also where minibatches are smaller',
    async () => {
      for (const [i, one] of [cases()[1]!, { ...cases()[3]!, batchSize: 7 }].entries()) {
        const into = join(folder, `two-${i}`)
        const expected = await prepare(one, into)
        // With Python 3.11, torchrun of PyTorch 1.13 fails for its own defaults of -r and -t.
        const launch = `--nproc_per_node=2 -r 1 -t 1 --master_addr=127.0.0.1 --master_port=${await freePort()}`
        const own = [join(into, 'train.py'), '--each-step', '--out', join(into, 'trained.safetensors')]
        const { stdout, stderr, status } = runPython(python!, ['-c', torchrun, ...launch.split(' '), ...own])
        expect(status, stderr).toBe(0)
        expectSameTraining(stdout, into, expected, one.network)
      }
    },
  )

  it('leaves the network as it was, and holds only what the training uses', () => {
    const network = makeNetwork()
    const before = network.toJSON()
    const { 'train.py': program, ...files } = toPyTorch(network, points, { seed: 1 })
    expect(network.toJSON()).toEqual(before)
    expect(Object.keys(files)).toEqual(['model.safetensors', 'inputs.npy', 'targets.npy'])
    expect(program).toContain('return 0.5 * ((a - y) ** 2).sum(dim=1)')
    expect(program).not.toMatch(/# (if|else|end)|DROPOUT|class Plateau|weights\.npy|clip_grad/)
    expect(fromSafetensors(files['model.safetensors'] as Uint8Array)).toMatchObject({ classes: points.classes, task: 'classification', loss: 'quadratic' }) // prettier-ignore
    const dropped = toPyTorch(network, points, { dropout: 0.2, seed: 1 })['train.py']
    expect(dropped).toContain('DROPOUT = [0.2, 0.2]')
  })

  it('refuses checkpoints of other runs, and losses and data that do not go with the network', async () => {
    const network = makeNetwork()
    const trainer = await Trainer.create(network, { backend: 'cpu', seed: 1, optimizer: adam() })
    for await (const { step } of trainer.steps(points)) if (step === 1) break
    const begun = await trainer.checkpoint()
    await trainer.fit(points, { epochs: 1 })
    const checkpoint = await trainer.checkpoint()
    trainer.dispose()
    const options = { seed: 1, optimizer: adam() }
    expect(() => toPyTorch(network, points, { ...options, checkpoint: begun })).toThrow(
      'checkpoint: it was made within an epoch',
    )
    expect(() => toPyTorch(network, points, { seed: 1, checkpoint })).toThrow(InputError)
    expect(() => toPyTorch(network, points, { seed: 1, checkpoint })).toThrow('optimizer.decay1: the checkpoint was trained with 0.9, this trainer has 0') // prettier-ignore
    expect(() => toPyTorch(network, points, { loss: 'crossEntropy' })).toThrow(
      'loss: crossEntropy needs the output activation softmax',
    )
    expect(() => toPyTorch(network, Dataset.from([[1]], [[1, 0]]))).toThrow('data: has 1 input columns')
  })
})
