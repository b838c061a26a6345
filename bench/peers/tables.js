// Tables of the comparison with other libraries: one per workload for the terminal, and a summary for the results file.
import { number, ratio } from '../table.js'

/** The adapter that this library used. */
export function adapterOf(results) {
  return results.find(({ backend }) => backend === 'webgpu' || backend === 'layered')?.on
}

/** @returns {import('../table.js').Table} */
export function peersTable(title, results, rounds, notes) {
  return {
    title,
    columns: ['', 'steps/s', 'least … most', 'ours ÷ it', 'of ours', 'proof', 'version'],
    rows: results.filter(({ failure }) => !failure).map(rowOf),
    notes: [...notes, ...results.flatMap((result) => remarksOn(result, rounds))],
  }
}

function rowOf({ label, stepsPerSecond, least, most, ratio: times, against, difference, version }) {
  return [
    label,
    number(stepsPerSecond),
    `${number(least)} … ${number(most)}`,
    ratio(times),
    against && times ? against : '',
    difference === undefined ? 'verified' : difference.toExponential(1),
    version?.split(',', 1)[0] ?? '',
  ]
}

function remarksOn({ label, trained, remark, failure, rounds: timed, stepSeconds }, rounds) {
  if (failure) return [`${label}: crashed: ${failure}`]
  const remarks = []
  if (trained) remarks.push(`trains on single samples, proof with ${trained.loss}`)
  if (remark) remarks.push(remark)
  if (timed < rounds) {
    remarks.push(`timed in ${timed} of ${rounds} rounds because a step takes ${number(stepSeconds)} s`)
  }
  return remarks.length > 0 ? [`${label}: ${remarks.join('; ')}`] : []
}

/** The summary: one row per contender, one column per workload; steps/s, and the ratio of this library's rate to it. */
export function summaryTables(results, keys) {
  const labels = [...new Set(results.map(({ label }) => label))]
  const cell = (result) => {
    if (!result || result.failure) return '–'
    const { stepsPerSecond, ratio: times } = result
    return times ? `${number(stepsPerSecond)} (${ratio(times)})` : number(stepsPerSecond)
  }
  const rows = labels.map((label) => {
    const own = results.filter((result) => result.label === label)
    const version = own.find((result) => result.version)?.version.split(',', 1)[0]
    const name = version ? `${label} ${version}` : label
    return [name, ...keys.map((key) => cell(own.find(({ workload }) => workload === key)))]
  })
  return [
    {
      title:
        "Steps/s (in parentheses the ratio of this library's rate: webgpu for contenders on a GPU, wasm or cpu for the others)",
      columns: ['', ...keys],
      rows,
      notes: [...new Set(results.flatMap(notesOn))],
    },
  ]
}

function notesOn({ label, workload, trained, rounds, stepSeconds, failure }) {
  if (failure) return [`${label} crashed on ${workload}.`]
  const notes = []
  if (trained) notes.push(`${label} trains on single samples; a step is as many samples as a minibatch.`)
  if (stepSeconds > 1 && rounds < 3) notes.push(`${label} on ${workload}: only ${rounds} steps of ${number(stepSeconds)} s each.`) // prettier-ignore
  return notes
}
