// Keeps reports of `webgpu-mlp doctor --check` in bench/hardware, and writes a table of all of them into RESULTS.md.
// node bench/hardware.js report.json ...
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { slug, writeJson, writeSection } from './results.js'
import { markdownTable, number, percent } from './table.js'

const folder = new URL('./hardware/', import.meta.url)
const heading = '## Hardware that was checked'

/** A report that a check has written. */
function readReport(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'))
  if (report.format !== 'webgpu-mlp check') throw new Error(`${path} is not a report of doctor --check`)
  if (!report.adapter) throw new Error(`${path}: no adapter was found, so nothing was checked`)
  return report
}

/** The name of the adapter, with the device where the name has only its driver, as in the first reports. */
function nameOf({ adapter: { name, info } }) {
  return /^NVIDIA: \d/.test(name) && info.device ? `${info.device} (driver ${name.split(' ')[1]})` : name
}

/** @returns {import('./table.js').Table} one row for each report, the newest first */
export function hardwareTable(reports) {
  const rate = (report, name) => number(report.rates.find((one) => one.name === name)?.stepsPerSecond)
  const rows = reports
    .toSorted((a, b) => b.date.localeCompare(a.date))
    .map((report) => {
      const { adapter, machine, results, products } = report
      const passed = results.filter(({ ok }) => ok).length
      return [
        `${nameOf(report)}${adapter.software ? ' (software adapter)' : ''}`,
        report.date.slice(0, 10),
        `Node ${machine.node}, Dawn ${machine.dawn ?? '–'}, ${machine.system.split(' ').slice(0, 2).join(' ')}`,
        `${passed} of ${results.length}`,
        ...['W1', 'W2', 'W3', 'W4'].map((name) => rate(report, name)),
        products ? `${number(products.peak / 1e12)}` : '–',
        products ? `${percent(products.step / products.peak)} (${products.size})` : '–',
      ]
    })
  return {
    title: 'Reports of doctor --check in bench/hardware: steps per second, and large matrix products',
    columns: [
      'adapter',
      'date',
      'with',
      'passed',
      'W1',
      'W2',
      'W3',
      'W4',
      'peak, TFLOP/s',
      'step of n-n-n, of peak (n)',
    ],
    rows,
    notes: [
      'The peak is that of float32 multiply-adds in registers, as measured. A step of n-n-n consists of five products of n × n matrices.',
    ],
  }
}

async function main(paths) {
  mkdirSync(folder, { recursive: true })
  for (const report of paths.map(readReport)) {
    const name = `${report.date.slice(0, 10)}-${slug(nameOf(report))}.json`
    await writeJson(fileURLToPath(new URL(name, folder)), report)
  }
  const kept = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const reports = kept.map((name) => readReport(new URL(name, folder)))
  await writeSection(heading, `${heading}\n\n${markdownTable(hardwareTable(reports))}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
