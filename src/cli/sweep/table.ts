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
  const { checked, scoreName, varied, hasSeeds, colour } = options
  const settings = best.map((result) => flatSettings(result.settings, checked))
  const columns = [
    ['', best.map((_, i) => String(i + 1)), true],
    ['score', best.map(({ score }) => sayScore(score, scoreName)), true],
    ['loss', best.map(({ loss }) => decimal(loss)), false],
    ...varied.map((name) => [titleOf(name), settings.map((own) => sayValue(name, own[name])), false] as const),
    ...(hasSeeds ? [['seed', best.map(({ seed }) => String(seed)), true] as const] : []),
  ] as const
  let taken = 0
  const shown = columns.flatMap(([title, cells, isRight]) => {
    const wide = Math.max(title.length, ...cells.map((cell) => cell.length))
    if (taken + 2 + wide > width) return []
    taken += 2 + wide
    const pad = (text: string) => `  ${isRight ? text.padStart(wide) : text.padEnd(wide)}`
    return [[title, ...cells].map(pad)]
  })
  const lines = shown[0]!.map((_, row) => shown.map((cells) => cells[row]!).join('').trimEnd()) // prettier-ignore
  const [head, ...rest] = lines
  return [colour ? `\x1b[2m${head!}\x1b[0m` : head!, ...rest]
}

function statusLine(round: SweepRound | undefined, { rounds }: TableOptions, width: number): string {
  const progress = round?.progress ?? 0
  const filled = Math.round(16 * progress)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(16 - filled)} ${Math.floor(100 * progress)}%`
  const parts = round ? [bar, ...describeRound(round, rounds)] : [bar]
  return parts.reduce((line, part) => (`${line} | ${part}`.length <= width ? `${line} | ${part}` : line)).slice(0, width) // prettier-ignore
}

/** What remains, and how fast it goes. */
export function describeRound(round: SweepRound, rounds: number): string[] {
  const { networks, remaining, networksPerSecond, seconds, progress, halving } = round
  const left = progress > 0 ? (seconds * (1 - progress)) / progress : Infinity
  return [
    `${count(rounds > 1 ? remaining : Math.round((1 - progress) * networks))} of ${count(networks)} networks remain`,
    ...(rounds > 1 ? [`round ${halving} of ${rounds}`] : []),
    `${sayRate(networksPerSecond)} networks/s`,
    ...(progress < 1 ? [`${sayTime(left)} left`] : []),
  ]
}
