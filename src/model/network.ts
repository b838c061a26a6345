import { checkConstructor, KEY } from '../core/constructors.ts'
import { InputError } from '../core/errors.ts'
import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { drawSeed, Random } from '../core/random.ts'
import {
  type Checked,
  type Fields,
  kind,
  name,
  optional,
  readOptions,
  required,
  seed,
  withDefault,
  withFresh,
} from '../core/schema.ts'
import { type ActivationName, activationNames } from './activation.ts'
import { initialize, type InitializerName, initializerNames } from './initializer.ts'
import { countParameters, type Layer, layoutLayers, splitParameters } from './layout.ts'
import type { LossName } from '../loss/loss.ts'
import { type Description, describedBy, type Task } from './description.ts'
import type { Encoding } from './encoding.ts'
import { decodeNetwork, encodeNetwork, type NetworkJSON } from './json.ts'
import {
  checkActivations,
  checkCount,
  checkSizes,
  fill,
  listValues,
  makeParameters,
  type NetworkParameters,
} from './parameters.ts'
import { checkClassifies, classesOf, type ClassPrediction, forward, inTargetUnits } from './predict.ts'
import { inputsOf, type PredictRows } from './rows.ts'
import type { Scaling } from './scaling.ts'

export type { NetworkParameters }

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
  /** One activation for each layer, sizes.length − 1 of them. */
  activations?: readonly ActivationName[] | undefined
  /** How the parameters are initialized. Default glorotUniform. */
  init?: InitializerName | undefined
  /** A whole number from 0 to 2³² − 1; random by default. */
  seed?: number | undefined
}

export const networkSchema = {
  name: 'Network.create',
  fields: {
    sizes: required(kind((_, value) => checkSizes(value))),
    activation: optional(name(activationNames)),
    hidden: optional(name(activationNames)),
    output: optional(name(activationNames)),
    // Its length follows from the sizes.
    activations: optional(kind((_, value) => value as readonly ActivationName[])),
    init: withDefault(name(initializerNames), 'glorotUniform', {
      flag: '--init <name>',
      help: initializerNames.join(', '),
    }),
    seed: withFresh(seed, drawSeed),
  } satisfies Fields<NetworkOptions>,
}

const parametersSchema = {
  name: 'Network.from',
  fields: {
    sizes: required(kind((_, value) => checkSizes(value))),
    activations: required(kind((_, value) => value as NetworkParameters['activations'])),
    weights: required(kind((_, value) => value as NetworkParameters['weights'])),
    biases: required(kind((_, value) => value as NetworkParameters['biases'])),
  } satisfies Fields<NetworkParameters>,
}

/**
 * A multi-layer perceptron in host memory: layer sizes, activations, weights and biases. A Trainer trains it.
 * @example
 * const network = Network.create({ sizes: [784, 30, 10], hidden: 'sigmoid', output: 'softmax', seed: 7 })
 * network.weights.map(({ length }) => length) // [23520, 300]
 */
export class Network implements Description {
  /** The number of neurons of each layer, inputs first. */
  readonly sizes: readonly number[]
  /** One per layer, sizes.length − 1 of them. */
  readonly activations: readonly ActivationName[]
  /** All parameters in one array, layer by layer: weights, then biases. `weights` and `biases` are views into it. */
  readonly parameters: Float32Array
  /** Where the parameters of each layer lie in {@link Network.parameters}. */
  readonly layers: readonly Layer[]
  /** weights[l]: sizes[l + 1] × sizes[l], row-major; row i holds the weights into neuron i. */
  readonly weights: Float32Array[]
  /** biases[l]: sizes[l + 1]. */
  readonly biases: Float32Array[]
  /** What the columns of the data are called, where known: one name per column of `encoding`, else one per input. */
  features: readonly string[] | undefined
  /** What the classes are called, where known; kept in the model file. */
  classes: readonly string[] | undefined
  /** What the regression targets are called, where known: one name per output. */
  targetNames: readonly string[] | undefined
  /** How columns of words, truth values and missing values become inputs; undefined where all columns are numbers. */
  encoding: Encoding | undefined
  /** The scaling of the encoded columns, where there is one: the network is trained on scaled inputs. */
  scaling: Scaling | undefined
  /** The scaling of regression targets, where there is one: `predict` returns values in the units of the data. */
  targetScaling: Scaling | undefined
  /** What the outputs mean; decided when the network is first fitted. */
  task: Task | undefined
  /** The loss that the network was last fitted with. */
  loss: LossName | undefined

  private constructor(
    key: unknown,
    sizes: readonly number[],
    activations: readonly ActivationName[],
    parameters?: Float32Array,
  ) {
    checkConstructor(key, 'Network', 'Network.create({ sizes })')
    this.sizes = Object.freeze([...sizes])
    this.activations = Object.freeze([...activations])
    this.layers = layoutLayers(sizes, activations)
    this.parameters = parameters ?? makeParameters(sizes, countParameters(this.layers))
    const { weights, biases } = splitParameters(this.layers, this.parameters)
    this.weights = weights
    this.biases = biases
  }

  /**
   * A network with random parameters.
   * @param options the `sizes` of the layers, inputs first; the activation of each (`activation`, `hidden` and
   *   `output`, or `activations`; default `sigmoid`); how the parameters are initialized (`init`, default
   *   `glorotUniform`); and the `seed` (default random)
   * @throws InputError for sizes, names or a seed that do not fit
   */
  static create(options: NetworkOptions): Network {
    const checked = readOptions(networkSchema, options)
    const { sizes, init } = checked
    const network = new Network(KEY, sizes, chooseActivations(checked))
    const random = new Random(checked.seed, 'initialization')
    network.weights.forEach((weights, l) => {
      initialize(init, weights, network.biases[l] as Float32Array, random)
    })
    return network
  }

  /**
   * A network with given parameters.
   * @param parameters the `sizes` of the layers, inputs first; `activations`, one per layer after the inputs;
   *   `weights[l]`, sizes[l + 1] × sizes[l]; and `biases[l]`, sizes[l + 1] values; all of them are copied
   * @throws InputError for wrong shapes and for values that are not finite
   */
  static from(parameters: NetworkParameters): Network {
    const { sizes, weights, biases, activations: given } = readOptions(parametersSchema, parameters)
    const activations = checkActivations(given, sizes.length - 1)
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
    const network = new Network(KEY, sizes, activations)
    values.forEach(({ weights, biases }, l) => {
      fill(network.weights[l]!, weights, `weights[${l}]`)
      fill(network.biases[l]!, biases, `biases[${l}]`)
    })
    return network
  }

  /**
   * The outputs for rows in the units of the data, computed at once on the CPU: no trainer, device or promise. The rows are
   * encoded and scaled as the training data were; regression targets are in their own units.
   * @param rows a matrix, lists of values, or objects with a value per name of {@link Network.features}
   * @returns rows × outputs
   * @throws InputError for rows that do not fit the columns, and for missing values that the network has no fill for
   * @example
   * const network = Network.from({ sizes: [1, 2], activations: ['softmax'], weights: [[1, -1]], biases: [[0, 0]] })
   * network.predict([[0]]).toArray() // [[0.5, 0.5]]
   */
  predict(rows: PredictRows): Matrix {
    return inTargetUnits(forward(this, inputsOf(this, rows)), this.targetScaling)
  }

  /**
   * The class of each row, by name, with its probability: that of the largest output, or of the side on which one is.
   * @param rows as for {@link Network.predict}
   * @throws InputError as {@link Network.predict} does, and for regression targets and for several labels per sample
   * @example
   * const network = Network.from({ sizes: [1, 1], activations: ['linear'], weights: [[1]], biases: [[0]] })
   * network.features = ['age']
   * network.classes = ['young', 'old']
   * network.classify([{ age: 0.75 }]) // [{ class: 'old', probability: 0.75 }]
   */
  classify(rows: PredictRows): ClassPrediction[] {
    checkClassifies(this.task)
    return classesOf(this.predict(rows), this.classes, this.layers.at(-1)!)
  }

  /**
   * The classes that outputs name, as {@link Network.classify} has them: for outputs that a trainer or a GPU computed.
   * @param outputs rows × outputs, as {@link Network.predict} and {@link Trainer.predict} return them
   * @throws InputError for another number of columns, and for a network whose outputs are not one class per sample
   * @example
   * const [first] = network.decode(await trainer.predict(test.inputs))
   * console.log(first?.class, first?.probability)
   */
  decode(outputs: MatrixLike): ClassPrediction[] {
    checkClassifies(this.task)
    const matrix = Matrix.from(outputs, 'outputs')
    const output = this.layers.at(-1)!
    if (matrix.cols === output.outputs) return classesOf(matrix, this.classes, output)
    throw new InputError(
      `outputs: expected ${output.outputs} columns, one per output of the network, got ${matrix.cols}`,
    )
  }

  /** An independent copy. */
  clone(): Network {
    const copy = new Network(KEY, this.sizes, this.activations, this.parameters.slice())
    return Object.assign(copy, describedBy(this))
  }

  /** A value that JSON.stringify can write: parameters as base64 of little-endian float32, so no bit is lost. */
  toJSON(): NetworkJSON {
    return encodeNetwork(this)
  }

  /**
   * Back from {@link Network.toJSON}; parameters may be base64 or plain numbers.
   * @param value what {@link Network.toJSON} returned, or what `JSON.parse` makes of a model file
   * @throws InputError naming the first field that does not fit
   */
  static fromJSON(value: unknown): Network {
    const { parameters, description } = decodeNetwork(value)
    return Object.assign(Network.from(parameters), description)
  }
}

function chooseActivations(options: Checked<(typeof networkSchema)['fields']>): ActivationName[] {
  const layers = options.sizes.length - 1
  if (options.activations !== undefined) return checkActivations(options.activations, layers)
  const hidden = options.hidden ?? options.activation ?? 'sigmoid'
  const output = options.output ?? options.activation ?? 'sigmoid'
  return checkActivations([...Array<ActivationName>(layers - 1).fill(hidden), output], layers)
}
