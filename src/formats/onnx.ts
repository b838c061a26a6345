import { version } from '../../package.json'
import { InputError } from '../core/errors.ts'
import type { ActivationName } from '../model/activation.ts'
import { encodeDescription } from '../model/description.ts'
import type { Network } from '../model/network.ts'
import type { Scaling } from '../model/scaling.ts'
import { checkNetwork } from './check.ts'
import { encodeModel, type GraphValue, mlDomain } from './onnx-file.ts'
import { Graph } from './onnx-graph.ts'
import { addPreprocessing, nameInputs } from './onnx-inputs.ts'

/** Operators as of ONNX 1.12: every runtime since 2022 has them. Gelu is an operator from 20 on only; it is composed. */
const opset = 17
const irVersion = 8
/** The operators for encoded data as of ONNX 1.12, for categories: LabelEncoder from strings to numbers is from 2 on. */
const mlOpset = 2
/** The largest protocol buffer, less some bytes for everything except the parameters. */
const largestFile = 2 ** 31 - 2 ** 20

/**
 * The network as an ONNX model, which ONNX Runtime and others run: rows in the units of the data go in, answers in the units
 * of the targets come out (`outputs`, float32, batch × outputs). Encoding, fills and scaling are part of the graph. The batch
 * can have any size.
 *
 * - Where all columns are numbers or truth values (0 and 1), there is one input `inputs`, batch × columns. Where there are
 *   categories, there is one input per column, named after it, batch × 1: strings for categories, numbers for the others.
 * - Numbers are float32, or float64 where a column has |offset| > 8 · scale: to round those before they are scaled would
 *   change answers by 5e-7 and more (Unix times would lose everything below 128 seconds).
 * - A missing number is NaN, a missing word the empty string; a row with one that the network has no fill for has NaN as
 *   its outputs. An unknown category has no input that is 1.
 * - Names of features, classes and targets, and the rest of what {@link Network.toJSON} writes except for the parameters, are in the
 *   model's metadata, as JSON. The class of a row is the name of its largest output; there is no output for it, because
 *   accelerators have no operators on strings.
 *
 * Operator set 17, IR version 8; with categories also `ai.onnx.ml` 2.
 * @throws InputError for parameters that are not finite, a scaling of targets outside of float32, and more than 2 GiB
 * @example await writeFile('model.onnx', await toOnnx(network))
 */
export async function toOnnx(network: Network): Promise<Uint8Array> {
  checkNetwork(network)
  if (network.parameters.length * 4 > largestFile) {
    throw new InputError(
      `network: ${network.parameters.length} parameters, ONNX holds at most ${largestFile / 4} in a file`,
    )
  }
  const { graph, inputs } = buildGraph(network)
  return encodeModel({
    irVersion,
    opset,
    ...(graph.nodes.some(({ domain }) => domain === mlDomain) && { mlOpset }),
    producer: { name: 'webgpu-mlp', version },
    graph: {
      name: 'perceptron',
      nodes: graph.nodes,
      initializers: graph.initializers,
      inputs,
      outputs: [{ name: 'outputs', shape: ['batch', network.sizes.at(-1)!] }],
    },
    metadata: Object.fromEntries(
      Object.entries(encodeDescription(network)).map(([field, value]) => [field, JSON.stringify(value)]),
    ),
  })
}

/** An input of the model that {@link toOnnx} writes. */
export interface OnnxInput {
  name: string
  type: 'float32' | 'float64' | 'string'
  /** Of each row of the batch: all columns, or 1. */
  width: number
}

/**
 * The inputs of the model that {@link toOnnx} writes, in the order of the columns.
 * @throws InputError as toOnnx does
 * @example onnxInputs(network) // [{ name: 'inputs', type: 'float32', width: 2 }]
 */
export function onnxInputs(network: Network): OnnxInput[] {
  checkNetwork(network)
  const types = { float: 'float32', double: 'float64', string: 'string' } as const
  return buildGraph(network).inputs.map(({ name, type = 'float', shape }) => {
    return { name, type: types[type], width: shape[1] as number }
  })
}

/** The nodes from the columns of the data to `outputs`. */
function buildGraph(network: Network): { graph: Graph; inputs: GraphValue[] } {
  const { layers, targetScaling } = network
  const graph = new Graph()
  const { inputs, value } = addPreprocessing(graph, network)
  let below = value
  layers.forEach(({ inputs, outputs, activation }, l) => {
    const weights = graph.constant(`weights_${l}`, network.weights[l]!, [outputs, inputs])
    const biases = graph.constant(`biases_${l}`, network.biases[l]!, [outputs])
    const activated = l === layers.length - 1 && !targetScaling ? 'outputs' : `activations_${l}`
    const z = activation === 'linear' ? activated : `weighted_inputs_${l}`
    graph.add('Gemm', [below, weights, biases], z, { transB: { int: 1 } })
    if (activation !== 'linear') activationNodes[activation](graph, z, activated)
    below = activated
  })
  if (targetScaling) addTargetScaling(graph, below, targetScaling)
  return { graph, inputs: nameInputs(graph, inputs, network.features) }
}

/** Regression targets in their own units: y · scale + offset. */
function addTargetScaling(graph: Graph, value: string, { offset, scale }: Scaling): void {
  for (let i = 0; i < offset.length; i++) {
    const divisor = Math.fround(scale[i]!)
    if (Number.isFinite(Math.fround(offset[i]!)) && divisor > 0 && divisor < Infinity) continue
    throw new InputError(
      `network: targetScaling of output ${i} (offset ${offset[i]}, scale ${scale[i]}) is outside of float32`,
    )
  }
  const shape = [offset.length]
  const product = graph.add('Mul', [value, graph.constant('target_scale', scale, shape)], 'outputs_times_scale')
  graph.add('Add', [product, graph.constant('target_offset', offset, shape)], 'outputs')
}

/** a = f(z), as nodes that end in the value `a`. */
const activationNodes: Record<Exclude<ActivationName, 'linear'>, (graph: Graph, z: string, a: string) => void> = {
  sigmoid: (graph, z, a) => graph.add('Sigmoid', [z], a),
  tanh: (graph, z, a) => graph.add('Tanh', [z], a),
  relu: (graph, z, a) => graph.add('Relu', [z], a),
  leakyRelu: (graph, z, a) => graph.add('LeakyRelu', [z], a, { alpha: { float: 0.01 } }),
  elu: (graph, z, a) => graph.add('Elu', [z], a, { alpha: { float: 1 } }),
  /** z/2 · (1 + erf(z/√2)); in this order of operations ONNX Runtime knows it again, and runs one kernel. */
  gelu(graph, z, a) {
    const divided = graph.add('Div', [z, graph.constant('square_root_of_2', [Math.SQRT2])], `${z}_divided`)
    const erf = graph.add('Erf', [divided], `${z}_erf`)
    const sum = graph.add('Add', [erf, graph.constant('one', [1])], `${z}_sum`)
    const product = graph.add('Mul', [z, sum], `${z}_product`)
    graph.add('Mul', [product, graph.constant('half', [0.5])], a)
  },
  silu(graph, z, a) {
    graph.add('Mul', [z, graph.add('Sigmoid', [z], `${z}_sigmoid`)], a)
  },
  softplus: (graph, z, a) => graph.add('Softplus', [z], a),
  mish(graph, z, a) {
    const softplus = graph.add('Softplus', [z], `${z}_softplus`)
    graph.add('Mul', [z, graph.add('Tanh', [softplus], `${z}_tanh`)], a)
  },
  softmax: (graph, z, a) => graph.add('Softmax', [z], a, { axis: { int: -1 } }),
}
