import { SingleBar } from 'cli-progress'
import { type Epoch, escapeControls, type Score } from '../index.ts'
import { showDisplay } from './live/display.ts'
import { canRewrite, hasRoom, showsBraille, wantsColours } from './live/terminal.ts'
import { count, decimal, note, percent, print } from './output.ts'
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
 * Curves on a terminal that is large enough and can show them, otherwise a bar; without a terminal one line per epoch,
 * thinned out to 20 for long runs; with `quiet`, nothing on standard output.
 */
export function showProgress({ epochs, score, quiet, isOver }: ProgressOptions): Progress {
  const { env } = process
  if (isOver) return { update: () => undefined, note, stop: () => undefined }
  if (canRewrite(drawingBoard, env) && (quiet || standardOutput.isTerminal)) {
    if (!hasRoom(drawingBoard) || !showsBraille(env)) return showBar(epochs, score)
    return showDisplay(drawingBoard, { epochs, score, colour: wantsColours(env) })
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

/** A bar on the terminal; the values that it shows may come from outside. */
function startBar(format: string, total: number, values: Record<string, string>, clearOnComplete = false) {
  const look = { barCompleteChar: '█', barIncompleteChar: '░', barsize: 24, hideCursor: true, fps: 12 }
  const bar = new SingleBar({ ...look, format, clearOnComplete, stream: drawingBoard })
  const escaped = (all: Record<string, string>) =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, escapeControls(value)]))
  bar.start(total, 0, escaped(values))
  return {
    update: (value: number, changed: Record<string, string> = {}) => bar.update(value, escaped(changed)),
    stop: () => bar.stop(),
  }
}

/** A bar on a terminal while a large file is read, which then goes. @returns what takes the share read, and the end */
export function showReading(name: string): { onProgress: (share: number) => void; stop: () => void } {
  if (!canRewrite(drawingBoard, process.env)) return { onProgress: () => undefined, stop: () => undefined }
  const bar = startBar(' {bar} {percentage}% | reading {name}', 100, { name }, true)
  return { onProgress: (share) => bar.update(Math.floor(100 * share)), stop: bar.stop }
}

/** `Epoch 3 loss 0.041 score 96.2 %`, with the validation's where there is one; for regression the losses. */
function describeEpoch({ epoch, loss, accuracy, validation }: Epoch, scored: boolean): string {
  const show = (of: Score) => `loss ${decimal(of.loss)}${scored ? ` score ${percent(of.accuracy ?? NaN)}` : ''}`
  const held = validation ? ` validation ${show(validation)}` : ''
  return `Epoch ${epoch} ${show({ loss, ...(accuracy !== undefined && { accuracy }) })}${held}`
}

function showBar(epochs: number, scored: boolean): Progress {
  const format = ` {bar} {percentage}% | epoch {value}/{total} | loss {loss} |${scored ? ' score {score} |' : ''} {rate} samples/s`
  const bar = startBar(format, epochs, { loss: '–', score: '–', rate: '–' })
  const began = performance.now()
  let samples = 0
  return {
    update: ({ epoch, loss, accuracy, validation, samplesPerSecond, seconds }) => {
      samples += samplesPerSecond * seconds
      const rate = count(Math.round((samples * 1000) / (performance.now() - began)))
      const score = `${percent((validation ?? { accuracy }).accuracy ?? NaN)}${validation ? ' (validation)' : ''}`
      bar.update(epoch, { loss: decimal(loss), score, rate })
    },
    // The bar has switched line wrapping off, and returns to its first column at the end. The next epoch shows it again.
    note: (line) => {
      drawingBoard.write('\r\u001b[K\u001b[?7h')
      note(line)
      drawingBoard.write('\u001b7\u001b[?7l')
    },
    stop: bar.stop,
  }
}
