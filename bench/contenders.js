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

/**
 * One of our backends (by name, or made) on a workload: held against float64 first, then warmed up and ready to be timed.
 * @param {{ warmUp?: number, clock?: 'fit' | 'epochs', keepBackend?: boolean }} options clock: the time of whole calls of
 *   fit, as a user has it, or of the epochs alone, without what a call costs once (checking the data, bringing them to
 *   the device); keepBackend: the backend is the caller's to dispose of, who uses it for others too
 */
export async function ours(workload, backend, label, options = {}) {
  const { warmUp = warmUpSeconds, clock = 'fit', keepBackend = false } = options
  const { sizes, samples } = workload
  const { x, y } = makeData(workload)
  const data = Dataset.from(new Matrix(samples, sizes[0], x), new Matrix(samples, sizes.at(-1), y))
  const trainer = await checkedTrainer(workload, data, backend, label)
  let epochsPerSecond = 0
  const run = async (seconds) => {
    let epochs = Math.max(1, Math.round(epochsPerSecond * seconds))
    for (;;) {
      const history = await trainer.fit(data, { epochs })
      const took = clock === 'fit' ? history.seconds : history.epochs.reduce((sum, epoch) => sum + epoch.seconds, 0)
      epochsPerSecond = epochs / took
      // Too short to be a measurement: the first run does not yet know how long to go on.
      if (took > seconds / 2) return history.steps / took
      epochs = Math.max(epochs + 1, Math.round(epochsPerSecond * seconds))
    }
  }
  await run(warmUp)
  const last = await trainer.fit(data, { epochs: 1 })
  return {
    label,
    run,
    warm: true,
    // A short warm-up knows only the first epoch, which kernels were still made ready in.
    epochSeconds: Math.min(1 / epochsPerSecond, last.epochs[0].seconds),
    dispose() {
      trainer.dispose()
      if (!keepBackend) trainer.backend.dispose()
    },
    description: trainer.backend.description,
  }
}

async function checkedTrainer(workload, data, backend, label) {
  const { sizes, hidden, output, loss, batchSize, learningRate } = workload
  const network = Network.create({ sizes, hidden, output, seed: 1 })
  const optimizer = optimizers[workload.optimizer]({ learningRate })
  const check = await verify(network, data, { backend, loss, optimizer, batchSize: Math.min(batchSize, 16) })
  if (!check.ok) throw new Error(`${label}: does not hold against float64: ${JSON.stringify(check.layers)}`)
  return Trainer.create(network, { backend, loss, optimizer, batchSize, seed: 1 })
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
