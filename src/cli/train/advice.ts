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
import { commandLine } from '../../shell.ts'
import { noteAll } from '../output.ts'
import { regressionWords, remedies, remediesFor } from '../remedies.ts'
import type { PreparedData } from './data.ts'
import type { TrainOptions } from './options.ts'
import type { Result } from './outcome.ts'

/** A run of `train`. */
interface Advised {
  readonly network: Network
  readonly data: PreparedData
  readonly loss: LossName
}

/** Says before training what will probably keep the network from learning. @returns the sentences */
export function noteBefore({ network, data, loss }: Advised): string[] {
  const sentences = adviseBefore(network, exampleOf(data.train), { loss, remedies: remediesFor(network) })
  noteAll(sentences)
  return sentences
}

/**
 * Says where a trained network is worse than an answer that ignores the inputs.
 * @param noted what {@link noteBefore} said: it is not said again
 * @param words of the command, where other options may be added to it
 */
export function noteAfter(
  { network, data, loss }: Advised,
  { epochs, training, validation }: Pick<Result, 'epochs' | 'training' | 'validation'>,
  noted: readonly string[],
  words?: readonly string[],
): void {
  if (data.train instanceof DataStream) return
  const run = { loss, training, validation, epochs: epochs.length, remedies: remediesFor(network) }
  const sentences = adviseAfter(network, data.train, run)
  if (noted.length === 0) return noteAll(sentences)
  const above = noted.length === 1 ? 'the note above says why' : 'the notes above say why'
  const helpful = words ? `; try: ${commandLine(['train', ...helpfulWords(words, network, noted)])}` : ''
  const causes = `the likely cause: ${noted.join('; ')}`
  noteAll(sentences.map((sentence) => sentence.replace(causes, () => above + helpful)))
}

/** A command with the options that help with what was noted. */
function helpfulWords(words: readonly string[], network: Network, noted: readonly string[]): string[] {
  const { inputs, output, targets } = remediesFor(network)
  const isNoted = (remedy: string) => noted.some((sentence) => sentence.endsWith(remedy))
  // Of regression, --standardize scales the targets, too.
  const scaling = isNoted(inputs) ? ['--standardize'] : isNoted(targets) ? ['--standardize-targets'] : []
  if (!isNoted(output)) return [...words, ...scaling]
  const isReplaced = (word: string | undefined) => word === '--activation' || word === '--loss'
  const others = words.filter(
    (word, i) => !isReplaced(word) && !isReplaced(words[i - 1]) && !/^--(?:activation|loss)=/.test(word),
  )
  return [...others, ...scaling, ...regressionWords(network)]
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
