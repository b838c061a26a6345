import { version } from '../../package.json'
import { InputError } from '../core/errors.ts'
import { areEqual } from '../core/values.ts'
import { encodeDescription } from '../model/description.ts'
import { Ensemble } from '../model/ensemble.ts'
import type { Network } from '../model/network.ts'
import { checkNetworks } from './check.ts'
import { encodeModel, type GraphValue, mlDomain } from './onnx-file.ts'
import { Graph } from './onnx-graph.ts'
import { addPreprocessing, inputsOf, nameInputs, numberTypeOf } from './onnx-inputs.ts'
import { addLayers } from './onnx-nodes.ts'

/** Operators as of ONNX 1.12: every runtime since 2022 has them. Gelu is an operator from 20 on only; it is composed. */
const opset = 17
const irVersion = 8
/** The operators for encoded data as of ONNX 1.12, for categories: LabelEncoder from strings to numbers is from 2 on. */
const mlOpset = 2
/** The largest protocol buffer, less some bytes for everything except the parameters. */
const largestFile = 2 ** 31 - 2 ** 20

/**
 * The network, or the ensemble, as an ONNX model, which ONNX Runtime and others run: rows in the units of the data go in,
 * answers in the units of the targets come out (`outputs`, float32, batch × outputs). Encoding, fills and scaling are part of
 * the graph. The batch can have any size.
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
 * - Of an ensemble, `outputs` is the mean of its networks, and `deviation`, of the same shape, their standard deviation. All
 *   networks are in the one graph; preprocessing that they have in common is there once.
 *
 * Operator set 17, IR version 8; with categories also `ai.onnx.ml` 2.
 * @param network a network, or an ensemble of networks
 * @throws InputError for parameters that are not finite, a scaling of targets outside of float32, and more than 2 GiB
 * @example await writeFile('model.onnx', await toOnnx(network))
 */
export async function toOnnx(network: Network | Ensemble): Promise<Uint8Array> {
  const networks = checkNetworks(network)
  const isEnsemble = network instanceof Ensemble
  const count = networks.reduce((sum, { parameters }) => sum + parameters.length, 0)
  if (count * 4 > largestFile) {
    throw new InputError(`network: ${count} parameters, ONNX holds at most ${largestFile / 4} in a file`)
  }
  const { graph, inputs } = buildGraph(networks, isEnsemble)
  const shape = ['batch', networks[0]!.sizes.at(-1)!]
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
      outputs: [{ name: 'outputs', shape }, ...(isEnsemble ? [{ name: 'deviation', shape }] : [])],
    },
    metadata: metadataOf(networks),
  })
}

/** An input of the model that {@link toOnnx} writes. */
export interface OnnxInput {
  /** The name of the input in the graph. */
  name: string
  /** The type of its values. */
  type: 'float32' | 'float64' | 'string'
  /** Of each row of the batch: all columns, or 1. */
  width: number
}

/**
 * The inputs of the model that {@link toOnnx} writes, in the order of the columns.
 * @param network the network, or the ensemble, as for {@link toOnnx}
 * @throws InputError as toOnnx does
 * @example onnxInputs(network) // [{ name: 'inputs', type: 'float32', width: 2 }]
 */
export function onnxInputs(network: Network | Ensemble): OnnxInput[] {
  const networks = checkNetworks(network)
  const types = { float: 'float32', double: 'float64', string: 'string' } as const
  return buildGraph(networks, network instanceof Ensemble).inputs.map(({ name, type = 'float', shape }) => {
    return { name, type: types[type], width: shape[1] as number }
  })
}

/** The nodes from the columns of the data to `outputs`; of an ensemble also to `deviation`. */
function buildGraph(networks: readonly Network[], isEnsemble: boolean): { graph: Graph; inputs: GraphValue[] } {
  const graph = new Graph()
  const [first, ...others] = networks
  const type = numberTypeOf(networks)
  const isShared = others.every(
    ({ encoding, scaling }) => areEqual(encoding, first!.encoding) && areEqual(scaling, first!.scaling),
  )
  const shared = isShared ? addPreprocessing(graph, first!, type) : undefined
  if (isEnsemble) {
    addMean(
      graph,
      networks.map((network, i) => {
        const part = new Graph()
        addLayers(part, network, shared ?? addPreprocessing(part, network, type))
        return graph.include(part, `network_${i}_`)('outputs')
      }),
    )
  } else addLayers(graph, first!, shared!)
  return { graph, inputs: nameInputs(graph, inputsOf(first!, type), first!.features) }
}

/** The mean of some values, and their standard deviation from it. */
function addMean(graph: Graph, values: string[]): void {
  graph.add('Mean', values, 'outputs')
  const squares = values.map((value, i) => {
    const difference = graph.add('Sub', [value, 'outputs'], `network_${i}_difference`)
    return graph.add('Mul', [difference, difference], `network_${i}_square`)
  })
  graph.add('Sqrt', [graph.add('Mean', squares, 'variance')], 'deviation')
}

/** What all networks have in common of what lies between a row of data and an answer, each as JSON. */
function metadataOf([first, ...others]: readonly Network[]): Record<string, string> {
  const textOf = (network: Network) =>
    Object.fromEntries(
      Object.entries(encodeDescription(network)).map(([field, value]) => [field, JSON.stringify(value)]),
    )
  const rest = others.map(textOf)
  return Object.fromEntries(
    Object.entries(textOf(first!)).filter(([field, text]) => rest.every((other) => other[field] === text)),
  )
}
