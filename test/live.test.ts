import xterm from '@xterm/headless'
import { spawn, spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { RunHistory, showDisplay } from '../src/cli/live/display.ts'
import { plot } from '../src/cli/live/plot.ts'
import { canRewrite, hasRoom, showsBraille, wantsColours } from '../src/cli/live/terminal.ts'
import type { Epoch } from '../src/index.ts'

const escapes = /\u001b\[[\d;?]*[A-Za-z]/
const format = (value: number) => value.toFixed(1)

describe('plot', () => {
  it('draws a line from corner to corner, with its scale on the left and its ends below', () => {
    const lines = plot([{ values: [0, 1] }], { width: 9, height: 2, format, ends: ['1', '7'] })
    expect(lines).toEqual(['1.0 ┤⠀⠀⡠⠊', '0.0 ┤⡠⠊⠀⠀', '     1  7'])
    expect(lines.map((line) => line.length)).toEqual([9, 9, 9])
  })

  it('draws a constant in the middle, steep parts without gaps, and nothing for NaN', () => {
    const flat = plot([{ values: [3, 3, 3] }], { width: 12, height: 3, format, ends: ['a', 'b'] })
    expect(flat[1]).toMatch(/^3\.0 ┤(⠒{7}|⠤{7})$/)
    const step = plot([{ values: [0, 0, 0, 1, 1, 1] }], { width: 25, height: 4, format, ends: ['a', 'b'] })
    for (const line of step.slice(0, 4)) expect(line.slice(5)).toMatch(/[^\u2800]/)
    const none = plot([{ values: [NaN, NaN] }, { values: [Infinity] }], { width: 12, height: 3, format, ends: ['a', 'b'] }) // prettier-ignore
    for (const line of none.slice(0, 3)) expect(line.slice(5)).toMatch(/^\u2800+$/)
  })

  it('uses colours only on request, and resets every colour', () => {
    const options = { width: 20, height: 4, format, ends: ['a', 'b'] as const }
    const curves = [{ values: [0, 1] }, { values: [1, 0], dashed: true }]
    expect(plot(curves, options).join('')).not.toMatch(escapes)
    const painted = plot([{ ...curves[0]!, colour: 34 }], options)
    for (const line of painted.slice(0, 4)) expect(line).toMatch(/\u001b\[34m[^\u001b]+\u001b\[0m[^\u001b]*$/)
  })
})

describe('capabilities of a terminal', () => {
  it('can rewrite lines unless it is dumb, a file, or in a CI build', () => {
    const tty = { isTTY: true }
    expect(canRewrite(tty, { TERM: 'xterm' })).toBe(true)
    expect(canRewrite({}, { TERM: 'xterm' })).toBe(false)
    expect(canRewrite(tty, { TERM: 'dumb' })).toBe(false)
    expect(canRewrite(tty, { TERM: 'xterm', CI: 'true' })).toBe(false)
    expect(canRewrite(tty, { TERM: 'xterm', CI: 'false' })).toBe(true)
  })

  it('is large enough from 80 × 20, shows braille if encoding and kind allow it, and colours unless NO_COLOR is set', () => {
    expect(hasRoom({ columns: 80, rows: 20 })).toBe(true)
    expect([hasRoom({ columns: 79, rows: 50 }), hasRoom({ columns: 200, rows: 19 }), hasRoom({})]).toEqual([false, false, false]) // prettier-ignore
    expect(showsBraille({ TERM: 'xterm', LANG: 'de_DE.UTF-8' }, 'linux')).toBe(true)
    expect(showsBraille({ TERM: 'xterm' }, 'darwin')).toBe(true)
    expect(showsBraille({ TERM: 'xterm', LC_ALL: 'C', LANG: 'en_US.UTF-8' }, 'linux')).toBe(false)
    expect(showsBraille({ TERM: 'linux', LANG: 'en_US.UTF-8' }, 'linux')).toBe(false)
    expect(showsBraille({}, 'win32')).toBe(false)
    expect(showsBraille({ WT_SESSION: 'x' }, 'win32')).toBe(true)
    expect([wantsColours({}), wantsColours({ NO_COLOR: '' }), wantsColours({ NO_COLOR: '1' })]).toEqual([true, true, false]) // prettier-ignore
  })
})

/** Epochs of a run that improves. */
const epochs = (count: number, held = true): Epoch[] =>
  Array.from({ length: count }, (_, i) => ({
    epoch: i + 1,
    loss: 1 / (i + 1),
    accuracy: 1 - 0.5 / (i + 1),
    validation: held ? { loss: 1.1 / (i + 1), accuracy: 0.98 - 0.5 / (i + 1) } : null,
    steps: 10,
    learningRate: 0.1,
    seconds: 0.01,
    samplesPerSecond: 1000,
  }))

function historyOf(
  shown: readonly Epoch[],
  { score = true, colour = false, curves = true, total = 100 } = {},
): RunHistory {
  const history = new RunHistory({ epochs: total, score, colour, curves })
  for (const epoch of shown) history.add(epoch)
  return history
}

describe('the chart of a run', () => {
  it.each([
    [80, 20],
    [100, 30],
    [203, 61],
  ])('fits a terminal of %d × %d', (columns, rows) => {
    const lines = historyOf(epochs(40)).lines({ columns, rows })
    expect(lines.length).toBeLessThan(rows)
    for (const line of lines) expect(line.length).toBeLessThan(columns)
    expect(lines[0]).toMatch(/^loss {2}── training ╌╌ validation +score {2}── training ╌╌ validation/)
    expect(lines.at(-2)).toMatch(/epoch 1 +40 +epoch 1 +40$/)
    expect(lines.at(-1)).toMatch(/^█+░+ 40% \| epoch 40\/100 \| loss 0\.025 \| score 96\.8 % \(validation\)/)
  })

  it('is one line if the terminal is too small, and before there is a curve', () => {
    expect(historyOf(epochs(40)).lines({ columns: 60, rows: 30 })).toHaveLength(1)
    expect(historyOf(epochs(40)).lines({ columns: 12, rows: 3 })[0]!.length).toBeLessThan(12)
    expect(historyOf(epochs(1)).lines({ columns: 100, rows: 30 })).toHaveLength(1)
    expect(historyOf(epochs(40), { curves: false }).lines({ columns: 100, rows: 30 })).toHaveLength(1)
    expect(historyOf(epochs(40)).lines({ columns: 40, rows: 30 })).toEqual(['██░░░░ 40% | epoch 40/100 | loss 0.025'])
  })

  it('has no score for regression, no colours by default, and both ends of a long run', () => {
    const regression = historyOf(epochs(40, false), { score: false }).lines({ columns: 100, rows: 30 })
    expect(regression.join('\n')).not.toMatch(/score|validation/)
    expect(historyOf(epochs(40)).lines({ columns: 100, rows: 30 }).join('')).not.toMatch(escapes)
    expect(historyOf(epochs(40), { colour: true }).lines({ columns: 100, rows: 30 }).join('')).toMatch(escapes)
    const long = historyOf(epochs(10_001), { total: 20_000 }).lines({ columns: 100, rows: 30 })
    expect(long.at(-2)).toMatch(/epoch 1 +10,001/)
  })
})

/** A terminal that stores the text on its screen; like most terminals, it wraps lines again when it is resized. */
class FakeTerminal extends EventEmitter {
  readonly isTTY = true
  readonly #screen: xterm.Terminal
  constructor(
    public columns: number,
    public rows: number,
  ) {
    super()
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true })
  }
  written: Promise<void> = Promise.resolve()
  all = ''
  write(text: string): void {
    this.all += text
    this.written = new Promise((resolve) => this.#screen.write(text, resolve))
  }
  async resize(columns: number, rows: number): Promise<void> {
    await this.written
    this.#screen.resize(columns, rows)
    Object.assign(this, { columns, rows })
    this.emit('resize')
    await this.written
  }
  /** The visible text, without lines that have scrolled off the top. */
  async lines(): Promise<string[]> {
    await this.written
    const { active } = this.#screen.buffer
    const seen = (y: number) => active.getLine(active.baseY + y)?.translateToString(true) ?? ''
    return Array.from({ length: this.rows }, (_, y) => seen(y))
      .join('\n')
      .trimEnd()
      .split('\n')
  }
}

describe('the display', () => {
  it('draws in place, and leaves its last chart below the earlier text', async () => {
    const terminal = new FakeTerminal(100, 30)
    terminal.write('Backend  cpu\n')
    const display = showDisplay(terminal, { epochs: 50, score: true, colour: true, curves: true })
    for (const epoch of epochs(50)) display.update(epoch)
    display.stop()
    terminal.write('Trained\n')
    const lines = await terminal.lines()
    expect(lines[0]).toBe('Backend  cpu')
    expect(lines[1]).toMatch(/^loss {2}── training/)
    expect(lines.filter((line) => line.includes('epoch 50/50'))).toHaveLength(1)
    expect(lines.at(-1)).toBe('Trained')
    expect(terminal.all.match(/\u001b\[\?25l/g)).toHaveLength(1)
    expect(terminal.all.lastIndexOf('\u001b[?25h')).toBeGreaterThan(terminal.all.lastIndexOf('\u001b[?25l'))
    expect(terminal.listenerCount('resize')).toBe(0)
  })

  it('keeps its place where the terminal shows a key in the middle of a line', async () => {
    const terminal = new FakeTerminal(100, 30)
    const display = showDisplay(terminal, { epochs: 50, score: true, colour: true, curves: true })
    const { write } = terminal
    terminal.write = (text) => {
      write.call(terminal, text.replace('┤', '┤^C'))
    }
    for (const epoch of epochs(20)) {
      display.update(epoch)
      terminal.emit('resize')
    }
    terminal.write = write
    display.stop()
    const lines = await terminal.lines()
    expect(lines.filter((line) => line.startsWith('loss'))).toHaveLength(1)
  })

  it.each([
    ['narrower', [85, 30]],
    ['too narrow for curves', [60, 30]],
    ['wider', [140, 40]],
    ['lower', [90, 21]],
  ] as const)('is drawn again when the terminal becomes %s', async (_, [columns, rows]) => {
    const terminal = new FakeTerminal(100, 30)
    terminal.write('Backend  cpu\n')
    const display = showDisplay(terminal, { epochs: 50, score: true, colour: true, curves: true })
    for (const epoch of epochs(30)) display.update(epoch)
    await terminal.resize(90, 28)
    await terminal.resize(columns, rows)
    display.stop()
    // Lines that the terminal wrapped may have pushed earlier text off the screen, but no more than that.
    const lines = (await terminal.lines()).filter((line) => line !== 'Backend  cpu')
    expect(lines.filter((line) => line.includes('epoch 30/50'))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('loss'))).toHaveLength(columns < 80 ? 0 : 1)
    expect(lines).toHaveLength(columns < 80 ? 1 : 1 + Math.min(14, rows - 10) + 1 + 1)
  })
})

const program = fileURLToPath(new URL('../dist/node/cli.js', import.meta.url))
const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false

/** Runs the built program on a pseudo terminal of this size, through util-linux's `script`. */
function onTerminal(size: string, args: string, env: Record<string, string> = {}, interruptAt?: string, cwd?: string) {
  const command = `stty ${size}; ${process.execPath} ${program} train --backend cpu --seed 1 ${args}`
  const { CI: _, NO_COLOR: __, LC_ALL: ___, ...outer } = process.env
  const all = { ...outer, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env }
  const child = spawn('script', ['-qefc', command, '/dev/null'], { env: all, cwd })
  let out = ''
  let sent = false
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    out += text
    if (sent || interruptAt === undefined || !out.includes(interruptAt)) return
    sent = true
    child.stdin.write('\u0003')
  })
  return new Promise<{ out: string; code: number | null }>((resolve) => {
    child.on('close', (code) => resolve({ out, code }))
  })
}

describe.skipIf(!hasScript)('train on a pseudo terminal (needs script of util-linux)', () => {
  const short = '--data moons --layers 2,8,2 --lr 1 --epochs 300 --test 0.2'

  it('shows curves, and leaves a readable screen', async () => {
    const { out, code } = await onTerminal('cols 100 rows 40', short)
    expect(code).toBe(0)
    const terminal = new FakeTerminal(100, 40)
    terminal.write(out)
    const lines = await terminal.lines()
    expect(lines[0]).toMatch(/^Backend {2}cpu/)
    expect(lines[4]).toMatch(/^loss {2}── training ╌╌ validation +score/)
    expect(lines[5]).toMatch(/┤.*[\u2801-\u28ff].*┤/)
    expect(lines[20]).toMatch(/^█{16} 100% \| epoch 300\/300/)
    expect(lines[21]).toBe('')
    expect(lines[22]).toMatch(/^Trained 300 epochs/)
    expect(out.lastIndexOf('\u001b[?25h')).toBeGreaterThan(out.lastIndexOf('\u001b[?25l'))
  })

  it('has no colours with NO_COLOR, a status line if the terminal is too small, and plain lines if lines cannot be rewritten', async () => {
    const [grey, small, dumb, build] = await Promise.all([
      onTerminal('cols 100 rows 40', short, { NO_COLOR: '1' }),
      onTerminal('cols 70 rows 40', short),
      onTerminal('cols 100 rows 40', short, { TERM: 'dumb' }),
      onTerminal('cols 100 rows 40', short, { CI: 'true' }),
    ])
    expect(grey.out).toMatch(/[\u2801-\u28ff]/)
    expect(grey.out).not.toMatch(/\u001b\[\d*m/)
    expect(small.out).toMatch(/epoch 300\/300/)
    expect(small.out).not.toMatch(/[\u2801-\u28ff]/)
    for (const { out } of [dumb, build]) {
      expect(out).not.toMatch(escapes)
      expect(out).toMatch(/^Epoch 300 loss [\d.e-]+ score [\d.]+ % validation loss/m)
    }
  })

  it.skipIf(!existsSync('/dev/full'))('shows complete warnings above the chart (needs /dev/full)', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'webgpu-mlp-live-'))
    const remark = new RegExp(`^webgpu-mlp: /dev/full: cannot be written: the disk is full; .* in ${cwd}/full-kept(-2)?; training goes on`) // prettier-ignore
    for (const [columns, last] of [
      [100, /^█{16} 100% \| epoch 300\/300/],
      [70, /^█{16} 100% \| epoch 300\/300/],
    ] as const) {
      const { out, code } = await onTerminal(`cols ${columns} rows 40`, `${short} --checkpoint /dev/full`, {}, undefined, cwd) // prettier-ignore
      expect(code).toBe(1)
      const terminal = new FakeTerminal(columns, 40)
      terminal.write(out)
      const lines = await terminal.lines()
      const first = lines.findIndex((line) => line.startsWith('webgpu-mlp: '))
      expect(first).toBe(4)
      // Full lines continue on the next.
      expect(lines.slice(first, first + 3).join('')).toMatch(remark)
      const trained = lines.findIndex((line) => line.startsWith('Trained 300 epochs'))
      expect(lines[trained - 1]).toBe('')
      expect(lines[trained - 2]).toMatch(last)
    }
    rmSync(cwd, { recursive: true })
  })

  it('Ctrl-C ends after the epoch and shows the cursor again', async () => {
    const args = '--data moons --layers 2,8,2 --epochs 3000000'
    const { out, code } = await onTerminal('cols 100 rows 40', args, {}, '┤')
    expect(code).toBe(130)
    expect(out).toMatch(/Trained [\d,]+ epochs/)
    expect(out.lastIndexOf('\u001b[?25h')).toBeGreaterThan(out.lastIndexOf('\u001b[?25l'))
    expect(out.match(/\u001b\[\?25l/g)).toHaveLength(1)
  })
})
