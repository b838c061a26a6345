// Compares this library with other libraries on the same networks: checks first that each computes the same losses, then
// times all in turn.
import { checkNames, checkNumber, main, readArguments, UsageError } from '../arguments.js'
import { ourBackends, ours } from '../contenders.js'
import { measureInTurn } from '../measure.js'
import { describeMachine, installedVersion, keepRun, machineLine, writeJson } from '../results.js'
import { printTable } from '../table.js'
import { flopsPerStep, workloads } from '../workloads.js'
import { startChild } from './child.js'
import { makeProof, makeStart, writeStart } from './proof.js'
import { adapterOf, peersTable, summaryTables } from './tables.js'

/** `against`: the backend of this library with which a peer is compared. */
const peers = [
  { name: 'jax-js webgpu', against: 'webgpu', command: ['node', 'jax.js', 'webgpu'] },
  { name: 'TensorFlow.js webgpu', against: 'webgpu', command: ['node', 'tensorflow.js', 'webgpu'] },
  { name: 'PyTorch cuda', against: 'webgpu', command: ['python3', '-B', 'pytorch.py', 'cuda'] },
  { name: 'PyTorch cuda-graphs', against: 'webgpu', command: ['python3', '-B', 'pytorch.py', 'cuda-graphs'] },
  { name: 'jax-js wasm', against: 'wasm', command: ['node', 'jax.js', 'wasm'] },
  { name: 'TensorFlow.js wasm', against: 'wasm', command: ['node', 'tensorflow.js', 'wasm'] },
  { name: 'TensorFlow.js cpu', against: 'cpu', command: ['node', 'tensorflow.js', 'cpu'] },
  { name: 'synaptic', against: 'cpu', command: ['node', 'synaptic.js'] },
  { name: 'brain.js', against: 'cpu', command: ['node', 'brain.js'] },
  { name: 'numpy, minibatches', against: 'wasm', command: ['python3', '-B', 'numpy_batched.py'] },
  { name: 'PyTorch cpu', against: 'wasm', command: ['python3', '-B', 'pytorch.py', 'cpu'] },
]
/** Which of our backends are forms of another. */
const kindOf = { layered: 'webgpu', 'wasm-1': 'wasm' }
/** Whether a backend of this library is the one that peers are compared with, or a form of it. */
const isOf = (name, against) => name !== undefined && (kindOf[name] ?? name) === against
const ourNames = ['webgpu', 'layered', 'wasm', 'wasm-1', 'cpu']
/** For networks with more operations per step, which take seconds on a software driver, the proof has fewer steps. */
const large = { flops: 1e9, steps: 2 }

const usage = `
npm run bench:peers -- [${Object.keys(workloads).join(' ')}] [options]

Compares this library with other libraries on the same networks, in one run.

  --peer PART      only peers whose name contains this, may be repeated: jax, TensorFlow, PyTorch, numpy, wasm …
  --ours NAME      backends of this library, may be repeated: ${ourNames.join(', ')} (default: webgpu, wasm, cpu; wasm-1 on one thread)
  --rounds N       timed rounds (default 5)
  --seconds N      time of one contender in one round (default 0.8)
  --slow N         a contender that takes longer, in seconds per step, is timed with fewer steps (default 2)
  --steps N        steps of the proof (default 5; ${large.steps} for networks of more than one GFLOP per step)
  --write          save the results: a file in bench/results and a section in bench/RESULTS.md
  --json FILE      write all results to a file
`

function readOptions() {
  const many = { type: 'string', multiple: true }
  const { values, positionals } = readArguments(usage, {
    peer: many,
    ours: { ...many, default: ['webgpu', 'wasm', 'cpu'] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.8' },
    slow: { type: 'string', default: '2' },
    steps: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
  })
  checkNames('workload', positionals, Object.keys(workloads))
  const chosen = [...new Set(checkNames('backend', values.ours, ourNames))]
  return {
    workloads: positionals.length > 0 ? positionals : Object.keys(workloads),
    ours: chosen,
    peers: choosePeers(values.peer, chosen),
    rounds: checkNumber('rounds', values.rounds, { least: 1, whole: true }),
    seconds: checkNumber('seconds', values.seconds, { least: 0.01 }),
    slow: checkNumber('slow', values.slow, { least: 0.01 }),
    steps: checkNumber('steps', values.steps, { least: 1, whole: true }),
    write: values.write,
    json: values.json,
  }
}

/** Chooses the peers: without `--peer`, those compared with one of the chosen backends (layered counts as webgpu, wasm-1 as wasm). */
function choosePeers(wanted, chosenOurs) {
  const kinds = chosenOurs.map((name) => kindOf[name] ?? name)
  if (!wanted) return peers.filter(({ against }) => kinds.includes(against))
  const matches = (name, part) => name.toLowerCase().includes(part.toLowerCase())
  const unknown = wanted.find((part) => !peers.some(({ name }) => matches(name, part)))
  if (unknown !== undefined) {
    throw new UsageError(`no peer's name contains '${unknown}'; known are ${peers.map(({ name }) => name).join(', ')}`)
  }
  return peers.filter(({ name }) => wanted.some((part) => matches(name, part)))
}

async function startPeer({ name, against, command }, request, prove, { rounds, slow }) {
  const { ask, end } = startChild(command)
  try {
    const response = await ask(request)
    const { version, adapter, trained, remark, stepSeconds } = response
    const difference = await prove(response)
    const contender = {
      label: name,
      against,
      version,
      on: adapter,
      trained,
      remark,
      stepSeconds,
      difference,
      dispose: end,
    }
    contender.run = (seconds) => runUnlessFailed(contender, async () => (await ask({ seconds })).stepsPerSecond)
    return Object.assign(contender, roundsFor(stepSeconds, rounds, slow))
  } catch (error) {
    await end()
    throw error
  }
}

/** Excludes a peer that crashes during the timed rounds; the others continue. */
async function runUnlessFailed(contender, run) {
  if (contender.failure) return NaN
  try {
    return await run()
  } catch (error) {
    contender.failure = error.message
    return NaN
  }
}

/** Limits the rounds of a slow contender, so that its total time equals that of `rounds` steps of `slow` seconds. */
function roundsFor(stepSeconds, rounds, slow) {
  if (!(stepSeconds > slow)) return {}
  return { mostRounds: Math.max(1, Math.floor((rounds * slow) / stepSeconds)), warm: true }
}

async function startOurs(workload, name) {
  const contender = await ours(workload, ourBackends[name](), `webgpu-mlp ${name}`)
  return { ...contender, backend: name, on: contender.description }
}

/** Starts all contenders. A failure is added to the notes. */
async function startAll(starters, notes) {
  const started = []
  for (const [name, start] of starters) {
    try {
      started.push(await start())
    } catch (error) {
      notes.push(`${name}: not timed: ${String(error.message).split('\n', 1)[0]}`)
    }
  }
  return started
}

async function measureWorkload(key, options) {
  const workload = workloads[key]
  const steps = flopsPerStep(workload) > large.flops ? Math.min(large.steps, options.steps) : options.steps
  const start = makeStart(workload, steps)
  const prove = makeProof(start)
  const { request, remove } = writeStart(start)
  const notes = []
  const contenders = await startAll(
    [
      ...options.ours.map((name) => [`webgpu-mlp ${name}`, () => startOurs(workload, name)]),
      ...options.peers.map((peer) => [peer.name, () => startPeer(peer, request, prove, options)]),
    ],
    notes,
  )
  try {
    const results = evaluate(key, contenders, await measureInTurn(contenders, options))
    return { results, table: peersTable(`${key}: ${workload.name}`, results, options.rounds, notes) }
  } finally {
    await Promise.all(contenders.map(({ dispose }) => dispose?.()))
    remove()
  }
}

function evaluate(key, contenders, figures) {
  return contenders.map((contender, i) => {
    const { backend, against, version, on, trained, remark, stepSeconds, difference, failure } = contender
    const mine = figures[contenders.findIndex((other) => against && isOf(other.backend, against))]
    const ratio = mine && mine.stepsPerSecond / figures[i].stepsPerSecond
    return { workload: key, ...figures[i], backend, against, ratio, version, on, trained, remark, stepSeconds, difference, failure } // prettier-ignore
  })
}

async function run() {
  const options = readOptions()
  const { rounds, seconds, slow } = options
  const dawnOfPeers = installedVersion('webgpu', './peers/')
  const machine = { ...describeMachine(), dawnOfPeers, rounds, seconds, slow }
  console.log(machineLine(machine))
  const results = []
  for (const key of options.workloads) {
    const measured = await measureWorkload(key, options)
    results.push(...measured.results)
    printTable(measured.table)
  }
  const adapter = adapterOf(results)
  if (options.json) await writeJson(options.json, { ...machine, adapter, results })
  if (!options.write) return
  const tables = summaryTables(results, options.workloads)
  const files = await keepRun({ kind: 'peers', adapter, machine, tables, figures: { results } })
  console.log(`\nwritten: ${files.join(', ')}`)
}

await main(run)
