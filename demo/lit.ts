import { computed } from '@preact/signals'
import { Matrix } from '../src/index.ts'
import { outputShare } from './outputs.ts'
import { drawing, progress } from './state.ts'
import { LayerOutputs } from './worker/maps.ts'

/** How strongly the user's drawing lights up each neuron, layer by layer, 0 to 1; undefined without a drawing. */
export const lit = computed(() => {
  const network = progress.value?.network
  const pixels = drawing.value
  if (!network || !pixels || pixels.length !== network.sizes[0]) return undefined
  const outputs = new LayerOutputs(network).of(new Matrix(1, pixels.length, pixels))
  return outputs.map((values, l) => {
    // Activations without an upper bound are compared with the largest value of their layer.
    const activation = network.activations[l]!
    const isBounded = ['sigmoid', 'softmax', 'tanh'].includes(activation)
    const most = Math.max(...values, 1e-9)
    return Float32Array.from(values, (value) => (isBounded ? outputShare(value, activation) : value / most))
  })
})
