import type { Epoch } from '../../index.ts'
import { count, decimal, percent } from '../output.ts'
import { type Curve, plot } from './plot.ts'
import { showRedrawn, type Terminal } from './redraw.ts'
import { hasRoom, type Screen } from './terminal.ts'

export type { Terminal }

/** Epochs that are kept for the curves at most; of longer runs every second is dropped, again and again. */
const MOST_KEPT = 2048
const MOST_LINES = 14
const colours = { training: 34, validation: 33 } as const

export interface DisplayOptions {
  /** Epochs in all. */
  readonly epochs: number
  /** Whether there is an accuracy to show. */
  readonly score: boolean
  readonly colour: boolean
  /** Whether curves are drawn on a terminal that is large enough. The status line is always drawn. */
  readonly curves: boolean
}

/** Loss and score of a run as it goes, and how far it is; kept small however long the run. */
export class RunHistory {
  readonly #options: DisplayOptions
  readonly #began = performance.now()
  #kept: Epoch[] = []
  #stride = 1
  #last: Epoch | undefined
  #samples = 0

  constructor(options: DisplayOptions) {
    this.#options = options
  }

  add(epoch: Epoch): void {
    this.#last = epoch
    this.#samples += epoch.samplesPerSecond * epoch.seconds
    if ((epoch.epoch - 1) % this.#stride !== 0) return
    this.#kept.push(epoch)
    if (this.#kept.length < MOST_KEPT) return
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0)
    this.#stride *= 2
  }

  /** The picture for a terminal of this size, one string per line; on a small terminal the status line only. */
  lines(screen: Screen): string[] {
    const { columns = 80, rows = 24 } = screen
    // The last column stays free: some terminals wrap once it is written.
    const width = columns - 1
    const status = this.#status(width)
    if (!this.#options.curves || !hasRoom(screen) || this.#kept.length < 2) return [status]
    const height = Math.min(MOST_LINES, rows - 10)
    return [...this.#charts(width, height), status]
  }

  #charts(width: number, height: number): string[] {
    const { score, colour } = this.#options
    const shown = this.#last && this.#last !== this.#kept.at(-1) ? [...this.#kept, this.#last] : this.#kept
    const held = shown.some(({ validation }) => validation !== null)
    const charts = [
      {
        name: 'loss',
        format: decimal,
        training: shown.map(({ loss }) => loss),
        validation: shown.map(({ validation }) => validation?.loss ?? NaN),
      },
      {
        name: 'score',
        format: percent,
        training: shown.map(({ accuracy }) => accuracy ?? NaN),
        validation: shown.map(({ validation }) => validation?.accuracy ?? NaN),
      },
    ].slice(0, score ? 2 : 1)
    const each = Math.floor((width - 3 * (charts.length - 1)) / charts.length)
    const ends = [`epoch ${count(shown[0]!.epoch)}`, count(shown.at(-1)!.epoch)] as const
    const columns = charts.map(({ name, format, training, validation }) => {
      const curves: Curve[] = [{ values: training, colour: colour ? colours.training : undefined }]
      const second = { values: validation, colour: colour ? colours.validation : undefined, dashed: true }
      if (held) curves.unshift(second)
      return [this.#legend(name, held, each), ...plot(curves, { width: each, height, format, ends })]
    })
    return columns[0]!.map((_, i) => columns.map((lines) => lines[i]!).join('   '))
  }

  /** What the chart shows, and which line is which, as wide as the chart. */
  #legend(name: string, held: boolean, width: number): string {
    if (!held) return name.padEnd(width)
    const paint = (mark: string, colour: number) => (this.#options.colour ? `\x1b[${colour}m${mark}\x1b[0m` : mark)
    const plain = `${name}  ── training ╌╌ validation`
    const marks = `${paint('──', colours.training)} training ${paint('╌╌', colours.validation)} validation`
    return `${name}  ${marks}${' '.repeat(width - plain.length)}`
  }

  #status(width: number): string {
    const { epochs, score } = this.#options
    const done = this.#last?.epoch ?? 0
    const elapsed = (performance.now() - this.#began) / 1000
    const rate = count(Math.round(this.#samples / Math.max(elapsed, 1e-3)))
    const share = Math.min(1, done / epochs)
    const length = width < 60 ? 6 : 16
    const filled = Math.round(length * share)
    const parts = [
      `${'█'.repeat(filled)}${'░'.repeat(length - filled)} ${Math.floor(100 * share)}%`,
      `epoch ${count(done)}/${count(epochs)}`,
      ...(this.#last ? describeScores(this.#last, score) : []),
      `${rate} samples/s`,
    ]
    return parts.reduce((line, part) => (`${line} | ${part}`.length <= width ? `${line} | ${part}` : line)).slice(0, width) // prettier-ignore
  }
}

function describeScores({ loss, accuracy, validation }: Epoch, score: boolean): string[] {
  const of = validation ? ' (validation)' : ''
  return score
    ? [`loss ${decimal(loss)}`, `score ${percent((validation ?? { accuracy }).accuracy ?? NaN)}${of}`]
    : [`loss ${decimal(loss)}`, ...(validation ? [`validation loss ${decimal(validation.loss)}`] : [])]
}

/** Curves and a status line that are redrawn in place during a run. */
export function showDisplay(terminal: Terminal, options: DisplayOptions) {
  const history = new RunHistory(options)
  const { changed, note, stop } = showRedrawn(terminal, (screen) => history.lines(screen))
  const update = (epoch: Epoch) => {
    history.add(epoch)
    changed()
  }
  return { update, note, stop }
}
