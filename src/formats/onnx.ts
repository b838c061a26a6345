import { version } from '../../package.json'
import { InputError } from '../core/errors.ts'
import type { ActivationName } from '../model/activation.ts'
import type { Network } from '../model/network.ts'
import type { Scaling } from '../model/scaling.ts'
import { checkNetwork } from './check.ts'
import { floatBytes } from './floats.ts'
import { encodeModel, type GraphNode, type Initializer } from './onnx-file.ts'

/** Operators as of ONNX 1.12: every runtime since 2022 has them. Gelu is an operator from 20 on only; it is composed. */
const opset = 17
const irVersion = 8
/** The largest protocol buffer, less some bytes for everything except the parameters. */
const largestFile = 2 ** 31 - 2 ** 20

/**
 * The network as an ONNX model, which ONNX Runtime and others run. Input `inputs`, batch × features, float32 and not
 * scaled: a network's scaling is part of the graph. Output `outputs`, batch × outputs. The batch can have any size.
 * Names of features and classes are in the model's metadata, as lists in JSON. (Operator set 17, IR version 8.)
 * @throws InputError for parameters that are not finite, a scaling outside of float32, and more than 2 GiB
 * @example await writeFile('model.onnx', await toOnnx(network))
 */
export async function toOnnx(network: Network): Promise<Uint8Array> {
  checkNetwork(network)
  const { sizes, layers, scaling, features, classes } = network
  if (network.parameters.length * 4 > largestFile) {
    throw new InputError(
      `network: ${network.parameters.length} parameters, ONNX holds at most ${largestFile / 4} in a file`,
    )
  }
  const graph = new Graph()
  let value = scaling ? addScaling(graph, scaling) : 'inputs'
  layers.forEach(({ inputs, outputs, activation }, l) => {
    const weights = graph.constant(`weights_${l}`, network.weights[l]!, [outputs, inputs])
    const biases = graph.constant(`biases_${l}`, network.biases[l]!, [outputs])
    const activated = l === layers.length - 1 ? 'outputs' : `activations_${l}`
    const z = activation === 'linear' ? activated : `weighted_inputs_${l}`
    graph.add('Gemm', [value, weights, biases], z, { transB: { int: 1 } })
    if (activation !== 'linear') activationNodes[activation](graph, z, activated)
    value = activated
  })
  return encodeModel({
    irVersion,
    opset,
    producer: { name: 'webgpu-mlp', version },
    graph: {
      name: 'perceptron',
      nodes: graph.nodes,
      initializers: graph.initializers,
      inputs: [{ name: 'inputs', shape: ['batch', sizes[0]!] }],
      outputs: [{ name: 'outputs', shape: ['batch', sizes.at(-1)!] }],
    },
    metadata: {
      ...(features && { features: JSON.stringify(features) }),
      ...(classes && { classes: JSON.stringify(classes) }),
    },
  })
}

/** The nodes of a graph, each after those that it takes from, and the constants. */
class Graph {
  readonly nodes: GraphNode[] = []
  readonly initializers: Initializer[] = []

  add(operator: string, inputs: string[], output: string, attributes: GraphNode['attributes'] = {}): string {
    this.nodes.push({ operator, inputs, output, attributes })
    return output
  }

  constant(name: string, values: ArrayLike<number>, shape: readonly number[] = []): string {
    if (!this.initializers.some((known) => known.name === name)) {
      this.initializers.push({ name, shape, bytes: floatBytes(values) })
    }
    return name
  }
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

/**
 * (x − offset) / scale. The offset is a float64 and the graph is float32, since GPUs have nothing larger: it is taken
 * away in two parts, of which the first differs from x by a number that float32 holds exactly where the two are close.
 */
function addScaling(graph: Graph, { offset, scale }: Scaling): string {
  const coarse = Float32Array.from(offset)
  const fine = offset.map((value, j) => Math.fround(value - coarse[j]!))
  const divisors = Float32Array.from(scale)
  for (let j = 0; j < offset.length; j++) {
    if (Number.isFinite(coarse[j]) && divisors[j]! > 0 && divisors[j]! < Infinity) continue
    throw new InputError(
      `network: scaling of column ${j} (offset ${offset[j]}, scale ${scale[j]}) is outside of float32`,
    )
  }
  const shape = [offset.length]
  let centred = graph.add('Sub', ['inputs', graph.constant('offset', coarse, shape)], 'centred')
  if (fine.some((value) => value !== 0)) {
    centred = graph.add('Sub', [centred, graph.constant('offset_remainder', fine, shape)], 'centred_to_the_remainder')
  }
  return graph.add('Div', [centred, graph.constant('scale', divisors, shape)], 'scaled')
}
