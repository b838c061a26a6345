import { KEY } from '../core/constructors.ts'
import { BackendUnavailableError, DeviceLostError, DivergedError, GPUValidationError, InputError, OutOfMemoryError } from '../core/errors.ts' // prettier-ignore
import { Matrix } from '../core/matrix.ts'
import { type Origin, originOf, withOrigin } from '../core/origin.ts'
import { RawRows } from '../core/raw-rows.ts'
import { Dataset } from '../data/dataset.ts'
import type { Parts } from '../data/dataset-parts.ts'
import { DataStream } from '../data/stream.ts'
import { Encoding, type EncodedColumn, type MissingPolicy } from '../model/encoding.ts'
import { encodeFields, type NetworkJSON } from '../model/json.ts'
import { Network } from '../model/network.ts'
import { Scaling } from '../model/scaling.ts'

/** The key that says which class of the library a plain object was. */
const CLASS = 'webgpu-mlp class'

type Plain = Readonly<Record<string, unknown>>

/**
 * A value as a message can carry it: objects of this library's classes become plain ones, also those that are fields of a
 * plain object; everything else is left to the structured clone.
 */
export function toMessage(value: unknown): unknown {
  if (value instanceof Network) return { [CLASS]: 'Network', json: networkJson(value) }
  if (value instanceof Matrix) return plainMatrix(value)
  if (value instanceof Dataset) return plainDataset(value)
  if (value instanceof Scaling) return plainScaling(value)
  if (value instanceof Encoding) return { [CLASS]: 'Encoding', columns: value.columns, missing: value.missing }
  if (value instanceof RawRows) return plainRows('RawRows', value)
  if (value instanceof DataStream) throw new InputError('data: a DataStream cannot be sent to a worker; make it there, or give a Dataset') // prettier-ignore
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toMessage(field)]))
}

/** The value of a message. */
export function fromMessage(value: unknown): unknown {
  if (!isPlainObject(value)) return value
  const make = CLASS in value ? makers[value[CLASS] as keyof typeof makers] : undefined
  if (make) return make(value)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fromMessage(field)]))
}

const makers = {
  Network: ({ json }: Plain) => Network.fromJSON(json),
  Matrix: (plain: Plain) => {
    const matrix = new Matrix(plain['rows'] as number, plain['cols'] as number, plain['data'] as Float32Array)
    return withOrigin(matrix, fromMessage(plain['origin']) as Origin | undefined)
  },
  RawRows: ({ rows, cols, data }: Plain) => new RawRows(rows as number, cols as number, data as Float64Array),
  Scaling: ({ kind, offset, scale }: Plain) => new Scaling(kind as Scaling['kind'], offset as Float64Array, scale as Float64Array), // prettier-ignore
  Encoding: ({ columns, missing }: Plain) => new Encoding(columns as EncodedColumn[], missing as MissingPolicy),
  Dataset: ({ parts }: Plain) => {
    const Class = Dataset as unknown as new (key: unknown, parts: Parts) => Dataset
    return new Class(KEY, fromMessage(parts) as Parts)
  },
}

/** The parameters as they are, instead of text. */
const networkJson = (network: Network) =>
  ({
    ...encodeFields(network),
    weights: network.weights as unknown[],
    biases: network.biases as unknown[],
  }) as NetworkJSON

const plainScaling = ({ kind, offset, scale }: Scaling) => ({ [CLASS]: 'Scaling', kind, offset, scale })

/** A view would be sent with everything that its buffer holds. */
const own = <T extends Float32Array | Float64Array>(data: T): T =>
  (data.byteLength === data.buffer.byteLength ? data : data.slice()) as T

const plainRows = (name: string, { rows, cols, data }: { rows: number; cols: number; data: Float32Array | Float64Array }) => ({ [CLASS]: name, rows, cols, data: own(data) }) // prettier-ignore

const plainMatrix = (matrix: Matrix) => ({ ...plainRows('Matrix', matrix), origin: toMessage(originOf(matrix)) })

function plainDataset(data: Dataset) {
  const { columns: raw, targets, exactTargets, features, classes, targetNames, weights, encoding, scaling, targetScaling } = data // prettier-ignore
  const parts: Parts = {
    inputs: raw ? undefined : data.inputs,
    raw,
    targets,
    rawTargets: exactTargets instanceof RawRows ? exactTargets : undefined,
    features,
    classes,
    targetNames,
    weights: weights && own(weights),
    encoding,
    scaling,
    targetScaling,
  }
  return { [CLASS]: 'Dataset', parts: toMessage(parts) }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** An error as a message carries it, with the fields that this library's errors have. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

const errorClasses = { InputError, BackendUnavailableError, DeviceLostError, GPUValidationError, OutOfMemoryError, TypeError, RangeError } // prettier-ignore

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, fields: {} }
  const { name, message, stack } = error
  return {
    name,
    message,
    stack,
    fields: error instanceof DivergedError ? Object.fromEntries(Object.entries(error)) : {},
  }
}

/** An error of the other side, of the same class and with the same fields. */
export function errorOf({ name, message, stack, fields }: PlainError): Error {
  const error = makeError(name, message, fields)
  error.message = message
  if (stack !== undefined) error.stack = stack
  return error
}

function makeError(name: string, message: string, fields: PlainError['fields']): Error {
  if (name === 'DivergedError') return new DivergedError(fields as unknown as ConstructorParameters<typeof DivergedError>[0]) // prettier-ignore
  const Class = Object.hasOwn(errorClasses, name) ? errorClasses[name as keyof typeof errorClasses] : Error
  const error = new Class(message)
  error.name = name
  return error
}
