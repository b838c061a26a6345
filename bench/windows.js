// Compares data that remain on the device with data uploaded in windows and data streamed from a CSV file: W2.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Dataset, Matrix } from '../dist/node/index.js'
import { streamCsv } from '../dist/node/files.js'
import { makeNetwork, makeTrainer } from './contenders.js'
import { measureInTurn } from './measure.js'
import { bytes, number, percent } from './table.js'
import { makeData, workloads } from './workloads.js'

const workload = { ...workloads.W2, samples: 4000 }
/** The size of a window relative to the data; two windows are on the device at the same time. */
const share = 1 / 8
const columns = ['', 'samples/s', 'least … most', 'of resident', 'device memory']

/** Inputs with three decimals, which a CSV file represents exactly, so that all contenders use the same samples. */
function makeDataset() {
  const { sizes, samples } = workload
  const { x, y } = makeData(workload)
  for (let i = 0; i < x.length; i++) x[i] = Math.fround(Math.round(1000 * x[i]) / 1000)
  return Dataset.from(new Matrix(samples, sizes[0], x), new Matrix(samples, sizes.at(-1), y))
}

function writeCsv(path, { inputs, targets }) {
  const rows = inputs.toArray().map((row, i) => [...row.map((x) => Number(x.toFixed(3))), ...targets.row(i)].join(','))
  writeFileSync(path, `${rows.join('\n')}\n`)
}

/** The data memory for two windows. */
function windowBytes({ samples, sizes, batchSize }) {
  const packs = (size) => 16 * Math.ceil(size / 4)
  const rows = Math.floor((samples * share) / batchSize) * batchSize
  return 2 * rows * (packs(sizes[0]) + packs(sizes.at(-1)) + 4)
}

/** Checks that training in windows results in the same bits. Streams are not checked, because they shuffle differently. */
async function check(data, whole, windowed) {
  const read = async (trainer) => {
    await trainer.fit(data, { epochs: 1 })
    return (await trainer.read()).parameters.slice()
  }
  const [want, got] = [await read(whole), await read(windowed)]
  const bad = want.findIndex((value, i) => value !== got[i])
  if (bad >= 0) throw new Error(`windows: parameter ${bad} is ${got[bad]}, expected ${want[bad]}`)
}

/**
 * @param {'cpu' | 'webgpu'} backend
 * @param {{ rounds: number, budget: import('./budget.js').Budget }} options
 */
export async function measureWindows(backend, { rounds, budget }) {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-bench-'))
  const trainers = []
  const make = async (more = {}) => {
    const trainer = await makeTrainer(workload, makeNetwork(workload), backend, more)
    trainers.push(trainer)
    return trainer
  }
  let csv
  try {
    const data = makeDataset()
    const file = join(folder, 'w2.csv')
    writeCsv(file, data)
    const target = Array.from({ length: workload.sizes.at(-1) }, (_, j) => workload.sizes[0] + j)
    csv = await streamCsv(file, { header: false, target, folder, seed: 1 })
    const dataMemory = windowBytes(workload)
    const whole = await make()
    const contenders = [contender('resident', whole, data)]
    // The CPU backend uploads nothing, so it has no windows.
    if (backend === 'webgpu') {
      const windowed = await make({ dataMemory })
      await check(data, whole, windowed)
      contenders.push(contender('in windows', windowed, data))
    }
    contenders.push(contender('CSV file', await make(backend === 'webgpu' ? { dataMemory } : {}), csv.train))
    const figures = await measureInTurn(contenders, { rounds, seconds: 1, budget })
    const results = figures.map((figure, i) => ({ backend, ...figure, memory: contenders[i].memory() }))
    return { results, table: tableOf(backend, results) }
  } finally {
    for (const trainer of trainers) trainer.dispose()
    csv?.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A contender that measures samples per second of `fit`, including uploads. */
function contender(label, trainer, data) {
  let rate = 0
  const run = async (seconds) => {
    const epochs = Math.max(1, Math.round((rate * seconds) / data.length))
    const history = await trainer.fit(data, { epochs })
    rate = history.samplesPerSecond
    return rate
  }
  return { label, run, memory: () => trainer.memoryFor(data) }
}

function tableOf(backend, results) {
  const [resident] = results
  const rows = results.map(({ label, stepsPerSecond, least, most, memory }) => [
    `${backend}, ${label}`,
    number(stepsPerSecond),
    `${number(least)} … ${number(most)}`,
    percent(stepsPerSecond / resident.stepsPerSecond),
    backend === 'cpu' ? '–' : bytes(memory),
  ])
  const notes = ["Rates are samples per second of 'fit', including uploads."]
  return { title: `W2 on ${workload.samples} samples: ${backend}`, columns, rows, notes }
}
