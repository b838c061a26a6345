import type { ActivationName } from './activation.ts'

/** The place of one layer's parameters in the contiguous array of all parameters, and the layer's shape. */
export interface Layer {
  /** Neurons of the layer before: sizes[l]. */
  readonly inputs: number
  /** Neurons of this layer: sizes[l + 1]. */
  readonly outputs: number
  /** The activation of its neurons. */
  readonly activation: ActivationName
  /** First of outputs × inputs weights, row-major. */
  readonly weightOffset: number
  /** First of the biases, which follow the layer's weights. */
  readonly biasOffset: number
}

/** The layers of a network one after another: weights, biases, weights, biases … in one array. */
export function layoutLayers(sizes: readonly number[], activations: readonly ActivationName[]): Layer[] {
  let offset = 0
  return activations.map((activation, l) => {
    const inputs = sizes[l] as number
    const outputs = sizes[l + 1] as number
    const layer = { inputs, outputs, activation, weightOffset: offset, biasOffset: offset + outputs * inputs }
    offset = layer.biasOffset + outputs
    return layer
  })
}

/** How many parameters the layers hold in all. */
export function countParameters(layers: readonly Layer[]): number {
  return layers.reduce((sum, { inputs, outputs }) => sum + outputs * (inputs + 1), 0)
}

/** Views into one array of all parameters (or gradients), one weights and one biases array a layer. */
export function splitParameters<T extends Float32Array | Float64Array>(
  layers: readonly Layer[],
  values: T,
): { weights: T[]; biases: T[] } {
  const view = (start: number, end: number) => values.subarray(start, end) as T
  return {
    weights: layers.map(({ weightOffset, biasOffset }) => view(weightOffset, biasOffset)),
    biases: layers.map(({ biasOffset, outputs }) => view(biasOffset, biasOffset + outputs)),
  }
}
