import { Network } from '../src/index.ts'
import { data, progress, settings } from './state.ts'

/**
 * The network that the page shows, with all that lies between a row of the data and a prediction: names, encoding, and the
 * scaling of inputs and regression targets.
 */
export function shownNetwork(): Network | undefined {
  if (!progress.value || !data.value) return undefined
  const { sizes, weights, biases, activations } = progress.value.network
  const { description } = data.value
  // After a change of settings, the latest report may still describe the previous network.
  if (sizes.join() !== description.sizes.join()) return undefined
  const lists = (parts: readonly Float32Array[]) => parts.map((part) => Array.from(part))
  const network = Network.fromJSON({ ...description, activations, weights: lists(weights), biases: lists(biases) })
  network.loss = settings.value.loss
  return network
}
