import { describe, InputError, listNames, shorten } from '../core/errors.ts'
import { type Fields, kind, list, name, optional, readOptions } from '../core/schema.ts'
import { type ActivationName, activationNames } from '../model/activation.ts'
import { descriptionFields } from '../model/description.ts'
import { encodeFields } from '../model/json.ts'
import { Network } from '../model/network.ts'
import { checkBytes, checkNetwork } from './check.ts'
import { type ImportedNames, importedNamesFields, nameNetwork } from './imported-names.ts'
import { chainsTransposed, gatherLayers, type NamedLayer, orderLayers } from './layer-names.ts'
import { readTensors, type Tensor, type TensorFile, writeTensors } from './safetensors-file.ts'

/** What {@link fromSafetensors} takes. */
export interface SafetensorsOptions extends ImportedNames {
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
    ...importedNamesFields,
  } satisfies Fields<SafetensorsOptions>,
}

const ownFormat = 'webgpu-mlp'

/** The fields of the metadata that hold JSON. */
const fields = ['sizes', 'activations', ...descriptionFields] as const

/**
 * The network as a safetensors file: F32, `out × in` weights. The tensors are called as those of PyTorch's
 * `nn.Sequential(nn.Linear(…), activation, nn.Linear(…), …)`: `0.weight`, `0.bias`, `2.weight`, `2.bias`, so that
 * `load_state_dict(load_file('model.safetensors'))` takes them. Sizes, activations, names and scaling are
 * in `__metadata__`, each as JSON. The same network always makes the same bytes.
 * @param network the network to write; an ensemble cannot be written in this format
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
 * A network from a safetensors file: one that {@link toSafetensors} wrote, or another's that holds the weights and biases of
 * dense layers, such as PyTorch's `state_dict` of an MLP: `fc1.weight`, `fc1.bias`, `fc2.weight`; `layers.0.linear.weight`;
 * `hidden.weight`, `output.weight`. Weights are out × in, as PyTorch has them; those called `kernel` are in × out, as Keras
 * and Flax have them. A layer without a bias has biases of 0. Numbers in the names give the order of the layers, shapes where
 * there are none. F32, F64, F16 and BF16 are read, as float32.
 * @param bytes the bytes of the safetensors file
 * @param options `activations`, where the file does not name them; `features`, `classes` and `targetNames` likewise
 * @throws InputError for a broken file, other tensors, shapes that do not follow one another or do so in several orders,
 *   values that are not finite, and activations or names that are missing or contradict the file's
 * @example const network = fromSafetensors(bytes, { activations: ['relu', 'softmax'] })
 */
export function fromSafetensors(bytes: Uint8Array, options: SafetensorsOptions = {}): Network {
  checkBytes(bytes, 'safetensors')
  const { activations, ...names } = readOptions(fromSafetensorsSchema, options)
  const file = readTensors(bytes)
  const layers = orderLayers(gatherLayers(file.tensors, transpose))
  const sizes = chainSizes(layers)
  const incomplete = file.metadata.format === ownFormat ? layers.find(({ bias }) => bias === undefined) : undefined
  if (incomplete) throw new InputError(`safetensors: ${describe(`${incomplete.name}.bias`)} is missing`)
  const network = Network.fromJSON({
    format: ownFormat,
    version: 1,
    ...readMetadata(file, sizes, activations),
    weights: layers.map(({ weight }) => weight.values),
    biases: layers.map(({ bias }, l) => bias?.values ?? new Float32Array(sizes[l + 1]!)),
  })
  return nameNetwork(network, names)
}

/** Out × in weights of in × out ones. */
function transpose({ shape, values }: Tensor): Tensor {
  const [inputs = 0, outputs = 0] = shape
  const turned = Float32Array.from(values, (_, i) => values[(i % inputs) * outputs + Math.floor(i / inputs)]!)
  return { shape: [outputs, inputs], values: turned }
}

/** Each weight is out × in, each bias out, and each layer's inputs are the outputs of the layer before. */
function chainSizes(layers: readonly NamedLayer<Tensor>[]): number[] {
  const hint = chainsTransposed(layers)
    ? '; the weights follow one another as in × out: save them transposed (W.T)'
    : ''
  const sizes: number[] = []
  for (const { name, weight, bias, weightName } of layers) {
    const [outputs, inputs] = weight.shape as [number, number]
    const before = sizes.at(-1)
    if (before !== undefined && before !== inputs) {
      throw new InputError(
        `safetensors: ${describe(weightName)}: expected ${before} columns, as the layer before has outputs, got ${inputs}${hint}`,
      )
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outputs)) {
      throw new InputError(
        `safetensors: ${describe(`${name}.bias`)}: expected shape [${outputs}], one a row of the weights, got [${listNames(bias.shape, 8)}]${hint}`,
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
  if (metadata.format !== ownFormat) {
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
