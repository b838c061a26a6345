import { existsSync } from 'node:fs'
import { type Dataset, DataStream, Encoding, InputError } from '../../index.ts'
import { npyKindOf } from '../../node/npy-files.ts'
import { exampleOf, isGenerated, isStreamedCsv, loadData, openCsv, textOptions } from '../data.ts'
import { fitOutputs, type TargetReading } from '../target.ts'
import type { TrainOptions } from './options.ts'

/** The samples of `--validation`, in their own units; none without it. */
export interface Validation {
  readonly samples: Dataset | DataStream | undefined
  /** Removes temporary files. */
  close(): void
}

/**
 * Opens the data of `--validation`, with the columns and classes of the training data; a CSV file that
 * is large, or with `--stream`, is read a part at a time.
 * @param reading of the training data; undefined where they are generated
 * @throws InputError as the readers do
 */
export async function openValidation(
  options: TrainOptions & { data: string },
  train: Dataset | DataStream,
  reading: TargetReading | undefined,
): Promise<Validation> {
  const { validation: path, validationTargets: targets, data } = options
  if (path === undefined) {
    if (targets === undefined) return { samples: undefined, close: () => undefined }
    throw new InputError('--validation-targets: belongs to --validation x.npy; give that, too')
  }
  if (!reading) throw new InputError(`--validation: is for data from files, '${data}' is generated`)
  if (!existsSync(path) || isGenerated(path)) throw new InputError(`--validation: no file '${path}'`)
  if (targets === undefined && (await npyKindOf(path)) === 'npy') {
    throw new InputError(`--validation: ${path} holds inputs only; give the file with their targets: --validation-targets`) // prettier-ignore
  }
  const { features, classes, targetNames, encoding, inputs, targets: columns } = exampleOf(train)
  const isDecided = classes !== undefined || reading.task === 'multilabel'
  const { task, numbers } = isDecided ? reading : { task: 'regression' as const, numbers: undefined }
  const { target, missing } = options
  const known = { target, missing, features, classes, targetNames, task, numbers, columns: encoding ?? Encoding.ofNumbers(inputs.cols) } // prettier-ignore
  if (await isStreamedCsv(path, options.stream)) {
    const { train: samples, close } = await openCsv(path, { ...textOptions(options, path), ...known, shuffle: false })
    return { samples: fitOutputs(samples, columns.cols), close }
  }
  const { train: samples } = await loadData({ ...options, ...known, drop: undefined, data: path, targets })
  return { samples: fitOutputs(samples, columns.cols), close: () => undefined }
}
