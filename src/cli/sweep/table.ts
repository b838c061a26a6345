import type { SweepResult, SweepRound } from '../../index.ts'
import type { Screen } from '../live/terminal.ts'
import { count, decimal, percent } from '../output.ts'
import type { CheckedAxes } from './axes.ts'
import type { Setting } from './record.ts'
import { flatSettings } from './settings.ts'

/** What the live table shows of a sweep. */
export interface TableOptions {
  readonly checked: CheckedAxes
  readonly scoreName: 'accuracy' | 'r2'
  /** The settings that differ, in their order. */
  readonly varied: readonly string[]
  /** Whether there are several seeds. */
  readonly hasSeeds: boolean
  /** The rounds of halving; 1 without it. */
  readonly rounds: number
  readonly colour: boolean
  /** By title: how wide columns were so far, so that they keep their places while the table changes. */
  readonly widths?: Map<string, number>
}

/** How settings are called in tables. */
const titles: Readonly<Record<string, string>> = {
  learningRate: 'learning rate',
  weightDecay: 'weight decay',
  clipNorm: 'clip norm',
  batchSize: 'batch',
}

/** A setting's name for people: `learning rate`. */
export const titleOf = (name: string): string => titles[name] ?? name

/** A setting for people: `2-8-2` for layers, four digits of a number. */
export function sayValue(name: string, value: Setting | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return decimal(value)
  return name === 'layers' ? String(value).replaceAll(',', '-') : String(value)
}

/** '99.0 %', or R² as a number. */
export const sayScore = (score: number, scoreName: TableOptions['scoreName']): string =>
  Number.isNaN(score) ? 'diverged' : scoreName === 'r2' ? decimal(score) : percent(score)

/** '3 min 20 s' */
export function sayTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const units = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]] as const // prettier-ignore
  const first = units.findIndex(([, length]) => whole >= length)
  const [[large, length], [small, part]] = [units[first]!, units[first + 1]!]
  return `${count(Math.floor(whole / length))} ${large} ${Math.floor((whole % length) / part)} ${small}`
}

/** A rate for people: whole above ten. */
export const sayRate = (rate: number): string => (rate >= 10 ? count(Math.round(rate)) : decimal(rate))

/** The best networks and how far the sweep is, for a terminal of this size. */
export function tableLines(round: SweepRound | undefined, options: TableOptions, screen: Screen): string[] {
  const { columns = 80, rows = 24 } = screen
  // The last column stays free: some terminals wrap once it is written.
  const width = columns - 1
  const status = statusLine(round, options, width)
  const best = round?.best.slice(0, Math.max(0, rows - 4)) ?? []
  if (best.length === 0) return [status]
  return [...bestTable(best, options, width), '', status]
}

/** The columns that fit, the important ones first: rank and score, the settings, the seed, the loss. */
export function bestTable(best: readonly SweepResult[], options: TableOptions, width: number): string[] {
  const { checked, scoreName, varied, hasSeeds, colour, widths } = options
  const settings = best.map((result) => flatSettings(result.settings, checked))
  const loss = ['loss', best.map((result) => decimal(result.loss)), false] as const
  const columns = [
    ['', best.map((_, i) => String(i + 1)), true],
    ['score', best.map(({ score }) => sayScore(score, scoreName)), true],
    ...varied.map((name) => [titleOf(name), settings.map((own) => sayValue(name, own[name])), false] as const),
    ...(hasSeeds ? [['seed', best.map(({ seed }) => String(seed)), true] as const] : []),
    loss,
  ] as const
  let taken = 0
  const fitting = columns.flatMap(([title, cells, isRight]) => {
    const wide = Math.max(title.length, widths?.get(title) ?? 0, ...cells.map((cell) => cell.length))
    widths?.set(title, wide)
    if (taken + 2 + wide > width) return []
    taken += 2 + wide
    const pad = (text: string) => `  ${isRight ? text.padStart(wide) : text.padEnd(wide)}`
    return [{ title, cells: [title, ...cells].map(pad) }]
  })
  // The loss is shown beside the score.
  const isLoss = ({ title }: { title: string }) => title === loss[0]
  const shown = [...fitting.slice(0, 2), ...fitting.filter(isLoss), ...fitting.slice(2).filter((one) => !isLoss(one))]
  const [head, ...rest] = ['head', ...best].map((_, row) =>
    shown
      .map(({ cells }) => cells[row]!)
      .join('')
      .trimEnd(),
  )
  return [colour ? `\x1b[2m${head!}\x1b[0m` : head!, ...rest]
}

function statusLine(round: SweepRound | undefined, { rounds }: TableOptions, width: number): string {
  const progress = round?.progress ?? 0
  const bar = (length: number) => {
    const filled = Math.round(length * progress)
    return `${'█'.repeat(filled)}${'░'.repeat(length - filled)} ${Math.floor(100 * progress)}%`
  }
  if (!round) return bar(16).slice(0, width)
  const long = describeRound(round, rounds)
  const short = describeRound(round, rounds, { isShort: true })
  const lines = [[bar(16), ...long], [bar(8), ...long], [bar(8), ...short], [bar(4), ...short]].map((parts) => parts.join(' | ')) // prettier-ignore
  const fitting = lines.find((line) => line.length <= width)
  if (fitting !== undefined) return fitting
  return [bar(width < 48 ? 4 : 8), ...short].reduce((line, part) => (`${line} | ${part}`.length <= width ? `${line} | ${part}` : line)).slice(0, width) // prettier-ignore
}

/**
 * What remains, and how fast it goes.
 * @param isShort leaves words out, and says how long it takes before how fast it goes, for narrow terminals
 */
export function describeRound(round: SweepRound, rounds: number, { isShort = false } = {}): string[] {
  const { networks, remaining, networksPerSecond, seconds, progress, halving } = round
  const left = progress > 0 ? (seconds * (1 - progress)) / progress : Infinity
  const rate = `${sayRate(networksPerSecond)} networks/s`
  const time = progress < 1 ? [`${sayTime(left)} left`] : []
  return [
    `${count(rounds > 1 ? remaining : Math.round((1 - progress) * networks))} of ${count(networks)} ${isShort ? '' : 'networks '}remain`,
    ...(rounds > 1 ? [`round ${halving} of ${rounds}`] : []),
    ...(isShort ? [...time, rate] : [rate, ...time]),
  ]
}
