/**
 * Measures whether memory grows while things are repeated: `npm run test:memory [-- --scale 0.1 --backend webgpu --kind shapes]`.
 * Each line is the growth of one kind of work on one backend, as a slope over the second half of its rounds, after garbage was
 * collected. Exits with 1 where a slope, over all rounds, is more than {@link LIMIT}.
 */

import { parseArgs } from 'node:util'
import { adam, circle, cpu, DataStream, Network, sweep, Trainer, wasm, webgpu } from 'webgpu-mlp'

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, backend: { type: 'string' }, kind: { type: 'string' } },
})
const scale = Number(values.scale)
const times = (count) => Math.max(20, Math.round(scale * count))

/** Bytes by which a kind of work may grow in all its rounds: what caches hold that are limited, and the noise of a heap. */
const LIMIT = 24 * 2 ** 20
const SAMPLES = 20

const data = circle({ samples: 200, seed: 1 })
const rows = (first, count) => Uint32Array.from({ length: count }, (_, i) => first + i)
const stream = DataStream.from({
  samples: 200,
  example: data,
  chunks: () => [data.take(rows(0, 100)), data.take(rows(100, 100))],
})
const options = { optimizer: adam(), batchSize: 50, seed: 1 }
const network = (hidden = 12) => Network.create({ sizes: [2, hidden, 2], hidden: 'tanh', seed: 1 })

/** What is repeated: how often, and one round of it with a trainer that lives for all of them. */
const kinds = {
  epochs: [10_000 / 50, (trainer) => trainer.fit(data, { epochs: 50, validation: data })],
  checkpoints: [1000, async (trainer) => trainer.resume(await trainer.checkpoint())],
  'evaluate, predict, gradients, read': [
    500,
    async (trainer) => {
      await trainer.evaluate(data)
      await trainer.predict(data.inputs)
      await trainer.gradients(data.inputs, data.targets)
      await trainer.read()
    },
  ],
  load: [500, async (trainer) => (await trainer.load(data)).dispose()],
  steps: [300, async (trainer) => { for await (const { step } of trainer.steps(data)) if (step % 3 === 0) break }], // prettier-ignore
  streams: [300, (trainer) => trainer.fit(stream, { epochs: 1 })],
  'aborted runs': [
    300,
    (trainer) => trainer.fit(data, { epochs: 9, signal: AbortSignal.abort() }).catch(() => undefined),
  ],
  trainers: [
    1000,
    async (_, backend) => {
      const trainer = await Trainer.create(network(), { ...options, backend })
      await trainer.fit(data, { epochs: 1 })
      trainer.dispose()
    },
  ],
  'trainers that cannot be placed': [
    300,
    (_, backend) =>
      Trainer.create(network(3000), { ...options, backend, batchSize: 2 ** 31 - 1 }).catch(() => undefined),
  ],
  windows: [
    200,
    async (_, backend) => {
      const trainer = await Trainer.create(network(), { ...options, backend, dataMemory: 6000 })
      await trainer.fit(data, { epochs: 1, validation: data })
      trainer.dispose()
    },
  ],
  shapes: [
    200,
    async (_, backend, round) => {
      const trainer = await Trainer.create(network(1 + round), { ...options, backend })
      await trainer.fit(data, { epochs: 1 })
      trainer.dispose()
    },
  ],
  sweeps: [50, (_, backend) => sweep(data, { sizes: [2, 5, 2], learningRate: [0.1, 1], seeds: 3, epochs: 2, backend })],
}

/** Bytes in use, after what nothing refers to was collected. */
async function bytesInUse() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, used: heapUsed + external }
}

/** The slope of a line through points with x = 0, 1, 2 …, by least squares. */
function slope(points) {
  const middle = (points.length - 1) / 2
  const mean = points.reduce((sum, y) => sum + y, 0) / points.length
  const above = points.reduce((sum, y, x) => sum + (x - middle) * (y - mean), 0)
  return above / points.reduce((sum, _, x) => sum + (x - middle) ** 2, 0)
}

async function measure(backend, [count, run]) {
  const rounds = times(count)
  const trainer = await Trainer.create(network(), { ...options, backend })
  const points = []
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    await run(trainer, backend, round)
    if ((round + 1) % Math.max(1, Math.floor(rounds / SAMPLES)) === 0) points.push(await bytesInUse())
  }
  const { user, system } = process.cpuUsage(before)
  trainer.dispose()
  const half = points.slice(Math.floor(points.length / 2))
  const growth = (key) => slope(half.map((point) => point[key])) * points.length
  return { rounds, used: growth('used'), rss: growth('rss'), most: points.at(-1).rss, seconds: (user + system) / 1e6 }
}

const megabytes = (bytes) => `${bytes < 0 ? '−' : ''}${(Math.abs(bytes) / 2 ** 20).toFixed(1)} MiB`.padStart(10)
const backends = { cpu: () => cpu(), wasm: () => wasm({ threads: 2 }), webgpu: () => webgpu() }
for (const [name, open] of Object.entries(backends)) {
  if (values.backend !== undefined && values.backend !== name) continue
  const backend = open()
  // A process grows until its compiled code and its young objects have their places.
  await measure(backend, kinds.epochs)
  for (const [kind, work] of Object.entries(kinds)) {
    if (values.kind !== undefined && values.kind !== kind) continue
    const { rounds, used, rss, most, seconds } = await measure(backend, work)
    const isFlat = used < LIMIT && rss < LIMIT * (kind === 'shapes' ? 4 : 1)
    if (!isFlat) process.exitCode = 1
    console.log(
      `${isFlat ? 'flat ' : 'GROWS'} ${name.padEnd(6)} ${kind.padEnd(35)} ${String(rounds).padStart(5)} rounds` +
        `   heap ${megabytes(used)}   process ${megabytes(rss)}   of ${megabytes(most)}   ${seconds.toFixed(0).padStart(5)} s`,
    )
  }
  backend.dispose()
}
