import { computed, signal } from '@preact/signals'
import { inputMap } from './input-map.ts'
import { outputShare } from './outputs.ts'
import { MAP_SIDE, type Progress } from './protocol.ts'
import { data } from './state.ts'

/** A neuron; layer 0 holds the inputs. `from`: its weight for this neuron of the layer before, or this input. */
export interface Inspected {
  layer: number
  index: number
  from?: number | undefined
}

/** What the pointer is at, what has the keyboard focus, and what the user edits. */
export const hovered = signal<Inspected | undefined>(undefined)
export const focused = signal<Inspected | undefined>(undefined)
export const edited = signal<Inspected | undefined>(undefined)

/** What the diagram highlights and the card describes. */
export const inspected = computed(() => hovered.value ?? edited.value ?? focused.value)

/** Whether two of them are the same neuron or weight. */
export const areSame = (a: Inspected | undefined, b: Inspected | undefined): boolean =>
  a?.layer === b?.layer && a?.index === b?.index && a?.from === b?.from

/** Sets the signal, unless its value is the same. */
export function inspect(which: typeof hovered, next: Inspected | undefined): void {
  if (!areSame(which.peek(), next)) which.value = next
}

/** The name of a neuron or an input. */
export function nameOf(layer: number, index: number): string {
  const shown = data.value?.shown
  if (layer === 0) return shown?.picture ? `pixel ${index + 1}` : `input ${shown?.inputs[index]?.name ?? index + 1}`
  const last = (data.value?.description.sizes.length ?? 0) - 1
  return layer === last ? `output ${shown?.outputs[index] ?? ''}` : `neuron ${index + 1} of layer ${layer}`
}

/** The neuron or input whose values over the plane are shown instead of the predictions of the network. */
export const inspectedNeuron = computed(() => {
  const current = inspected.value
  if (!current || current.from !== undefined) return undefined
  const { layer, index } = current
  return { layer, index, text: nameOf(layer, index) }
})

/** The values of a neuron or an input over the plane, rescaled to 0–1; undefined if the network has no such neuron. */
export function mapOf(
  { maps }: Pick<Progress, 'maps'>,
  { layer, index }: Pick<Inspected, 'layer' | 'index'>,
  activations: readonly string[],
): ArrayLike<number> | undefined {
  if (layer === 0) {
    const shown = data.value?.shown
    return shown && !shown.picture ? inputMap(shown, index) : undefined
  }
  const map = maps[layer - 1]
  const count = map && map.length / MAP_SIDE ** 2
  if (!map || count === undefined || index >= count) return undefined
  const activation = activations[layer - 1] ?? 'sigmoid'
  return Float32Array.from({ length: MAP_SIDE ** 2 }, (_, p) => outputShare(map[p * count + index]!, activation))
}
