// How the figures beside other libraries are shown: a table a workload in the terminal, one of all for the results.
import { number, ratio } from '../table.js'

/** The adapter that ours ran on. */
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
  if (trained) remarks.push(`trains single samples, proved with ${trained.loss}`)
  if (remark) remarks.push(remark)
  if (timed < rounds) {
    remarks.push(`a step takes ${number(stepSeconds)} s, so it is timed in ${timed} of ${rounds} rounds`)
  }
  return remarks.length > 0 ? [`${label}: ${remarks.join('; ')}`] : []
}

/** One table: a row a contender, a column a workload; steps/s, and how many times that ours makes. */
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
      title: "Steps/s (how many times as many ours makes: webgpu against the peers' GPUs, cpu against the others)",
      columns: ['', ...keys],
      rows,
      notes: [...new Set(results.flatMap(notesOn))],
    },
  ]
}

function notesOn({ label, workload, trained, rounds, stepSeconds, failure }) {
  if (failure) return [`${label} crashed on ${workload}.`]
  const notes = []
  if (trained) notes.push(`${label} trains single samples; a step is so many of them as ours has in a minibatch.`)
  if (stepSeconds > 1 && rounds < 3) notes.push(`${label} on ${workload}: ${rounds} steps only, of ${number(stepSeconds)} s each.`) // prettier-ignore
  return notes
}
