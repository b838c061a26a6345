import { signal } from '@preact/signals'
import { shareOf } from './answers.ts'
import { MAP_SIDE, type Progress } from './protocol.ts'

/** A neuron that is pointed at; layer 0 are the inputs. */
export interface Looked {
  layer: number
  index: number
  text: string
}

/** The neuron whose answers are shown in the place of the network's. */
export const lookedAt = signal<Looked | undefined>(undefined)

/** What a neuron answers over the plane, as shares from 0 to 1; undefined for one that there is not. */
export function mapOf(
  { maps }: Progress,
  { layer, index }: Pick<Looked, 'layer' | 'index'>,
  activations: readonly string[],
): Float32Array | undefined {
  const map = maps[layer - 1]
  const count = map && map.length / MAP_SIDE ** 2
  if (!map || count === undefined || index >= count) return undefined
  const activation = activations[layer - 1] ?? 'sigmoid'
  return Float32Array.from({ length: MAP_SIDE ** 2 }, (_, p) => shareOf(map[p * count + index]!, activation))
}
