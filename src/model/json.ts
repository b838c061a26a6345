import { describe, InputError } from '../core/errors.ts'
import type { ActivationName } from './activation.ts'
import type { NetworkParameters } from './parameters.ts'
import { fromBase64, toBase64 } from '../core/base64.ts'
import {
  decodeDescription,
  type Description,
  type DescriptionJSON,
  encodeDescription,
  needsVersion2,
} from './description.ts'

/** Float32 values in JSON: base64 of their little-endian bytes, or plain numbers. */
export type EncodedValues = string | number[]

/** The model file. */
export interface NetworkJSON extends DescriptionJSON {
  /** Identifies the format. */
  format: 'webgpu-mlp'
  /** 2 where older versions of this package would use the network wrongly. */
  version: 1 | 2
  /** The number of neurons of each layer, inputs first. */
  sizes: number[]
  /** The activation of each layer after the inputs. */
  activations: ActivationName[]
  /** The weights of each layer, row-major: row i has those into neuron i. */
  weights: EncodedValues[]
  /** The biases of each layer. */
  biases: EncodedValues[]
}

/** All of a model file but the parameters. */
interface Described extends Description {
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
  return {
    format: 'webgpu-mlp',
    version: needsVersion2(network) ? 2 : 1,
    sizes: [...network.sizes],
    activations: [...network.activations],
    ...encodeDescription(network),
  }
}

export function decodeNetwork(value: unknown): {
  parameters: NetworkParameters
  description: Description
} {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`model: expected an object as Network.toJSON() makes, got ${describe(value)}`)
  }
  const json = value as Partial<Record<keyof NetworkJSON, unknown>>
  const { networks } = value as { networks?: unknown }
  if (json.format === 'webgpu-mlp ensemble' && Array.isArray(networks)) {
    throw new InputError(`model: an ensemble of ${networks.length} networks, expected one network; Ensemble.fromJSON reads it`) // prettier-ignore
  }
  if (json.format !== 'webgpu-mlp') {
    throw new InputError(`model: not a webgpu-mlp model (its "format" is ${describe(json.format)})`)
  }
  if (json.version !== 1 && json.version !== 2) {
    throw new InputError(
      `model: version ${describe(json.version)} is not known here (1 and 2 are); a newer webgpu-mlp wrote it?`,
    )
  }
  const list = (name: 'weights' | 'biases') => {
    if (!Array.isArray(json[name])) throw new InputError(`model: "${name}" is ${describe(json[name])}, expected a list`)
    return (json[name] as (string | number[])[]).map((values, l) =>
      typeof values === 'string' ? fromBase64(values, `model: "${name}[${l}]"`, 'float32') : values,
    )
  }
  return {
    parameters: {
      sizes: json.sizes as number[],
      activations: json.activations as ActivationName[],
      weights: list('weights'),
      biases: list('biases'),
    },
    description: decodeDescription(json, json.sizes),
  }
}
