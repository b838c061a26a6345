import { describe, InputError } from '../core/errors.ts'
import { type Fields, readOptions } from '../core/schema.ts'
import { descriptionFields } from '../model/description.ts'
import { Network } from '../model/network.ts'
import { Scaling } from '../model/scaling.ts'
import { checkBytes } from './check.ts'
import { type ImportedNames, importedNamesFields, nameNetwork } from './imported-names.ts'
import { type Affine, affineStep, type AffineStep, composeSteps, inputOf, outputOf } from './onnx-affine.ts'
import { matchLayers, notAnMlp, type OnnxLayer } from './onnx-layers.ts'
import { type OnnxGraph, readOnnx } from './onnx-reader.ts'
import { Values } from './onnx-values.ts'

/** What {@link fromOnnx} takes. */
export type OnnxOptions = ImportedNames

export const fromOnnxSchema = { name: 'fromOnnx', fields: importedNamesFields satisfies Fields<OnnxOptions> }

/**
 * A network from an ONNX file: one that {@link toOnnx} wrote, with all that it carries, or an MLP of another program. Layers
 * are Gemm (alpha, beta, transB), or MatMul and Add; activations are those of this package, as one operator or in the forms
 * that PyTorch, Keras (tf2onnx) and scikit-learn (skl2onnx) write. A scaling of the inputs (Sub, Div, Mul, Add, Scaler,
 * BatchNormalization) becomes the network's, one between layers or of the outputs part of a layer. Identity, Cast, Dropout,
 * Flatten, Reshape and ZipMap change nothing.
 * Float, double and float16 constants are read, as float32.
 * @param bytes the bytes of the ONNX file
 * @param options `features`, `classes` and `targetNames`, where the file does not name them
 * @throws InputError for a damaged file, external data, and operators that belong to no MLP, with the name of the node
 * @example const network = fromOnnx(await readFile('model.onnx'))
 */
export function fromOnnx(bytes: Uint8Array, options: OnnxOptions = {}): Network {
  checkBytes(bytes, 'onnx')
  const names = readOptions(fromOnnxSchema, options)
  const graph = readOnnx(bytes)
  const network = graph.producer === 'webgpu-mlp' ? readOwn(graph) : readOther(graph)
  return nameNetwork(network, names)
}

/** The network of layers, checked for sizes that follow one another. */
function makeNetwork(layers: readonly OnnxLayer[], description: object = {}): Network {
  layers.forEach(({ name, inputs }, l) => {
    const before = layers[l - 1]?.outputs
    if (before === undefined || before === inputs) return
    throw new InputError(
      `onnx: ${describe(name)}: expected ${before} inputs, as the layer before has outputs, got ${inputs}`,
    )
  })
  return Network.fromJSON({
    format: 'webgpu-mlp',
    version: 2,
    sizes: [layers[0]!.inputs, ...layers.map(({ outputs }) => outputs)],
    activations: layers.map(({ activation }) => activation),
    weights: layers.map(({ weights }) => Float32Array.from(weights)),
    biases: layers.map(({ biases }) => Float32Array.from(biases)),
    ...description,
  })
}

/** Of a file of this package, what lies before and after the layers is in its metadata. */
function readOwn(graph: OnnxGraph): Network {
  const values = new Values(graph)
  const { layers, input, trailing } = matchLayers(values, graph.outputs[0] ?? '', false)
  const description: Record<string, unknown> = {}
  for (const field of descriptionFields) {
    const text = graph.metadata.get(field)
    if (text === undefined) continue
    try {
      description[field] = JSON.parse(text)
    } catch (cause) {
      throw new InputError(`onnx: metadata: ${field} is not JSON: ${describe(text)}`, { cause })
    }
  }
  // Metadata come last in a file: one that is cut short may lack them.
  const isComplete = trailing.length === 0 || description.targetScaling !== undefined
  const isPreprocessed = description.scaling !== undefined || description.encoding !== undefined
  if (!isComplete || !(isPreprocessed || values.isInput(input))) {
    throw new InputError('onnx: cut short: its metadata lack the scaling or the encoding that its graph has')
  }
  return makeNetwork(layers, description)
}

function readOther(graph: OnnxGraph): Network {
  const values = new Values(graph)
  const { output, matched } = chooseOutput(graph, values)
  const { layers, input, trailing } = matched
  const last = layers.at(-1)!
  if (trailing.length > 0 && last.activation !== 'linear') {
    throw new InputError(`onnx: ${trailing[0]!.title} follows the activation ${last.activation} of the outputs`)
  }
  const steps = trailing.map((node) => affineStep(values, node.outputs[0]!)!)
  const top = outputOf(last, composeSteps(steps, last.outputs))
  const leading = leadingScaling(values, input, layers[0]!.inputs)
  const all = [...layers.slice(0, -1), top]
  const isPlain = leading.factor.every((factor) => factor > 0)
  // Factors that are 0 or negative are none of a Scaling.
  if (!isPlain) all[0] = inputOf(all[0]!, leading)
  const network = makeNetwork(all)
  const isIdentity = leading.factor.every((factor) => factor === 1) && leading.term.every((term) => term === 0)
  if (isPlain && !isIdentity) {
    const offset = leading.term.map((term, j) => -term / leading.factor[j]! + 0)
    network.scaling = new Scaling('standardize', offset, leading.factor.map((factor) => 1 / factor)) // prettier-ignore
  }
  network.classes = classesOf(graph, values, output, network.sizes.at(-1)!)
  return network
}

/** The output that an MLP makes: classifiers of scikit-learn have one for labels, too. */
function chooseOutput(graph: OnnxGraph, values: Values) {
  let problem: unknown = new InputError('onnx: the graph has no outputs')
  for (const output of [...graph.outputs].reverse()) {
    try {
      const matched = matchLayers(values, output, true)
      leadingScaling(values, matched.input, matched.layers[0]!.inputs)
      return { output, matched }
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      problem = error
    }
  }
  throw problem
}

/** What is done to the inputs before the first layer. */
function leadingScaling(values: Values, from: string, inputs: number): Affine {
  const steps: AffineStep[] = []
  let value = from
  while (!values.isInput(value)) {
    const step = steps.length < 16 ? affineStep(values, value) : undefined
    if (!step) throw notAnMlp(values, value, 'neither an input nor made by a layer')
    steps.push(step)
    value = step.input
  }
  const { factor, term } = composeSteps(steps, inputs)
  if (![...factor, ...term].every(Number.isFinite))
    throw new InputError('onnx: the scaling of the inputs is not finite')
  return { factor, term }
}

/** The classes that ZipMap has, or those that the place of the largest output chooses from. */
function classesOf(graph: OnnxGraph, values: Values, output: string, outputs: number): string[] | undefined {
  const isOf = (name: string | undefined) => values.isSame(name ?? '', output)
  const map = graph.nodes.find(({ operator, inputs }) => operator === 'ZipMap' && isOf(inputs[0]))
  const places = graph.nodes.find(({ operator, inputs }) => operator === 'ArgMax' && isOf(inputs[0]))
  const choice = graph.nodes.find(({ operator, inputs }) => operator === 'ArrayFeatureExtractor' && places && values.isSame(inputs[1] ?? '', places.outputs[0] ?? '')) // prettier-ignore
  const texts = map?.attributes.get('classlabels_strings')?.texts ?? []
  const numbers = map?.attributes.get('classlabels_int64s')?.ints ?? []
  const named = map ? (texts.length > 0 ? [...texts] : numbers.map(String)) : values.labels(choice?.inputs[0])
  return named.length === Math.max(2, outputs) && new Set(named).size === named.length ? named : undefined
}
