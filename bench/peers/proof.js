// The initial state for every contender, and the reference losses of training from it: float64 on the CPU.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adam, cpu, Dataset, Matrix, Network, sgd, Trainer } from '../../dist/node/index.js'
import { makeData } from '../workloads.js'

const optimizers = { adam, sgd }

/** @typedef {{ workload: import('../workloads.js').Workload, steps: number, x: Float32Array, y: Float32Array,
 *   order: Uint32Array, network: Network }} Start */

/** @returns {Start} */
export function makeStart(workload, steps) {
  const { sizes, hidden, output, samples, batchSize } = workload
  // The stride is coprime to every number of samples here. The order wraps around after an epoch.
  const order = Uint32Array.from({ length: steps * batchSize }, (_, i) => (i * 7919) % samples)
  return { workload, steps, ...makeData(workload), order, network: Network.create({ sizes, hidden, output, seed: 1 }) }
}

/** Writes the initial state to files. Returns the first request of the protocol, and a function that removes the files. */
export function writeStart({ workload, steps, x, y, order, network }) {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-peers-'))
  const write = (name, values) => {
    const path = join(folder, name)
    writeFileSync(path, values)
    return path
  }
  const request = {
    workload,
    x: write('x', x),
    y: write('y', y),
    order: write('order', order),
    parameters: write('parameters', network.parameters),
    steps,
  }
  return { request, remove: () => rmSync(folder, { recursive: true }) }
}

/** The losses of the first steps in float64, each before the update. */
async function referenceLosses({ x, y, order, network, steps }, { sizes, loss, optimizer, learningRate, batchSize }) {
  const trainer = await Trainer.create(network, {
    backend: cpu({ precision: 'float64' }),
    loss,
    optimizer: optimizers[optimizer]({ learningRate }),
    batchSize,
  })
  const rows = (values, width, samples) =>
    new Matrix(samples.length, width, Float32Array.from(samples.flatMap((s) => [...values.subarray(s * width, (s + 1) * width)]))) // prettier-ignore
  const losses = []
  for (let i = 0; i < steps; i++) {
    // The loss of an epoch with exactly one minibatch is the loss before the update.
    const samples = [...order.subarray(i * batchSize, (i + 1) * batchSize)]
    const data = Dataset.from(rows(x, sizes[0], samples), rows(y, sizes.at(-1), samples))
    const { epochs } = await trainer.fit(data, { epochs: 1, shuffle: false })
    losses.push(epochs[0].loss)
  }
  trainer.dispose()
  return losses
}

/**
 * Creates the function that compares the losses of a contender with the reference. For a contender that trains on single
 * samples, `trained` holds its settings, which the reference then uses.
 * @returns {(response: { losses: number[], trained?: object }) => Promise<number>} the largest relative difference
 */
export function makeProof(start) {
  const known = new Map()
  const reference = (trained) => {
    const key = JSON.stringify(trained ?? {})
    if (!known.has(key)) known.set(key, referenceLosses(start, { ...start.workload, ...trained }))
    return known.get(key)
  }
  return async ({ losses, trained }) => {
    const ours = await reference(trained)
    const differences = ours.map((loss, i) => Math.abs((losses[i] ?? NaN) - loss) / Math.max(1e-3, loss))
    const largest = Math.max(...differences)
    // One sample changes the next loss only slightly, so the bound for single samples allows only rounding errors.
    const allowed = trained ? 1e-6 : 1e-3
    if (!(largest <= allowed)) throw new Error(`the losses are incorrect: ${losses}, expected ${ours}`)
    return largest
  }
}
