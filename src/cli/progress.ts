import { SingleBar } from 'cli-progress'
import type { Epoch } from '../training/trainer.ts'
import { count } from './data.ts'
import { decimal, percent, print } from './output.ts'

/** Tells how a training goes. */
export interface Progress {
  update(epoch: Epoch): void
  stop(): void
}

/** How many lines a run prints at most where there is no terminal, besides its last. */
const MOST_LINES = 20

/** A bar on a terminal; else a plain line an epoch, thinned out to 20 for long runs; with `quiet`, only the bar. */
export function showProgress(epochs: number, quiet: boolean): Progress {
  if (process.stderr.isTTY && (quiet || process.stdout.isTTY)) return showBar(epochs)
  if (quiet) return { update: () => undefined, stop: () => undefined }
  const every = Math.ceil(epochs / MOST_LINES)
  let pending: Epoch | undefined
  return {
    update: (epoch) => {
      pending = epoch
      if (epoch.epoch % every !== 0 && epoch.epoch !== 1) return
      print(describeEpoch(epoch))
      pending = undefined
    },
    stop: () => {
      if (pending) print(describeEpoch(pending))
    },
  }
}

/** `Epoch 3 loss 0.041 score 96.2 %`, with the validation's where there is one. */
export function describeEpoch({ epoch, loss, accuracy, validation }: Epoch): string {
  const held = validation ? ` validation loss ${decimal(validation.loss)} score ${percent(validation.accuracy)}` : ''
  return `Epoch ${epoch} loss ${decimal(loss)} score ${percent(accuracy)}${held}`
}

function showBar(epochs: number): Progress {
  const bar = new SingleBar({
    format: ' {bar} {percentage}% | epoch {value}/{total} | loss {loss} | score {score} | {rate} samples/s',
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
