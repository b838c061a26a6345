// `npm run bench:sweep`: many networks 2-3-2 on the circle data, trained by sweep() side by side on the adapter and on the CPU,
// by single trainings one after another, and by jax-js with vmap. Compares all of them with float64 first.
import os from 'node:os'
import { checkNames, checkNumber, main, readArguments } from './arguments.js'
import { circle, cpu, Network, sgd, sweep, Trainer, wasm, webgpu } from '../dist/node/index.js'
import { findAdapter } from './contenders.js'
import { measureInTurn } from './measure.js'
import { startChild } from './peers/child.js'
import { makeProof, writeStart } from './peers/proof.js'
import { describeMachine, keepRun, machineLine, writeJson } from './results.js'
import { number, printTable, ratio } from './table.js'

const contenderNames = ['sweep', 'single', 'jax-webgpu', 'wasm', 'wasm-1', 'jax-wasm']
const usage = `
npm run bench:sweep -- [${contenderNames.join(' ')}] [options]

Compares ways to train many small networks, in one run. jax-js is in bench/peers: npm ci --prefix bench/peers.

  --networks N   side by side (default 1024)
  --epochs N     of each network (default 200)
  --rounds N     timed rounds (default 3)
  --seconds N    time of a contender that trains fewer networks or epochs in one round (default 2)
  --most N       the largest number of networks in the table of numbers, 0 for no table (default 65536; 4096 on software adapters)
  --write        save the results: a file in bench/results and a section in bench/RESULTS.md
  --json FILE    write all results to a file
`
const workload = { sizes: [2, 3, 2], hidden: 'sigmoid', output: 'sigmoid', loss: 'quadratic', optimizer: 'sgd', learningRate: 0.5, batchSize: 10, samples: 400 } // prettier-ignore
const { sizes, batchSize, samples, loss, learningRate } = workload
const stepsPerEpoch = samples / batchSize
/** The largest error of a parameter relative to the largest change of one, after the compared epochs. */
const bound = 1e-4
const comparedEpochs = 2
/** From this share of the largest rate on, the adapter is full. */
const full = 0.9

const data = circle({ samples: 500, seed: 1 }).take(Array.from({ length: samples }, (_, i) => i))
const settings = { loss, batchSize, optimizer: sgd({ learningRate }) }
const networkOf = (seed) => Network.create({ sizes, seed })
const listOf = (count, item) => Array.from({ length: count }, (_, k) => item(k))

/** Trains networks with the seeds from `first` on. */
const train = (backend, networks, epochs, { first = 1, threads } = {}) =>
  sweep(data, { ...settings, sizes, seeds: listOf(networks, (k) => first + k), epochs, backend, threads, limit: 1e6 })

const elapsedSince = (began) => (performance.now() - began) / 1000

/** The largest error of some networks against float64, each relative to the largest change of its parameters. */
async function errorOf(trained) {
  let largest = 0
  for (const { seed, parameters } of trained) {
    const trainer = await Trainer.create(networkOf(seed), { ...settings, seed, backend: cpu({ precision: 'float64' }) })
    await trainer.fit(data, { epochs: comparedEpochs })
    const want = (await trainer.read()).parameters
    trainer.dispose()
    const before = networkOf(seed).parameters
    const change = Math.max(...want.map((value, i) => Math.abs(value - before[i])))
    const error = Math.max(...want.map((value, i) => Math.abs(value - parameters[i]))) / change
    if (!(error <= largest)) largest = error
  }
  if (!(largest <= bound)) throw new Error(`networks differ from float64 by ${largest} of their change`)
  return largest
}

/** All networks by one call of sweep(). */
async function sweepContender(label, backend, { networks, epochs }, threads) {
  const results = await train(backend, 300, comparedEpochs, { threads })
  const some = results.filter(({ seed }) => [1, 2, 64, 256, 300].includes(seed))
  const error = await errorOf(some.map((result) => ({ seed: result.seed, parameters: result.network().parameters })))
  const run = async () => {
    const [began, cpuBefore] = [performance.now(), process.cpuUsage()]
    const trained = await train(backend, networks, epochs, { threads })
    const seconds = elapsedSince(began)
    const { user, system } = process.cpuUsage(cpuBefore)
    const steps = trained.length * epochs * stepsPerEpoch
    contender.cpuSeconds = Math.min(contender.cpuSeconds ?? Infinity, (user + system) / steps)
    return steps / seconds
  }
  const contender = { label, run, difference: error, dispose: () => backend.dispose?.() }
  return contender
}

/** Single trainings one after another; the time of placing each network is not counted. */
async function singleContender(backend, { epochs }) {
  const trainOne = async (seed, count) => {
    const trainer = await Trainer.create(networkOf(seed), { ...settings, seed, backend })
    const history = await trainer.fit(data, { epochs: count })
    const { parameters } = await trainer.read()
    trainer.dispose()
    return { seed, parameters, seconds: history.seconds }
  }
  const some = []
  for (const seed of [1, 2, 64]) some.push(await trainOne(seed, comparedEpochs))
  const error = await errorOf(some)
  let next = 1
  const run = async (seconds) => {
    let [spent, networks] = [0, 0]
    while (spent < seconds) {
      spent += (await trainOne(next++, epochs)).seconds
      networks++
    }
    return (networks * epochs * stepsPerEpoch) / spent
  }
  return { label: 'single trainings', run, difference: error, dispose: () => backend.dispose?.() }
}

/** jax-js in a separate process; the losses of its first steps are compared, for some networks. */
async function jaxContender(device, networks) {
  const steps = 5
  const order = Uint32Array.from({ length: steps * batchSize }, (_, i) => (i * 7919) % samples)
  const all = listOf(networks, (k) => networkOf(k + 1))
  const own = all[0].parameters.length
  const parameters = new Float32Array(own * networks)
  for (const [k, network] of all.entries()) parameters.set(network.parameters, k * own)
  const task = { workload: { ...workload, networks }, steps, x: data.inputs.data, y: data.targets.data }
  const { request, remove } = writeStart({ ...task, order, network: { parameters } })
  const { ask, end } = startChild(['node', 'jax_vmap.js', device])
  try {
    const { losses, version, adapter } = await ask(request)
    let difference = 0
    for (const k of new Set([0, 1, networks - 1])) {
      const rolled = order.map((_, i) => order[(i + k) % order.length])
      const prove = makeProof({ ...task, workload, order: rolled, network: all[k] })
      difference = Math.max(difference, await prove({ losses: losses.map((values) => values[k]) }))
    }
    const run = async (seconds) => networks * (await ask({ seconds })).stepsPerSecond
    return { label: `jax-js ${version} ${device}, vmap`, run, difference, on: adapter, dispose: end }
  } catch (error) {
    await end()
    throw error
  } finally {
    remove()
  }
}

const starters = {
  sweep: (options) => sweepContender('sweep(), side by side', webgpu(), options),
  single: (options) => singleContender(webgpu(), options),
  'jax-webgpu': ({ networks }) => jaxContender('webgpu', networks),
  wasm: (options) => sweepContender(`sweep() on wasm, ${os.cpus().length} threads`, wasm({ threads: 1 }), options, os.cpus().length),
  'wasm-1': (options) => sweepContender('sweep() on wasm, 1 thread', wasm({ threads: 1 }), options, 1),
  'jax-wasm': ({ networks }) => jaxContender('wasm', networks),
} // prettier-ignore

/** What each rate is compared with, and by how much it should be larger. */
const goals = [
  ['sweep', 'single', 3],
  ['sweep', 'jax-webgpu', 25],
  ['wasm', 'jax-wasm', 10],
  ['wasm', 'wasm-1', 1.8],
]

async function compareContenders(options) {
  const notes = []
  const contenders = []
  for (const name of options.contenders) {
    try {
      contenders.push(Object.assign(await starters[name](options), { name }))
    } catch (error) {
      process.exitCode = 1
      notes.push(`${name}: not timed: ${String(error.message).split('\n', 1)[0]}`)
    }
  }
  const figures = await measureInTurn(contenders, options)
  const results = figures.map((figure, i) => {
    const { name, difference, cpuSeconds, on } = contenders[i]
    return { name, ...figure, difference, cpuSecondsPerMillion: cpuSeconds, on }
  })
  await Promise.all(contenders.map(({ dispose }) => dispose?.()))
  const rateOf = (wanted) => results.find(({ name }) => name === wanted)?.stepsPerSecond
  for (const [one, other, goal] of goals) {
    const times = rateOf(one) / rateOf(other)
    if (Number.isFinite(times)) notes.push(`${one} ÷ ${other}: ${ratio(times)} (goal: ${goal})`)
  }
  const table = {
    title: `${number(options.networks)} networks 2-3-2, steps/s of all together (${options.epochs} epochs of ${samples} samples, minibatches of ${batchSize})`,
    columns: ['', 'steps/s', 'least … most', 'CPU s for a million steps', 'difference from float64'],
    rows: results.map((result) => [
      result.label,
      number(result.stepsPerSecond),
      `${number(result.least)} … ${number(result.most)}`,
      number(result.cpuSecondsPerMillion),
      result.difference.toExponential(1),
    ]),
    notes,
  }
  return { results, table }
}

/** The rate by the number of networks, each trained for about the same time; the knee is the first that fills the adapter. */
async function measureNumbers({ most, seconds }) {
  const backend = webgpu()
  const rows = []
  for (let networks = 1; networks <= most; networks *= 4) {
    // Compiles, and keeps the results of self-tests.
    await train(backend, networks, 1)
    let [epochs, taken] = [2, 0]
    for (;;) {
      const began = performance.now()
      await train(backend, networks, epochs)
      taken = elapsedSince(began)
      if (taken > seconds / 2) break
      epochs = Math.ceil(epochs * Math.min(8, Math.max(1.5, seconds / taken)))
    }
    rows.push({ networks, epochs, stepsPerSecond: (networks * epochs * stepsPerEpoch) / taken })
  }
  backend.dispose()
  const largest = Math.max(...rows.map(({ stepsPerSecond }) => stepsPerSecond))
  const knee = rows.find(({ stepsPerSecond }) => stepsPerSecond >= full * largest)
  const table = {
    title: 'By the number of networks',
    columns: ['networks', 'steps/s', 'of the largest', ''],
    rows: rows.map((row) => [
      number(row.networks),
      number(row.stepsPerSecond),
      `${((100 * row.stepsPerSecond) / largest).toFixed(0)} %`,
      row === knee ? 'knee' : '',
    ]),
    notes: [`The knee is where the rate is ${100 * full} % of the largest. Opening, placing and scoring are counted.`],
  }
  return { rows, table }
}

function readOptions(isSoftware) {
  const { values, positionals } = readArguments(usage, {
    networks: { type: 'string', default: '1024' },
    epochs: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    most: { type: 'string', default: isSoftware ? '4096' : '65536' },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
  })
  checkNames('contender', positionals, contenderNames)
  const whole = (name, least) => checkNumber(name, values[name], { least, whole: true })
  return {
    contenders: positionals.length > 0 ? positionals : contenderNames,
    networks: whole('networks', 2),
    epochs: whole('epochs', 1),
    rounds: whole('rounds', 1),
    seconds: checkNumber('seconds', values.seconds, { least: 0.05 }),
    most: whole('most', 0),
    write: values.write,
    json: values.json,
  }
}

async function run() {
  const { adapter, missing } = await findAdapter()
  const options = readOptions(adapter?.includes('software adapter') ?? true)
  if (missing) options.contenders = options.contenders.filter((name) => name.includes('wasm'))
  const machine = describeMachine()
  console.log(`${machineLine(machine)}\n${adapter ?? missing}`)
  const compared = await compareContenders(options)
  printTable(compared.table)
  const tables = [compared.table]
  const figures = { networks: options.networks, epochs: options.epochs, results: compared.results }
  if (adapter && options.most > 0) {
    const numbers = await measureNumbers(options)
    printTable(numbers.table)
    tables.push(numbers.table)
    figures.numbers = numbers.rows
  }
  if (options.json) await writeJson(options.json, { ...machine, adapter, ...figures })
  if (options.write) console.log(`saved: ${(await keepRun({ kind: 'sweep', adapter, machine, tables, figures })).join(', ')}`) // prettier-ignore
}

await main(run)
