import { SingleBar } from 'cli-progress'
import type { Epoch } from '../training/trainer.ts'
import { showDisplay } from './live/display.ts'
import { canRewrite, hasRoom, showsBraille, wantsColours } from './live/terminal.ts'
import { count, decimal, percent, print } from './output.ts'

/** Tells how a training goes. */
export interface Progress {
  update(epoch: Epoch): void
  stop(): void
}

/** How many lines a run prints at most where there is no terminal, besides its last. */
const MOST_LINES = 20

/**
 * Curves on a terminal that has room for them and shows them, a bar on one that has not; else a plain line an epoch,
 * thinned out to 20 for long runs; with `quiet`, nothing on standard output.
 * @param score whether the accuracy says anything: not of quantities
 */
export function showProgress(epochs: number, quiet: boolean, score = true): Progress {
  const { stderr, stdout, env } = process
  if (canRewrite(stderr, env) && (quiet || stdout.isTTY)) {
    if (!hasRoom(stderr) || !showsBraille(env)) return showBar(epochs, score)
    return showDisplay(stderr, { epochs, score, colour: wantsColours(env) })
  }
  if (quiet) return { update: () => undefined, stop: () => undefined }
  const every = Math.ceil(epochs / MOST_LINES)
  let pending: Epoch | undefined
  return {
    update: (epoch) => {
      pending = epoch
      if (epoch.epoch % every !== 0 && epoch.epoch !== 1) return
      print(describeEpoch(epoch, score))
      pending = undefined
    },
    stop: () => {
      if (pending) print(describeEpoch(pending, score))
    },
  }
}

/** A bar on a terminal while a large file is read, which then goes. @returns what is to be told the share, and the end */
export function showReading(name: string): { onProgress: (share: number) => void; stop: () => void } {
  const { stderr, env } = process
  if (!canRewrite(stderr, env)) return { onProgress: () => undefined, stop: () => undefined }
  const format = ' {bar} {percentage}% | reading {name}'
  const bar = new SingleBar({ format, barCompleteChar: '█', barIncompleteChar: '░', barsize: 24, hideCursor: true, clearOnComplete: true }) // prettier-ignore
  bar.start(100, 0, { name })
  return {
    onProgress: (share) => {
      bar.update(Math.floor(100 * share))
    },
    stop: () => {
      bar.stop()
    },
  }
}

/** `Epoch 3 loss 0.041 score 96.2 %`, with the validation's where there is one; of quantities the losses. */
function describeEpoch({ epoch, loss, accuracy, validation }: Epoch, scored: boolean): string {
  const tell = (of: { loss: number; accuracy: number }) =>
    `loss ${decimal(of.loss)}${scored ? ` score ${percent(of.accuracy)}` : ''}`
  const held = validation ? ` validation ${tell(validation)}` : ''
  return `Epoch ${epoch} ${tell({ loss, accuracy })}${held}`
}

function showBar(epochs: number, scored: boolean): Progress {
  const bar = new SingleBar({
    format: ` {bar} {percentage}% | epoch {value}/{total} | loss {loss} |${scored ? ' score {score} |' : ''} {rate} samples/s`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    fps: 12,
  })
  bar.start(epochs, 0, { loss: '–', score: '–', rate: '–' })
  const began = performance.now()
  let samples = 0
  return {
    update: ({ epoch, loss, accuracy, validation, samplesPerSecond, seconds }) => {
      samples += samplesPerSecond * seconds
      const rate = count(Math.round((samples * 1000) / (performance.now() - began)))
      const score = validation ? `${percent(validation.accuracy)} (validation)` : percent(accuracy)
      bar.update(epoch, { loss: decimal(loss), score, rate })
    },
    stop: () => {
      bar.stop()
    },
  }
}
