// `npm run bench:builds -- BASE`: two builds of the library compared in one run. First the parameters of 30 networks after
// ten epochs: the same bits on the CPU, within the tests' bounds on WebGPU. Then W1-W4 on each backend, timed in turn.
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkNames, checkNumber, main, readArguments, UsageError } from './arguments.js'
import { measureInTurn } from './measure.js'
import { writeJson } from './results.js'
import { number, printTable, ratio } from './table.js'
import { makeData, workloads } from './workloads.js'

const usage = `
npm run bench:builds -- BASE [W1 W2 …] [options]

BASE is the dist folder of another build, made with \`npm run build\` and copied.

  --only PART      networks or workloads (default: both)
  --rounds N       rounds that the builds are timed in, in turn (default 7)
  --seconds N      time of one build in one round (default 1)
  --json FILE      write all figures to a file
`

/** The backends, each made by a build's own functions. */
const backends = {
  'cpu, float32': ({ cpu }) => cpu(),
  'cpu, float64': ({ cpu }) => cpu({ precision: 'float64' }),
  'webgpu, layered': ({ webgpu }) => webgpu({ plan: 'layered' }),
  'webgpu, resident': ({ webgpu }) => webgpu({ plan: 'resident' }),
}

const activations = ['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'elu', 'gelu', 'silu', 'softplus']
const losses = {
  quadratic: 'sigmoid',
  meanSquaredError: 'linear',
  meanAbsoluteError: 'tanh',
  huber: 'softplus',
  binaryCrossEntropy: 'sigmoid',
  crossEntropy: 'softmax',
}
const optimizers = [
  ['sgd', { learningRate: 0.2 }],
  ['sgd', { learningRate: 0.05, momentum: 0.9, nesterov: true }],
  ['sgd', { learningRate: 0.1, weightDecay: 0.01, momentum: 0.5 }],
  ['rmsprop', { learningRate: 0.003 }],
  ['rmsprop', { learningRate: 0.003, centered: true, momentum: 0.5 }],
  ['adagrad', { learningRate: 0.05, learningRateDecay: 0.1 }],
  ['adam', { learningRate: 0.01 }],
  ['adamw', { learningRate: 0.01, weightDecay: 0.1 }],
]
/** The first of them plain; penalties, dropout, clipping and weights of classes in turn. */
const extras = [{}, { l1: 0.001, l2: 0.002 }, { dropout: 0.2 }, { clipNorm: 0.3 }, { classWeights: [1, 2, 3, 4] }, {}]

/** 30 networks that together have every activation, loss and optimizer. */
const networks = Array.from({ length: 30 }, (_, i) => {
  const [loss, output] = Object.entries(losses)[i % 6]
  const [optimizer, constants] = optimizers[i % optimizers.length]
  const { clipNorm, classWeights, ...options } = extras[Math.floor(i / 5) % extras.length]
  const hidden = activations[i % activations.length]
  return {
    name: `${hidden}, ${output}, ${loss}, ${optimizer}`,
    sizes: i % 3 === 0 ? [5, 7, 6, 4] : i % 3 === 1 ? [6, 9, 4] : [3, 4, 4],
    hidden,
    output,
    loss,
    optimizer,
    constants: { ...constants, ...(clipNorm && { clipNorm }) },
    options,
    classWeights,
    // Neither of the two plans' other features goes with the resident plan.
    layeredOnly: clipNorm !== undefined || options.dropout !== undefined || classWeights !== undefined,
  }
})

async function train(
  library,
  makeBackend,
  { sizes, hidden, output, loss, optimizer, constants, options, classWeights },
) {
  const { Network, Trainer, Dataset, Matrix } = library
  const { x, y } = makeData({ sizes, samples: 45 })
  const data = Dataset.from(new Matrix(45, sizes[0], x), new Matrix(45, sizes.at(-1), y))
  const network = Network.create({ sizes, hidden, output, seed: 3 })
  const trainer = await Trainer.create(network, { backend: makeBackend(library), loss, optimizer: library[optimizer](constants), batchSize: 8, seed: 5, ...options }) // prettier-ignore
  await trainer.fit(data, { epochs: 10, ...(classWeights && { classWeights }) })
  const { parameters } = await trainer.read()
  trainer.dispose()
  trainer.backend.dispose()
  return parameters
}

/** As the tests: ten steps' worth of rounding. */
const isClose = (a, b) => a.every((value, i) => Math.abs(value - b[i]) <= 2e-5 + 1e-4 * Math.abs(b[i]))
const isSame = (a, b) => a.every((value, i) => Object.is(value, b[i]))

async function compareNetworks(base, own) {
  const rows = []
  let failed = 0
  for (const [name, makeBackend] of Object.entries(backends)) {
    const taken = networks.filter(({ layeredOnly }) => !layeredOnly || name !== 'webgpu, resident')
    const counts = { same: 0, close: 0, off: [] }
    for (const network of taken) {
      const [before, after] = [await train(base, makeBackend, network), await train(own, makeBackend, network)]
      if (isSame(before, after)) counts.same++
      else if (name.startsWith('webgpu') && isClose(after, before)) counts.close++
      else counts.off.push(network.name)
    }
    failed += counts.off.length
    rows.push([name, number(taken.length), number(counts.same), number(counts.close), counts.off.join('; ') || '–'])
  }
  printTable({
    title: 'Parameters after ten epochs, this build beside the other',
    columns: ['', 'networks', 'same bits', 'within bounds', 'differ'],
    rows,
  })
  return { rows, failed }
}

/** A build on a workload, warmed up. */
async function start(library, label, makeBackend, workload) {
  const { sizes, hidden, output, loss, optimizer, learningRate, batchSize, samples } = workload
  const { Network, Trainer, Dataset, Matrix } = library
  const { x, y } = makeData(workload)
  const data = Dataset.from(new Matrix(samples, sizes[0], x), new Matrix(samples, sizes.at(-1), y))
  const network = Network.create({ sizes, hidden, output, seed: 1 })
  const trainer = await Trainer.create(network, { backend: makeBackend(library), loss, optimizer: library[optimizer]({ learningRate }), batchSize, seed: 1 }) // prettier-ignore
  let perEpoch = (await trainer.fit(data, { epochs: 2 })).seconds / 2
  const run = async (seconds) => {
    const history = await trainer.fit(data, { epochs: Math.max(1, Math.round(seconds / perEpoch)) })
    perEpoch = history.seconds / history.epochs.length
    return history.steps / history.seconds
  }
  await run(1.5)
  await run(0.5)
  return { label, run, warm: true, dispose: () => (trainer.dispose(), trainer.backend.dispose()) }
}

async function compareWorkloads(base, own, keys, { rounds, seconds }) {
  const results = []
  for (const key of keys) {
    for (const [name, makeBackend] of Object.entries(backends)) {
      if (name === 'cpu, float64') continue
      const contenders = []
      try {
        for (const [label, library] of [['base', base], ['this', own]]) contenders.push(await start(library, label, makeBackend, workloads[key])) // prettier-ignore
        const [before, after] = await measureInTurn(contenders, { rounds, seconds })
        results.push({ workload: key, backend: name, before, after })
        const { stepsPerSecond } = after
        console.log(`${key}, ${name}: ${number(before.stepsPerSecond)} → ${number(stepsPerSecond)} steps/s, ratio ${ratio(stepsPerSecond / before.stepsPerSecond)}`) // prettier-ignore
      } catch (error) {
        // Networks that are too large for the resident plan are refused by both builds.
        if (error.name !== 'InputError') throw error
      } finally {
        for (const { dispose } of contenders) dispose()
      }
    }
  }
  const cells = ({ workload, backend, before, after }) => [
    `${workload}, ${backend}`,
    number(before.stepsPerSecond),
    number(after.stepsPerSecond),
    ratio(after.stepsPerSecond / before.stepsPerSecond),
    `${ratio(after.least / before.most)} … ${ratio(after.most / before.least)}`,
  ]
  printTable({
    title: 'Steps per second, the builds in turn',
    columns: ['', 'base', 'this', 'ratio', 'extremes'],
    rows: results.map(cells),
  })
  return results
}

async function run() {
  const { values, positionals } = readArguments(usage, {
    only: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1' },
    json: { type: 'string' },
  })
  const [folder, ...named] = positionals
  if (folder === undefined) throw new UsageError('BASE: the dist folder of another build is missing')
  const keys = named.length > 0 ? checkNames('workload', named, Object.keys(workloads)) : Object.keys(workloads)
  const [only] = checkNames('part', values.only ? [values.only] : [''], ['networks', 'workloads', ''])
  const options = {
    rounds: checkNumber('rounds', values.rounds, { least: 1, whole: true }),
    seconds: checkNumber('seconds', values.seconds, { least: 0.01 }),
  }
  const base = await import(pathToFileURL(join(resolve(folder), 'node/index.js')).href)
  const own = await import('../dist/node/index.js')
  const figures = {}
  if (only !== 'workloads') figures.networks = await compareNetworks(base, own)
  if (only !== 'networks') figures.workloads = await compareWorkloads(base, own, keys, options)
  if (values.json) await writeJson(values.json, figures)
  if (figures.networks?.failed) process.exitCode = 1
}

await main(run)
