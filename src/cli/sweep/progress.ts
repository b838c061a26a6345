import type { SweepRound } from '../../index.ts'
import { showRedrawn } from '../live/redraw.ts'
import { canRewrite, wantsColours } from '../live/terminal.ts'
import { note, print } from '../output.ts'
import { drawingBoard, standardOutput } from '../streams.ts'
import { describeRound, sayScore, type TableOptions, tableLines } from './table.ts'

/** Shows how a sweep goes. */
export interface SweepProgress {
  update(round: SweepRound): void
  /** A remark on standard error. */
  note(line: string): void
  stop(): void
}

/** The share of the work, and the milliseconds, between two lines where there is no terminal. */
const SHARE = 0.05
const PAUSE = 1000

/**
 * A table of the best networks on a terminal; without one a line from time to time, at most about twenty.
 * @param quiet whether nothing is printed on standard output
 */
export function showSweep(options: Omit<TableOptions, 'colour' | 'widths'>, quiet: boolean): SweepProgress {
  const { env } = process
  if (canRewrite(drawingBoard, env) && (quiet || standardOutput.isTerminal)) {
    let last: SweepRound | undefined
    const shown = { ...options, colour: wantsColours(env), widths: new Map<string, number>() }
    const display = showRedrawn(drawingBoard, (screen) => tableLines(last, shown, screen))
    return {
      update: (round) => {
        last = round
        display.changed()
      },
      note: display.note,
      stop: display.stop,
    }
  }
  if (quiet) return { update: () => undefined, note, stop: () => undefined }
  let [next, time] = [SHARE, performance.now() + PAUSE]
  return {
    update: (round) => {
      const isLast = round.progress === 1
      if (!isLast && (round.progress < next || performance.now() < time)) return
      next = Math.floor(round.progress / SHARE + 1) * SHARE
      time = performance.now() + PAUSE
      print(describeLine(round, options))
    },
    note,
    stop: () => undefined,
  }
}

function describeLine(round: SweepRound, { scoreName, rounds }: Omit<TableOptions, 'colour' | 'widths'>): string {
  const [best] = round.best
  const parts = [
    `${Math.floor(100 * round.progress)} %`.padStart(5),
    ...(best ? [`best score ${sayScore(best.score, scoreName)}`] : []),
    ...describeRound(round, rounds),
  ]
  return parts.join(', ')
}
