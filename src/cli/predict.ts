import { Command } from 'commander'
import { Ensemble, InputError, type Matrix, type MissingPolicy, type Network, optionSchemas } from '../index.ts'
import { type CsvRows, readAnyModel, readCsvRows } from '../node/files.ts'
import { readNpyInputs } from '../node/npy-files.ts'
import { writeFileAtomic } from '../node/write.ts'
import { isNpy, type TextOptions, textOptions } from './data.ts'
import { addFlag, addOwn, addRequired, libraryFlags, ownFlags } from './flags.ts'
import { addBackendOptions, addTextOptions, type BackendOptions, checkBackend } from './options.ts'
import { count, note } from './output.ts'
import { headerMark } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'
import { headOf, openPredictor, type Predictor } from './predictor.ts'
import { standardOutput } from './streams.ts'

interface PredictOptions extends BackendOptions, TextOptions {
  model: string
  data: string
  arrays?: string
  missing?: MissingPolicy
  keep?: readonly string[]
  out?: string
  force?: boolean
}

export function predictCommand(): Command {
  const command = new Command('predict').description(
    'predict the target of each row of a CSV, .npy or .npz file; the result is a CSV file',
  )
  addRequired(command, ownFlags.model)
  addRequired(command, ownFlags.inputFile)
  addFlag(addTextOptions(command), libraryFlags.missing)
  const { flag, help } = ownFlags.keep
  command.option(flag, help, (text: string) => optionSchemas.parseCsvInputs.fields.features.check('--keep', text))
  addOwn(command, ownFlags.inputArray, ownFlags.predictions, ownFlags.force)
  return addBackendOptions(command).action(predict)
}

async function predict(options: PredictOptions): Promise<void> {
  const model = await readAnyModel(options.model)
  const { classes } = model
  const { default: Papa } = await import('papaparse')
  const textOf = (rows: (readonly (string | number)[])[]) => `${Papa.unparse(rows, { newline: '\n' })}\n`
  const head = textOf([[...(options.keep ?? []), ...headOf(model, options.keep)]])
  const output = options.out === undefined ? undefined : await planOutput(options, options.out, head)
  const predictor = await openPredictor(model, checkBackend(options))
  const done = { rows: 0, incomplete: 0 }
  const answers = async function* () {
    for await (const part of readParts(options, model)) {
      const text = textOf(await answerRows(predictor, model, part))
      // The heads of the columns are there once.
      yield done.rows === 0 ? head + text : text
      done.rows += part.rows
      done.incomplete += part.rows - part.inputs.rows
    }
  }
  try {
    if (output) await writeFileAtomic(output.path, answers(), { force: output.force })
    else await printParts(answers())
    if (output) note(`${count(done.rows)} predictions ${classes ? 'of classes ' : ''}written to ${output.path}`)
    if (done.incomplete > 0) {
      const what = done.incomplete === 1 ? '1 row has' : `${count(done.incomplete)} rows have`
      note(`webgpu-mlp: note: ${options.data}: ${what} missing values: the predictions are empty there`)
    }
  } finally {
    predictor.dispose()
  }
}

/** Rows to predict from; those of NumPy's files may be of float64. */
type Part = Omit<CsvRows, 'inputs'> & {
  readonly inputs: Matrix | { readonly rows: number; readonly cols: number; readonly data: ArrayLike<number> }
}

/** The rows, a part at a time, with the columns to keep. */
async function* readParts(options: PredictOptions, model: Network | Ensemble): AsyncGenerator<Part> {
  const { data, arrays, maxUnpackedBytes, keep, missing } = options
  const { features, encoding: columns } = model
  const scaling = model instanceof Ensemble ? undefined : model.scaling
  if (await isNpy(data)) {
    if (keep) throw new InputError(`--keep: is for CSV files, '${data}' is none`)
    const inputs = await readNpyInputs(data, arrays?.split(','), maxUnpackedBytes)
    yield { rows: inputs.rows, inputs, complete: undefined, kept: [], features: features ?? [] }
    return
  }
  if (arrays !== undefined) throw new InputError(`--arrays: is for .npz files, '${data}' is none`)
  yield* readCsvRows(data, { ...textOptions(options, data), features, columns, scaling, missing, keep })
}

/** One row of the result for each row of the file; those with missing values are empty behind the columns to keep. */
async function answerRows(predictor: Predictor, model: Network | Ensemble, { rows, inputs, complete, kept }: Part) {
  const answers = inputs.rows > 0 ? await predictor.predict(inputs) : []
  const empty = headOf(model).map(() => '')
  let next = 0
  return Array.from({ length: rows }, (_, i) => {
    const isComplete = complete === undefined || complete[next] === i
    return [...(kept[i] ?? []), ...(isComplete ? answers[next++]! : empty)]
  })
}

/** The file to write, checked. */
async function planOutput({ model, data, force = false }: PredictOptions, path: string, head: string) {
  const output = {
    option: '--out',
    path,
    mark: headerMark('a file of predictions', head, 'has other columns than these predictions'),
    force,
  }
  await checkOutputs([output], [{ option: '--model', path: model }, { option: '--data', path: data }]) // prettier-ignore
  return output
}

/** To standard output, no faster than it takes them; where it takes no more, that is the end. */
async function printParts(parts: AsyncIterable<string>): Promise<void> {
  for await (const part of parts) {
    await standardOutput.writeContent(part)
    if (standardOutput.failure) return
  }
}
