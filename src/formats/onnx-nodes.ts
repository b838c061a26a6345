import { InputError } from '../core/errors.ts'
import type { ActivationName } from '../model/activation.ts'
import type { Network } from '../model/network.ts'
import type { Scaling } from '../model/scaling.ts'
import type { Graph } from './onnx-graph.ts'

/** The nodes of all layers, from the value that the first takes to `outputs`, in the units of the data. */
export function addLayers(graph: Graph, network: Network, value: string): void {
  const { layers, targetScaling } = network
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
