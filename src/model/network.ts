import { checkInteger, checkKeys, checkName, describe, InputError, listNames } from '../core/errors.ts'
import { drawSeed, Random } from '../core/random.ts'
import { type ActivationName, activationNames } from './activation.ts'
import { initialize, type InitializerName, initializerNames } from './initializer.ts'
import { countParameters, type Layer, layoutLayers, splitParameters } from './layout.ts'
import { decodeNetwork, encodeNetwork, type NetworkJSON } from './json.ts'
import type { Scaling } from './scaling.ts'

/** What a network is created from. */
export interface NetworkOptions {
  /** Neurons per layer, the inputs first: [784, 30, 10]. */
  sizes: readonly number[]
  /** One activation for every layer. Default sigmoid. */
  activation?: ActivationName | undefined
  /** The activation of all layers but the last. */
  hidden?: ActivationName | undefined
  /** The activation of the last layer. */
  output?: ActivationName | undefined
  /** One activation a layer, sizes.length − 1 of them. */
  activations?: readonly ActivationName[] | undefined
  /** How the first parameters are drawn. Default glorotUniform. */
  init?: InitializerName | undefined
  /** A whole number from 0 to 2³² − 1; drawn where it is left out. */
  seed?: number | undefined
}

/** Given parameters: what {@link Network.from} takes. */
export interface NetworkParameters {
  sizes: readonly number[]
  activations: readonly ActivationName[]
  /** weights[l]: sizes[l + 1] × sizes[l], row-major or as rows; row i holds the weights into neuron i. */
  weights: readonly (ArrayLike<number> | readonly (readonly number[])[])[]
  biases: readonly ArrayLike<number>[]
}

/**
 * A multi-layer perceptron in host memory: layer sizes, activations, weights and biases. A Trainer trains it.
 * @example
 * const network = Network.create({ sizes: [784, 30, 10], hidden: 'sigmoid', output: 'softmax', seed: 7 })
 * network.weights.map(({ length }) => length) // [23520, 300]
 */
export class Network {
  readonly sizes: readonly number[]
  /** One per layer, sizes.length − 1 of them. */
  readonly activations: readonly ActivationName[]
  /** All parameters in one array, layer by layer: weights, then biases. `weights` and `biases` are views into it. */
  readonly parameters: Float32Array
  readonly layers: readonly Layer[]
  /** weights[l]: sizes[l + 1] × sizes[l], row-major; row i holds the weights into neuron i. */
  readonly weights: Float32Array[]
  /** biases[l]: sizes[l + 1]. */
  readonly biases: Float32Array[]
  /** What the input columns are called, where known; kept in the model file. */
  features: readonly string[] | undefined
  /** What the classes are called, where known; kept in the model file. */
  classes: readonly string[] | undefined
  /** The scaling of the inputs that the network was trained behind, where there was one; kept in the model file. */
  scaling: Scaling | undefined

  private constructor(sizes: readonly number[], activations: readonly ActivationName[], parameters?: Float32Array) {
    this.sizes = Object.freeze([...sizes])
    this.activations = Object.freeze([...activations])
    this.layers = layoutLayers(sizes, activations)
    this.parameters = parameters ?? makeParameters(sizes, countParameters(this.layers))
    const { weights, biases } = splitParameters(this.layers, this.parameters)
    this.weights = weights
    this.biases = biases
  }

  /** A network with drawn parameters. @throws InputError for sizes, names or a seed that do not fit */
  static create(options: NetworkOptions): Network {
    checkKeys('Network.create', options, ['sizes', 'activation', 'hidden', 'output', 'activations', 'init', 'seed'])
    const sizes = checkSizes(options.sizes)
    const network = new Network(sizes, chooseActivations(sizes, options))
    const init = checkName('init', options.init ?? 'glorotUniform', initializerNames)
    const random = new Random(checkInteger('seed', options.seed ?? drawSeed(), 0), 'initialization')
    network.weights.forEach((weights, l) => {
      initialize(init, weights, network.biases[l] as Float32Array, random)
    })
    return network
  }

  /** A network with given parameters. @throws InputError for wrong shapes and for values that are not finite */
  static from(parameters: NetworkParameters): Network {
    checkKeys('Network.from', parameters, ['sizes', 'activations', 'weights', 'biases'])
    const sizes = checkSizes(parameters.sizes)
    const activations = checkActivations(parameters.activations, sizes.length - 1)
    const { weights, biases } = parameters
    checkCount('weights', weights, activations.length)
    checkCount('biases', biases, activations.length)
    // Memory is taken once all values that fill it are known to be there.
    const values = activations.map((_, l) => {
      const [inputs, outputs] = [sizes[l]!, sizes[l + 1]!]
      return {
        weights: listValues(weights[l], `weights[${l}]`, [outputs, inputs]),
        biases: listValues(biases[l], `biases[${l}]`, [outputs]),
      }
    })
    const network = new Network(sizes, activations)
    values.forEach(({ weights, biases }, l) => {
      fill(network.weights[l]!, weights, `weights[${l}]`)
      fill(network.biases[l]!, biases, `biases[${l}]`)
    })
    return network
  }

  /** An independent copy. */
  clone(): Network {
    const copy = new Network(this.sizes, this.activations, this.parameters.slice())
    copy.features = this.features
    copy.classes = this.classes
    copy.scaling = this.scaling
    return copy
  }

  /** A value that JSON.stringify can write: parameters as base64 of little-endian float32, so no bit is lost. */
  toJSON(): NetworkJSON {
    return encodeNetwork(this)
  }

  /**
   * Back from {@link Network.toJSON}; parameters may be base64 or plain numbers.
   * @throws InputError naming the first field that does not fit
   */
  static fromJSON(value: unknown): Network {
    const { features, classes, scaling, ...parameters } = decodeNetwork(value)
    const network = Network.from(parameters)
    network.features = features
    network.classes = classes
    network.scaling = scaling
    return network
  }
}

function checkSizes(sizes: unknown): readonly number[] {
  if (!Array.isArray(sizes) || sizes.length < 2) {
    throw new InputError(
      `sizes: expected at least an input and an output layer, such as [2, 3, 2], got ${describe(sizes)}`,
    )
  }
  sizes.forEach((size, l) => checkInteger(`sizes[${l}]`, size, 1, 2 ** 24))
  return sizes as number[]
}

function chooseActivations(sizes: readonly number[], options: NetworkOptions): ActivationName[] {
  const layers = sizes.length - 1
  if (options.activations) return checkActivations(options.activations, layers)
  const hidden = options.hidden ?? options.activation ?? 'sigmoid'
  const output = options.output ?? options.activation ?? 'sigmoid'
  return checkActivations([...Array<ActivationName>(layers - 1).fill(hidden), output], layers)
}

function checkActivations(names: unknown, layers: number): ActivationName[] {
  checkCount('activations', names, layers)
  return (names as unknown[]).map((name, l) => {
    const known = checkName(`activations[${l}]`, name, activationNames)
    if (known === 'softmax' && l < layers - 1) {
      throw new InputError(`activations[${l}]: softmax is for the output layer only, here layer ${l + 1} of ${layers}`)
    }
    return known
  })
}

function checkCount(argument: string, value: unknown, layers: number): void {
  if (!Array.isArray(value) || value.length !== layers) {
    throw new InputError(`${argument}: expected ${layers}, one a layer after the first, got ${describe(value)}`)
  }
}

/** The values of one layer, as many as its shape says. A matrix may come as rows. */
function listValues(source: unknown, name: string, shape: readonly number[]): ArrayLike<unknown> {
  const count = shape.reduce((product, length) => product * length, 1)
  const expected = shape.length > 1 ? `${shape.join(' × ')} = ${count}` : String(count)
  if (typeof source !== 'object' || source === null || !('length' in source)) {
    throw new InputError(`${name}: expected ${expected} values, got ${describe(source)}`)
  }
  const isRows = shape.length > 1 && Array.isArray(source) && typeof source[0] === 'object'
  if (isRows) {
    const [rows = 0, columns = 0] = shape
    const wrong = source.findIndex((row: unknown) => !Array.isArray(row) || row.length !== columns)
    if (source.length === rows && wrong < 0) return (source as unknown[][]).flat()
    const got = wrong < 0 ? `${source.length} rows` : `row ${wrong} is ${describe(source[wrong])}`
    throw new InputError(`${name}: expected ${expected} values, in ${rows} rows of ${columns}, ${got}`)
  }
  const values = source as ArrayLike<unknown>
  if (values.length !== count) throw new InputError(`${name}: expected ${expected} values, got ${describe(values.length)}`) // prettier-ignore
  return values
}

function fill(target: Float32Array, values: ArrayLike<unknown>, name: string): void {
  for (let i = 0; i < target.length; i++) {
    const value = values[i]
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      throw new InputError(`${name}: value ${i} is ${describe(value)}, expected a finite number`)
    }
    target[i] = value
  }
}

/** Parameters of a network at most: 8 GiB, more than any device takes. */
const MOST_PARAMETERS = 2 ** 31

/** Zeros for all parameters. @throws InputError where there is not enough memory for them */
function makeParameters(sizes: readonly number[], count: number): Float32Array {
  const problem = `sizes: ${listNames(sizes, 8)} are ${count} parameters`
  if (count > MOST_PARAMETERS) throw new InputError(`${problem}, expected at most ${MOST_PARAMETERS}`)
  try {
    return new Float32Array(count)
  } catch (cause) {
    throw new InputError(`${problem}, more than there is memory for`, { cause })
  }
}
