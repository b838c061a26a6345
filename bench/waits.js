// Measures the cost of delayed promises as in Firefox: W1-W3 on two devices of one adapter, one of which resolves its
// promises on a timer of 100 ms.
import { webgpu } from '../dist/node/index.js'
import { openDevice } from './ceilings.js'
import { delayPromises } from './late-device.js'
import { ours } from './contenders.js'
import { measureInTurn } from './measure.js'
import { number, percent } from './table.js'
import { workloads } from './workloads.js'

const keys = ['W1', 'W2', 'W3']
const columns = ['', 'steps/s', 'with 100 ms timer', '÷ without timer']

/** @param {{ rounds: number, seconds: number, budget: import('./budget.js').Budget }} options */
export async function measureWaits({ rounds, seconds, budget }) {
  const devices = [await openDevice(), delayPromises(await openDevice())]
  const results = []
  const notes = []
  try {
    for (const [i, key] of keys.entries()) {
      const time = budget.part(1 / (keys.length - i))
      const contenders = []
      for (const [j, device] of devices.entries()) {
        contenders.push(await ours(workloads[key], webgpu({ device }), j === 0 ? 'without timer' : 'with timer'))
      }
      try {
        // Long enough to make one tick of the timer negligible.
        const [plain, late] = await measureInTurn(contenders, { rounds, seconds: Math.max(2, seconds), budget: time })
        if (late.rounds < rounds)
          notes.push(`${key}: timed in ${late.rounds} of ${rounds} rounds because of the time budget`)
        results.push({ workload: key, plain, late })
      } finally {
        for (const { dispose } of contenders) dispose()
      }
    }
  } finally {
    for (const device of devices) device.destroy()
  }
  const rows = results.map(({ workload, plain, late }) => [
    `${workload}: ${workloads[workload].name}`,
    number(plain.stepsPerSecond),
    number(late.stepsPerSecond),
    percent(late.stepsPerSecond / plain.stepsPerSecond),
  ])
  return {
    results,
    table: { title: 'Promises of the device resolve every 100 ms, as in Firefox', columns, rows, notes },
  }
}
