import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { adam, circle, Dataset, type DivergedError, Matrix, Network, sgd, shuffle, Trainer } from '../src/index.ts'
import { float32Backends } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

const data = circle({ samples: 24, seed: 3 })
const create = () => Network.create({ sizes: [2, 4, 2], hidden: 'tanh', output: 'softmax', seed: 2 })

/** Runs a test on the CPU, in WebAssembly and on a GPU. */
function onEach(name: string, body: (backend: () => Backend) => Promise<void>): void {
  describe(name, () => {
    it.each(float32Backends)('%s', (_, make) => body(make))
    withDevice('webgpu', ({ gpu }) => body(() => webgpu({ device: gpu })))
  })
}

onEach('a loop with gradients and write is the training of the library', async (make) => {
  const [own, theirs] = [create(), create()]
  const loop = await Trainer.create(own, { loss: 'crossEntropy', backend: make() })
  for (let step = 0; step < 5; step++) {
    const { weights, biases } = await loop.gradients(data.inputs, data.targets)
    own.weights.forEach((values, l) => values.forEach((w, i) => (values[i] = w - 0.5 * weights[l]![i]!)))
    own.biases.forEach((values, l) => values.forEach((b, i) => (values[i] = b - 0.5 * biases[l]![i]!)))
    await loop.write()
  }
  const trainer = await Trainer.create(theirs, { loss: 'crossEntropy', optimizer: sgd({ learningRate: 0.5 }), batchSize: 24, backend: make() }) // prettier-ignore
  await trainer.fit(data, { epochs: 5, shuffle: false })
  await trainer.read()
  expect(own.parameters).not.toEqual(create().parameters)
  expectClose(own.parameters, theirs.parameters, { name: 'parameters', atol: 1e-5 })
  expectClose((await loop.predict(data.inputs)).data, theirs.predict(data.inputs).data, { name: 'outputs', atol: 1e-5 })
  loop.dispose()
  trainer.dispose()
})

onEach('write keeps the state of the optimizer, and takes the parameters of the call', async (make) => {
  const train = async (rewrites: boolean) => {
    const network = create()
    const trainer = await Trainer.create(network, { loss: 'crossEntropy', optimizer: adam(), batchSize: 8, seed: 1, backend: make() }) // prettier-ignore
    await trainer.fit(data, { epochs: 2 })
    if (rewrites) {
      await trainer.read()
      const written = trainer.write()
      network.parameters.fill(9)
      await written
    }
    await trainer.fit(data, { epochs: 2 })
    const { parameters } = await trainer.read()
    trainer.dispose()
    return parameters
  }
  expect(await train(true)).toEqual(await train(false))
})

it('write refuses parameters that are not finite, and epochs that are under way', async () => {
  const network = create()
  const trainer = await Trainer.create(network, { backend: 'cpu', seed: 1 })
  network.parameters[3] = NaN
  await expect(trainer.write()).rejects.toThrow('network: parameter 3 is NaN, expected a finite number')
  network.parameters[3] = 0
  let writing: Promise<void> | undefined
  const fitting = trainer.fit(data, { epochs: 40, onEpoch: () => void (writing ??= trainer.write()) })
  const outcomes = await Promise.all([
    fitting,
    fitting.then(() => writing?.catch((error: unknown) => (error as Error).message)),
  ])
  expect(['write: epochs are under way; call it before or after them', undefined]).toContain(outcomes[1])
  await trainer.write()
  const diverging = await Trainer.create(create(), {
    backend: 'cpu',
    optimizer: sgd({ learningRate: 1 }),
    l2: 10,
    batchSize: 1,
    seed: 1,
  })
  const error = (await diverging.fit(data, { epochs: 30 }).catch((reason: unknown) => reason)) as DivergedError
  expect(error.name).toBe('DivergedError')
  diverging.network.parameters.fill(0.5)
  await diverging.write()
  expect((await diverging.read()).parameters.every((value) => value === 0.5)).toBe(true)
})

it('argmax names the first of the largest columns, and decode the classes of outputs', async () => {
  expect([...Matrix.from([[0.1, 0.7, 0.2], [5, 5, 1], [-3, -2, -1]]).argmax()]).toEqual([1, 0, 2]) // prettier-ignore
  expect([...new Matrix(0, 3).argmax()]).toEqual([])
  expect(() => new Matrix(2, 0).argmax()).toThrow('argmax: expected at least one column, got none')
  const network = create()
  network.classes = ['outside', 'inside']
  const trainer = await Trainer.create(network, { backend: 'cpu' })
  const outputs = await trainer.predict(data.inputs)
  expect(network.decode(outputs).map((one) => one.class)).toEqual(network.classify(data.inputs).map((one) => one.class))
  expect(network.decode([[0.25, 0.75]])).toEqual([{ class: 'inside', probability: 0.75 }])
  expect(() => network.decode([[1, 0, 0]])).toThrow('outputs: expected 2 columns, one per output of the network, got 3')
  network.task = 'regression'
  expect(() => network.decode(outputs)).toThrow('classify: the network predicts regression targets; use predict')
})

it('shuffle is a permutation that its seed decides, with all names', () => {
  const sorted = Dataset.from(Array.from({ length: 40 }, (_, i) => [i]), Array.from({ length: 40 }, (_, i) => i % 2), { classes: ['even', 'odd'], features: ['n'] }) // prettier-ignore
  const shuffled = shuffle(sorted, { seed: 4 })
  const order = Array.from(shuffled.inputs.data)
  expect(order).not.toEqual(Array.from(sorted.inputs.data))
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from(sorted.inputs.data))
  expect(Array.from(shuffled.labels())).toEqual(order.map((n) => n % 2))
  expect([shuffled.classes, shuffled.features]).toEqual([sorted.classes, sorted.features])
  expect(shuffle(sorted, { seed: 4 }).inputs.data).toEqual(shuffled.inputs.data)
  expect(shuffle(sorted, { seed: 5 }).inputs.data).not.toEqual(shuffled.inputs.data)
})
