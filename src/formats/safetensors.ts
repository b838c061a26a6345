import { describe, InputError, listNames, shorten } from '../core/errors.ts'
import { type Fields, kind, list, name, optional, readOptions } from '../core/schema.ts'
import { type ActivationName, activationNames } from '../model/activation.ts'
import { descriptionFields } from '../model/description.ts'
import { encodeFields } from '../model/json.ts'
import { Network } from '../model/network.ts'
import { checkBytes, checkNetwork } from './check.ts'
import { readTensors, type Tensor, type TensorFile, writeTensors } from './safetensors-file.ts'

/** What {@link fromSafetensors} takes. */
export interface SafetensorsOptions {
  /** For a file that does not name them: one name for every layer, or one a layer. */
  activations?: ActivationName | readonly ActivationName[] | undefined
}

const activation = name(activationNames)
const activationList = list(activation, 'the name of an activation, or a list of them', 1)

export const fromSafetensorsSchema = {
  name: 'fromSafetensors',
  fields: {
    activations: optional(
      kind<ActivationName | readonly ActivationName[]>((argument, value) =>
        typeof value === 'string' ? activation.check(argument, value) : activationList.check(argument, value),
      ),
    ),
  } satisfies Fields<SafetensorsOptions>,
}

/** The fields of the metadata that hold JSON. */
const fields = ['sizes', 'activations', ...descriptionFields] as const

/**
 * The network as a safetensors file: F32, `out × in` weights. The tensors are called as those of PyTorch's
 * `nn.Sequential(nn.Linear(…), activation, nn.Linear(…), …)`: `0.weight`, `0.bias`, `2.weight`, `2.bias`, so that
 * `load_state_dict(load_file('model.safetensors'))` takes them. Sizes, activations, features, classes and scaling are
 * in `__metadata__`, each as JSON. The same network always makes the same bytes.
 * @throws InputError for parameters that are not finite
 * @example await writeFile('model.safetensors', toSafetensors(network))
 */
export function toSafetensors(network: Network): Uint8Array {
  checkNetwork(network)
  const json = encodeFields(network)
  const metadata: Record<string, string> = { format: json.format, version: String(json.version) }
  for (const field of fields) if (json[field] !== undefined) metadata[field] = JSON.stringify(json[field])
  const tensors = new Map<string, Tensor>()
  network.layers.forEach(({ inputs, outputs }, l) => {
    tensors.set(`${2 * l}.weight`, { shape: [outputs, inputs], values: network.weights[l]! })
    tensors.set(`${2 * l}.bias`, { shape: [outputs], values: network.biases[l]! })
  })
  return writeTensors({ tensors, metadata })
}

/**
 * A network from a safetensors file: one that {@link toSafetensors} wrote, or another's whose tensors are called
 * `N.weight` and `N.bias` after any common beginning (`layers.0.weight`, `net.2.bias`), the layers in the order of their
 * numbers. F32, F64, F16 and BF16 are read, as float32.
 * @param options `activations`, where the file does not name them
 * @throws InputError for a broken file, other tensors, shapes that do not follow one another, values that are not
 *   finite, and activations that are missing or contradict the file's
 * @example const network = fromSafetensors(bytes, { activations: ['relu', 'softmax'] })
 */
export function fromSafetensors(bytes: Uint8Array, options: SafetensorsOptions = {}): Network {
  checkBytes(bytes, 'safetensors')
  const { activations } = readOptions(fromSafetensorsSchema, options)
  const file = readTensors(bytes)
  const layers = gatherLayers(file.tensors)
  const sizes = chainSizes(layers)
  return Network.fromJSON({
    format: 'webgpu-mlp',
    version: 1,
    ...readMetadata(file, sizes, activations),
    weights: layers.map(({ weight }) => weight.values),
    biases: layers.map(({ bias }) => bias.values),
  })
}

interface LayerTensors {
  /** Where the layer's tensors are found: '0', 'layers.2'. */
  name: string
  weight: Tensor
  bias: Tensor
}

/** The layers by the numbers in their names. */
function gatherLayers(tensors: TensorFile['tensors']): LayerTensors[] {
  const numbers = new Map<string, number>()
  const beginnings = new Set<string>()
  for (const name of tensors.keys()) {
    const [, layer, beginning, number] = /^(((?:.*\.)?)(0|[1-9]\d*))\.(?:weight|bias)$/s.exec(name) ?? []
    if (layer === undefined || beginning === undefined) {
      throw new InputError(
        `safetensors: ${describe(name)}: expected only layers' tensors, such as '0.weight', '0.bias'`,
      )
    }
    numbers.set(layer, Number(number))
    beginnings.add(beginning)
  }
  if (numbers.size === 0) throw new InputError('safetensors: the file holds no tensors')
  if (beginnings.size > 1) {
    const [first, second] = [...beginnings].map(describe)
    throw new InputError(
      `safetensors: expected the layers of one network, got names after ${first} and after ${second}`,
    )
  }
  const inOrder = [...numbers].sort(([, a], [, b]) => a - b).map(([name]) => name)
  return inOrder.map((name) => {
    const [weight, bias] = [tensors.get(`${name}.weight`), tensors.get(`${name}.bias`)]
    if (weight && bias) return { name, weight, bias }
    throw new InputError(`safetensors: ${describe(`${name}.${weight ? 'bias' : 'weight'}`)} is missing`)
  })
}

/** Each weight is out × in, each bias out, and each layer's inputs are the outputs of the layer before. */
function chainSizes(layers: readonly LayerTensors[]): number[] {
  const sizes: number[] = []
  for (const { name, weight, bias } of layers) {
    const [outputs, inputs] = weight.shape
    if (weight.shape.length !== 2 || outputs === undefined || inputs === undefined) {
      throw new InputError(
        `safetensors: ${describe(`${name}.weight`)}: expected out × in, got shape [${listNames(weight.shape, 8)}]`,
      )
    }
    if (bias.shape.length !== 1 || bias.shape[0] !== outputs) {
      throw new InputError(
        `safetensors: ${describe(`${name}.bias`)}: expected shape [${outputs}], one a row of the weights, got [${listNames(bias.shape, 8)}]`,
      )
    }
    const before = sizes.at(-1)
    if (before !== undefined && before !== inputs) {
      throw new InputError(
        `safetensors: ${describe(`${name}.weight`)}: expected ${before} columns, as the layer before has outputs, got ${inputs}`,
      )
    }
    if (before === undefined) sizes.push(inputs)
    sizes.push(outputs)
  }
  return sizes
}

/** The fields of the metadata, where they are ours; else the activations that were given. */
function readMetadata(
  { metadata }: TensorFile,
  sizes: readonly number[],
  given: SafetensorsOptions['activations'],
): Record<string, unknown> {
  const layers = sizes.length - 1
  const asked = typeof given === 'string' ? Array<ActivationName>(layers).fill(given) : given
  if (metadata.format !== 'webgpu-mlp') {
    if (asked !== undefined) return { sizes, activations: asked }
    throw new InputError(
      `activations: the file does not name them; give one for every layer, or ${layers}, one a layer ` +
        '(on the command line: --activation)',
    )
  }
  const known: Record<string, unknown> = { version: Number(metadata.version) }
  for (const field of fields) {
    const text = metadata[field]
    if (text !== undefined) known[field] = parseField(field, text)
  }
  if (!isSameList(known.sizes, sizes)) {
    throw new InputError(
      `safetensors: __metadata__: sizes are ${shorten(metadata.sizes ?? 'missing')}, the tensors' [${shorten(sizes.join(','))}]`,
    )
  }
  if (asked !== undefined && !isSameList(known.activations, asked)) {
    throw new InputError(
      `activations: the file names others: ${shorten(metadata.activations ?? 'missing')}; leave the option out`,
    )
  }
  return known
}

const isSameList = (found: unknown, wanted: readonly unknown[]) =>
  Array.isArray(found) && found.length === wanted.length && wanted.every((value, i) => value === found[i])

function parseField(field: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InputError(`safetensors: __metadata__: ${field} is not JSON: ${describe(text)}`, { cause })
  }
}
