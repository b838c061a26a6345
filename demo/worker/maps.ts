import { Matrix, Network } from '../../src/index.ts'

const MAX_FLOAT32 = 3.4e38

/** What is needed of a network: one array of weights and one of biases for each layer. */
type LayerParameters = Pick<Network, 'sizes' | 'activations'> &
  Record<'weights' | 'biases', readonly ArrayLike<number>[]>

/** Computes the outputs of every layer of a network, layer by layer. */
export class LayerOutputs {
  readonly #network: LayerParameters
  /** Each layer as a network of one layer, whose inputs are the outputs of the layer before it. */
  readonly #layers: readonly Network[]

  constructor(network: LayerParameters) {
    const { sizes, activations } = network
    this.#network = network
    this.#layers = activations.map((activation, l) =>
      Network.create({ sizes: sizes.slice(l, l + 2), activations: [activation], init: 'constant', seed: 0 }),
    )
  }

  /**
   * @param inputs points × inputs, preprocessed
   * @returns for each layer its outputs, points × neurons
   */
  of(inputs: Matrix): Float32Array[] {
    const { weights, biases } = this.#network
    let below = inputs
    return this.#layers.map((layer, l) => {
      layer.weights[0]!.set(weights[l]!)
      layer.biases[0]!.set(biases[l]!)
      const outputs = layer.predict(below)
      below = outputs.data.every(Number.isFinite) ? outputs : withFiniteValues(outputs)
      return outputs.data
    })
  }
}

/** A network takes finite inputs only; outputs of a network with large weights may not be finite. */
const withFiniteValues = ({ rows, cols, data }: Matrix): Matrix =>
  new Matrix(
    rows,
    cols,
    data.map((value) => (Number.isNaN(value) ? 0 : Math.max(-MAX_FLOAT32, Math.min(MAX_FLOAT32, value)))),
  )
