import { computed } from '@preact/signals'
import { Network } from '../src/index.ts'
import { outputShare } from './outputs.ts'
import type { Parameters } from './protocol.ts'
import { drawing, progress } from './state.ts'

/** The outputs of every layer for one row of inputs. */
export function outputsOfLayers(network: Parameters, inputs: Float32Array): Float32Array[] {
  let values = inputs
  return network.weights.map((weights, l) => {
    const [before, here] = [network.sizes[l]!, network.sizes[l + 1]!]
    const layer = Network.from({
      sizes: [before, here],
      activations: [network.activations[l]!],
      weights: [weights],
      biases: [network.biases[l]!],
    })
    values = layer.predict({ rows: 1, cols: before, data: values }).data
    return values
  })
}

/** How strongly the user's drawing lights up each neuron, layer by layer, 0 to 1; undefined without a drawing. */
export const lit = computed(() => {
  const network = progress.value?.network
  const pixels = drawing.value
  if (!network || !pixels || pixels.length !== network.sizes[0]) return undefined
  return outputsOfLayers(network, pixels).map((values, l) => {
    // Activations without an upper bound are compared with the largest value of their layer.
    const activation = network.activations[l]!
    const isBounded = ['sigmoid', 'softmax', 'tanh'].includes(activation)
    const most = Math.max(...values, 1e-9)
    return Float32Array.from(values, (value) => (isBounded ? outputShare(value, activation) : value / most))
  })
})
