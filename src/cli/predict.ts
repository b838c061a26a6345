import { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { parseCsvInputs } from '../data/csv.ts'
import { argmax } from '../data/dataset.ts'
import type { Matrix } from '../data/matrix.ts'
import { checkName, InputError } from '../errors.ts'
import type { Network } from '../model/network.ts'
import { checkWritable, readModel, writeFileAtomic } from '../node/files.ts'
import { backendNames } from '../training/placement.ts'
import { Trainer } from '../training/trainer.ts'
import { count } from './data.ts'
import { usualLoss } from './evaluate.ts'
import { addBackendOption } from './options.ts'
import { note } from './output.ts'

interface PredictOptions {
  model: string
  data: string
  out?: string
  backend: string
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('answer each row of a CSV file; a CSV comes out')
    .requiredOption('--model <file>', 'a model that train wrote')
    .requiredOption('--data <file>', 'a CSV file with the input columns that the model was trained on')
    .option('--out <file>', 'where the answers go (default: standard output)')
  return addBackendOption(command).action(predict)
}

async function predict(options: PredictOptions): Promise<void> {
  const backend = checkName('--backend', options.backend, backendNames)
  const network = await readModel(options.model)
  if (options.out !== undefined) await checkWritable(options.out)
  const { features, scaling, classes } = network
  const inputs = await readInputs(options.data, features)
  const trainer = await Trainer.create(network, { backend, loss: usualLoss(network) })
  try {
    const answers = await trainer.predict(scaling ? scaling.apply(inputs) : inputs)
    const { default: Papa } = await import('papaparse')
    const csv = `${Papa.unparse(rowsOf(network, answers), { newline: '\n' })}\n`
    if (options.out === undefined) process.stdout.write(csv)
    else {
      await writeFileAtomic(options.out, csv)
      note(`${count(answers.rows)} predictions ${classes ? 'of classes ' : ''}written to ${options.out}`)
    }
  } finally {
    trainer.dispose()
  }
}

async function readInputs(path: string, features: readonly string[] | undefined): Promise<Matrix> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(code)
    throw new InputError(`${path}: cannot be read: ${reason}; expected a CSV file`)
  }
  try {
    return (await parseCsvInputs(text, { features })).inputs
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`)
    throw error
  }
}

/** A class and the share of each class; for quantities the values. */
function rowsOf({ classes }: Network, answers: Matrix): (string | number)[][] {
  const rows = answers.toArray().map((row) => row.map((value) => Number(value.toPrecision(7))))
  if (!classes) {
    const names = answers.cols === 1 ? ['prediction'] : rows[0]!.map((_, j) => `prediction ${j + 1}`)
    return [names, ...rows]
  }
  const head = ['prediction', ...(answers.cols === 1 ? [classes[1] ?? 'answer'] : classes)]
  const choose = (row: number[]) =>
    classes[answers.cols === 1 ? Number(row[0]! > 0.5) : argmax(row, 0, row.length)] ?? ''
  return [head, ...rows.map((row) => [choose(row), ...row])]
}
