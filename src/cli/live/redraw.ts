import { escapeControls } from '../../index.ts'
import type { Screen } from './terminal.ts'

/** Milliseconds between two pictures at least. */
const PAUSE = 80

/** What a picture is drawn on. */
export interface Terminal extends Screen {
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** A picture that is redrawn in place. */
export interface Redrawn {
  /** Draws it again, unless that was done a moment ago. */
  changed(): void
  /** Prints a line above the picture. */
  note(line: string): void
  /** Draws it for the last time. */
  stop(): void
}

/** What ends a program that does not look out for it, the cursor still hidden. */
const signals = ['SIGTERM', 'SIGHUP'] as const

/** How many characters of a line are seen. */
const visible = (line: string) => line.replace(/\x1b\[[\d;]*m/g, '').length

/**
 * Lines that are redrawn in place during a run. They are below what was printed before, and the last picture stays there,
 * so no output is lost.
 * @param lines the picture for a terminal of its size; no line is wider than it
 */
export function showRedrawn(terminal: Terminal, lines: (screen: Screen) => string[]): Redrawn {
  let shownLines: string[] = []
  let last = -Infinity
  /** Moves to where the picture begins. */
  const goToStart = () => {
    // Lines that no longer fit have been wrapped by the terminal, and take more rows than they were.
    const { columns = 80 } = terminal
    const above = shownLines
      .slice(0, -1)
      .reduce((sum, line) => sum + Math.max(1, Math.ceil(visible(line) / columns)), 0)
    return above > 0 ? `\r\x1b[${above}A` : '\r'
  }
  const draw = () => {
    last = performance.now()
    const next = lines(terminal)
    // Each line is overwritten and what follows it cleared: a picture that is cleared first flickers.
    // Without wrapping, a key that the terminal shows meanwhile, such as `^C`, makes no line wider than the terminal.
    terminal.write(`${goToStart()}\x1b[?7l${next.map((line) => `${line}\x1b[K`).join('\n')}\x1b[J\x1b[?7h\r`)
    shownLines = next
  }
  const leave = () => {
    terminal.write('\x1b[?25h')
  }
  const end = (signal: NodeJS.Signals) => {
    stop()
    // A program that looks out for the signal ends in its own time.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const stop = () => {
    terminal.off('resize', draw)
    process.off('exit', leave)
    for (const signal of signals) process.off(signal, end)
    draw()
    terminal.write('\n')
    leave()
  }
  terminal.on('resize', draw)
  process.once('exit', leave)
  for (const signal of signals) process.once(signal, end)
  terminal.write('\x1b[?25l')
  draw()
  return {
    changed: () => {
      if (performance.now() - last >= PAUSE) draw()
    },
    note: (line) => {
      terminal.write(`${goToStart()}\x1b[J${escapeControls(line)}\n`)
      shownLines = []
      draw()
    },
    stop,
  }
}
