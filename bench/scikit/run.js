// Compares this library with scikit-learn's MLPClassifier and MLPRegressor: the same data, network, optimizer, minibatches
// and epochs. First, both must have the same losses for the same initial parameters and order of samples. Then each trains
// with its own initialization and order, and scores and times are compared.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adam, cpu, Network, sgd, Trainer, wasm, webgpu } from '../../dist/node/index.js'
import { checkNames, checkNumber, main, readArguments, UsageError } from '../arguments.js'
import { findAdapter } from '../contenders.js'
import { mean, median, spread } from '../measure.js'
import { startChild } from '../peers/child.js'
import { kindOf, makeParts, missingData, problems, proofsOnly } from './problems.js'
import { describeMachine, keepRun, machineLine, writeJson } from '../results.js'
import { printTable } from '../table.js'
import { differenceOf, proofTable, scoreTable } from './tables.js'

const ourNames = ['wasm', 'cpu', 'webgpu']
const defaultPythons = ['python3', '/usr/bin/python3']

const usage = `
npm run bench:scikit -- [PART OF A NAME …] [options]

Compares this library with scikit-learn on the same problems: ${Object.keys(problems).join('; ')}.

  --ours NAME      backends of this library, may be repeated: ${ourNames.join(', ')} (default: all)
  --seeds N        runs of each problem (default: 3 to 20, depending on the problem)
  --python PATH    a Python with scikit-learn (default: the first of ${defaultPythons.join(', ')} with it)
  --write          save the results: a file in bench/results and a section in bench/RESULTS.md
  --json FILE      write all results to a file
`

/** The largest relative difference in a proof: from the order of summation in float64, from rounding in float32. */
const allowed = { float64: 1e-12, float32: 1e-5 }
const proof = { epochs: 5, samples: 1000 }

function readOptions() {
  const { values, positionals } = readArguments(usage, {
    ours: { type: 'string', multiple: true, default: ourNames },
    seeds: { type: 'string' },
    python: { type: 'string' },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
  })
  const matches = (name, part) => name.toLowerCase().includes(part.toLowerCase())
  const chosen = (all) => all.filter((name) => positionals.length === 0 || positionals.some((part) => matches(name, part))) // prettier-ignore
  const unknown = positionals.find((part) => !Object.keys(problems).some((name) => matches(name, part)))
  if (unknown !== undefined) throw new UsageError(`no problem's name contains '${unknown}'`)
  return {
    problems: chosen(Object.keys(problems)),
    proofsOnly: chosen(Object.keys(proofsOnly)),
    ours: [...new Set(checkNames('backend', values.ours, ourNames))],
    seeds: values.seeds === undefined ? undefined : checkNumber('seeds', values.seeds, { least: 1, whole: true }),
    pythons: values.python === undefined ? defaultPythons : [values.python],
    write: values.write,
    json: values.json,
  }
}

const findPython = (pythons) => pythons.find((python) => spawnSync(python, ['-c', 'import sklearn']).status === 0)

/** Each optimizer in this library and in scikit-learn. */
const optimizers = {
  adam: ({ learningRate, epsilon = 1e-8 }) => ({
    ours: adam({ learningRate, epsilon }),
    solver: { solver: 'adam', learning_rate_init: learningRate, epsilon },
  }),
  sgd: ({ learningRate }) => ({
    ours: sgd({ learningRate }),
    solver: { solver: 'sgd', learning_rate_init: learningRate, momentum: 0, nesterovs_momentum: false },
  }),
  momentum: ({ learningRate }) => ({
    ours: sgd({ learningRate, momentum: 0.9 }),
    solver: { solver: 'sgd', learning_rate_init: learningRate, momentum: 0.9, nesterovs_momentum: false },
  }),
  nesterov: ({ learningRate }) => ({
    ours: sgd({ learningRate, momentum: 0.9, nesterov: true }),
    solver: { solver: 'sgd', learning_rate_init: learningRate, momentum: 0.9, nesterovs_momentum: true },
  }),
}
const activations = { relu: 'relu', tanh: 'tanh', sigmoid: 'logistic' }

const sizesOf = ({ hidden }, { train }) => [train.inputs.cols, ...hidden, train.targets.cols]

/** Trains with this library; `start` is a network to use instead of one initialized from the seed. */
async function trainOurs(problem, parts, { backend, seed, epochs, shuffle = true, start }) {
  const { loss, output, score } = kindOf(problem)
  const { batchSize, alpha = 0 } = problem
  const network = start ?? makeNetwork(problem, parts, output, seed)
  const began = performance.now()
  const trainer = await Trainer.create(network, {
    backend,
    loss,
    optimizer: optimizers[problem.optimizer](problem).ours,
    batchSize,
    seed,
    // The penalty of scikit-learn is ½ α Σw² divided by the number of samples in the minibatch.
    l2: alpha / (2 * batchSize),
  })
  try {
    const history = await trainer.fit(parts.train, { epochs, shuffle })
    const seconds = (performance.now() - began) / 1000
    const { r2, accuracy } = await trainer.evaluate(parts.test)
    return { losses: history.epochs.map((epoch) => epoch.loss), score: score === 'R²' ? r2 : accuracy, seconds }
  } finally {
    trainer.dispose()
  }
}

const makeNetwork = (problem, parts, output, seed) =>
  Network.create({ sizes: sizesOf(problem, parts), hidden: problem.activation, output, seed })

/** Starts scikit-learn as a child process. Files in `folder` hold its data sets and the data of the requests. */
async function startScikit(python, folder) {
  const { ask, end } = startChild([python, '-B', 'scikit.py'])
  const { version, numpy, shapes } = await ask({ sets: folder })
  const write = (name, values) => {
    const path = join(folder, name)
    writeFileSync(path, values)
    return path
  }
  const train = (problem, parts, { seed, epochs, precision = 'float32', shuffle = true, start }) => {
    const classes = kindOf(problem).score === 'accuracy'
    const part = (name) => ({
      x: write(`${name} x`, parts[name].inputs.data),
      y: write(`${name} y`, classes ? Float32Array.from(parts[name].labels()) : parts[name].targets.data),
    })
    return ask({
      sizes: sizesOf(problem, parts),
      activation: activations[problem.activation],
      solver: optimizers[problem.optimizer](problem).solver,
      batchSize: problem.batchSize,
      alpha: problem.alpha ?? 0,
      train: part('train'),
      test: part('test'),
      start: start && write('start', start.parameters),
      ...{ classes, seed, epochs, precision, shuffle },
    })
  }
  return { version, numpy, bundled: { folder, shapes }, train, end }
}

/**
 * Compares training from the same parameters in the same order: the losses of every epoch and the score in float64 must
 * equal those of scikit-learn, and the losses in float32, on each backend, must agree up to rounding.
 */
async function prove(name, problem, backends, scikit) {
  const whole = await makeParts(problem, 1, scikit.bundled)
  const { batchSize, alpha } = problem
  const most = Math.min(proof.samples, whole.train.length)
  // The penalty of scikit-learn depends on the size of the minibatch, so a smaller one at the end must be avoided.
  const parts = { ...whole, train: whole.train.slice(0, alpha ? most - (most % batchSize) : most) }
  // scikit-learn's Adam adds epsilon before the bias correction, this library and PyTorch after it. With a very small
  // epsilon the rules are the same.
  const task = { ...problem, epsilon: 1e-20 }
  const start = makeNetwork(problem, parts, kindOf(problem).output, 1)
  const run = { seed: 1, epochs: proof.epochs, shuffle: false, start }
  const theirs = await scikit.train(task, parts, { ...run, precision: 'float64' })
  const result = { problem: name, samples: parts.train.length, differences: {}, failed: [] }
  for (const [label, backend] of [['float64', cpu({ precision: 'float64' })], ...Object.entries(backends)]) {
    const ours = await trainOurs(task, parts, { ...run, start: start.clone(), backend })
    const difference = largestDifference(ours.losses, theirs.losses)
    result.differences[label] = difference
    const sameScore = label !== 'float64' || Math.abs(ours.score - theirs.score) < 1e-5
    if (difference <= (allowed[label] ?? allowed.float32) && sameScore) continue
    result.failed.push(label)
    process.exitCode = 1
  }
  return result
}

const largestDifference = (losses, others) =>
  Math.max(...others.map((other, i) => Math.abs((losses[i] ?? NaN) - other) / Math.max(1e-3, other)))

/** Trains all contenders on one problem, in turn for each seed. */
async function compare(name, problem, backends, scikit, seeds) {
  const contenders = {
    'scikit-learn': (parts, run) => scikit.train(problem, parts, run),
    ...Object.fromEntries(
      Object.entries(backends).map(([label, backend]) => [
        `webgpu-mlp ${label}`,
        (parts, run) => trainOurs(problem, parts, { ...run, backend }),
      ]),
    ),
  }
  const runs = Object.fromEntries(Object.keys(contenders).map((label) => [label, []]))
  for (let seed = 1; seed <= seeds; seed++) {
    const parts = await makeParts(problem, seed, scikit.bundled)
    for (const [label, train] of Object.entries(contenders)) {
      const { losses, score, seconds } = await train(parts, { seed, epochs: problem.epochs })
      runs[label].push({ score, loss: losses.at(-1), seconds })
    }
  }
  const { score: measure, goal } = kindOf(problem)
  const results = Object.entries(runs).map(([label, own]) => {
    const scores = own.map(({ score }) => score)
    const times = own.map((one) => one.seconds)
    return {
      ...{ problem: name, label, measure, goal, epochs: problem.epochs, seeds, scores, times },
      score: mean(scores),
      spread: spread(scores),
      loss: mean(own.map(({ loss }) => loss)),
      seconds: median(times),
    }
  })
  const [theirs] = results
  return results.map((result) => (result === theirs ? result : { ...result, ...differenceOf(result, theirs) }))
}

async function measure(options, adapter, scikit) {
  const all = { wasm: wasm(), cpu: cpu(), ...(adapter && { webgpu: webgpu() }) }
  const backends = Object.fromEntries(options.ours.filter((name) => name in all).map((name) => [name, all[name]]))
  const notes = []
  const here = ([name, problem]) => {
    const missing = missingData(problem)
    if (missing) notes.push(`${name}: skipped, ${missing}`)
    return !missing
  }
  const chosen = options.problems.map((name) => [name, problems[name]]).filter(here)
  const further = options.proofsOnly.map((name) => [name, proofsOnly[name]])
  const proofs = []
  try {
    for (const [name, problem] of [...chosen, ...further]) proofs.push(await prove(name, problem, backends, scikit))
    const tables = [proofTable(proofs, Object.keys(backends), proof.epochs)]
    printTable(tables[0])
    console.log()
    const results = []
    for (const [name, problem] of chosen) {
      const { failed } = proofs.find((one) => one.problem === name)
      const proved = Object.fromEntries(Object.entries(backends).filter(([label]) => !failed.includes(label)))
      const began = performance.now()
      results.push(...(await compare(name, problem, proved, scikit, options.seeds ?? problem.seeds)))
      console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    }
    tables.push(scoreTable(results, notes))
    printTable(tables[1])
    return { proofs, results, tables }
  } finally {
    for (const backend of Object.values(all)) backend.dispose()
  }
}

async function run() {
  const options = readOptions()
  const python = findPython(options.pythons)
  if (!python) {
    console.log(
      `skipped: no Python with scikit-learn (tried ${options.pythons.join(', ')}; choose another with --python)`,
    )
    return
  }
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-scikit-'))
  let scikit
  try {
    scikit = await startScikit(python, folder)
    const machine = describeMachine()
    const versions = `scikit-learn ${scikit.version}, numpy ${scikit.numpy}`
    console.log(`${machineLine(machine)}\n${versions}`)
    const { adapter, missing } = options.ours.includes('webgpu') ? await findAdapter() : {}
    console.log(adapter ? `webgpu on ${adapter}` : `without webgpu: ${missing ?? 'not requested'}`)
    const { proofs, results, tables } = await measure(options, adapter, scikit)
    console.log(`\n${Math.round((performance.now() - began) / 1000)} s in total`)
    const figures = { scikit: scikit.version, numpy: scikit.numpy, proofs, results }
    if (options.json) await writeJson(options.json, { ...machine, adapter, ...figures })
    if (!options.write) return
    const files = await keepRun({ kind: 'scikit', adapter, machine, remarks: [`${versions}.`], tables, figures })
    console.log(`written: ${files.join(', ')}`)
  } finally {
    await scikit?.end()
    rmSync(folder, { recursive: true })
  }
}

await main(run)
