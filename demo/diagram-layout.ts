import type { ShownData } from './protocol.ts'

/** The distance between two columns: smaller for many layers, next to a box of inputs, and on a narrow screen. */
const columnFor = (layers: number, boxed: boolean) => (layers > 3 || boxed || innerWidth < 480 ? 104 : 118)
/** Networks with more inputs than this show them as one box. */
const MAX_INPUTS = 12
const BOX = 92

/** The size of a neuron and the gap between neurons, for the number of neurons in the largest column. */
const sizesFor = (most: number) =>
  most > 16 ? { neuron: 24, gap: 4 } : most > 9 ? { neuron: 30, gap: 8 } : { neuron: 38, gap: 14 }

/** The positions of everything in the diagram, in CSS pixels. */
export interface DiagramLayout {
  /** Neurons in each column, starting with the inputs. */
  sizes: readonly number[]
  neuron: number
  gap: number
  width: number
  height: number
  /** Whether the inputs are shown as one box. */
  boxed: boolean
  /** The centre of a column, and of a neuron in it. */
  x: (layer: number) => number
  y: (layer: number, index: number) => number
  /** Half the width of the neurons in a column. */
  half: (layer: number) => number
}

/** Lays out the inputs, the hidden layers and the outputs in columns. */
export function layOutDiagram(shown: ShownData, hidden: readonly number[], inputs: number): DiagramLayout {
  const boxed = shown.picture !== undefined || inputs > MAX_INPUTS
  const sizes = [inputs, ...hidden, shown.outputs.length]
  const most = Math.max(...sizes.slice(1), boxed ? 1 : inputs)
  const { neuron, gap } = sizesFor(most)
  const height = Math.max(most * (neuron + gap), boxed ? BOX + 20 : 0) + 60
  const column = columnFor(sizes.length, boxed)
  const first = boxed ? BOX / 2 : neuron / 2
  return {
    sizes,
    neuron,
    gap,
    boxed,
    height,
    width: 24 + first + (sizes.length - 1) * column + neuron / 2 + 60,
    x: (l) => 12 + first + l * column,
    y: (l, i) => height / 2 - 20 + (l === 0 && boxed ? 0 : (i - (sizes[l]! - 1) / 2) * (neuron + gap)),
    half: (l) => (l === 0 ? first : neuron / 2),
  }
}
