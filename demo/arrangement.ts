import type { Shown } from './protocol.ts'

/** The distance between two columns: less where there are many layers, or the screen is narrow. */
const columnFor = (layers: number) => (layers > 3 || innerWidth < 480 ? 104 : 132)
/** More inputs than this are drawn as one box. */
const MOST_INPUTS = 12
const BOX = 92

/** The size of a neuron and the gap between two, for the largest number of neurons in a column. */
const sizesFor = (most: number) =>
  most > 16 ? { neuron: 24, gap: 4 } : most > 9 ? { neuron: 30, gap: 8 } : { neuron: 38, gap: 14 }

/** The positions of everything in the diagram, in CSS pixels. */
export interface Drawing {
  /** Neurons in each column, the inputs first. */
  sizes: readonly number[]
  neuron: number
  width: number
  height: number
  /** Whether the inputs are one box. */
  boxed: boolean
  /** Middle of a column, and of a neuron in it. */
  x: (layer: number) => number
  y: (layer: number, index: number) => number
  /** Half the width of a column's neurons. */
  half: (layer: number) => number
}

/** Lays out the inputs, the hidden layers and the outputs in columns. */
export function arrange(shown: Shown, hidden: readonly number[], inputs: number): Drawing {
  const boxed = shown.picture !== undefined || inputs > MOST_INPUTS
  const sizes = [inputs, ...hidden, shown.outputs]
  const most = Math.max(...sizes.slice(1), boxed ? 1 : inputs)
  const { neuron, gap } = sizesFor(most)
  const height = Math.max(most * (neuron + gap), boxed ? BOX + 20 : 0) + 60
  const column = columnFor(sizes.length)
  const first = boxed ? BOX / 2 : neuron / 2
  return {
    sizes,
    neuron,
    boxed,
    height,
    width: 24 + first + (sizes.length - 1) * column + neuron / 2 + 60,
    x: (l) => 12 + first + l * column,
    y: (l, i) => height / 2 - 20 + (l === 0 && boxed ? 0 : (i - (sizes[l]! - 1) / 2) * (neuron + gap)),
    half: (l) => (l === 0 ? first : neuron / 2),
  }
}
