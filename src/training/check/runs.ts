import { cpu } from '../../backend/host/backend.ts'
import type { EpochOrder, PlacementSettings } from '../../backend/backend.ts'
import { DivergedError } from '../../core/errors.ts'
import { Dataset } from '../../data/dataset.ts'
import { countMinibatches, epochOrder } from '../../data/minibatch.ts'
import type { Network } from '../../model/network.ts'
import { adam, sgd } from '../../optimizer/optimizer.ts'
import type { TrainerOptions } from '../options.ts'
import { Trainer } from '../trainer.ts'
import {
  backendFor,
  casesOfForms,
  type CheckCase,
  compareBits,
  compareValues,
  type Finding,
  type Form,
  pixelData,
  randomData,
  randomNetwork,
  worstOf,
} from './case.ts'
import { parameterTolerance, sizesFor } from './trainings.ts'

const reference = () => cpu({ precision: 'float64' })
const lossTolerance = { rtol: 1e-4, atol: 1e-6 }

/** Three epochs in shuffled minibatches, the last of which is shorter; then the score. */
async function threeEpochs(network: Network, data: Dataset, options: TrainerOptions) {
  const trainer = await Trainer.create(network.clone(), { batchSize: 7, seed: 9, ...options })
  try {
    const { epochs } = await trainer.fit(data, { epochs: 3 })
    const { loss, accuracy } = await trainer.evaluate(data)
    const losses = [...epochs.map((epoch) => epoch.loss), loss]
    return { losses, accuracy, parameters: (await trainer.read()).parameters }
  } finally {
    trainer.dispose()
  }
}

/** Regression has no accuracy. */
const shareOf = ({ accuracy }: { accuracy: number | undefined }) => (accuracy === undefined ? [] : [accuracy])

async function compareRuns(device: GPUDevice, network: Network, data: Dataset, options: TrainerOptions) {
  const want = await threeEpochs(network, data, { ...options, backend: reference() })
  const got = await threeEpochs(network, data, { ...options, backend: backendFor(device, 'layered') })
  return worstOf([
    compareValues('loss', got.losses, want.losses, lossTolerance),
    compareValues('accuracy', shareOf(got), shareOf(want), { rtol: 0, atol: 1e-6 }),
    compareValues('parameter', got.parameters, want.parameters, parameterTolerance),
  ])
}

const weighted = (data: Dataset) =>
  Dataset.from(data.inputs, data.targets, {
    weights: Float32Array.from({ length: data.length }, (_, i) => 1 + (i % 3)),
  })

const classifier = () => randomNetwork([5, 6, 3], 'tanh', 'softmax', 12)
const crossEntropy = { loss: 'crossEntropy', optimizer: sgd({ learningRate: 0.2 }) } as const
const samples = () => randomData(45, 5, 3, 11)

const againstReference: readonly (readonly [string, CheckCase['run']])[] = [
  ['shuffled minibatches', (device) => compareRuns(device, classifier(), samples(), crossEntropy)],
  ['inputs stored as bytes', (device) => compareRuns(device, classifier(), pixelData(45, 5, 3, 11), crossEntropy)],
  ['weights of samples', (device) => compareRuns(device, classifier(), weighted(samples()), crossEntropy)],
  ['dropout', (device) => compareRuns(device, classifier(), samples(), { ...crossEntropy, dropout: 0.3 })],
  ['l1 and l2', (device) => compareRuns(device, classifier(), samples(), { ...crossEntropy, l1: 0.01, l2: 0.02 })],
  [
    'clipped gradients',
    (device) =>
      compareRuns(device, classifier(), samples(), {
        loss: 'crossEntropy',
        optimizer: adam({ learningRate: 0.01, clipNorm: 0.05 }),
      }),
  ],
  [
    'a wide hidden layer',
    (device) => compareRuns(device, randomNetwork([6, 250, 6], 'tanh', 'sigmoid', 4), randomData(24, 6, 6, 1), {
      optimizer: sgd({ learningRate: 0.2 }),
    }), // prettier-ignore
  ],
  ['predictions in pieces', predictionsInPieces],
  ['small networks side by side', (device) => comparePopulation(device, [2, 3, 2], 10)],
  ['small networks side by side, minibatches of 2', (device) => comparePopulation(device, [2, 3, 2], 2)],
  ['networks side by side, in loops', (device) => comparePopulation(device, [5, 13, 6, 3], 10)],
]

/** 2,500 rows of 600 inputs are more than one workspace takes. */
async function predictionsInPieces(device: GPUDevice): Promise<Finding> {
  const network = randomNetwork([600, 5, 3], 'gelu', 'softmax', 24)
  const { inputs } = randomData(2500, 600, 3, 23)
  const predict = async (options: TrainerOptions) => {
    const trainer = await Trainer.create(network, { loss: 'crossEntropy', ...options })
    try {
      return (await trainer.predict(inputs)).data
    } finally {
      trainer.dispose()
    }
  }
  const want = await predict({ backend: reference() })
  const got = await predict({ backend: backendFor(device, 'layered') })
  return compareValues('prediction', got, want, { rtol: 0, atol: 1e-5 })
}

/** Three networks with different rates and orders, each compared with a separate training in float64. */
async function comparePopulation(device: GPUDevice, sizes: readonly number[], batchSize: number): Promise<Finding> {
  const data = randomData(34, sizes[0]!, sizes.at(-1)!, 2)
  const steps = countMinibatches(data.length, batchSize)
  const members = [0, 1, 2].map((k) => {
    const learningRate = 0.3 / (k + 1)
    const settings: PlacementSettings = { loss: 'quadratic', optimizer: sgd({ learningRate }), batchSize }
    const epochs = [0, 1, 2].map((e): EpochOrder => {
      return { order: epochOrder(data.length, k, e + 1, true), batchSize, learningRate, stepsBefore: e * steps }
    })
    return { network: randomNetwork(sizes, 'tanh', 'sigmoid', k + 1), settings, epochs }
  })
  const all = members.map(({ settings }) => settings)
  const population = await backendFor(device, 'loop').populate!(members.map(({ network }) => network), all) // prettier-ignore
  try {
    const handle = await population.upload(data)
    await population.train(handle, members.map(({ epochs }) => epochs)).result // prettier-ignore
    const findings: Finding[] = []
    for (const [k, { network, settings, epochs }] of members.entries()) {
      const alone = await reference().place(network, settings)
      await alone.train(await alone.upload(data), epochs).result
      const { parameters } = await population.read(k)
      const name = `parameter of network ${k + 1}`
      findings.push(compareValues(name, parameters, await alone.readParameters(), parameterTolerance))
      alone.dispose()
    }
    return worstOf(findings)
  } finally {
    population.dispose()
  }
}

/** A learning rate that makes every parameter infinite or NaN: the run must end with an error, and finite parameters. */
async function divergence(device: GPUDevice, form: Form, batchSize: number): Promise<Finding> {
  const network = randomNetwork(sizesFor[form], 'relu', 'linear', 6)
  const data = randomData(24, network.sizes[0]!, network.sizes.at(-1)!, 7)
  const backend = backendFor(device, form)
  const optimizer = sgd({ learningRate: 1e30 })
  const trainer = await Trainer.create(network, { backend, loss: 'meanSquaredError', optimizer, batchSize, seed: 1 })
  try {
    const { epochs } = await trainer.fit(data, { epochs: 5 })
    return { ok: false, detail: `no error; the loss of the last epoch is ${epochs.at(-1)?.loss}` }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    const { parameters } = await trainer.read()
    return { ok: parameters.every(Number.isFinite), detail: 'ends with an error; the parameters stay finite' }
  } finally {
    trainer.dispose()
  }
}

async function sameBitsTwice(device: GPUDevice, form: Form, batchSize: number): Promise<Finding> {
  const network = randomNetwork(sizesFor[form], 'tanh', 'sigmoid', 12)
  const data = randomData(45, network.sizes[0]!, network.sizes.at(-1)!, 11)
  const run = () => threeEpochs(network, data, { backend: backendFor(device, form), optimizer: adam(), batchSize })
  const [first, second] = [await run(), await run()]
  return compareBits('two runs', first.parameters, second.parameters)
}

async function sameBitsOfPlans(device: GPUDevice): Promise<Finding> {
  const network = randomNetwork([5, 33, 16, 3], 'tanh', 'sigmoid', 12)
  const run = (form: Form) => threeEpochs(network, samples(), { backend: backendFor(device, form), optimizer: adam() })
  const [layered, loop] = [await run('layered'), await run('loop')]
  return compareBits('layered and loop', layered.parameters, loop.parameters)
}

/** Data that do not fit into `dataMemory` pass through in windows, with the same steps. */
async function sameBitsOfWindows(device: GPUDevice): Promise<Finding> {
  const data = randomData(300, 5, 3, 13)
  const run = (dataMemory?: number) =>
    threeEpochs(classifier(), data, { ...crossEntropy, backend: backendFor(device, 'layered'), dataMemory })
  const [whole, windows] = [await run(), await run(4096)]
  return compareBits('whole and in windows', whole.parameters, windows.parameters)
}

/** Whole runs: options, predictions, populations, divergence, and results that must have the same bits. */
export function runCases(): CheckCase[] {
  const named = (name: string, run: CheckCase['run']): CheckCase => ({ part: 'runs', name, run })
  return [
    ...againstReference.map(([name, run]) => named(name, run)),
    ...casesOfForms('runs', 'the same bits twice', (device, form, batchOf) => sameBitsTwice(device, form, batchOf(7))),
    named('the same bits layered and in loops', sameBitsOfPlans),
    named('the same bits in windows', sameBitsOfWindows),
    ...casesOfForms('runs', 'divergence is detected', (device, form, batchOf) => divergence(device, form, batchOf(8))),
  ]
}
