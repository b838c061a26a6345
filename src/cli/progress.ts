import { SingleBar } from 'cli-progress'
import { type Epoch, escapeControls, type Score } from '../index.ts'
import { showDisplay } from './live/display.ts'
import { canRewrite, showsBraille, wantsColours } from './live/terminal.ts'
import { decimal, note, percent, print } from './output.ts'
import { drawingBoard, standardOutput } from './streams.ts'

/** Shows how a training goes. */
export interface Progress {
  update(epoch: Epoch): void
  /** A remark on standard error; curves and progress bar remain below it. */
  note(line: string): void
  stop(): void
}

/** What there is to show. */
export interface ProgressOptions {
  readonly epochs: number
  /** Whether there is an accuracy to show. */
  readonly score: boolean
  readonly quiet: boolean
  /** Whether no epoch is left to train. */
  readonly isOver: boolean
}

/** The most lines that a run prints without a terminal, not counting its last. */
const MOST_LINES = 20

/**
 * Curves on a terminal that is large enough and can show them, otherwise a status line; without a terminal one line per epoch,
 * thinned out to 20 for long runs; with `quiet`, nothing on standard output.
 */
export function showProgress({ epochs, score, quiet, isOver }: ProgressOptions): Progress {
  const { env } = process
  if (isOver) return { update: () => undefined, note, stop: () => undefined }
  if (canRewrite(drawingBoard, env) && (quiet || standardOutput.isTerminal)) {
    return showDisplay(drawingBoard, { epochs, score, colour: wantsColours(env), curves: showsBraille(env) })
  }
  if (quiet) return { update: () => undefined, note, stop: () => undefined }
  const every = Math.ceil(epochs / MOST_LINES)
  let pending: Epoch | undefined
  return {
    update: (epoch) => {
      pending = epoch
      if (epoch.epoch % every !== 0 && epoch.epoch !== 1) return
      print(describeEpoch(epoch, score))
      pending = undefined
    },
    note,
    stop: () => {
      if (pending) print(describeEpoch(pending, score))
    },
  }
}

/** A bar on a terminal while a large file is read, which then goes. @returns what takes the share read, and the end */
export function showReading(name: string): { onProgress: (share: number) => void; stop: () => void } {
  if (!canRewrite(drawingBoard, process.env)) return { onProgress: () => undefined, stop: () => undefined }
  const look = { barCompleteChar: '█', barIncompleteChar: '░', barsize: 24, hideCursor: true, fps: 12 }
  const format = ' {bar} {percentage}% | reading {name}'
  const bar = new SingleBar({ ...look, format, clearOnComplete: true, stream: drawingBoard })
  bar.start(100, 0, { name: escapeControls(name) })
  return {
    onProgress: (share) => {
      bar.update(Math.floor(100 * share))
    },
    stop: () => {
      bar.stop()
    },
  }
}

/** `Epoch 3 loss 0.041 score 96.2 %`, with the validation's where there is one; for regression the losses. */
function describeEpoch({ epoch, loss, accuracy, validation }: Epoch, scored: boolean): string {
  const show = (of: Score) => `loss ${decimal(of.loss)}${scored ? ` score ${percent(of.accuracy ?? NaN)}` : ''}`
  const held = validation ? ` validation ${show(validation)}` : ''
  return `Epoch ${epoch} ${show({ loss, ...(accuracy !== undefined && { accuracy }) })}${held}`
}
