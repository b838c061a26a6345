import { expect, it } from 'vitest'
import { hardwareTable } from '../bench/hardware.js'

const reportOf = (date: string, name: string, software: boolean) => ({
  date,
  adapter: { name, software },
  machine: { node: 'v24.1.0', dawn: '0.6.2', system: 'linux x64 6.1' },
  results: [{ ok: true }, { ok: false }],
  rates: [{ name: 'W2', stepsPerSecond: 35_000.4 }],
  products: software ? undefined : { size: 4096, peak: 60e12, step: 15e12 },
})

it('the table of checked hardware has the newest report first, and a dash for what was not measured', () => {
  const { columns, rows } = hardwareTable([
    reportOf('2026-11-01T00:00:00Z', 'Old', true),
    reportOf('2026-11-27T00:00:00Z', 'New', false),
  ])
  expect(rows.map((row) => row.length)).toEqual([columns.length, columns.length])
  const about = 'Node v24.1.0, Dawn 0.6.2, linux x64'
  expect(rows).toEqual([
    ['New', '2026-11-27', about, '1 of 2', '–', '35,000', '–', '–', '60', '25.0 % (4096)'],
    ['Old (software adapter)', '2026-11-01', about, '1 of 2', '–', '35,000', '–', '–', '–', '–'],
  ])
})
