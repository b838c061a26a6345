import { evaluateNeuron, type Point, type SingleNeuron } from '../lesson.ts'
import { type Layers, type SamplePass, slope } from './network.ts'

/**
 * The expanded graph of a network: one node for every weighted input z, activation a and the cost C. An edge leads from a
 * value to a value that is computed from it, and carries the partial derivative of the second with respect to the first.
 */

export interface GraphNode {
  /** For example `z2_1`: the weighted input of neuron 1 in layer 2. */
  readonly id: string
  readonly name: Name
  readonly value: number
  /** The place in the drawing: the column, and the place within the column. */
  readonly column: number
  readonly place: number
}

/** A name as TeX and as text: `z^2_1` and `z²₁`. */
export interface Name {
  readonly tex: string
  readonly text: string
}

/** A partial derivative: ∂ of one value with respect to another, how it is computed, and its value. */
export interface Factor {
  readonly id: string
  readonly symbol: Name
  readonly formula: Name
  readonly value: number
}

export interface GraphEdge extends Factor {
  readonly from: string
  readonly to: string
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

/** A weight or a bias: neuron `to` of layer `layer`, counted from 0; `from` is the input of a weight. */
export interface Parameter {
  readonly layer: 1 | 2
  readonly to: number
  readonly from: number | 'bias'
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'
const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉'

/** A name with the number of the layer as superscript and numbers of neurons, counted from 0, as subscripts. */
export function named(letter: string, layer: number | undefined, ...neurons: number[]): Name {
  const above = layer === undefined ? '' : `^{${layer}}`
  const below = neurons.length === 0 ? '' : `_{${neurons.map((n) => n + 1).join('')}}`
  const text = (layer === undefined ? '' : SUPERSCRIPTS[layer]!) + neurons.map((n) => SUBSCRIPTS[n + 1]!).join('')
  const texLetter = letter === 'δ' ? '\\delta' : letter
  return { tex: `${texLetter}${above}${below}`, text: `${letter}${text}` }
}

export const partial = (of: Name, by: Name): Name => ({
  tex: `\\frac{\\partial ${of.tex}}{\\partial ${by.tex}}`,
  text: `∂${of.text}/∂${by.text}`,
})

export const nameOfParameter = ({ layer, to, from }: Parameter): Name =>
  from === 'bias' ? named('b', layer, to) : named('w', layer, to, from)

export const COST: Name = { tex: 'C', text: 'C' }
export const nodeId = (letter: 'x' | 'z' | 'a', layer: number, neuron: number) =>
  letter === 'x' ? `x${neuron + 1}` : `${letter}${layer}_${neuron + 1}`

/** The z that a parameter is part of, and the node that a weight multiplies. */
export function endsOfParameter({ layer, to, from }: Parameter): { z: string; input: string | undefined } {
  const input = from === 'bias' ? undefined : layer === 1 ? nodeId('x', 0, from) : nodeId('a', 1, from)
  return { z: nodeId('z', layer, to), input }
}

/** a (1 − a), the derivative of the sigmoid, for an activation. */
const slopeFormula = ({ tex, text }: Name): Name => ({ tex: `${tex}(1 - ${tex})`, text: `${text}(1 − ${text})` })

const edgeBetween = (from: GraphNode, to: GraphNode, formula: Name, value: number): GraphEdge => ({
  id: `${from.id}>${to.id}`,
  from: from.id,
  to: to.id,
  symbol: partial(to.name, from.name),
  formula,
  value,
})

/** The expanded graph of the 2-3-2 network with the values of one sample. */
export function graphOf(layers: Layers, { sample, values, cost }: SamplePass): Graph {
  const inputs = sample.x.map((value, k) => node('x', 0, k, value, 0))
  const edges: GraphEdge[] = []
  const nodes = [...inputs]
  let before = inputs
  layers.forEach(({ weights }, l) => {
    const layer = l + 1
    const { z, a } = values[l]!
    const weighted = z.map((value, i) => node('z', layer, i, value, 2 * l + 1))
    const activations = a.map((value, i) => node('a', layer, i, value, 2 * l + 2))
    weighted.forEach((to, i) => {
      before.forEach((from, j) => edges.push(edgeBetween(from, to, named('w', layer, i, j), weights[i]![j]!)))
      const { name } = activations[i]!
      edges.push(edgeBetween(to, activations[i]!, slopeFormula(name), slope(a[i]!)))
    })
    nodes.push(...weighted, ...activations)
    before = activations
  })
  const end: GraphNode = { id: 'C', name: COST, value: cost, column: 2 * layers.length + 1, place: 0 }
  before.forEach((from, i) => {
    const [a, y] = [from.name, named('y', undefined, i)]
    const error = { tex: `${a.tex} - ${y.tex}`, text: `${a.text} − ${y.text}` }
    edges.push(edgeBetween(from, end, error, from.value - sample.y[i]!))
  })
  return { nodes: [...nodes, end], edges }
}

function node(letter: 'x' | 'z' | 'a', layer: number, neuron: number, value: number, column: number): GraphNode {
  const name = letter === 'x' ? named('x', undefined, neuron) : named(letter, layer, neuron)
  return { id: nodeId(letter, layer, neuron), name, value, column, place: neuron }
}

/** The graph of the single neuron, whose cost is (y − a)². */
export function neuronGraph(neuron: SingleNeuron, { x, y }: Point): Graph {
  const { z, a } = evaluateNeuron(neuron, x)
  const inputs = x.map((value, k) => node('x', 0, k, value, 0))
  const [zNode, aNode, end]: GraphNode[] = [
    { id: 'z', name: { tex: 'z', text: 'z' }, value: z, column: 1, place: 0 },
    { id: 'a', name: { tex: 'a', text: 'a' }, value: a, column: 2, place: 0 },
    { id: 'C', name: { tex: 'C_i', text: 'Cᵢ' }, value: (y - a) ** 2, column: 3, place: 0 },
  ]
  return {
    nodes: [...inputs, zNode!, aNode!, end!],
    edges: [
      ...inputs.map((from, k) => edgeBetween(from, zNode!, named('w', undefined, k), neuron.weights[k]!)),
      edgeBetween(zNode!, aNode!, slopeFormula(aNode!.name), slope(a)),
      edgeBetween(aNode!, end!, { tex: '-2\\,(y - a)', text: '−2(y − a)' }, -2 * (y - a)),
    ],
  }
}
