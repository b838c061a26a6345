import { Command } from 'commander'
import { csvInputParts } from '../data/csv.ts'
import { argmax } from '../data/dataset.ts'
import type { Matrix } from '../core/matrix.ts'
import { checkName } from '../core/errors.ts'
import type { Network } from '../model/network.ts'
import { delimiterOf, readModel, textPieces } from '../node/files.ts'
import { withPath } from '../node/paths.ts'
import { writeFileAtomic } from '../node/write.ts'
import { backendNames } from '../training/backends.ts'
import { Trainer } from '../training/trainer.ts'
import { usualLoss } from './evaluate.ts'
import { addBackendOption } from './options.ts'
import { count, note } from './output.ts'
import { headerMark } from './outputs/marks.ts'
import { addForceOption, checkOutputs } from './outputs/plan.ts'
import { boundaryOf } from './scores.ts'
import { standardOutput } from './streams.ts'

interface PredictOptions {
  model: string
  data: string
  out?: string
  force?: boolean
  backend: string
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('answer each row of a CSV file; a CSV comes out')
    .requiredOption('--model <file>', 'a model that train wrote')
    .requiredOption('--data <file>', 'a CSV file with the input columns that the model was trained on')
    .option('--out <file>', 'where the answers go (default: standard output)')
  return addBackendOption(addForceOption(command)).action(predict)
}

async function predict(options: PredictOptions): Promise<void> {
  const backend = checkName('--backend', options.backend, backendNames)
  const network = await readModel(options.model)
  const { features, scaling, classes } = network
  const { default: Papa } = await import('papaparse')
  const textOf = (rows: (string | number)[][]) => `${Papa.unparse(rows, { newline: '\n' })}\n`
  const head = textOf([headOf(network)])
  const output = options.out === undefined ? undefined : await planOutput(options, options.out, head)
  const trainer = await Trainer.create(network, { backend, loss: usualLoss(network) })
  let answered = 0
  const answers = async function* () {
    for await (const inputs of readInputs(options.data, features)) {
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

/** A part at a time, so that files may be larger than memory. */
async function* readInputs(path: string, features: readonly string[] | undefined): AsyncGenerator<Matrix> {
  const parts = csvInputParts(textPieces(path), { features, delimiter: delimiterOf(path) })
  for (;;) {
    const next = await withPath(path, () => parts.next())
    if (next.done) return
    yield next.value
  }
}

/** To standard output, no faster than it takes them; where it takes no more, that is the end. */
async function printParts(parts: AsyncIterable<string>): Promise<void> {
  for await (const part of parts) {
    await standardOutput.writeContent(part)
    if (standardOutput.failure) return
  }
}

/** The names of the columns: a class and the share of each class; of regression targets the values. */
function headOf({ classes, sizes }: Network): string[] {
  const outputs = sizes.at(-1)!
  if (classes) return ['prediction', ...(outputs === 1 ? [classes[1] ?? 'answer'] : classes)]
  return outputs === 1 ? ['prediction'] : Array.from({ length: outputs }, (_, j) => `prediction ${j + 1}`)
}

function rowsOf(network: Network, answers: Matrix): (string | number)[][] {
  const { classes } = network
  const boundary = boundaryOf(network)
  const rows = answers.toArray().map((row) => row.map((value) => Number(value.toPrecision(7))))
  if (!classes) return rows
  const choose = (row: number[]) =>
    classes[answers.cols === 1 ? Number(row[0]! > boundary) : argmax(row, 0, row.length)] ?? ''
  return rows.map((row) => [choose(row), ...row])
}
