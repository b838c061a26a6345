// Checks, then times: `npm run bench` [-- W1 W2] [--rounds 5] [--seconds 0.6]. Prints a table and, with --json, the figures.
import os from 'node:os'
import { parseArgs } from 'node:util'
import { webgpu } from '../dist/node/index.js'
import { numpyLoop, ours } from './contenders.js'
import { measureInTurn } from './measure.js'
import { flopsPerStep, workloads } from './workloads.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.6' },
    backend: { type: 'string', multiple: true, default: ['cpu', 'webgpu', 'layered', 'numpy'] },
    json: { type: 'boolean', default: false },
  },
})
const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) }
const results = []
const print = values.json ? console.error : console.log
print(
  `${new Date().toISOString().slice(0, 10)}, ${os.cpus()[0]?.model}, ${os.cpus().length} processors, node ${process.version}`,
)

async function tryContender(make) {
  try {
    return await make()
  } catch (error) {
    if (error.name !== 'BackendUnavailableError') throw error
    print(`skipped: ${error.message}`)
    return undefined
  }
}

for (const key of positionals.length > 0 ? positionals : Object.keys(workloads)) {
  const workload = workloads[key]
  if (!workload) throw new Error(`unknown workload ${key}; known are ${Object.keys(workloads).join(', ')}`)
  const makers = {
    cpu: () => ours(workload, 'cpu', 'webgpu-mlp cpu'),
    webgpu: () => ours(workload, 'webgpu', 'webgpu-mlp webgpu'),
    layered: () => ours(workload, webgpu({ plan: 'layered' }), 'webgpu-mlp webgpu, layered'),
    numpy: () => numpyLoop(workload, 'numpy, loop over samples'),
  }
  const contenders = []
  for (const name of values.backend) {
    const contender = await tryContender(makers[name])
    if (contender) contenders.push(contender)
  }
  const seconds = key === 'W4' ? Math.max(options.seconds, 2) : options.seconds
  const figures = await measureInTurn(contenders, { ...options, seconds })
  print(`\n${key}: ${workload.name}`)
  for (const [i, figure] of figures.entries()) {
    const gflops = (figure.stepsPerSecond * flopsPerStep(workload)) / 1e9
    const range = `${figure.least.toPrecision(3)} … ${figure.most.toPrecision(3)}`
    const on = contenders[i].description ?? ''
    print(`  ${figure.label.padEnd(26)} ${figure.stepsPerSecond.toPrecision(4).padStart(10)} steps/s  (${range})  ${gflops.toPrecision(3)} GFLOP/s  ${on}`) // prettier-ignore
    results.push({ workload: key, ...figure, gflops, on })
  }
  for (const { dispose } of contenders) dispose?.()
}
if (values.json) console.log(JSON.stringify(results))
