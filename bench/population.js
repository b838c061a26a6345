// `npm run bench:population`: many networks 2-3-2 side by side on the circle data. Compares some of them with float64 first,
// then measures steps per second of all networks together: by their number, and by the choices of the kernels.
import { writeFileSync } from 'node:fs'
import { checkNumber, main, readArguments } from './arguments.js'
import { circle, cpu, Device, epochOrder, Kernels, Network, Random, sgd, WebGPUPopulation } from '../.cache/bench/internals.js' // prettier-ignore
import { describeMachine, machineLine } from './results.js'
import { number, printTable, ratio } from './table.js'

const usage = `
npm run bench:population -- [options]

  --networks N     of the comparison of choices, and of the whole training (default 65536; 1024 on software adapters)
  --seconds N      time of each measurement (default 0.6)
  --json FILE      write all results to a file
`
const sizes = [2, 3, 2]
const batchSize = 10
const samples = 400
const epochs = 200
const stepsPerEpoch = samples / batchSize
/** The largest error of a parameter relative to the largest change of one, after the compared epochs. */
const bound = 1e-4
const comparedEpochs = 2

const data = circle({ samples: 500, seed: 1 }).take(Array.from({ length: samples }, (_, i) => i))
const rateOf = (k) => 0.5 * 2 ** (k % 5)
const seedOf = (k) => new Random(k, 'data').bits()
const networkOf = (k) => Network.create({ sizes, seed: seedOf(k) })
const settings = Array.from({ length: 5 }, (_, k) => ({ loss: 'quadratic', optimizer: sgd({ learningRate: rateOf(k) }), batchSize })) // prettier-ignore
const settingsOf = (k) => settings[k % 5]
const listOf = (count, item) => Array.from({ length: count }, (_, k) => item(k))

/** The choices that are compared: the first is the usual one. */
const choices = {
  usual: {},
  'workgroups of 64': { width: 64 },
  'workgroups of 128': { width: 128 },
  'workgroups of 256': { width: 256 },
  'orders shuffled in storage memory': { orders: { form: 'stored' } },
  'orders by network': { orders: { layout: 'by network' } },
  'orders by place': { orders: { layout: 'by place' } },
  'orders of fewer epochs at a time': { orders: { entries: 1 << 22 } },
}

class Lab {
  /** @param device opened by the caller */
  constructor(device) {
    this.device = device
    this.kernels = new Kernels(device)
  }

  /** Places networks with their own parameters, or copies of one, which are placed faster. */
  place(count, choice, differ = false) {
    const [one, own] = [networkOf(0), settingsOf(0)]
    const networks = listOf(count, differ ? networkOf : () => one)
    return WebGPUPopulation.place(
      this.device,
      this.kernels,
      networks,
      listOf(count, differ ? settingsOf : () => own),
      choice,
    )
  }

  /** The largest error of some networks, each relative to the largest change of its parameters. */
  async errorOf(choice) {
    const count = 300
    const population = await this.place(count, choice, true)
    const seeds = Uint32Array.from(listOf(count, seedOf))
    await population.trainSeeded(await population.upload(data), { seeds, first: 1, count: comparedEpochs, batchSize })
      .result
    let largest = 0
    for (const k of [0, 1, 63, 255, count - 1]) {
      const before = networkOf(k).parameters
      const { parameters } = await population.read(k)
      const want = await reference(k)
      const change = Math.max(...want.map((value, i) => Math.abs(value - before[i])))
      const error = Math.max(...want.map((value, i) => Math.abs(value - parameters[i]))) / change
      if (!(error <= largest)) largest = error
    }
    population.dispose()
    if (!(largest <= bound)) throw new Error(`networks differ from float64 by ${largest} of their change`)
    return largest
  }

  /** Steps per second of all networks together. */
  async rate(count, choice, seconds) {
    const population = await this.place(count, choice)
    try {
      const handle = await population.upload(data)
      const seeds = Uint32Array.from(listOf(count, (k) => k))
      let first = 1
      const train = async (amount) => {
        const began = performance.now()
        await population.trainSeeded(handle, { seeds, first, count: amount, batchSize }).result
        first += amount
        return (performance.now() - began) / 1000
      }
      let amount = 2
      let taken = await train(amount)
      while (taken < seconds / 4)
        taken = await train((amount = Math.ceil(amount * Math.min(8, (0.4 * seconds) / taken))))
      taken = await train((amount = Math.max(1, Math.round((amount * seconds) / taken))))
      return {
        networks: count,
        epochs: amount,
        seconds: taken,
        stepsPerSecond: (count * stepsPerEpoch * amount) / taken,
      }
    } finally {
      population.dispose()
    }
  }
}

/** The rate of epochs whose orders the host makes, with the time that this takes. */
async function rateOfHost(lab, count) {
  const population = await lab.place(count, {})
  try {
    const handle = await population.upload(data)
    const train = async (first, amount) => {
      const began = performance.now()
      const own = (k) => (e) => ({ order: epochOrder(samples, k, first + e, true), batchSize, learningRate: rateOf(0), stepsBefore: (first + e - 1) * stepsPerEpoch }) // prettier-ignore
      await population.train(
        handle,
        listOf(count, (k) => listOf(amount, own(k))),
      ).result
      return (performance.now() - began) / 1000
    }
    await train(1, 1)
    const taken = await train(2, 2)
    return { networks: count, epochs: 2, seconds: taken, stepsPerSecond: (count * stepsPerEpoch * 2) / taken }
  } finally {
    population.dispose()
  }
}

/** The parameters of a network that is trained alone in float64. */
async function reference(k) {
  const placement = await cpu({ precision: 'float64' }).place(networkOf(k), settingsOf(k))
  const own = (e) => ({ order: epochOrder(samples, seedOf(k), e + 1, true), batchSize, learningRate: rateOf(k), stepsBefore: e * stepsPerEpoch }) // prettier-ignore
  await placement.train(await placement.upload(data), listOf(comparedEpochs, own)).result
  const { parameters } = await placement.read()
  placement.dispose()
  return Array.from(parameters)
}

/** Work until the device has its full clock: hardware that idles takes a second or two. */
async function heat(lab, count, seconds) {
  const until = performance.now() + 1000 * seconds
  while (performance.now() < until) await lab.rate(count, {}, 0.5)
}

/** A whole training, with everything that belongs to it. */
async function wholeTraining(lab, count) {
  const times = {}
  let began = performance.now()
  const lap = (name) => {
    times[name] = (performance.now() - began) / 1000
    began = performance.now()
  }
  const seeds = Uint32Array.from(listOf(count, seedOf))
  const one = networkOf(0)
  const population = await WebGPUPopulation.place(lab.device, lab.kernels, listOf(count, () => one), listOf(count, settingsOf)) // prettier-ignore
  const handle = await population.upload(data)
  lap('placement')
  await population.initialize(seeds, 'glorotUniform')
  const last = await population.read(count - 1)
  if (!networkOf(count - 1).parameters.every((value, i) => value === last.parameters[i])) throw new Error('other initial parameters than those of the host') // prettier-ignore
  lap('parameters')
  const sums = await population.trainSeeded(handle, { seeds, first: 1, count: epochs, batchSize }).result
  lap('training')
  population.dispose()
  const accuracies = listOf(count, (k) => sums.right(k, epochs - 1) / samples).sort((a, b) => a - b)
  const finished = sums.trained.filter((own) => own === epochs).length
  const steps = count * epochs * stepsPerEpoch
  const median = accuracies[count >> 1]
  return { networks: count, epochs, times, stepsPerSecond: steps / times.training, finished, median, loss: sums.loss(0, epochs - 1) / samples } // prettier-ignore
}

const powersTo = (most) => listOf(Math.log2(most) + 1, (i) => 2 ** i)
const million = (rate) => number(rate === undefined ? undefined : rate / 1e6)

/** Adds what a measurement gives to a row of the results, or the error: the others are made nevertheless. */
async function measureInto(row, measuring) {
  try {
    Object.assign(row, await measuring())
  } catch (error) {
    row.failure = error.message
    console.log(`failed: ${JSON.stringify(row)}`)
  }
  return row
}

/** The errors of all choices against float64. */
async function compareChoices(lab, names) {
  const rows = []
  for (const name of names) {
    const choice = choices[name] ?? { form: name }
    rows.push(await measureInto({ choice: name }, async () => ({ error: await lab.errorOf(choice) })))
  }
  return rows
}

async function measureChoices(lab, rows, count, seconds) {
  // Twice, in turn: how far the two are apart shows what differences mean.
  for (const name of ['first', 'second']) {
    for (const row of rows) await measureInto(row, async () => ({ [name]: await lab.rate(count, choices[row.choice], seconds) })) // prettier-ignore
  }
  rows.push(await measureInto({ choice: 'orders of the host' }, async () => ({ first: await rateOfHost(lab, count) })))
  const rateIn = ({ first, second }) => Math.max(first?.stepsPerSecond ?? 0, second?.stepsPerSecond ?? 0)
  const [usual] = rows
  return {
    title: `${number(count)} networks 2-3-2, by what is chosen`,
    columns: ['', 'first', 'second', '÷ usual'],
    rows: rows.map((row) => [row.choice, million(row.first?.stepsPerSecond), million(row.second?.stepsPerSecond), ratio(rateIn(row) / rateIn(usual))]), // prettier-ignore
  }
}

async function measureCounts(lab, most, seconds) {
  const rows = []
  for (const count of powersTo(most)) {
    const row = { networks: count, straight: {}, lanes: {} }
    rows.push(row)
    await measureInto(row.straight, () => lab.rate(count, { form: 'straight' }, seconds))
    if (lab.device.profile.software || count > 16_384) continue
    await measureInto(row.lanes, () => lab.rate(count, { form: 'lanes' }, seconds))
  }
  const table = {
    title: 'By the number of networks, million steps/s of all together',
    columns: ['networks', 'an invocation each', 'a workgroup each'],
    rows: rows.map(({ networks, straight, lanes }) => [number(networks), million(straight.stepsPerSecond), million(lanes.stepsPerSecond)]), // prettier-ignore
  }
  return { rows, table }
}

function readOptions(software) {
  const options = {
    networks: { type: 'string' },
    seconds: { type: 'string', default: '0.6' },
    json: { type: 'string' },
  }
  const { values } = readArguments(usage, options)
  const usualCount = software ? 1024 : 65_536
  return {
    seconds: checkNumber('seconds', values.seconds, { least: 0.05 }),
    most: values.networks ? checkNumber('networks', values.networks, { least: 300, whole: true }) : usualCount,
    json: values.json,
  }
}

async function run() {
  const device = await Device.open()
  const { software } = device.profile
  const { seconds, most, json } = readOptions(software)
  const machine = describeMachine()
  const began = performance.now()
  const results = { ...machine, adapter: device.name, software }
  const keep = (part, value) => {
    results[part] = value
    if (json) writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`)
    console.log(`(${((performance.now() - began) / 1000).toFixed(0)} s)`)
  }
  console.log(`${machineLine(machine)}\n${device.name}`)
  const lab = new Lab(device)

  const compared = await compareChoices(lab, software ? ['usual', 'orders by place'] : [...Object.keys(choices).filter((name) => name !== 'orders by place'), 'straight', 'lanes']) // prettier-ignore
  const largest = Math.max(...compared.map(({ error = Infinity }) => error))
  console.log(
    `largest error after ${comparedEpochs} epochs, of the largest change of a parameter: ${largest.toExponential(1)}`,
  )
  keep('compared', compared)

  await heat(lab, most, software ? 0.5 : 3)
  results.whole = await wholeTraining(lab, most)
  const { times, stepsPerSecond, median, finished } = results.whole
  const inSeconds = Object.entries(times).map(([name, time]) => `${name} ${time.toFixed(2)} s`)
  console.log(`${number(most)} networks, ${epochs} epochs: ${million(stepsPerSecond)} million steps/s; ${inSeconds.join(', ')}; ${number(finished)} finished, median accuracy ${(100 * median).toFixed(1)} %`) // prettier-ignore
  keep('whole', results.whole)

  const rows = compared.filter(({ choice, failure }) => choice in choices && !failure)
  printTable(await measureChoices(lab, rows, most, seconds))
  keep('choices', rows)

  const counts = await measureCounts(lab, most, seconds)
  printTable(counts.table)
  keep('counts', counts.rows)
  device.dispose()
}

await main(run)
