import { type Epoch, type FitOptions, type Outcome, taskOf, Trainer } from '../../index.ts'
import { writeCheckpoint } from '../../node/files.ts'
import { exitCodes } from '../output.ts'
import type { KeptOutputs } from '../outputs/keep.ts'
import type { Output } from '../outputs/plan.ts'
import { showProgress } from '../progress.ts'
import { recoveryNote } from '../recovery-note.ts'
import { showCursor } from '../streams.ts'
import type { PreparedData } from './data.ts'
import type { LoadedSets } from './loaded.ts'
import type { TrainOptions } from './options.ts'
import { type Earlier, withNotes } from './resume.ts'

/** A run that is about to begin. */
export interface Starting {
  readonly trainer: Trainer
  readonly data: PreparedData
  readonly loaded: LoadedSets
  readonly options: TrainOptions
  /** Where its checkpoints go. */
  readonly checkpoint: Output | undefined
  readonly kept: KeptOutputs
  /** The words of the command line that its checkpoints keep. */
  readonly words: readonly string[]
  readonly earlier: Earlier | undefined
  /** What was changed when it was resumed, in words. */
  readonly changes: readonly string[]
  /** Takes the epochs, after those before it was resumed. */
  readonly done: Epoch[]
}

/** What a run came to that may have been interrupted, with the epochs before it was resumed. */
export interface Ran {
  epochs: Epoch[]
  seconds: number
  interrupted: boolean
  outcome: Outcome | undefined
}

/** Trains until the epochs are over or Ctrl-C is pressed; a second Ctrl-C ends the program at once. */
export async function runEpochs(starting: Starting): Promise<Ran> {
  const { trainer, data, loaded, options, earlier } = starting
  let interrupted = false
  const interrupt = () => {
    if (interrupted) {
      showCursor() // The bar had hidden it.
      process.exit(exitCodes.interrupted)
    }
    interrupted = true
  }
  const epochs = starting.done
  // Not push(...): there may be more epochs than arguments can be.
  for (const epoch of earlier?.epochs ?? []) epochs.push(epoch)
  const before = epochs.reduce((sum, { seconds }) => sum + seconds, 0)
  const progress = showProgress({
    epochs: options.epochs,
    score: taskOf(trainer.network, trainer.loss, data.train) !== 'regression',
    quiet: options.json === true,
    isOver: trainer.epoch === options.epochs,
  })
  const running = trainer.epochs(loaded.train, fitOptions(starting, epochs, progress.note))
  process.on('SIGINT', interrupt)
  const began = performance.now()
  let outcome: Outcome | undefined
  try {
    for (;;) {
      const result = await running.next()
      if (result.done) {
        outcome = result.value
        break
      }
      progress.update(result.value)
      if (interrupted) break
    }
  } finally {
    progress.stop()
    await running.return?.()
    process.off('SIGINT', interrupt)
  }
  return { epochs, seconds: before + (performance.now() - began) / 1000, interrupted, outcome }
}

/**
 * @param done takes each epoch, before its checkpoint is written
 * @param remark takes what went wrong with a checkpoint or a device, after which training goes on
 */
function fitOptions(
  { trainer, loaded: { validation }, options, checkpoint, kept, words, changes }: Starting,
  done: Epoch[],
  remark: (line: string) => void,
): FitOptions {
  const { epochs, shuffle, earlyStopping, minDelta, checkpointEvery } = options
  return {
    epochs: epochs - trainer.epoch,
    shuffle,
    onEpoch: (epoch) => void done.push(epoch),
    onRecovery: (recovery) => {
      remark(recoveryNote(recovery))
    },
    ...(validation && { validation }),
    ...(earlyStopping !== undefined && {
      earlyStopping: { patience: earlyStopping, ...(minDelta !== undefined && { minDelta }) },
    }),
    ...(checkpoint && {
      checkpoint: {
        every: checkpointEvery,
        write: async (made) => {
          const noted = withNotes(made, words, done, changes)
          const problem = await kept.renew(checkpoint, (path, how) => writeCheckpoint(path, noted, how))
          if (problem !== undefined) remark(`webgpu-mlp: ${problem}; training goes on`)
        },
      },
    }),
  }
}
