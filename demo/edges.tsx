import { css, type Palette } from './colours.ts'
import type { DiagramLayout } from './diagram-layout.ts'
import { formatNumber } from './numbers.ts'
import type { Parameters } from './protocol.ts'

/** The largest number of weights to draw between two layers; with more, the lines would merge into one area. */
const MAX_EDGES = 320

/** The smallest magnitude of the weights that are drawn. */
function leastDrawn(weights: Float32Array): number {
  if (weights.length <= MAX_EDGES) return 0
  return weights.map(Math.abs).sort().at(-MAX_EDGES) ?? 0
}

interface EdgesProps {
  network: Parameters
  layout: DiagramLayout
  colours: Palette
  onInspect: (text: string, at: { x: number; y: number }) => void
}

/** The weights: colour shows the sign, width the magnitude. Inputs shown as one box have one line to each neuron. */
export function Edges({ network, layout, colours, onInspect }: EdgesProps) {
  const { sizes, boxed, x, y, half } = layout
  return network.weights.flatMap((weights, l) => {
    const curve = (j: number, i: number) => {
      const [x1, y1, x2, y2] = [x(l) + half(l), y(l, j), x(l + 1) - half(l + 1), y(l + 1, i)]
      const middle = (x1 + x2) / 2
      return { d: `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, at: { x: middle, y: (y1 + y2) / 2 } }
    }
    if (l === 0 && boxed) {
      return Array.from({ length: sizes[1]! }, (_, i) => <path key={`box-${i}`} class="lead" d={curve(0, i).d} />)
    }
    const least = leastDrawn(weights)
    return Array.from(weights, (w, at) => {
      if (Math.abs(w) < least) return null
      const [i, j] = [Math.floor(at / sizes[l]!), at % sizes[l]!]
      const { d, at: place } = curve(j, i)
      return (
        <path
          key={`${l}-${at}`}
          d={d}
          fill="none"
          stroke={css(w < 0 ? colours.low : colours.high)}
          stroke-width={Math.min(9, 0.6 + 1.6 * Math.sqrt(Math.abs(w)))}
          stroke-dasharray={w < 0 ? '7 3' : undefined}
          stroke-opacity={0.35 + 0.6 * Math.min(1, Math.abs(w) / 3)}
          onMouseEnter={() => {
            onInspect(`weight ${formatNumber(w)}`, place)
          }}
        />
      )
    })
  })
}
