import { DivergedError, type Evaluation } from '../../index.ts'
import { writeFileAtomic } from '../../node/write.ts'
import { note, print } from '../output.ts'
import type { KeptOutputs } from '../outputs/keep.ts'
import { makeDivergedReport } from '../report/divergence.ts'
import type { RecordedRun } from '../report/trained-run.ts'
import { commandWith } from './command.ts'
import type { TrainOutputs } from './outputs.ts'

interface Diverged {
  readonly run: Omit<RecordedRun, 'result' | 'validation'>
  readonly outputs: TrainOutputs
  readonly kept: KeptOutputs
  readonly words: readonly string[]
  readonly isJson: boolean
}

/** No evaluation: the run ended before it. */
const unknown: Evaluation = { loss: NaN, samples: 0 }

/** Trains; where that diverges, writes the report with the autopsy and prints it for programs, before the error goes on. */
export async function reportDivergence<T>(diverged: Diverged, train: () => Promise<T>): Promise<T> {
  try {
    return await train()
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    const { run, outputs, kept, words, isJson } = diverged
    // The network gets its last good parameters, whose fingerprint the report has.
    await run.trainer.read()
    let report: string | undefined
    if (outputs.report) {
      const page = makeDivergedReport({ run: { ...run, result: unknown, validation: null }, error, words })
      report = await kept.write(outputs.report, (path, how) => writeFileAtomic(path, page, how))
      if (report !== undefined && !isJson)
        note(`webgpu-mlp: note: ${report} shows where the training diverged, and why`)
    }
    if (isJson) print(JSON.stringify({ ...divergenceJson(error, words), backend: run.backend, epochs: run.epochs.length, model: null })) // prettier-ignore
    throw error
  }
}

/** For programs. A loss that is not finite is text. */
function divergenceJson(
  { message, epoch, loss, minibatch, layer, fold, autopsy }: DivergedError,
  words: readonly string[],
) {
  const { losses: _, ...found } = autopsy ?? {}
  const command = autopsy && commandWith(words, autopsy.fix)
  return { diverged: { message, fold, epoch, minibatch, layer, loss: String(loss), ...found, command } }
}
