// Times W1-W4 on each backend in turn, and relates the rates to the reference rates of the adapter.
import { Network, Trainer } from '../dist/node/index.js'
import { numpyLoop, ourBackends, ours } from './contenders.js'
import { measureInTurn } from './measure.js'
import { number, percent, ratio } from './table.js'
import { bytesPerStep, flopsPerStep, workloads } from './workloads.js'

const labels = {
  cpu: 'cpu, float32',
  webgpu: 'webgpu',
  layered: 'webgpu, layered',
  resident: 'webgpu, resident',
  numpy: 'numpy, loop over samples',
}
export const backendNames = Object.keys(labels)

const columns = ['', 'steps/s', 'least … most', '÷ cpu', 'samples/s', 'GFLOP/s', 'of product', 'KiB/step', 'of copy']

/** Both plans are timed only for networks that both support; for all others 'webgpu' already uses the layered plan. */
const bothPlans = (backend) => backend === 'layered' || backend === 'resident'

/**
 * @param {string} key of a workload
 * @param {string[]} backends
 * @param {{ rounds: number, seconds: number, budget: import('./budget.js').Budget, ceilings?: object }} options
 * @returns {Promise<{ results: object[], table: import('./table.js').Table }>}
 */
export async function compareBackends(key, backends, { rounds, seconds, budget, ceilings }) {
  const workload = workloads[key]
  const notes = []
  const contenders = []
  try {
    const set = new Set(backends)
    const twice = backends.some(bothPlans) && (await supportsResident(workload))
    for (const backend of backends) {
      // If only 'layered' is requested, it is timed for every network; 'resident' only where it is supported.
      if (bothPlans(backend) && !twice && (backend === 'resident' || set.has('webgpu'))) continue
      if (budget.left === 0) {
        notes.push(`${labels[backend]}: skipped, the time budget is used up`)
        continue
      }
      // Networks that the resident plan supports are too small for tile measurements.
      const warmUp = backend === 'cpu' || twice ? 0.4 : 1.2
      const contender = await start(workload, backend, warmUp, notes)
      if (contender) contenders.push({ ...contender, backend, plans: twice })
    }
    const figures = await measureInTurn(contenders, { rounds, seconds, budget })
    const least = Math.min(...figures.map((figure) => figure.rounds))
    if (least < rounds) notes.push(`timed in ${least} of ${rounds} rounds because of the time budget`)
    const results = figures.map((figure, i) => evaluate(key, workload, contenders[i], figure, ceilings))
    return { results, table: { title: `${key}: ${workload.name}`, columns, rows: results.map(rowOf(results)), notes } }
  } finally {
    for (const { dispose } of contenders) dispose()
  }
}

/** Whether the resident plan supports this network: the library throws an InputError if it does not. */
async function supportsResident({ sizes, hidden, output, loss, batchSize }) {
  const backend = ourBackends.resident()
  try {
    const network = Network.create({ sizes, hidden, output, seed: 1 })
    const trainer = await Trainer.create(network, { backend, loss, batchSize })
    trainer.dispose()
    return true
  } catch (error) {
    if (error.name !== 'InputError') throw error
    return false
  } finally {
    backend.dispose()
  }
}

/** Starts a contender. A failure is added to the notes; the other contenders continue. */
async function start(workload, backend, warmUp, notes) {
  try {
    if (backend !== 'numpy') return await ours(workload, ourBackends[backend](), labels[backend], { warmUp })
    const contender = await numpyLoop(workload, labels.numpy)
    if (!contender) notes.push('numpy: not installed for python3')
    return contender
  } catch (error) {
    process.exitCode = 1
    notes.push(`${labels[backend]}: failed: ${String(error.message).split('\n', 1)[0]}`)
    return undefined
  }
}

function evaluate(key, workload, { backend, plans, description }, figure, ceilings) {
  const gflops = (figure.stepsPerSecond * flopsPerStep(workload)) / 1e9
  const onDevice = backend !== 'cpu' && backend !== 'numpy'
  // The formula does not apply to the resident plan, which keeps the parameters in registers.
  const moves = onDevice && (!plans || backend === 'layered') ? bytesPerStep(workload) : undefined
  return {
    workload: key,
    backend,
    ...figure,
    samplesPerSecond: figure.stepsPerSecond * workload.batchSize,
    gflops,
    ofProduct: onDevice && ceilings ? gflops / ceilings.product : undefined,
    bytesPerStep: moves,
    ofCopy: moves && ceilings ? (moves * figure.stepsPerSecond) / 1e9 / ceilings.copy : undefined,
    on: description,
  }
}

const rowOf = (results) => (result) => {
  const cpu = results.find(({ backend }) => backend === 'cpu')
  return [
    result.label,
    number(result.stepsPerSecond),
    `${number(result.least)} … ${number(result.most)}`,
    ratio(cpu && result.stepsPerSecond / cpu.stepsPerSecond),
    number(result.samplesPerSecond),
    number(result.gflops),
    percent(result.ofProduct),
    number(result.bytesPerStep / 1024),
    percent(result.ofCopy),
  ]
}
