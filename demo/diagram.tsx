import { useState } from 'preact/hooks'
import { layOutDiagram, type DiagramLayout } from './diagram-layout.ts'
import { palette } from './colours.ts'
import { Edges } from './edges.tsx'
import { inspectedNeuron } from './inspected.ts'
import { Neuron } from './neuron.tsx'
import { formatNumber } from './numbers.ts'
import { MAX_LAYERS, MAX_NEURONS } from './settings.ts'
import { changeLayers } from './edits.ts'
import { data, progress, settings } from './state.ts'
import type { Parameters, ShownData } from './protocol.ts'

/** The name of a neuron, with its bias and, for up to six inputs, its weights. */
function describe(
  network: Parameters | undefined,
  shown: ShownData,
  layer: number,
  index: number,
  last: number,
): string {
  const of = (l: number, i: number) =>
    l === 0 ? (shown.inputs[i]?.name ?? `input ${i + 1}`) : `neuron ${i + 1} of layer ${l}`
  if (layer === 0) return `input ${of(0, index)}`
  const name = layer === last ? `output ${shown.outputs[index] ?? ''}` : of(layer, index)
  const bias = network?.biases[layer - 1]?.[index]
  if (!network || bias === undefined) return name
  const inputs = network.sizes[layer - 1]!
  const row = network.weights[layer - 1]!.subarray(index * inputs, (index + 1) * inputs)
  const named = layer > 1 || !shown.picture
  const weights = named && inputs <= 6 ? `; weights ${[...row].map((w) => formatNumber(w)).join(', ')}` : ''
  return `${name}: bias ${formatNumber(bias)}${weights}`
}

interface Tooltip {
  text: string
  x: number
  y: number
}

/** The network: each neuron shows its outputs over the plane; colour and width of the lines show the weights. */
export function Diagram() {
  const [tooltip, setTooltip] = useState<Tooltip>()
  const [focus, setFocus] = useState<readonly [layer: number, index: number]>([1, 0])
  const shown = data.value?.shown
  if (!shown) return null
  const { hidden } = settings.value
  const latest = progress.value?.network
  const inputs = shown.picture ? shown.picture.side ** 2 : shown.inputs.length
  const layout = layOutDiagram(shown, hidden, inputs)
  const { sizes, width, height, x, y, boxed, neuron } = layout
  // After a change of layers, the latest report may still describe the old network.
  const network = latest?.sizes.join() === sizes.join() ? latest : undefined
  const last = sizes.length - 1
  const clearInspection = () => {
    setTooltip(undefined)
    inspectedNeuron.value = undefined
  }
  const inspect = (layer: number, index: number) => {
    const text = describe(network, shown, layer, index, last)
    setTooltip({ text, x: x(layer), y: y(layer, index) - neuron / 2 })
    inspectedNeuron.value = layer > 0 ? { layer, index, text } : undefined
  }
  const move = (event: KeyboardEvent) => {
    const [l, i] = focus
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (!step) return
    event.preventDefault()
    const layer = Math.min(last, Math.max(0, l + step[0]!))
    const count = layer === 0 && boxed ? 1 : sizes[layer]!
    const index = Math.min(count - 1, Math.max(0, i + step[1]!))
    setFocus([layer, index])
    ;(event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-at="${layer}-${index}"]`)?.focus()
  }
  return (
    <div
      class="diagram"
      role="group"
      aria-label="Neurons: move between them with the arrow keys"
      style={{ width: `${width}px`, height: `${height}px` }}
      onMouseLeave={clearInspection}
      onKeyDown={move}
      onBlur={clearInspection}
    >
      <svg width={width} height={height} role="img" aria-label={`A network of ${sizes.join('-')} neurons`}>
        {network && (
          <Edges
            network={network}
            layout={layout}
            colours={palette()}
            onInspect={(text, at) => {
              setTooltip({ text, ...at })
            }}
          />
        )}
      </svg>
      {sizes.map((size, l) =>
        Array.from({ length: l === 0 && boxed ? 1 : size }, (_, i) => (
          <Neuron
            key={`${l}-${i}`}
            layer={l}
            index={i}
            layout={layout}
            shown={shown}
            bias={l > 0 ? network?.biases[l - 1]![i] : undefined}
            text={describe(network, shown, l, i, last)}
            focusable={focus[0] === l && focus[1] === i}
            onInspect={() => {
              inspect(l, i)
            }}
          />
        )),
      )}
      <LayerButtons hidden={hidden} x={x} />
      {tooltip && (
        <output
          class="exact"
          style={{ left: `${Math.min(width - 70, Math.max(70, tooltip.x))}px`, top: `${Math.max(30, tooltip.y)}px` }}
        >
          {tooltip.text}
        </output>
      )}
    </div>
  )
}

function LayerButtons({ hidden, x }: { hidden: readonly number[]; x: DiagramLayout['x'] }) {
  return hidden.map((count, l) => (
    <div class="layer-buttons" key={l} style={{ left: `${x(l + 1)}px` }}>
      <button
        type="button"
        aria-label={`Fewer neurons in hidden layer ${l + 1}`}
        disabled={count <= 1}
        onClick={() => {
          changeLayers(hidden.with(l, count - 1))
        }}
      >
        −
      </button>
      <button
        type="button"
        aria-label={`More neurons in hidden layer ${l + 1}`}
        disabled={count >= MAX_NEURONS}
        onClick={() => {
          changeLayers(hidden.with(l, count + 1))
        }}
      >
        +
      </button>
    </div>
  ))
}

/** Buttons that add or remove the last hidden layer. */
export function LayerCount() {
  const { hidden } = settings.value
  return (
    <div class="layer-count">
      <button
        type="button"
        aria-label="Remove a hidden layer"
        disabled={hidden.length === 0}
        onClick={() => {
          changeLayers(hidden.slice(0, -1))
        }}
      >
        −
      </button>
      <span>
        {hidden.length} hidden {hidden.length === 1 ? 'layer' : 'layers'}
      </span>
      <button
        type="button"
        aria-label="Add a hidden layer"
        disabled={hidden.length >= MAX_LAYERS}
        onClick={() => {
          changeLayers([...hidden, Math.min(hidden.at(-1) ?? 3, 8)])
        }}
      >
        +
      </button>
    </div>
  )
}
