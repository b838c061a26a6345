import { InputError } from '../core/errors.ts'
import { checkFinite, Matrix, type MatrixLike, roundValues } from '../core/matrix.ts'
import { originOf, withOrigin } from '../core/origin.ts'
import { exactRows, RawRows } from '../core/raw-rows.ts'
import type { Encoding } from '../model/encoding.ts'
import { preprocess } from '../model/preprocess.ts'
import type { Scaling } from '../model/scaling.ts'
import type { Parts, WholeParts } from './dataset-parts.ts'

/**
 * Inputs in float32, and the values that they were made of where float32 rounds them. Without `inputs`, some are beyond float32:
 * they are made when a scaling has brought the values into its range.
 * @throws InputError for ragged rows, no rows, and values that are not finite
 */
export function readInputs(x: MatrixLike): { matrix: Matrix; inputs: Matrix | undefined; raw: RawRows | undefined } {
  const matrix = x instanceof Matrix ? Matrix.from(x, 'x') : roundValues(x, 'x')
  const raw = originOf(matrix)?.raw ?? exactRows(x, matrix)
  if (x instanceof Matrix) return { matrix, inputs: matrix, raw }
  const isFinite = matrix.data.every(Number.isFinite)
  if (!isFinite && !raw?.data.every(Number.isFinite)) checkFinite(matrix, 'x')
  return { matrix, inputs: isFinite ? matrix : undefined, raw }
}

/** The inputs of raw columns, not scaled. */
export function encodeRaw({ raw, encoding }: Pick<Parts, 'raw' | 'encoding'>): Matrix {
  return withOrigin(preprocess(raw!, encoding, undefined), { raw: raw!, encoding })
}

/**
 * The same samples with other inputs, whose preprocessing is known where this package did it.
 * @throws InputError where the rows are not as many as the samples, or the columns not as many as their names
 */
export function replaceInputs({ makeInputs: _, ...parts }: WholeParts, inputs: Matrix): Parts {
  const { targets, features, encoding: own } = parts
  if (inputs.rows !== targets.rows) {
    throw new InputError(`inputs: expected ${targets.rows} rows, one for each sample, got ${inputs.rows}`)
  }
  const origin = originOf(inputs)
  const encoding = origin?.encoding as Encoding | undefined
  const names = own && !encoding ? own.inputNames(features ?? []) : features
  if (names !== undefined && names.length !== (encoding?.columns.length ?? inputs.cols)) {
    throw new InputError(`features: expected ${inputs.cols} names, one a column of x, got ${names.length}`)
  }
  const scaling = origin?.scaling as Scaling | undefined
  return { ...parts, inputs, raw: undefined, features: names, encoding, scaling }
}

/**
 * The same samples with scaled inputs, computed in float64 from the columns' own units.
 * @throws InputError where the columns are not those the scaling was fitted on, and for data with another scaling
 */
export function scaleInputs({ makeInputs, ...parts }: WholeParts, scaling: Scaling, name: string): Parts {
  const { raw, encoding } = parts
  if (parts.scaling) throw new InputError(`${name}: the inputs are scaled already, in another way`)
  const inputs = raw
    ? withOrigin(preprocess(raw, encoding, scaling), { encoding, scaling })
    : scaling.apply(makeInputs())
  return { ...parts, inputs, raw: undefined, scaling }
}

/**
 * The same samples with scaled regression targets.
 * @throws InputError for classes, for another number of targets, and for data with another scaling of the targets
 */
export function scaleTargetParts({ makeInputs: _, ...parts }: WholeParts, scaling: Scaling, name: string): Parts {
  const { rawTargets: exact, classes } = parts
  if (parts.targetScaling) throw new InputError(`${name}: the targets are scaled already, in another way`)
  if (classes) throw new InputError(`${name}: expected regression targets to scale, got classes`)
  const values = exact ? { rows: exact.rows, cols: exact.cols, data: exact.data } : parts.targets
  return { ...parts, targets: scaling.apply(values), rawTargets: undefined, targetScaling: scaling }
}

/**
 * The same samples encoded in another way.
 * @throws InputError where the kinds of the columns differ, and where the columns are not held any more
 */
export function encodeParts({ makeInputs, ...parts }: WholeParts, encoding: Encoding, name: string): Parts {
  const { raw, encoding: own, features } = parts
  if (parts.scaling || !(raw ?? !own)) throw new InputError(`${name}: they are encoded already, in another way`)
  const rows = raw ?? RawRows.from(makeInputs())
  encoding.checkColumns(own, rows.cols, name, features)
  return { ...parts, inputs: undefined, raw: own ? encoding.translate(rows, own) : rows, encoding }
}
