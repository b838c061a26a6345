import { doubleBytes, floatBytes } from './floats.ts'
import { elementTypes, type GraphNode, type Initializer, mlDomain } from './onnx-file.ts'

/** The nodes of a graph, each after those that it takes from, and the constants. */
export class Graph {
  readonly nodes: GraphNode[] = []
  readonly initializers: Initializer[] = []

  /** Adds a node. @returns the name of its output */
  add(operator: string, inputs: string[], output: string, attributes: GraphNode['attributes'] = {}): string {
    this.nodes.push({ operator, inputs, output, attributes })
    return output
  }

  /** Adds a node of the operators for encoded data. @returns the name of its output */
  addEncoder(operator: string, inputs: string[], output: string, attributes: GraphNode['attributes'] = {}): string {
    this.nodes.push({ operator, inputs, output, attributes, domain: mlDomain })
    return output
  }

  /** Converts a value to another type. @returns the name of its output */
  cast(input: string, output: string, type: 'float' | 'double'): string {
    return this.add('Cast', [input], output, { to: { int: elementTypes[type] } })
  }

  /** A float32 constant; a scalar without a shape. A name that is there already keeps its values. */
  constant(name: string, values: ArrayLike<number>, shape: readonly number[] = []): string {
    return this.#keep({ name, shape, bytes: floatBytes(values) })
  }

  /** A float64 constant. */
  doubles(name: string, values: ArrayLike<number>, shape: readonly number[]): string {
    return this.#keep({ name, type: 'double', shape, bytes: doubleBytes(values) })
  }

  #keep(initializer: Initializer): string {
    if (!this.initializers.some(({ name }) => name === initializer.name)) this.initializers.push(initializer)
    return initializer.name
  }

  /** Whether a node or a constant has this name. */
  has(name: string): boolean {
    return this.nodes.some(({ output }) => output === name) || this.initializers.some((one) => one.name === name)
  }

  /**
   * Adds the nodes and constants of another graph, with `prefix` before the names of all values that it makes.
   * @returns the new name of a value of that graph
   */
  include(part: Graph, prefix: string): (name: string) => string {
    const rename = (name: string) => (part.has(name) ? prefix + name : name)
    for (const node of part.nodes) {
      this.nodes.push({ ...node, inputs: node.inputs.map(rename), output: rename(node.output) })
    }
    for (const initializer of part.initializers) this.#keep({ ...initializer, name: rename(initializer.name) })
    return rename
  }

  /** Nodes that read inputs under other names. */
  renameInputs(names: ReadonlyMap<string, string>): void {
    this.nodes.forEach((node, i) => {
      this.nodes[i] = { ...node, inputs: node.inputs.map((name) => names.get(name) ?? name) }
    })
  }
}
