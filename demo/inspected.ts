import { signal } from '@preact/signals'
import { outputShare } from './outputs.ts'
import { MAP_SIDE, type Progress } from './protocol.ts'

/** The neuron under the pointer or with the keyboard focus; layer 0 holds the inputs. */
export interface InspectedNeuron {
  layer: number
  index: number
  text: string
}

/** The neuron whose outputs the plane shows instead of the predictions of the network. */
export const inspectedNeuron = signal<InspectedNeuron | undefined>(undefined)

/** The outputs of a neuron over the plane, rescaled to 0–1; undefined if the network has no such neuron. */
export function mapOf(
  { maps }: Progress,
  { layer, index }: Pick<InspectedNeuron, 'layer' | 'index'>,
  activations: readonly string[],
): Float32Array | undefined {
  const map = maps[layer - 1]
  const count = map && map.length / MAP_SIDE ** 2
  if (!map || count === undefined || index >= count) return undefined
  const activation = activations[layer - 1] ?? 'sigmoid'
  return Float32Array.from({ length: MAP_SIDE ** 2 }, (_, p) => outputShare(map[p * count + index]!, activation))
}
