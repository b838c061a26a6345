// Measures the growth of memory over many epochs, in a separate process that only trains:
// `node --expose-gc bench/memory.js [SECONDS]` trains W1 on webgpu and prints one line of JSON.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Budget } from './budget.js'
import { makeDataset, makeNetwork, makeTrainer } from './contenders.js'
import { bytes, number } from './table.js'
import { workloads } from './workloads.js'

const epochs = { warmUp: 1000, measured: 10_000 }
/** Epochs of one call of fit, so that the data set is also uploaded and freed a hundred times. */
const perFit = 100
const program = fileURLToPath(import.meta.url)

/** Runs the program and returns its results. @param {import('./budget.js').Budget} budget */
export async function measureMemory(budget) {
  const child = spawn(process.execPath, ['--expose-gc', program, String(budget.left)], { stdio: ['ignore', 'pipe', 'pipe'] }) // prettier-ignore
  let [output, errors] = ['', '']
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (errors = `${errors}${text}`.slice(-2000)))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`memory: exit status ${code}: ${errors.trim().split('\n').at(-1)}`)
  return JSON.parse(output)
}

/** @returns {import('./table.js').Table} */
export function memoryTable({ epochs, before, after }) {
  const kinds = {
    rss: 'resident set',
    heapUsed: 'JavaScript heap',
    external: 'external',
    device: "trainer's device memory",
  }
  return {
    title: `Memory over ${number(epochs)} epochs of W1 on webgpu`,
    columns: ['', 'before', 'after', 'growth', 'bytes per epoch'],
    rows: Object.entries(kinds).map(([kind, name]) => {
      const growth = after[kind] - before[kind]
      return [name, bytes(before[kind]), bytes(after[kind]), bytes(growth), number(growth / epochs)]
    }),
    notes: epochs < 10_000 ? [`${number(epochs)} of 10,000 epochs because of the time budget`] : [],
  }
}

async function train(seconds) {
  const budget = new Budget(seconds * 0.9)
  const data = makeDataset(workloads.W1)
  const trainer = await makeTrainer(workloads.W1, makeNetwork(workloads.W1), 'webgpu')
  const fit = async (most, until) => {
    let done = 0
    for (; done < most && budget.left > until; done += perFit) await trainer.fit(data, { epochs: perFit })
    return done
  }
  await fit(epochs.warmUp, budget.left / 2)
  const before = await memoryNow(trainer)
  const done = await fit(epochs.measured, 0)
  const after = await memoryNow(trainer)
  trainer.dispose()
  return { epochs: done, before, after }
}

/** Memory in use after garbage collection. Finalizers free device buffers in a later task, so it collects repeatedly. */
async function memoryNow(trainer) {
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heapUsed, external, device: trainer.memory }
}

if (process.argv[1] === program) {
  if (!globalThis.gc) throw new Error('run this program as node --expose-gc bench/memory.js')
  console.log(JSON.stringify(await train(Number(process.argv[2] ?? 60))))
}
