import { writeModel } from '../../node/files.ts'
import { type Network } from '../../index.ts'
import { dataFiles } from '../data.ts'
import { headerMark, marks } from '../outputs/marks.ts'
import type { KeptOutputs } from '../outputs/keep.ts'
import { checkOutputs, type Input, type Output } from '../outputs/plan.ts'
import { historyHeaders, historyPath } from '../report/history.ts'
import { standardOutput } from '../streams.ts'
import type { TrainOptions } from './options.ts'
import type { Earlier } from './resume.ts'

/** All files that a run may write. */
export interface TrainOutputs {
  readonly model: Output | undefined
  readonly report: Output | undefined
  readonly history: Output | undefined
  readonly checkpoint: Output | undefined
}

/**
 * The files that a run will write, checked before it begins. Of a resumed run, those that the checkpoint names may only
 * replace what this program wrote: a checkpoint is a file like any other, and may come from someone else.
 * @throws InputError as {@link checkOutputs} does
 */
export async function planTrain(options: TrainOptions & { data: string }, earlier?: Earlier): Promise<TrainOutputs> {
  const { out, report, checkpoint, resume, from, validation, validationTargets } = options
  const given: Partial<TrainOptions> = earlier?.given ?? options
  const output = (option: string, path: string | undefined, mark: Output['mark'], isGiven: boolean) =>
    path === undefined ? undefined : { option, path, mark, force: isGiven && given.force === true, recalled: !isGiven }
  const history = report === undefined ? undefined : historyPath(report)
  const isReportGiven = given.report !== undefined
  const outputs = {
    model: output('--out', out, marks.model, given.out !== undefined),
    report: output('--report', report, marks.report, isReportGiven),
    history: output(
      '--report (its history)',
      history,
      headerMark('a history', historyHeaders, 'has other columns than a history'),
      isReportGiven,
    ),
    checkpoint: output('--checkpoint', checkpoint, marks.checkpoint, true),
  }
  const inputs: Input[] = (await dataFiles(options)).map((path) => ({ option: '--data', path }))
  // Its checkpoints go on into the file that a run is resumed from.
  if (resume !== undefined && resume !== checkpoint) inputs.push({ option: '--resume', path: resume })
  for (const [option, path] of Object.entries({
    '--from': from,
    '--validation': validation,
    '--validation-targets': validationTargets,
  })) {
    if (path !== undefined) inputs.push({ option, path })
  }
  const all = Object.values(outputs).filter((one) => one !== undefined)
  await checkOutputs(all, inputs)
  return outputs
}

/** What a resumed run will write, for people. */
export function describeOutputs({ model, report, history, checkpoint }: TrainOutputs): string {
  const parts = [
    [model, 'the model'],
    [report, 'the report'],
    [history, 'its history'],
    [checkpoint, 'checkpoints'],
  ] as const
  return parts.flatMap(([output, what]) => (output ? [`${what} to ${output.path}`] : [])).join(', ') || 'no files'
}

/**
 * Sees to it that a run whose results were not all written leaves its network somewhere.
 * @param model where it was written
 */
export async function keepNetwork(kept: KeptOutputs, network: Network, model: string | undefined): Promise<void> {
  await standardOutput.flush()
  const isUnsaid = standardOutput.failure !== undefined && !standardOutput.isClosed
  if (model === undefined) {
    if (isUnsaid || kept.hasFailed) {
      await kept.keep('model.json', 'the trained network', (path, how) => writeModel(path, network, how))
    }
  } else if (isUnsaid && !kept.hasFailed) kept.say(`the trained network is in ${model}`)
}
