// The start that every contender is given, and the losses that training from it must have: float64 on the CPU.
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
  // A stride without a common factor with any number of samples here; a proof longer than an epoch begins again.
  const order = Uint32Array.from({ length: steps * batchSize }, (_, i) => (i * 7919) % samples)
  return { workload, steps, ...makeData(workload), order, network: Network.create({ sizes, hidden, output, seed: 1 }) }
}

/** Writes the start as files; returns the first line of the protocol, and what removes the files. */
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

/** Our losses of the first steps in float64, each before its step. */
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
    // An epoch of exactly one minibatch: its loss is the loss before the step.
    const samples = [...order.subarray(i * batchSize, (i + 1) * batchSize)]
    const data = Dataset.from(rows(x, sizes[0], samples), rows(y, sizes.at(-1), samples))
    const { epochs } = await trainer.fit(data, { epochs: 1, shuffle: false })
    losses.push(epochs[0].loss)
  }
  trainer.dispose()
  return losses
}

/**
 * Holds a contender's losses against ours; one that trains sample by sample says so in `trained`, and is held to it.
 * @returns {(answer: { losses: number[], trained?: object }) => Promise<number>} the largest difference, relative
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
    // One sample moves the next one's loss only a little, so that nothing but rounding is let pass there.
    const allowed = trained ? 1e-6 : 1e-3
    if (!(largest <= allowed)) throw new Error(`computes something else: losses ${losses}, ours ${ours}`)
    return largest
  }
}
