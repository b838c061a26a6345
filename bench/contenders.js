import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { adam, Dataset, Matrix, Network, sgd, Trainer, verify } from '../dist/node/index.js'
import { makeData } from './workloads.js'

const optimizers = { adam, sgd }

/** One of our backends (by name, or made) on a workload: held against float64 first, then ready to be timed. */
export async function ours(workload, backend, label) {
  const { sizes, hidden, output, loss, batchSize, samples, learningRate } = workload
  const { x, y } = makeData(workload)
  const data = Dataset.from(new Matrix(samples, sizes[0], x), new Matrix(samples, sizes.at(-1), y))
  const network = Network.create({ sizes, hidden, output, seed: 1 })
  const optimizer = optimizers[workload.optimizer]({ learningRate })
  const check = await verify(network, data, { backend, loss, optimizer, batchSize: Math.min(batchSize, 16) })
  if (!check.ok) throw new Error(`${label}: does not hold against float64: ${JSON.stringify(check.layers)}`)
  const trainer = await Trainer.create(network, { backend, loss, optimizer, batchSize, seed: 1 })
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
  // Tiles are measured once training has gone on for a second: that belongs to the warm-up, not to a round.
  await run(1.2)
  await trainer.fit(data, { epochs: 1 })
  return {
    label,
    run,
    dispose: () => (trainer.dispose(), trainer.backend.dispose()),
    description: trainer.backend.description,
  }
}

/** The article's way in numpy: a program of its own that answers each line "seconds" with its steps per second. */
export async function numpyLoop(workload, label) {
  if (spawnSync('python3', ['-c', 'import numpy']).status !== 0) return undefined
  const script = fileURLToPath(new URL('./numpy_loop.py', import.meta.url))
  const child = spawn('python3', [script, JSON.stringify(workload)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const run = async (seconds) => {
    child.stdin.write(`${seconds}\n`)
    return Number((await lines.next()).value)
  }
  return { label, run, dispose: () => child.stdin.end() }
}
