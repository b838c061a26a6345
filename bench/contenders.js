import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { adam, Dataset, Matrix, Network, sgd, Trainer, verify, webgpu } from '../dist/node/index.js'
import { makeData } from './workloads.js'

const optimizers = { adam, sgd }

/** Ours by the names that the command line knows. */
export const ourBackends = {
  cpu: () => 'cpu',
  webgpu: () => 'webgpu',
  layered: () => webgpu({ plan: 'layered' }),
  resident: () => webgpu({ plan: 'resident' }),
}

/** Tiles are measured once training has gone on for a second: that belongs to the warm-up, not to a round. */
const warmUpSeconds = 1.2

export function makeDataset(workload) {
  const { sizes, samples } = workload
  const { x, y } = makeData(workload)
  return Dataset.from(new Matrix(samples, sizes[0], x), new Matrix(samples, sizes.at(-1), y))
}

export const makeNetwork = ({ sizes, hidden, output }) => Network.create({ sizes, hidden, output, seed: 1 })

const makeOptimizer = ({ optimizer, learningRate }) => optimizers[optimizer]({ learningRate })

/** A trainer with the workload's settings; it copies the network's parameters and leaves the network as it is. */
export function makeTrainer(workload, network, backend, more = {}) {
  const { loss, batchSize } = workload
  return Trainer.create(network, { backend, loss, optimizer: makeOptimizer(workload), batchSize, seed: 1, ...more })
}

/** The adapter's name, or why there is none: asked once, and not by every contender. */
export async function findAdapter() {
  try {
    const trainer = await Trainer.create(Network.create({ sizes: [1, 1] }), { backend: 'webgpu' })
    trainer.dispose()
    return { adapter: trainer.backend.description }
  } catch (error) {
    if (error.name !== 'BackendUnavailableError') throw error
    return { missing: error.message }
  }
}

/** One of our backends (by name, or made) on a workload: held against float64 first, then warmed up and ready to be timed. */
export async function ours(workload, backend, label, { warmUp = warmUpSeconds } = {}) {
  const data = makeDataset(workload)
  const network = makeNetwork(workload)
  const { loss, batchSize } = workload
  const optimizer = makeOptimizer(workload)
  const check = await verify(network, data, { backend, loss, optimizer, batchSize: Math.min(batchSize, 16) })
  if (!check.ok) throw new Error(`${label}: does not hold against float64: ${JSON.stringify(check.layers)}`)
  const trainer = await makeTrainer(workload, network, backend)
  let epochsPerSecond = 0
  const run = async (seconds) => {
    let epochs = Math.max(1, Math.round(epochsPerSecond * seconds))
    for (;;) {
      const history = await trainer.fit(data, { epochs })
      epochsPerSecond = epochs / history.seconds
      // Too short to be a measurement: the first run does not yet know how long to go on.
      if (history.seconds > seconds / 2) return history.steps / history.seconds
      epochs = Math.max(epochs + 1, Math.round(epochsPerSecond * seconds))
    }
  }
  await run(warmUp)
  await trainer.fit(data, { epochs: 1 })
  const dispose = () => (trainer.dispose(), trainer.backend.dispose())
  return { label, run, warm: true, dispose, description: trainer.backend.description }
}

/** The article's way in numpy: a program of its own that answers each line "seconds" with its steps per second. */
export async function numpyLoop(workload, label) {
  if (spawnSync('python3', ['-c', 'import numpy']).status !== 0) return undefined
  const script = fileURLToPath(new URL('./numpy_loop.py', import.meta.url))
  const child = spawn('python3', [script, JSON.stringify(workload)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const run = async (seconds) => {
    child.stdin.write(`${seconds}\n`)
    const { value, done } = await lines.next()
    if (done) throw new Error(`${label}: ended without an answer`)
    return Number(value)
  }
  return { label, run, dispose: () => child.stdin.end() }
}
