// Other libraries beside ours on the same networks: each proves first that it computes the same losses, then all are
// timed in turn. `npm run build && npm ci --prefix bench/peers && node bench/peers/run.js [W1 W2] [--rounds 5]
// [--seconds 0.8] [--peer jax] [--ours webgpu] [--json FILE]`; npm ci takes --ignore-scripts well.
import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { webgpu } from '../../dist/node/index.js'
import { ours } from '../contenders.js'
import { measureInTurn } from '../measure.js'
import { workloads } from '../workloads.js'
import { startChild } from './child.js'
import { makeProof, makeStart, writeStart } from './proof.js'

/** `against`: which of ours a peer is compared with. */
const peers = [
  { name: 'jax-js webgpu', against: 'webgpu', command: ['node', 'jax.js', 'webgpu'] },
  { name: 'TensorFlow.js webgpu', against: 'webgpu', command: ['node', 'tensorflow.js', 'webgpu'] },
  { name: 'PyTorch cuda', against: 'webgpu', command: ['python3', '-B', 'pytorch.py', 'cuda'] },
  { name: 'PyTorch cuda-graphs', against: 'webgpu', command: ['python3', '-B', 'pytorch.py', 'cuda-graphs'] },
  { name: 'jax-js wasm', against: 'cpu', command: ['node', 'jax.js', 'wasm'] },
  { name: 'TensorFlow.js wasm', against: 'cpu', command: ['node', 'tensorflow.js', 'wasm'] },
  { name: 'TensorFlow.js cpu', against: 'cpu', command: ['node', 'tensorflow.js', 'cpu'] },
  { name: 'synaptic', against: 'cpu', command: ['node', 'synaptic.js'] },
  { name: 'brain.js', against: 'cpu', command: ['node', 'brain.js'] },
  { name: 'numpy, minibatches', against: 'cpu', command: ['python3', '-B', 'numpy_batched.py'] },
  { name: 'PyTorch cpu', against: 'cpu', command: ['python3', '-B', 'pytorch.py', 'cpu'] },
]
const ourBackends = { webgpu: () => 'webgpu', layered: () => webgpu({ plan: 'layered' }), cpu: () => 'cpu' }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.8' },
    steps: { type: 'string', default: '5' },
    peer: { type: 'string', multiple: true },
    ours: { type: 'string', multiple: true, default: ['webgpu', 'cpu'] },
    json: { type: 'string' },
  },
})

/** Without `--peer`, all that are compared with one of ours that was asked for (layered counts as webgpu). */
function chosenPeers() {
  const kinds = values.ours.map((name) => (name === 'layered' ? 'webgpu' : name))
  const wanted = (name) => !values.peer || values.peer.some((part) => name.toLowerCase().includes(part.toLowerCase()))
  const chosen = peers.filter(({ name, against }) => wanted(name) && (values.peer || kinds.includes(against)))
  if (values.peer && chosen.length === 0)
    throw new Error(`no such peer; known are ${peers.map((p) => p.name).join(', ')}`)
  return chosen
}

async function startPeer({ name, against, command }, request, prove) {
  const { ask, end } = startChild(command)
  try {
    const answer = await ask(request)
    const { version, adapter, trained, remark } = answer
    const difference = await prove(answer)
    const contender = { label: name, against, version, on: adapter, trained, remark, difference, dispose: end }
    contender.run = (seconds) => runUnlessFailed(contender, async () => (await ask({ seconds })).stepsPerSecond)
    return contender
  } catch (error) {
    await end()
    throw error
  }
}

/** A peer that crashes on the clock is out, and the others go on. */
async function runUnlessFailed(contender, run) {
  if (contender.failure) return NaN
  try {
    return await run()
  } catch (error) {
    contender.failure = error.message
    return NaN
  }
}

async function startOurs(workload, name) {
  const make = ourBackends[name]
  if (!make) throw new Error(`no such backend; known are ${Object.keys(ourBackends).join(', ')}`)
  const contender = await ours(workload, make(), `webgpu-mlp ${name}`)
  return { ...contender, backend: name, on: contender.description }
}

/** What cannot be started is said in one line. */
async function startAll(starters) {
  const started = []
  for (const [name, start] of starters) {
    try {
      started.push(await start())
    } catch (error) {
      console.log(`  ${name}: not timed: ${String(error.message).split('\n', 1)[0]}`)
    }
  }
  return started
}

async function measureWorkload(key) {
  const workload = workloads[key]
  if (!workload) throw new Error(`unknown workload ${key}; known are ${Object.keys(workloads).join(', ')}`)
  console.log(`\n${key}: ${workload.name}`)
  const start = makeStart(workload, Number(values.steps))
  const prove = makeProof(start)
  const { request, remove } = writeStart(start)
  const contenders = await startAll([
    ...values.ours.map((name) => [`webgpu-mlp ${name}`, () => startOurs(workload, name)]),
    ...chosenPeers().map((peer) => [peer.name, () => startPeer(peer, request, prove)]),
  ])
  try {
    const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) }
    return report(key, contenders, await measureInTurn(contenders, options))
  } finally {
    await Promise.all(contenders.map(({ dispose }) => dispose?.()))
    remove()
  }
}

function report(key, contenders, figures) {
  const results = contenders.map(({ backend, against, version, on, trained, remark, difference, failure }, i) => {
    const mine = figures[contenders.findIndex((contender) => against && contender.backend === against)]
    const ratio = mine && mine.stepsPerSecond / figures[i].stepsPerSecond
    return { workload: key, ...figures[i], backend, against, ratio, version, on, trained, remark, difference, failure }
  })
  for (const result of results) console.log(describe(result))
  return results
}

function describe({ label, stepsPerSecond, least, most, against, ratio, version, on, trained, remark, failure }) {
  if (failure) return `  ${label.padEnd(22)} crashed: ${failure}`
  const range = `(${least.toPrecision(3)} … ${most.toPrecision(3)})`
  const compared = ratio ? `ours ${against} ÷ it ${ratio.toPrecision(3)}` : ''
  const single = trained && `single samples, ${trained.loss}`
  const notes = [version, on, single, remark].filter(Boolean).join(', ')
  return `  ${label.padEnd(22)} ${stepsPerSecond.toPrecision(4).padStart(9)} steps/s  ${range.padEnd(24)} ${compared.padEnd(26)} ${notes}`
}

const machine = {
  date: new Date().toISOString().slice(0, 10),
  processor: os.cpus()[0]?.model,
  processors: os.cpus().length,
  node: process.version,
  dawn: installed('webgpu', '../../'),
  dawnOfPeers: installed('webgpu', './'),
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
}

function installed(name, folder) {
  try {
    const file = new URL(`${folder}node_modules/${name}/package.json`, import.meta.url)
    return JSON.parse(readFileSync(file, 'utf8')).version
  } catch {
    return undefined
  }
}

console.log(
  `${machine.date}, ${machine.processor}, ${machine.processors} processors, node ${machine.node}, ` +
    `Dawn (webgpu) ${machine.dawn}, the peers' ${machine.dawnOfPeers}`,
)
const results = []
for (const key of positionals.length > 0 ? positionals : Object.keys(workloads)) {
  results.push(...(await measureWorkload(key)))
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...machine, results }, null, 2)}\n`)
