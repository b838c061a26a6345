import { Command } from 'commander'
import { once } from 'node:events'
import { csvInputParts } from '../data/csv.ts'
import { argmax } from '../data/dataset.ts'
import type { Matrix } from '../data/matrix.ts'
import { checkName } from '../errors.ts'
import type { Network } from '../model/network.ts'
import { delimiterOf, readModel, textPieces } from '../node/files.ts'
import { withPath } from '../node/paths.ts'
import { checkWritable, writeFileAtomic } from '../node/write.ts'
import { backendNames } from '../training/placement.ts'
import { Trainer } from '../training/trainer.ts'
import { usualLoss } from './evaluate.ts'
import { addBackendOption } from './options.ts'
import { count, note } from './output.ts'
import { boundaryOf } from './scores.ts'

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
  const trainer = await Trainer.create(network, { backend, loss: usualLoss(network) })
  let answered = 0
  const answers = async function* () {
    const { default: Papa } = await import('papaparse')
    for await (const inputs of readInputs(options.data, features)) {
      const rows = rowsOf(network, await trainer.predict(scaling ? scaling.apply(inputs) : inputs))
      // The heads of the columns stand there once.
      yield `${Papa.unparse(answered === 0 ? rows : rows.slice(1), { newline: '\n' })}\n`
      answered += inputs.rows
    }
  }
  try {
    await write(options.out, answers())
    if (options.out === undefined) return
    note(`${count(answered)} predictions ${classes ? 'of classes ' : ''}written to ${options.out}`)
  } finally {
    trainer.dispose()
  }
}

/** A part at a time, so that files may be larger than memory. */
async function* readInputs(path: string, features: readonly string[] | undefined): AsyncGenerator<Matrix> {
  const parts = csvInputParts(textPieces(path), { features, delimiter: delimiterOf(path) })
  for (;;) {
    const next = await withPath(path, () => parts.next())
    if (next.done) return
    yield next.value
  }
}

async function write(out: string | undefined, parts: AsyncIterable<string>): Promise<void> {
  if (out !== undefined) return writeFileAtomic(out, parts)
  try {
    for await (const part of parts) if (!process.stdout.write(part)) await once(process.stdout, 'drain')
  } catch (error) {
    // A reader that has enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

/** A class and the share of each class; for quantities the values. */
function rowsOf(network: Network, answers: Matrix): (string | number)[][] {
  const { classes } = network
  const boundary = boundaryOf(network)
  const rows = answers.toArray().map((row) => row.map((value) => Number(value.toPrecision(7))))
  if (!classes) {
    const names = answers.cols === 1 ? ['prediction'] : rows[0]!.map((_, j) => `prediction ${j + 1}`)
    return [names, ...rows]
  }
  const head = ['prediction', ...(answers.cols === 1 ? [classes[1] ?? 'answer'] : classes)]
  const choose = (row: number[]) =>
    classes[answers.cols === 1 ? Number(row[0]! > boundary) : argmax(row, 0, row.length)] ?? ''
  return [head, ...rows.map((row) => [choose(row), ...row])]
}
