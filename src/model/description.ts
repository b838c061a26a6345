import { describe, InputError, listNames } from '../core/errors.ts'
import { type LossName, lossNames } from '../loss/loss.ts'
import { Encoding, type EncodedColumn, type MissingPolicy } from './encoding.ts'
import { Scaling } from './scaling.ts'

/**
 * What the outputs of a network mean: one of several classes per sample, several labels per sample that are true or false,
 * or regression targets.
 */
export type Task = 'classification' | 'multilabel' | 'regression'
export const tasks = ['classification', 'multilabel', 'regression'] as const satisfies readonly Task[]

/** What a network carries in addition to its parameters: all that lies between a row of data and an answer. */
export interface Description {
  /** Names of the input columns. */
  readonly features: readonly string[] | undefined
  /** Names of the classes. */
  readonly classes: readonly string[] | undefined
  /** Names of the outputs of a regression, or of the labels. */
  readonly targetNames: readonly string[] | undefined
  /** How the columns of a table become numbers. */
  readonly encoding: Encoding | undefined
  /** How inputs are scaled. */
  readonly scaling: Scaling | undefined
  /** How regression targets are scaled. */
  readonly targetScaling: Scaling | undefined
  /** What the network was trained for. */
  readonly task: Task | undefined
  /** The loss that it was trained with. */
  readonly loss: LossName | undefined
}

/** A description in JSON; fields that a network does not have are left out. */
export interface DescriptionJSON {
  /** Names of the input columns. */
  features?: string[]
  /** Names of the classes. */
  classes?: string[]
  /** Names of the outputs of a regression, or of the labels. */
  targetNames?: string[]
  /** How the columns of a table become numbers. */
  encoding?: {
    /** What happens to missing values. */
    missing: MissingPolicy
    /** The columns, in the order of the file. */
    columns: EncodedColumn[]
  }
  /** How inputs are scaled. */
  scaling?: ScalingJSON
  /** How regression targets are scaled. */
  targetScaling?: ScalingJSON
  /** What the network was trained for. */
  task?: Task
  /** The loss that it was trained with. */
  loss?: LossName
}

/** A {@link Scaling} in JSON. */
export interface ScalingJSON {
  /** Which kind of scaling it is. */
  kind: Scaling['kind']
  /** What is subtracted from each column. */
  offset: number[]
  /** What each column is then divided by. */
  scale: number[]
}

/** The names of the fields. */
export const descriptionFields = [
  'features',
  'classes',
  'targetNames',
  'encoding',
  'scaling',
  'targetScaling',
  'task',
  'loss',
] as const satisfies readonly (keyof Description)[]

/** The description alone of an object that has one. */
export function describedBy(network: Description): Description {
  const { features, classes, targetNames, encoding, scaling, targetScaling, task, loss } = network
  return { features, classes, targetNames, encoding, scaling, targetScaling, task, loss }
}

/** The number of columns that a row of data has: those of the encoding, else one per input. */
export const columnsOf = (network: Pick<Description, 'encoding'> & { readonly sizes: readonly number[] }): number =>
  network.encoding?.columns.length ?? network.sizes[0]!

export function encodeDescription(network: Description): DescriptionJSON {
  const { features, classes, targetNames, encoding, scaling, targetScaling, task, loss } = network
  return {
    ...(features && { features: [...features] }),
    ...(classes && { classes: [...classes] }),
    ...(targetNames && { targetNames: [...targetNames] }),
    ...(encoding && { encoding: { missing: encoding.missing, columns: [...encoding.columns] } }),
    ...(scaling && { scaling: encodeScaling(scaling) }),
    ...(targetScaling && { targetScaling: encodeScaling(targetScaling) }),
    ...(task && { task }),
    ...(loss && { loss }),
  }
}

const encodeScaling = ({ kind, offset, scale }: Scaling): ScalingJSON => ({
  kind,
  offset: [...offset],
  scale: [...scale],
})

/**
 * Whether a program that knows only names, classes and the scaling of inputs would use the network wrongly: such a model
 * file has version 2, so that older versions of this package refuse it.
 */
export const needsVersion2 = ({ encoding, targetScaling }: Description): boolean =>
  encoding !== undefined || targetScaling !== undefined

/** @throws InputError naming the first field that does not fit a network of these sizes */
export function decodeDescription(json: Readonly<Record<string, unknown>>, sizes: unknown): Description {
  const [inputs, outputs] = Array.isArray(sizes) ? [sizes[0] as unknown, sizes.at(-1) as unknown] : []
  const encoding = json['encoding'] === undefined ? undefined : decodeEncoding(json['encoding'], inputs)
  return {
    features: names(json['features'], 'features', encoding?.columns.length ?? inputs),
    classes: checkClasses(names(json['classes'], 'classes'), outputs),
    targetNames: names(json['targetNames'], 'targetNames', outputs),
    encoding,
    scaling: decodeScaling(json['scaling'], 'scaling', inputs),
    targetScaling: decodeScaling(json['targetScaling'], 'targetScaling', outputs),
    task: oneOf(json['task'], 'task', tasks),
    loss: oneOf(json['loss'], 'loss', lossNames),
  }
}

function oneOf<N extends string>(value: unknown, field: string, known: readonly N[]): N | undefined {
  if (value === undefined || known.includes(value as N)) return value as N | undefined
  throw new InputError(`model: "${field}" is ${describe(value)}, expected one of ${listNames(known)}`)
}

function names(value: unknown, field: string, count?: unknown): string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
    throw new InputError(`model: "${field}" is ${describe(value)}, expected a list of names`)
  }
  if (count !== undefined && value.length !== count) {
    throw new InputError(`model: "${field}" has ${value.length} names, expected ${describe(count)}`)
  }
  return value
}

/** A class an output, or two for one output; each named once. */
function checkClasses(classes: string[] | undefined, outputs: unknown): string[] | undefined {
  if (classes === undefined || typeof outputs !== 'number') return classes
  if (!fitClasses(classes, outputs)) {
    throw new InputError(`model: "classes" has ${classes.length} names for ${outputs} outputs, expected ${Math.max(2, outputs)}`) // prettier-ignore
  }
  if (new Set(classes).size < classes.length) throw new InputError('model: "classes" names a class twice')
  return classes
}

/** Whether there is a name for each class that a network's outputs distinguish: one output distinguishes two. */
export const fitClasses = (classes: readonly string[], outputs: number): boolean =>
  classes.length === Math.max(2, outputs)

function decodeScaling(value: unknown, field: string, count: unknown): Scaling | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) {
    throw new InputError(`model: "${field}" is ${describe(value)}, expected an object with kind, offset and scale`)
  }
  const { kind, offset, scale } = value as Record<string, unknown>
  const each = field === 'scaling' ? 'input' : 'output'
  if (kind !== 'standardize' && kind !== 'normalize') {
    throw new InputError(`model: "${field}": kind is ${describe(kind)}, expected standardize or normalize`)
  }
  const numbers = (name: string, list: unknown, isValid: (value: number) => boolean, expected: string) => {
    if (!Array.isArray(list) || list.length !== count) {
      const found = Array.isArray(list) ? `${list.length} values` : describe(list)
      throw new InputError(
        `model: "${field}": ${name}: expected ${String(count)} numbers, one per ${each}, got ${found}`,
      )
    }
    const bad = list.findIndex((value) => !(Number.isFinite(value) && isValid(value as number)))
    if (bad < 0) return list as number[]
    throw new InputError(`model: "${field}": ${name}[${bad}] is ${describe(list[bad])}, expected ${expected}`)
  }
  const offsets = numbers('offset', offset, () => true, 'a finite number')
  return new Scaling(
    kind,
    offsets,
    numbers('scale', scale, (value) => value > 0, 'a positive finite number'),
  )
}

function decodeEncoding(value: unknown, inputs: unknown): Encoding {
  if (typeof value !== 'object' || value === null) {
    throw new InputError(`model: "encoding" is ${describe(value)}, expected an object with its columns`)
  }
  const { columns, missing } = value as Record<string, unknown>
  let encoding: Encoding
  try {
    encoding = new Encoding(columns as EncodedColumn[], missing as MissingPolicy | undefined)
  } catch (cause) {
    throw new InputError(`model: ${(cause as Error).message}`, { cause })
  }
  if (typeof inputs !== 'number' || encoding.inputs === inputs) return encoding
  throw new InputError(`model: "encoding" makes ${encoding.inputs} inputs, the network has ${inputs}`)
}
