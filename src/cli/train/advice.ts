import {
  adviseAfter,
  adviseBefore,
  adviseDiverged,
  type Autopsy,
  DataStream,
  describeAutopsy,
  DivergedError,
  type LossName,
  type Network,
  type Optimizer,
} from '../../index.ts'
import { findCsvLine } from '../../node/csv-lines.ts'
import { exampleOf, isCsv, isGenerated, textOptions } from '../data.ts'
import { noteAll } from '../output.ts'
import { remedies } from '../remedies.ts'
import type { PreparedData } from './data.ts'
import type { TrainOptions } from './options.ts'
import type { Result } from './outcome.ts'

/** A run of `train`. */
interface Advised {
  readonly network: Network
  readonly data: PreparedData
  readonly loss: LossName
}

/** Says before training what will probably keep the network from learning. */
export function noteBefore({ network, data, loss }: Advised): void {
  noteAll(adviseBefore(network, exampleOf(data.train), { loss, remedies }))
}

/** Says where a trained network is worse than an answer that ignores the inputs. */
export function noteAfter(
  { network, data, loss }: Advised,
  { epochs, training, validation }: Pick<Result, 'epochs' | 'training' | 'validation'>,
): void {
  if (data.train instanceof DataStream) return
  noteAll(adviseAfter(network, data.train, { loss, training, validation, epochs: epochs.length, remedies }))
}

/** Trains; where that diverges, the error names the likely cause with the options of the command line. */
export async function explainDivergence<T>(
  {
    network,
    data,
    loss,
    optimizer,
    options,
  }: Advised & { readonly optimizer: Optimizer; readonly options: TrainOptions },
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    const { epoch, minibatch, layer, fold, weights, biases, cause, autopsy } = error
    const given = { epoch, loss: error.loss, minibatch, layer, fold, weights, biases }
    const known = autopsy
      ? { autopsy: { ...autopsy, ...describeAutopsy(autopsy, await wordsFor(autopsy, options)) } }
      : { hint: adviseDiverged(network, exampleOf(data.train), { loss, optimizer, remedies }) }
    throw Object.assign(new DivergedError({ ...given, ...known }), { cause })
  }
}

/** Names rows as the file does. */
async function wordsFor(autopsy: Autopsy, options: TrainOptions) {
  const row = await sayLine(autopsy, options)
  const { rows } = autopsy.fix
  if (row === undefined || !rows) return remedies
  // Samples of a part of the file have other numbers.
  const many = `correct such values, or leave out the ${rows.length} lines that have them`
  return { ...remedies, row, rows: rows.length > 1 ? many : 'correct this value, or leave the line out' }
}

/** Where a row is that made a training diverge: 'line 18 of houses.csv'; undefined where that is not known. */
async function sayLine({ bad }: Autopsy, options: TrainOptions): Promise<string | undefined> {
  const { data } = options
  if (!bad || data === undefined || isGenerated(data) || !(await isCsv(data))) return undefined
  // The file may have changed since it was read.
  const line = await findCsvLine(data, bad.column, bad.value, textOptions(options, data)).catch(() => undefined)
  return line === undefined ? undefined : `line ${line} of ${data}`
}
