import { describe, InputError } from '../core/errors.ts'
import type { ActivationName } from './activation.ts'
import type { NetworkParameters } from './parameters.ts'
import { fromBase64, toBase64 } from '../core/base64.ts'
import { Scaling } from './scaling.ts'

/** Float32 values in JSON: base64 of their little-endian bytes, or plain numbers. */
export type EncodedValues = string | number[]

/** The model file. */
export interface NetworkJSON {
  format: 'webgpu-mlp'
  version: 1
  sizes: number[]
  activations: ActivationName[]
  weights: EncodedValues[]
  biases: EncodedValues[]
  features?: string[]
  classes?: string[]
  scaling?: { kind: Scaling['kind']; offset: number[]; scale: number[] }
}

/** What a model file contains in addition to the parameters. */
export interface ModelNames {
  /** One name an input column. */
  readonly features: readonly string[] | undefined
  readonly classes: readonly string[] | undefined
  /** The scaling of the inputs with which the network was trained. */
  readonly scaling: Scaling | undefined
}

/** What a network has in addition to its parameters. */
interface Described extends ModelNames {
  readonly sizes: readonly number[]
  readonly activations: readonly ActivationName[]
}

export function encodeNetwork(
  network: Described & { readonly weights: readonly Float32Array[]; readonly biases: readonly Float32Array[] },
): NetworkJSON {
  return {
    ...encodeFields(network),
    weights: network.weights.map(toBase64),
    biases: network.biases.map(toBase64),
  }
}

/** All of a model file but the parameters. */
export function encodeFields(network: Described): Omit<NetworkJSON, 'weights' | 'biases'> {
  const { features, classes, scaling } = network
  return {
    format: 'webgpu-mlp',
    version: 1,
    sizes: [...network.sizes],
    activations: [...network.activations],
    ...(features && { features: [...features] }),
    ...(classes && { classes: [...classes] }),
    ...(scaling && { scaling: { kind: scaling.kind, offset: [...scaling.offset], scale: [...scaling.scale] } }),
  }
}

export function decodeNetwork(value: unknown): NetworkParameters & ModelNames {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`model: expected an object as Network.toJSON() makes, got ${describe(value)}`)
  }
  const json = value as Partial<Record<keyof NetworkJSON, unknown>>
  if (json.format !== 'webgpu-mlp') {
    throw new InputError(`model: not a webgpu-mlp model (its "format" is ${describe(json.format)})`)
  }
  if (json.version !== 1) {
    throw new InputError(
      `model: version ${describe(json.version)} is not known here (1 is); a newer webgpu-mlp wrote it?`,
    )
  }
  const list = (name: 'weights' | 'biases') => {
    if (!Array.isArray(json[name])) throw new InputError(`model: "${name}" is ${describe(json[name])}, expected a list`)
    return (json[name] as (string | number[])[]).map((values, l) =>
      typeof values === 'string' ? fromBase64(values, `model: "${name}[${l}]"`, 'float32') : values,
    )
  }
  return {
    sizes: json.sizes as number[],
    activations: json.activations as ActivationName[],
    weights: list('weights'),
    biases: list('biases'),
    features: names(json.features, 'features', Array.isArray(json.sizes) ? json.sizes[0] : undefined),
    classes: checkClasses(names(json.classes, 'classes'), json.sizes),
    scaling: json.scaling === undefined ? undefined : decodeScaling(json.scaling, json.sizes),
  }
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
function checkClasses(classes: string[] | undefined, sizes: unknown): string[] | undefined {
  const outputs: unknown = Array.isArray(sizes) ? sizes.at(-1) : undefined
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

function decodeScaling(value: unknown, sizes: unknown): Scaling {
  const { kind, offset, scale } = (value ?? {}) as Record<string, unknown>
  const inputs = Array.isArray(sizes) ? (sizes[0] as unknown) : undefined
  const fits = (list: unknown) => Array.isArray(list) && list.length === inputs && list.every(Number.isFinite)
  if ((kind !== 'standardize' && kind !== 'normalize') || !fits(offset) || !fits(scale)) {
    throw new InputError('model: "scaling" needs a kind (standardize or normalize) and an offset and a scale per input')
  }
  return new Scaling(kind, offset as number[], scale as number[])
}
