// `npm run bench`: reference rates of the adapter, W1-W4 on each backend, scaling, growth of memory, and the cost of
// delayed promises, of windows and of files.
import { checkNames, checkNumber, main, readArguments } from './arguments.js'
import { Budget } from './budget.js'
import { ceilingsTable, measureCeilings } from './ceilings.js'
import { backendNames, compareBackends } from './comparison.js'
import { findAdapter } from './contenders.js'
import { measureMemory, memoryTable } from './memory.js'
import { describeMachine, keepRun, machineLine, writeJson } from './results.js'
import { measureSeries, series } from './scaling.js'
import { printTable } from './table.js'
import { measureWaits } from './waits.js'
import { measureWindows } from './windows.js'
import { workloads } from './workloads.js'

/** The fraction of the time budget for each part. Unused time is available to later parts. */
const parts = { ceilings: 0.08, workloads: 0.37, memory: 0.07, waits: 0.13, windows: 0.1, scaling: 0.25 }
const usage = `
npm run bench -- [${Object.keys(workloads).join(' ')}] [options]

Checks each contender against float64, then times it. Without arguments, runs all parts within the time budget.

  --part NAME      run only this part, may be repeated: ${Object.keys(parts).join(', ')}
                   (default: all, or ceilings and workloads if workloads are given)
  --backend NAME   run only this backend, may be repeated: ${backendNames.join(', ')}
  --budget SECONDS time budget (default 265)
  --rounds N       timed rounds (default 5); fewer if the time budget is used up
  --seconds N      time of one contender in one round (default 0.6)
  --write          save the results: a file in bench/results and a section in bench/RESULTS.md
  --json FILE      write all results to a file
`

function readOptions() {
  const many = { type: 'string', multiple: true }
  const { values, positionals } = readArguments(usage, {
    part: many,
    backend: { ...many, default: backendNames },
    budget: { type: 'string', default: '265' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.6' },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
  })
  checkNames('workload', positionals, Object.keys(workloads))
  const defaultParts = positionals.length > 0 ? ['ceilings', 'workloads'] : Object.keys(parts)
  return {
    workloads: positionals.length > 0 ? positionals : Object.keys(workloads),
    parts: checkNames('part', values.part ?? defaultParts, Object.keys(parts)),
    backends: [...new Set(checkNames('backend', values.backend, backendNames))],
    budget: checkNumber('budget', values.budget, { least: 1 }),
    rounds: checkNumber('rounds', values.rounds, { least: 1, whole: true }),
    seconds: checkNumber('seconds', values.seconds, { least: 0.01 }),
    write: values.write,
    json: values.json,
  }
}

/** Runs the parts one after another; calls `show` with each table when it is complete. */
async function measure(options, adapter, show) {
  const budget = new Budget(options.budget)
  const backends = options.backends.filter((backend) => adapter || backend === 'cpu' || backend === 'numpy')
  const onDevice = backends.some((backend) => backend !== 'cpu' && backend !== 'numpy')
  const figures = {}
  const partOf = (part) => {
    const remaining = options.parts.filter((name) => !(name in figures) && (onDevice || !['ceilings', 'memory', 'waits'].includes(name))) // prettier-ignore
    return budget.part(parts[part] / remaining.reduce((sum, name) => sum + parts[name], 0))
  }
  const wanted = (part) => options.parts.includes(part)

  if (wanted('ceilings') && onDevice) {
    figures.ceilings = await measureCeilings(partOf('ceilings'))
    show(ceilingsTable(figures.ceilings))
  }
  const { ceilings } = figures
  if (wanted('workloads')) {
    const part = partOf('workloads')
    figures.workloads = []
    for (const [i, key] of options.workloads.entries()) {
      // The last workload, usually the largest network, gets twice the time of the others.
      const time = part.part((i === options.workloads.length - 1 ? 2 : 1) / (options.workloads.length - i + 1))
      const { results, table } = await compareBackends(key, backends, { ...options, budget: time, ceilings })
      figures.workloads.push(...results)
      show(table)
    }
  }
  if (wanted('memory') && onDevice) {
    figures.memory = await measureMemory(partOf('memory'))
    show(memoryTable(figures.memory))
  }
  if (wanted('waits') && backends.includes('webgpu')) {
    const { results, table } = await measureWaits({ ...options, budget: partOf('waits') })
    figures.waits = results
    show(table)
  }
  if (wanted('windows')) {
    const part = partOf('windows')
    figures.windows = []
    const both = ['webgpu', 'cpu'].filter((backend) => backends.includes(backend))
    for (const [i, backend] of both.entries()) {
      const { results, table } = await measureWindows(backend, { rounds: 5, budget: part.part(1 / (both.length - i)) })
      figures.windows.push(...results)
      show(table)
    }
  }
  if (wanted('scaling')) {
    const part = partOf('scaling')
    figures.scaling = []
    const scaled = ['cpu', 'webgpu'].filter((backend) => backends.includes(backend))
    for (const [i, one] of series.entries()) {
      if (scaled.length === 0) break
      const time = part.part(1 / (series.length - i))
      const { results, table } = await measureSeries(one, scaled, { rounds: 3, budget: time, ceilings })
      figures.scaling.push(...results)
      show(table)
    }
  }
  return figures
}

async function run() {
  const options = readOptions()
  const began = performance.now()
  const machine = { ...describeMachine(), budget: options.budget, rounds: options.rounds, seconds: options.seconds }
  console.log(machineLine(machine))
  const { adapter, missing } = await findAdapter()
  console.log(adapter ? `webgpu on ${adapter}` : `without webgpu: ${missing}`)
  const tables = []
  const figures = await measure(options, adapter, (table) => {
    printTable(table)
    tables.push(table)
  })
  console.log(`\n${Math.round((performance.now() - began) / 1000)} s in total`)
  const all = { ...machine, adapter, ...figures }
  if (options.json) await writeJson(options.json, all)
  if (options.write) console.log(`written: ${(await keepRun({ kind: 'bench', adapter, machine, tables, figures })).join(', ')}`) // prettier-ignore
}

await main(run)
