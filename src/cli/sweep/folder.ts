import { join } from 'node:path'
import { writeModel } from '../../node/files.ts'
import { writeFileAtomic } from '../../node/write.ts'
import type { Ensemble, Network } from '../../index.ts'
import { dataFiles } from '../data.ts'
import type { KeptOutputs } from '../outputs/keep.ts'
import { headerMark, jsonMark, marks } from '../outputs/marks.ts'
import { checkOutputs, type Input, type Output } from '../outputs/plan.ts'
import { csvStart, resultsCsv } from './csv.ts'
import type { SweepCommandOptions } from './options.ts'
import type { SweepRecord } from './record.ts'

/** The files of a sweep's folder. */
export interface SweepOutputs {
  readonly folder: string
  readonly state: Output
  readonly best: Output
  readonly ensemble: Output
  readonly json: Output
  readonly csv: Output
  readonly page: Output
}

/** The name of the file with the state of a sweep. */
export const stateName = 'sweep.state'

const fileMarks = {
  state: headerMark('the state of a sweep', 'mlpsweep', 'is not the state of a sweep'),
  best: marks.model,
  ensemble: jsonMark('an ensemble', 'webgpu-mlp ensemble'),
  json: jsonMark('results of a sweep', 'webgpu-mlp sweep'),
  csv: headerMark('results of a sweep', csvStart, 'has other columns than results of a sweep'),
  page: marks.report,
}

/**
 * The files that a sweep writes, checked before it begins.
 * @param isRecalled whether the folder is that of `--resume`
 * @throws InputError as {@link checkOutputs} does
 */
export async function planFolder(
  folder: string,
  { force = false, resume }: Pick<SweepCommandOptions, 'force' | 'resume'>,
  inputs: readonly Input[],
): Promise<SweepOutputs> {
  const option = typeof resume === 'string' ? '--resume' : '--out'
  const output = (name: string, mark: Output['mark']): Output => ({ option, path: join(folder, name), mark, force })
  const outputs = {
    state: output(stateName, fileMarks.state),
    best: output('best.json', fileMarks.best),
    ensemble: output('ensemble.json', fileMarks.ensemble),
    json: output('results.json', fileMarks.json),
    csv: output('results.csv', fileMarks.csv),
    page: output('sweep.html', fileMarks.page),
  }
  await checkOutputs(Object.values(outputs), inputs)
  return { folder, ...outputs }
}

/** The files that a sweep reads. */
export async function inputsOf(options: SweepCommandOptions & SweepInputs & { data: string }): Promise<Input[]> {
  const { validation, validationTargets } = options
  const files = (await dataFiles(options)).map((path) => ({ option: '--data', path }))
  const others = Object.entries({ '--validation': validation, '--validation-targets': validationTargets })
  return [...files, ...others.flatMap(([option, path]) => (path === undefined ? [] : [{ option, path }]))]
}

/** Options that name files. */
interface SweepInputs {
  readonly targets?: string
  readonly validation?: string
  readonly validationTargets?: string
}

/** What {@link writeResults} writes. */
export interface Results {
  readonly record: SweepRecord
  /** Undefined where all networks diverged. */
  readonly best: Network | undefined
  readonly ensemble: Ensemble | undefined
  readonly page: () => string
}

/** Writes the results; what cannot be written is kept somewhere else. @returns the names of the files */
export async function writeResults(
  outputs: SweepOutputs,
  { record, best, ensemble, page }: Results,
  kept: KeptOutputs,
): Promise<string[]> {
  const written: (string | undefined)[] = []
  if (best) written.push(await kept.write(outputs.best, (path, how) => writeModel(path, best, how)))
  if (ensemble) {
    const text = `${JSON.stringify(ensemble)}\n`
    written.push(await kept.write(outputs.ensemble, (path, how) => writeFileAtomic(path, text, how)))
  }
  written.push(await kept.write(outputs.json, (path, how) => writeFileAtomic(path, jsonParts(record), how)))
  written.push(await kept.write(outputs.csv, (path, how) => writeFileAtomic(path, resultsCsv(record), how)))
  written.push(await kept.write(outputs.page, (path, how) => writeFileAtomic(path, page(), how)))
  return written.filter((path) => path !== undefined)
}

/** The record as JSON with a line for each result; a part at a time, since thousands of results are a long text. */
// eslint-disable-next-line @typescript-eslint/require-await -- a file takes an asynchronous iterable
async function* jsonParts({ results, ...record }: SweepRecord): AsyncGenerator<string> {
  yield `${JSON.stringify(record).slice(0, -1)},"results":[`
  for (const [i, result] of results.entries()) yield `${i === 0 ? '' : ','}\n${JSON.stringify(result)}`
  yield '\n]}\n'
}
