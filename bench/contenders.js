import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { adam, Dataset, Matrix, Network, sgd, Trainer, verify, wasm, webgpu } from '../dist/node/index.js'
import { makeData } from './workloads.js'

const optimizers = { adam, sgd }

/** The backends of this library by their names on the command line. */
export const ourBackends = {
  cpu: () => 'cpu',
  wasm: () => 'wasm',
  'wasm-1': () => wasm({ threads: 1 }),
  webgpu: () => 'webgpu',
  layered: () => webgpu({ plan: 'layered' }),
  resident: () => webgpu({ plan: 'resident' }),
}

/** Long enough to include the tile measurements, which the library makes after one second of training. */
const warmUpSeconds = 1.2

export function makeDataset(workload) {
  const { sizes, samples } = workload
  const { x, y } = makeData(workload)
  return Dataset.from(new Matrix(samples, sizes[0], x), new Matrix(samples, sizes.at(-1), y))
}

export const makeNetwork = ({ sizes, hidden, output }) => Network.create({ sizes, hidden, output, seed: 1 })

const makeOptimizer = ({ optimizer, learningRate }) => optimizers[optimizer]({ learningRate })

/** Creates a trainer with the settings of the workload. The trainer copies the parameters and does not change the network. */
export function makeTrainer(workload, network, backend, more = {}) {
  const { loss, batchSize } = workload
  return Trainer.create(network, { backend, loss, optimizer: makeOptimizer(workload), batchSize, seed: 1, ...more })
}

/** The name of the adapter, or the reason why none is available. */
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

/** A backend of this library (a name or an object) as a contender: verified against float64, then warmed up. */
export async function ours(workload, backend, label, { warmUp = warmUpSeconds, more = {} } = {}) {
  const data = makeDataset(workload)
  const network = makeNetwork(workload)
  const { loss, batchSize } = workload
  const optimizer = makeOptimizer(workload)
  const check = await verify(network, data, { backend, loss, optimizer, batchSize: Math.min(batchSize, 16) })
  if (!check.ok) throw new Error(`${label}: verification against float64 failed: ${JSON.stringify(check.layers)}`)
  const trainer = await makeTrainer(workload, network, backend, more)
  let epochsPerSecond = 0
  const run = async (seconds) => {
    let epochs = Math.max(1, Math.round(epochsPerSecond * seconds))
    for (;;) {
      const history = await trainer.fit(data, { epochs })
      epochsPerSecond = epochs / history.seconds
      // Repeat a run that is too short to be a measurement: the first call does not know the rate yet.
      if (history.seconds > seconds / 2) return history.steps / history.seconds
      epochs = Math.max(epochs + 1, Math.round(epochsPerSecond * seconds))
    }
  }
  await run(warmUp)
  await trainer.fit(data, { epochs: 1 })
  const dispose = () => (trainer.dispose(), trainer.backend.dispose())
  return { label, run, warm: true, dispose, description: trainer.backend.description }
}

/** A numpy program that loops over samples. It reads seconds, one number per line, and prints steps per second. */
export async function numpyLoop(workload, label) {
  if (spawnSync('python3', ['-c', 'import numpy']).status !== 0) return undefined
  const script = fileURLToPath(new URL('./numpy_loop.py', import.meta.url))
  const child = spawn('python3', [script, JSON.stringify(workload)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const run = async (seconds) => {
    child.stdin.write(`${seconds}\n`)
    const { value, done } = await lines.next()
    if (done) throw new Error(`${label}: the process exited without a response`)
    return Number(value)
  }
  return { label, run, dispose: () => child.stdin.end() }
}
