import {
  endsOfParameter,
  type Factor,
  type Graph,
  type Name,
  nodeId,
  type Parameter,
  nameOfParameter,
  partial,
} from './graph.ts'

/** A path from a parameter to the cost: its partial derivatives, in the order of the computation, and their product. */
export interface Path {
  readonly factors: readonly Factor[]
  readonly product: number
}

export const productOf = (factors: readonly Factor[]) => factors.reduce((product, { value }) => product * value, 1)

/** Every path from a node to the cost. */
export function pathsFrom(graph: Graph, start: string): Path[] {
  const follow = (id: string): Factor[][] =>
    id === 'C'
      ? [[]]
      : graph.edges.filter(({ from }) => from === id).flatMap((edge) => follow(edge.to).map((rest) => [edge, ...rest]))
  return follow(start).map((factors) => ({ factors, product: productOf(factors) }))
}

/** What identifies the first factor of every path, ∂z/∂w or ∂z/∂b. */
export const PARAMETER = 'parameter'

const one: Name = { tex: '1', text: '1' }

/** ∂z/∂w, which is the input of the weight, or ∂z/∂b = 1. `input` is the node that the weight multiplies. */
function parameterFactor(graph: Graph, z: string, parameter: Name, input: string | undefined): Factor {
  const of = graph.nodes.find(({ id }) => id === z)!
  const given = graph.nodes.find(({ id }) => id === input)
  return {
    id: PARAMETER,
    symbol: partial(of.name, parameter),
    formula: given?.name ?? one,
    value: given?.value ?? 1,
  }
}

/** Every path from a parameter of the network to the cost: the derivative ∂C/∂w is the sum of their products. */
export function pathsOfParameter(graph: Graph, parameter: Parameter): Path[] {
  const { z, input } = endsOfParameter(parameter)
  return withFirst(graph, z, parameterFactor(graph, z, nameOfParameter(parameter), input))
}

/** The only path from w₁, w₂ (0 and 1) or b (2) of the single neuron to the cost. */
export function pathOfNeuron(graph: Graph, parameter: 0 | 1 | 2): Path {
  const name = neuronParameters[parameter]!
  const input = parameter === 2 ? undefined : nodeId('x', 0, parameter)
  return withFirst(graph, 'z', parameterFactor(graph, 'z', name, input))[0]!
}

export const neuronParameters: readonly Name[] = [
  { tex: 'w_1', text: 'w₁' },
  { tex: 'w_2', text: 'w₂' },
  { tex: 'b', text: 'b' },
]

const withFirst = (graph: Graph, start: string, first: Factor): Path[] =>
  pathsFrom(graph, start).map(({ factors, product }) => ({
    factors: [first, ...factors],
    product: first.value * product,
  }))

/** The derivative of the cost: the sum over the paths. */
export const sumOf = (paths: readonly Path[]) => paths.reduce((sum, { product }) => sum + product, 0)

/** The paths that contain a factor, by their index. */
export const pathsThrough = (paths: readonly Path[], id: string): number[] =>
  paths.flatMap(({ factors }, i) => (factors.some((factor) => factor.id === id) ? [i] : []))
