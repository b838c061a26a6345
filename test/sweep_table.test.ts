import xterm from '@xterm/headless'
import { describe, expect, it } from 'vitest'
import { showRedrawn } from '../src/cli/live/redraw.ts'
import { checkAxes } from '../src/cli/sweep/axes.ts'
import { parseSweep } from '../src/cli/sweep/options.ts'
import { backendOf } from '../src/cli/sweep/run.ts'
import { tableLines } from '../src/cli/sweep/table.ts'
import { circle, sweep, type SweepResult, type SweepRound } from '../src/index.ts'

const words = ['--data', 'circle', '--layers', '2,3,2', '--hidden', 'tanh,relu', '--lr', '0.088789,3', '--seeds', '3']
const checked = checkAxes(parseSweep(words).options)
const options = { checked, scoreName: 'accuracy', varied: ['hidden', 'learningRate'], hasSeeds: true, rounds: 1, colour: false } as const // prettier-ignore

const best: SweepResult[] = await sweep(circle({ samples: 20, seed: 1 }), {
  ...{ sizes: [2, 3, 2], hidden: ['tanh', 'relu'], learningRate: [0.088789, 3], seeds: 3, epochs: 1, backend: 'cpu' },
})

/** The best networks, with something else in some places. */
const changed = (change: object): SweepResult[] => best.map((one) => Object.assign({}, one, change))

const roundOf = (progress: number, change: Partial<SweepRound> = {}): SweepRound => ({
  ...{ best, progress, networks: 1288, remaining: 1288, seconds: 90 * progress, networksPerSecond: 31.4, halving: 1 },
  ...{ finished: [], recoveries: 0, separately: { networks: 0, threads: 1, reasons: [] } },
  ...change,
})

describe('the live table of a sweep', () => {
  it.each([
    { columns: 40, rows: 10, status: '█░░░ 25% | 966 of 1,288 remain', head: 'score  hidden  learning rate$' },
    { columns: 60, rows: 15, status: '██░░░░░░ 25% | 966 of 1,288 remain | 1 min 8 s left', head: 'score  loss +hidden  learning rate  seed' }, // prettier-ignore
    { columns: 80, rows: 24, status: '| 966 of 1,288 networks remain | 31 networks/s', head: 'score  loss +hidden' },
    { columns: 7, rows: 3, status: '█░░░ 2', head: '' },
  ])('fits a terminal of $columns × $rows', ({ columns, rows, status, head }) => {
    const lines = tableLines(roundOf(0.25), options, { columns, rows })
    expect(lines.length).toBeLessThan(rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns)
    expect(lines.at(-1)).toContain(status)
    if (head !== '') expect(lines[0]).toMatch(new RegExp(head))
  })

  it('keeps its columns in their places, and is overwritten without being cleared first', async () => {
    const screen = new xterm.Terminal({ cols: 60, rows: 15, allowProposedApi: true })
    const written: string[] = []
    const terminal = { columns: 60, rows: 15, write: (text: string) => written.push(text), on: () => 0, off: () => 0 }
    const widths = new Map<string, number>()
    let round = roundOf(0.25, { best: changed({ loss: 0.0088888 }) })
    const display = showRedrawn(terminal, (size) => tableLines(round, { ...options, widths }, size))
    const places = async () => {
      await new Promise<void>((resolve) => screen.write(written.join('').replaceAll('\n', '\r\n'), resolve))
      written.length = 0
      const lines = Array.from({ length: 15 }, (_, i) => screen.buffer.active.getLine(i)!.translateToString(true))
      return [lines[0]!.indexOf('seed'), lines.filter(Boolean).length]
    }
    const first = await places()
    expect(first[0]).toBeGreaterThan(20)
    round = roundOf(0.5, { best: changed({ loss: 1 }) })
    display.stop()
    expect(written[0]).toMatch(/^\r\u001b\[\d+A\u001b\[\?7l [^\u001b]*\u001b\[K\n/)
    expect(await places()).toEqual(first)
    // Lines that are no longer there are gone.
    const fewer = showRedrawn(terminal, () => ['one', 'two'])
    fewer.stop()
    expect(written.join('').match(/\u001b\[J/g)).toHaveLength(2)
  })
})

it('names all threads that train networks of a sweep', () => {
  const backend = (description: string) => changed({ history: { backend: { name: 'wasm', description } } })
  const named = (description: string, threads: number) =>
    backendOf({ best: backend(description), separately: { networks: 9, threads, reasons: [] } })?.description
  expect(named('WebAssembly SIMD, float32, 1 thread', 1)).toBe('WebAssembly SIMD, float32, 1 thread')
  expect(named('WebAssembly SIMD, float32, 1 thread', 4)).toBe('WebAssembly SIMD, float32, 4 threads')
  expect(named('WebAssembly SIMD, float32, 2 threads: no adapter', 2)).toBe('WebAssembly SIMD, float32, 4 threads: no adapter') // prettier-ignore
  expect(named('CPU, float32', 2)).toBe('CPU, float32, 2 threads')
  expect(backendOf(undefined)).toBeUndefined()
})
