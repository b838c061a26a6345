import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { HostPlacement } from '../src/backend/host/placement.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { trainCommand } from '../src/cli/train.ts'
import { DataStream, InputError, LoadedData, sgd, Trainer } from '../src/index.ts'
import { hostBackends, pixelData, randomData, randomNetwork } from './backends.ts'
import { withDevice } from './device.ts'

const network = randomNetwork([5, 6, 3], 'tanh', 'sigmoid', 1)
const train = randomData(40, 5, 3, 2)
const test = pixelData(17, 5, 3, 4)
const options = { optimizer: sgd({ learningRate: 0.5 }), batchSize: 7, seed: 3 }

/** The same backend, with a count of uploads. */
function counting(backend: Backend): { backend: Backend; uploads: () => number } {
  let uploads = 0
  const place: Backend['place'] = async (...given) => {
    const placement = await backend.place(...given)
    const upload = placement.upload.bind(placement)
    placement.upload = (...data) => {
      uploads++
      return upload(...data)
    }
    return placement
  }
  const { name, description, software } = backend
  return { backend: { name, description, software, place, dispose: () => backend.dispose() }, uploads: () => uploads }
}

async function everything(backend: Backend, load: boolean) {
  const trainer = await Trainer.create(network.clone(), { ...options, backend })
  const [own, held] = load ? [await trainer.load(train), await trainer.load(test)] : [train, test]
  const { epochs } = await trainer.fit(own, { epochs: 3, validation: held })
  const steps = []
  for await (const { loss, step } of trainer.steps(own)) if (steps.push(loss) && step % 6 === 0) break
  const results = {
    losses: epochs.map(({ loss, validation }) => [loss, validation?.loss]),
    steps,
    scores: [await trainer.evaluate(own), await trainer.evaluate(held)],
    outputs: [own, held].map(async (data) => trainer.predict(data instanceof LoadedData ? data : data.inputs)),
    parameters: [...(await trainer.read()).parameters],
  }
  const outputs = (await Promise.all(results.outputs)).map((matrix) => matrix.toArray())
  trainer.dispose()
  return { ...results, outputs }
}

function testLoaded(test: (name: string, body: (backend: () => Backend) => Promise<void>) => void): void {
  test('gives the same bits as data that are not loaded, and uploads each data set once', async (backend) => {
    const wanted = await everything(backend(), false)
    const counted = counting(backend())
    expect(await everything(counted.backend, true)).toEqual(wanted)
    expect(counted.uploads()).toBe(2)
  })

  test('validates on the training data', async (backend) => {
    const trainer = await Trainer.create(network.clone(), { ...options, backend: backend() })
    const data = await trainer.load(train)
    const { last } = await trainer.fit(data, { epochs: 2, validation: data })
    expect(last.validation).toEqual(expect.objectContaining({ accuracy: (await trainer.evaluate(data)).accuracy }))
    expect(last.validation.loss).toBeCloseTo((await trainer.evaluate(train)).loss, 5)
    // After training, the device has the samples in another order; predictions keep the original order.
    expect((await trainer.predict(data)).toArray()).toEqual((await trainer.predict(train.inputs)).toArray())
    trainer.dispose()
  })

  test('frees its memory, but not during a call', async (backend) => {
    const trainer = await Trainer.create(network.clone(), { ...options, backend: backend() })
    const before = trainer.memory
    const data = await trainer.load(train)
    const held = trainer.memory
    if (trainer.backend.name === 'webgpu') expect(held).toBeGreaterThan(before)
    expect(trainer.memoryFor(data)).toBe(held)
    const training = trainer.fit(data, { epochs: 3 })
    await trainer.predict([[1, 2, 3, 4, 5]])
    data.dispose()
    expect((await training).epochs.length).toBe(3)
    expect(data.isDisposed).toBe(true)
    await expect(trainer.fit(data)).rejects.toThrow('train: these data were disposed of')
    await expect(trainer.evaluate(data)).rejects.toThrow('data: these data were disposed of')
    await expect(trainer.predict(data)).rejects.toThrow('x: these data were disposed of')
    const again = await trainer.load(train)
    again.dispose()
    again.dispose()
    trainer.dispose()
  })

  test('passes streams and large data in windows each time', async (backend) => {
    const counted = counting(backend())
    const given = { ...options, dataMemory: 800, backend: counted.backend }
    const trainer = await Trainer.create(network.clone(), given)
    const stream = DataStream.from({ samples: 40, chunks: () => [train.slice(0, 25), train.slice(25, 40)] })
    const loaded = await trainer.load(stream)
    expect(loaded.length).toBe(40)
    await trainer.fit(loaded, { epochs: 2, shuffle: false })
    const whole = await Trainer.create(network.clone(), { ...options, backend: backend() })
    await whole.fit(train, { epochs: 2, shuffle: false })
    const outputs = (await whole.predict(train.inputs)).toArray()
    const own = (await trainer.predict(loaded)).toArray()
    own.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(outputs[i]![j]!, 5)))
    trainer.dispose()
    whole.dispose()
  })
}

describe.each(hostBackends)('data that are loaded once, on %s', (_, make) => {
  testLoaded((name, body) => it(name, () => body(make)))
})

describe.each(['layered', 'resident'] as const)('data that are loaded once, on a GPU, %s', (plan) => {
  testLoaded((name, body) => {
    withDevice(name, ({ gpu }) => body(() => webgpu({ device: gpu, plan })))
  })
})

describe('data that are loaded once', () => {
  it('belong to one trainer, and carry their weights', async () => {
    const trainer = await Trainer.create(network.clone(), { ...options, backend: cpu() })
    const other = await Trainer.create(network.clone(), { ...options, backend: cpu() })
    const data = await trainer.load(train)
    await expect(other.fit(data)).rejects.toThrow('train: these data were loaded by another trainer')
    await expect(other.predict(data)).rejects.toThrow('x: these data were loaded by another trainer')
    await expect(trainer.fit(train, { validation: await other.load(test) })).rejects.toThrow('validation: these data')
    await expect(trainer.fit(data, { classWeights: [1, 2, 3] })).rejects.toThrow('classWeights: the data are loaded')
    await expect(trainer.load(data as never)).rejects.toThrow('data: these data are loaded already')
    await expect(trainer.load(randomData(9, 4, 3, 1))).rejects.toThrow('data: has 4 input columns')
    expect(() => new LoadedData({} as never)).toThrow(InputError)
    trainer.dispose()
    other.dispose()
  })
})

describe('a run of the command line with a report', () => {
  const sine = Array.from({ length: 60 }, (_, i) => `${i / 10},${(i % 7) / 7},${Math.sin(i / 10)}`).join('\n')

  /** The uploads of a run: data sets, and rows that are only predicted. */
  async function uploadsOf(words: string[]): Promise<{ sets: number; rows: number }> {
    const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-loaded-'))
    writeFileSync(join(folder, 'sine.csv'), `a,b,y\n${sine}\n`)
    const [argv, cwd] = [process.argv, process.cwd()]
    const upload = vi.spyOn(HostPlacement.prototype, 'upload')
    try {
      process.chdir(folder)
      process.argv = [...argv.slice(0, 2), 'train', ...words]
      await trainCommand().parseAsync(words, { from: 'user' })
      expect(existsSync('report.html')).toBe(true)
      const sets = upload.mock.calls.filter(([{ targets }]) => targets !== undefined).length
      return { sets, rows: upload.mock.calls.length - sets }
    } finally {
      upload.mockRestore()
      process.argv = argv
      process.chdir(cwd)
      rmSync(folder, { recursive: true })
    }
  }

  const common = ['--epochs', '3', '--seed', '1', '--backend', 'cpu', '--out', 'model.json', '--report', 'report.html', '--json'] // prettier-ignore

  it('uploads each data set once: classes of two inputs, and the grid of the decision regions', async () => {
    const words = ['--data', 'circle', '--test', '0.2', '--layers', '2,3,2', ...common]
    expect(await uploadsOf(words)).toEqual({ sets: 2, rows: 1 })
  })

  it('uploads each data set once: regression', async () => {
    const words = ['--data', 'sine.csv', '--target', 'y', '--test', '0.2', '--layers', '2,3,1', '--activation', 'tanh,linear', ...common] // prettier-ignore
    expect(await uploadsOf(words)).toEqual({ sets: 2, rows: 0 })
  })

  it('uploads each data set once: without validation data', async () => {
    expect(await uploadsOf(['--data', 'circle', '--layers', '2,3,2', ...common])).toEqual({ sets: 1, rows: 1 })
  })
})
