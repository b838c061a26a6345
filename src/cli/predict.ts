import { Command } from 'commander'
import { existsSync, statSync } from 'node:fs'
import { type BackendName, decisionBoundary, InputError, Matrix, Network, predictedClasses, Trainer } from '../index.ts'
import { readCsvInputs, readModel } from '../node/files.ts'
import { npyKindOf, readNpyInputs } from '../node/npy-files.ts'
import { writeFileAtomic } from '../node/write.ts'
import { type TextOptions, textOptions } from './data.ts'
import { usualLoss } from './evaluate.ts'
import { addFlag, addOwn, addRequired, libraryFlags, ownFlags } from './flags.ts'
import { addTextOptions } from './options.ts'
import { count, note } from './output.ts'
import { headerMark } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'
import { standardOutput } from './streams.ts'

interface PredictOptions extends TextOptions {
  model: string
  data: string
  arrays?: string
  out?: string
  force?: boolean
  backend: BackendName
}

export function predictCommand(): Command {
  const command = new Command('predict').description(
    'predict the target of each row of a CSV, .npy or .npz file; the result is a CSV file',
  )
  addRequired(command, ownFlags.model)
  addRequired(command, ownFlags.inputFile)
  addTextOptions(command)
  addOwn(command, ownFlags.inputArray, ownFlags.predictions, ownFlags.force)
  return addFlag(command, libraryFlags.backend, { isDefaultShown: true }).action(predict)
}

async function predict(options: PredictOptions): Promise<void> {
  const network = await readModel(options.model)
  const { features, scaling, classes } = network
  const { default: Papa } = await import('papaparse')
  const textOf = (rows: (string | number)[][]) => `${Papa.unparse(rows, { newline: '\n' })}\n`
  const head = textOf([headOf(network)])
  const output = options.out === undefined ? undefined : await planOutput(options, options.out, head)
  const trainer = await Trainer.create(network, { backend: options.backend, loss: usualLoss(network) })
  let answered = 0
  const answers = async function* () {
    for await (const inputs of readInputs(options, features)) {
      const rows = textOf(rowsOf(network, await trainer.predict(scaling ? scaling.apply(inputs) : inputs)))
      // The heads of the columns are there once.
      yield answered === 0 ? head + rows : rows
      answered += inputs.rows
    }
  }
  try {
    if (!output) return await printParts(answers())
    await writeFileAtomic(output.path, answers(), { force: output.force })
    note(`${count(answered)} predictions ${classes ? 'of classes ' : ''}written to ${output.path}`)
  } finally {
    trainer.dispose()
  }
}

/** The inputs, a part at a time. */
async function* readInputs(options: PredictOptions, features: readonly string[] | undefined) {
  const { data, arrays, maxUnpackedBytes } = options
  if (existsSync(data) && statSync(data).isFile() && (await npyKindOf(data))) {
    yield await readNpyInputs(data, arrays?.split(','), maxUnpackedBytes)
    return
  }
  if (arrays !== undefined) throw new InputError(`--arrays: is for .npz files, '${data}' is none`)
  yield* readCsvInputs(data, { ...textOptions(options, data), features })
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

/**
 * The names of the columns: a class, or the labels that are true, and the share of each class or label; of regression
 * targets the values.
 */
function headOf({ classes, sizes }: Network): string[] {
  const outputs = sizes.at(-1)!
  if (classes) return ['prediction', ...(outputs === 1 ? [classes[1] ?? 'answer'] : classes)]
  return outputs === 1 ? ['prediction'] : Array.from({ length: outputs }, (_, j) => `prediction ${j + 1}`)
}

function rowsOf(network: Network, answers: Matrix): (string | number)[][] {
  const { classes } = network
  const rows = answers.toArray().map((row) => row.map((value) => Number(value.toPrecision(7))))
  if (!classes) return rows
  const boundary = decisionBoundary(network)
  if (network.task === 'multilabel') {
    return rows.map((row) => [classes.filter((_, j) => row[j]! > boundary).join(';'), ...row])
  }
  const predicted = predictedClasses(answers, { boundary })
  return rows.map((row, i) => [classes[predicted[i]!] ?? '', ...row])
}
