// Measures the cost for increasing numbers of samples, widths and batch sizes. Each point of a series has a trainer; all
import { cpu, webgpu } from '../dist/node/index.js'
import { makeDataset, makeNetwork, makeTrainer } from './contenders.js'
import { measureInTurn } from './measure.js'
import { number, ratio } from './table.js'
import { countParameters, flopsPerStep, workloads } from './workloads.js'

const classes = { hidden: 'relu', output: 'softmax', loss: 'crossEntropy', optimizer: 'sgd', learningRate: 0.01 }
const regression = { hidden: 'relu', output: 'linear', loss: 'meanSquaredError', optimizer: 'sgd', learningRate: 0.01 }
const powers = [1e3, 1e4, 1e5, 1e6]

/** `flat`: the goal is a constant time per sample; `resident`: the resident plan supports the network. */
export const series = [
  {
    name: 'samples, small network',
    title: 'Samples: 2-3-2, batch 10',
    flat: true,
    resident: true,
    points: powers.map((samples) => ({ at: samples, workload: { ...workloads.W1, samples } })),
  },
  {
    name: 'samples, wider network',
    title: 'Samples: 64-32-10, batch 64',
    flat: true,
    points: powers.map((samples) => ({
      at: samples,
      workload: { ...classes, sizes: [64, 32, 10], batchSize: 64, samples },
    })),
  },
  {
    name: 'width',
    title: 'Width: w-w-w, batch 64',
    points: [16, 64, 256, 1024, 2048].map((width) => ({
      at: width,
      workload: { ...regression, sizes: [width, width, width], batchSize: 64 },
    })),
  },
  {
    name: 'batch',
    title: 'Batch: 784-128-10',
    points: [1, 8, 64, 512, 4096].map((batchSize) => ({
      at: batchSize,
      workload: { ...classes, sizes: [784, 128, 10], batchSize },
    })),
  },
]

/** The assumed GFLOP/s of a backend before the first measurement. */
const assumedGflops = 2
/** Work of one epoch for series without a number of samples, large compared with the fixed cost of an epoch. */
const epochFlops = { slow: 2e8, fast: 1e11 }
const mostValues = 2 ** 24
/** The largest relative deviation of the time per sample from the first point that counts as flat. */
const flatness = 0.2
/** Shorter than the one second after which the library measures tiles, which takes very long on a software adapter. */
const roundSeconds = 0.4

/** Chooses the number of minibatches for enough work in an epoch: 2 to 1024, with at most 64 MiB of inputs. */
function withSamples(workload, fast) {
  if (workload.samples) return workload
  const { sizes, batchSize } = workload
  const enough = Math.round(epochFlops[fast ? 'fast' : 'slow'] / flopsPerStep(workload))
  const fitting = Math.floor(mostValues / (sizes[0] * batchSize))
  return { ...workload, samples: batchSize * Math.max(2, Math.min(1024, enough, fitting)) }
}

/**
 * @param {typeof series[number]} one
 * @param {string[]} backends cpu, webgpu
 * @param {{ rounds: number, budget: import('./budget.js').Budget, ceilings?: object }} options
 */
export async function measureSeries(one, backends, options) {
  const measured = []
  for (const [i, backend] of backends.entries()) {
    // The CPU backend compiles nothing, so it gets the smaller part of the time.
    const budget = options.budget.part(i < backends.length - 1 ? 0.35 : 1)
    measured.push(...(await measureBackend(one, backend, { ...options, budget })))
  }
  return { results: measured, table: tableOf(one, backends, measured) }
}

async function measureBackend({ name, points, flat, resident }, backend, { rounds, budget, ceilings }) {
  const shared = backend === 'webgpu' ? webgpu() : cpu()
  const fast = backend === 'webgpu' && ceilings?.software === false
  // A trainer measures tiles after one second of training, which would distort one round. So each round has a new trainer.
  const fresh = backend === 'webgpu' && !resident
  const results = []
  const contenders = []
  const usual = (backend === 'webgpu' && ceilings?.product) || assumedGflops
  const known = { gflops: usual, setUp: 0 }
  try {
    for (const [i, point] of points.entries()) {
      const workload = withSamples(point.workload, fast)
      const { sizes, batchSize, samples } = workload
      const result = { series: name, at: point.at, backend, sizes, batchSize, samples }
      results.push(result)
      // Half of the time is for the rounds.
      result.leftOut = whyLeftOut(workload, known, budget.left / 2 / (points.length - i), budget.left)
      if (result.leftOut) continue
      try {
        const contender = await startPoint(workload, shared, { fresh, checked: backend !== 'cpu' })
        const gflops = (contender.stepsPerSecond * flopsPerStep(workload)) / 1e9
        // Overhead dominates small steps, so the rate of the next, larger point is higher.
        known.gflops = flat ? gflops : Math.max(gflops, usual / 2)
        known.setUp = contender.setUp
        contenders.push({ ...contender, label: name, workload, result })
      } catch (error) {
        process.exitCode = 1
        result.failed = String(error.message).split('\n', 1)[0]
      }
    }
    const seconds = Math.min(roundSeconds, budget.left / rounds / Math.max(1, contenders.length))
    const figures = await measureInTurn(contenders, { rounds, seconds, budget })
    for (const [i, { workload, result }] of contenders.entries()) Object.assign(result, evaluate(workload, figures[i]))
    const timed = results.filter(({ secondsPerSample }) => secondsPerSample)
    for (const result of timed) result.relative = result.secondsPerSample / timed[0].secondsPerSample
    return results
  } finally {
    for (const { dispose } of contenders) dispose()
    shared.dispose()
  }
}

/** Estimates the time of a point from the rate of the previous one; returns the reason to skip it if it exceeds its share. */
function whyLeftOut(workload, { gflops, setUp }, share, left) {
  if (setUp >= left) return 'the time budget is used up'
  const steps = stepsOf(workload)
  const seconds = (flopsPerStep(workload) * steps) / gflops / 1e9
  if (seconds <= share) return undefined
  const what = steps > 2 ? 'an epoch' : 'two steps'
  return `${what} would take about ${number(seconds)} s of at most ${number(share)} s`
}

const stepsOf = ({ samples, batchSize }) => Math.ceil(samples / batchSize)

/**
 * Prepares a point for timing. The time counts epochs only, not the fixed cost of a call of fit (checking and uploading
 * the data).
 * @param {{ fresh: boolean, checked: boolean }} options fresh: each round creates a trainer; checked: the loss of the
 *   first two steps is compared with the CPU backend, which W1-W4 compare with float64
 */
async function startPoint(workload, backend, { fresh, checked }) {
  const began = performance.now()
  const data = makeDataset(workload)
  const network = makeNetwork(workload)
  if (checked) await checkLoss(workload, data, network, backend)
  let kept
  let epochsPerSecond = 0
  const run = async (seconds) => {
    const trainer = kept ?? (await makeTrainer(workload, network, backend))
    if (!fresh) kept = trainer
    // In its first epoch, a trainer determines how much work fits into a submit.
    if (fresh && 2 / epochsPerSecond < seconds) await trainer.fit(data, { epochs: 1 })
    const { epochs } = await trainer.fit(data, { epochs: Math.max(1, Math.round(epochsPerSecond * seconds)) })
    epochsPerSecond = epochs.length / epochs.reduce((sum, epoch) => sum + epoch.seconds, 0)
    if (fresh) trainer.dispose()
    return epochsPerSecond * stepsOf(workload)
  }
  await run(0)
  const setUp = (performance.now() - began) / 1000
  // The second run excludes the compilation on first use.
  const stepsPerSecond = await run(0)
  return { run, warm: true, setUp, stepsPerSecond, dispose: () => kept?.dispose() }
}

/** Compares the losses of two minibatches; the second loss depends on the update of the first step. */
async function checkLoss(workload, data, network, backend) {
  const rows = data.take(Uint32Array.from({ length: 2 * workload.batchSize }, (_, i) => i))
  const losses = []
  for (const one of [backend, 'cpu']) {
    const trainer = await makeTrainer(workload, network, one)
    const { epochs } = await trainer.fit(rows, { epochs: 1 })
    losses.push(epochs[0].loss)
    trainer.dispose()
  }
  const [got, want] = losses
  if (!(Math.abs(got - want) <= 1e-4 * Math.abs(want)))
    throw new Error(`the result is incorrect: loss ${got}, cpu ${want}`)
}

function evaluate(workload, { stepsPerSecond, least, most, rounds }) {
  // The last minibatch of an epoch may be smaller than the others.
  const perStep = workload.samples / stepsOf(workload)
  return {
    parameters: countParameters(workload),
    stepsPerSecond,
    least,
    most,
    rounds,
    secondsPerSample: 1 / (stepsPerSecond * perStep),
    gflops: (stepsPerSecond * flopsPerStep(workload)) / 1e9,
  }
}

function tableOf({ name, title, flat, points }, backends, results) {
  const find = (backend, at) => results.find((result) => result.backend === backend && result.at === at)
  const columns = backends.flatMap((backend) =>
    flat ? [`${backend}: µs/sample`, '÷ first', 'GFLOP/s'] : [`${backend}: ms/step`, 'samples/s', 'GFLOP/s'],
  )
  const cells = ({ secondsPerSample, stepsPerSecond, relative, gflops }) =>
    flat
      ? [number(1e6 * secondsPerSample), ratio(relative), number(gflops)]
      : [number(1e3 / stepsPerSecond), number(1 / secondsPerSample), number(gflops)]
  const rows = points.map(({ at }) => [number(at), ...backends.flatMap((backend) => cells(find(backend, at)))])
  const notes = backends.flatMap((backend) => {
    const own = results.filter((result) => result.backend === backend)
    return [...own.flatMap(remark), ...(flat ? [flatnessOf(backend, own)] : [])]
  })
  return { title, columns: [name.split(',', 1)[0], ...columns], rows, notes }
}

function remark({ backend, at, leftOut, failed }) {
  if (failed) return [`${backend}, ${number(at)}: failed: ${failed}`]
  return leftOut ? [`${backend}, ${number(at)}: skipped, ${leftOut}`] : []
}

function flatnessOf(backend, results) {
  const timed = results.filter(({ relative }) => relative)
  if (timed.length < 2) return `${backend}: not enough points to check whether the time per sample is flat`
  const deviating = timed.filter(({ relative }) => Math.abs(relative - 1) > flatness)
  const range = `from ${number(timed[0]?.at)} to ${number(timed.at(-1)?.at)} samples`
  if (deviating.length === 0) return `${backend}: flat within ${100 * flatness} % ${range}`
  const where = deviating.map(({ at, relative }) => `${ratio(relative)} at ${number(at)}`).join(', ')
  return `${backend}: time per sample is not flat within ${100 * flatness} % ${range}: ${where}`
}
