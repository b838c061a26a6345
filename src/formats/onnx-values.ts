import { InputError, listNames } from '../core/errors.ts'
import type { OnnxGraph, OnnxNode } from './onnx-reader.ts'

/** A constant of a graph. */
export interface Constant {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float64Array
}

/** Operators that pass their first input on. */
const passing = new Set(['Identity', 'Cast', 'Dropout', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'ZipMap'])
/** Steps from one value to the one before it; a damaged graph may have a circle. */
const MOST_STEPS = 100_000

/** The values of a graph, followed from the outputs back. */
export class Values {
  readonly #graph: OnnxGraph
  readonly #makers = new Map<string, OnnxNode>()
  readonly #constants = new Map<string, Constant | undefined>()
  #steps = 0

  constructor(graph: OnnxGraph) {
    this.#graph = graph
    for (const node of graph.nodes) for (const output of node.outputs) this.#makers.set(output, node)
  }

  /** The value that this one is, apart from its type and shape. */
  origin(name: string): string {
    let value = name
    for (;;) {
      this.#count()
      const node = this.#makers.get(value)
      if (!node || !passing.has(node.operator)) return value
      value = node.inputs[0] ?? ''
    }
  }

  /** The node that makes a value, if it is of one of these operators. */
  node(name: string, ...operators: readonly string[]): OnnxNode | undefined {
    const node = this.maker(name)
    return node && operators.includes(node.operator) ? node : undefined
  }

  maker(name: string): OnnxNode | undefined {
    return this.#makers.get(this.origin(name))
  }

  isSame(a: string, b: string): boolean {
    return this.origin(a) === this.origin(b)
  }

  isInput(name: string): boolean {
    return this.#graph.inputs.includes(this.origin(name)) && !this.constant(name)
  }

  /** A value that does not depend on the inputs: an initializer, or the output of a Constant; transposed, where it is. */
  constant(name: string | undefined): Constant | undefined {
    if (name === undefined || name === '') return undefined
    if (!this.#constants.has(name)) this.#constants.set(name, this.#readConstant(name))
    return this.#constants.get(name)
  }

  #readConstant(name: string): Constant | undefined {
    this.#count()
    this.#constants.set(name, undefined)
    const tensor = this.#graph.tensors.get(name)
    if (tensor) return { name, shape: tensor.shape, values: tensor.values() }
    const node = this.#makers.get(name)
    if (node?.operator === 'Constant') {
      return readConstantNode(node, name)
    }
    if (node && (passing.has(node.operator) || node.operator === 'Transpose')) {
      const inner = this.constant(node.inputs[0])
      return inner && node.operator === 'Transpose' ? transposed(inner, node) : inner
    }
    return undefined
  }

  /** Names of classes that are a constant: texts, or whole numbers; none for other values. */
  labels(name: string | undefined): string[] {
    const origin = this.origin(name ?? '')
    const held = this.#graph.tensors.get(origin) ?? this.#makers.get(origin)?.attributes.get('value')?.tensor
    if (!held) return []
    return held.texts() ?? [...held.values()].map(String)
  }

  #count(): void {
    if (++this.#steps > MOST_STEPS) throw new InputError('onnx: the graph is no MLP: its nodes lead in a circle, or are too many') // prettier-ignore
  }
}

/** The output of a Constant: a tensor, or numbers of its attributes. */
function readConstantNode({ attributes }: OnnxNode, name: string): Constant | undefined {
  const tensor = attributes.get('value')?.tensor
  if (tensor) return { name, shape: tensor.shape, values: tensor.values() }
  const number = attributes.get('value_float')?.float ?? attributes.get('value_int')?.int
  if (number !== undefined) return { name, shape: [], values: Float64Array.of(number) }
  const list = attributes.get('value_floats')?.floats ?? attributes.get('value_ints')?.ints
  return list && { name, shape: [list.length], values: Float64Array.from(list) }
}

/** The transpose of a matrix. */
export function transposed({ name, shape, values }: Constant, node?: OnnxNode): Constant {
  const [rows, cols] = shape
  if (shape.length !== 2 || rows === undefined || cols === undefined) {
    throw new InputError(
      `onnx: ${node?.title ?? name}: expected a matrix to transpose, got shape [${listNames(shape, 8)}]`,
    )
  }
  const turned = Float64Array.from(values, (_, i) => values[(i % rows) * cols + Math.floor(i / rows)]!)
  return { name, shape: [cols, rows], values: turned }
}
