// `npm run bench:csv`: how fast a CSV file of numbers becomes a Dataset on one core, beside papaparse and the other readers
// that are installed (udsv and csv-parse are not dependencies). Checks all values against Number first.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Papa from 'papaparse'
import { readDataset } from '../dist/node/files.js'
import { checkNumber, main, readArguments } from './arguments.js'
import { printTable } from './table.js'

const usage = `
npm run bench:csv -- [options]

  --megabytes N    size of the file (default 50)
  --file FILE      a file of numbers of your own, without words`

const COLUMNS = 29

/** Numbers with two to eight digits, and a class of 0 or 1; the same in each run. */
function makeText(bytes) {
  let state = 12345
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const cell = (j) => {
    if (j === COLUMNS - 1) return String(Math.round(random()))
    if (j % 4 === 0) return (100 * random()).toFixed(2)
    return j % 4 === 1 ? String(Math.floor(1000 * random())) : (4 * random() - 2).toPrecision(8)
  }
  const row = () => Array.from({ length: COLUMNS }, (_, j) => cell(j)).join(',')
  const rows = [Array.from({ length: COLUMNS }, (_, j) => `f${j}`).join(',')]
  for (let length = 0; length < bytes; length += rows.at(-1).length + 1) rows.push(row())
  return `${rows.join('\n')}\n`
}

/** All rows of numbers as text cells, made numbers one by one. */
const readers = {
  papaparse: (text) =>
    Papa.parse(text, { delimiter: ',', skipEmptyLines: true })
      .data.slice(1)
      .map((row) => row.map(Number)),
}

async function addInstalled() {
  const { inferSchema, initParser } = await import('udsv').catch(() => ({}))
  if (initParser) readers.udsv = (text) => initParser(inferSchema(text)).typedArrs(text)
  const { parse } = await import('csv-parse/sync').catch(() => ({}))
  if (parse)
    readers['csv-parse'] = (text) =>
      parse(text)
        .slice(1)
        .map((row) => row.map(Number))
}

/** Seconds of wall time and of processor time. */
async function time(run) {
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const result = await run()
  const { user, system } = process.cpuUsage(cpu)
  return { result, wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 }
}

function check({ inputs }, text) {
  const lines = text.trimEnd().split('\n').slice(1)
  if (lines.length !== inputs.rows) throw new Error(`expected ${lines.length} rows, got ${inputs.rows}`)
  lines.forEach((line, i) => {
    const cells = line.split(',')
    for (let j = 0; j < inputs.cols; j++) {
      if (inputs.get(i, j) !== Math.fround(Number(cells[j])))
        throw new Error(`row ${i}, column ${j}: ${inputs.get(i, j)}`)
    }
  })
}

await main(async () => {
  const { values } = readArguments(usage, { megabytes: { type: 'string', default: '50' }, file: { type: 'string' } })
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-bench-'))
  try {
    const path = values.file ?? join(folder, 'numbers.csv')
    if (!values.file) writeFileSync(path, makeText(1e6 * checkNumber('megabytes', values.megabytes, { least: 1 })))
    const text = readFileSync(path, 'latin1')
    await addInstalled()
    const rows = []
    const add = (name, { wall, cpu }) => {
      rows.push([name, (text.length / 1e6 / wall).toFixed(0), (text.length / 1e6 / cpu).toFixed(0)])
    }
    check((await readDataset(path)).train, text)
    for (let round = 1; round <= 2; round++) add(`readDataset, round ${round}`, await time(() => readDataset(path)))
    for (const [name, read] of Object.entries(readers))
      add(`${name}, to arrays of numbers`, await time(() => read(text)))
    printTable({ title: 'CSV of numbers', columns: ['', 'MB/s', 'MB per processor second'], rows })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
