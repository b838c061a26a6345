import { useState } from 'preact/hooks'
import { arrange, type Drawing } from './arrangement.ts'
import { palette } from './colours.ts'
import { Edges } from './edges.tsx'
import { lookedAt } from './looking.ts'
import { Neuron } from './neuron.tsx'
import { told } from './numbers.ts'
import { MOST_LAYERS, MOST_NEURONS } from './settings.ts'
import { changeLayers, data, progress, settings } from './state.ts'
import type { Parameters, Shown } from './protocol.ts'

/** What a neuron is called, with its bias and its largest weights. */
function describe(network: Parameters | undefined, shown: Shown, layer: number, index: number, last: number): string {
  const of = (l: number, i: number) =>
    l === 0 ? (shown.features[i] ?? `input ${i + 1}`) : `neuron ${i + 1} of layer ${l}`
  if (layer === 0) return `input ${of(0, index)}`
  const name =
    layer === last ? `output ${shown.classes[shown.outputs === 1 ? 1 : index] ?? shown.target}` : of(layer, index)
  const bias = network?.biases[layer - 1]?.[index]
  if (!network || bias === undefined) return name
  const inputs = network.sizes[layer - 1]!
  const row = network.weights[layer - 1]!.subarray(index * inputs, (index + 1) * inputs)
  const named = layer > 1 || !shown.picture
  const weights = named && inputs <= 6 ? `; weights ${[...row].map((w) => told(w)).join(', ')}` : ''
  return `${name}: bias ${told(bias)}${weights}`
}

interface Exact {
  text: string
  x: number
  y: number
}

/** The network as in the article's figures: neurons with what they answer over the plane, weights by colour and width. */
export function Diagram() {
  const [exact, setExact] = useState<Exact>()
  const [focus, setFocus] = useState<readonly [layer: number, index: number]>([1, 0])
  const shown = data.value?.shown
  if (!shown) return null
  const { hidden } = settings.value
  const latest = progress.value?.network
  const inputs = shown.picture ? shown.picture.side ** 2 : shown.features.length
  const drawing = arrange(shown, hidden, inputs)
  const { sizes, width, height, x, y, boxed, neuron } = drawing
  // For a moment after a change of layers, the worker's network is still the old one.
  const network = latest?.sizes.join() === sizes.join() ? latest : undefined
  const last = sizes.length - 1
  const forget = () => {
    setExact(undefined)
    lookedAt.value = undefined
  }
  const tell = (layer: number, index: number) => {
    const text = describe(network, shown, layer, index, last)
    setExact({ text, x: x(layer), y: y(layer, index) - neuron / 2 })
    lookedAt.value = layer > 0 ? { layer, index, text } : undefined
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
      onMouseLeave={forget}
      onKeyDown={move}
      onBlur={forget}
    >
      <svg width={width} height={height} role="img" aria-label={`A network of ${sizes.join('-')} neurons`}>
        {network && (
          <Edges
            network={network}
            drawing={drawing}
            colours={palette()}
            tell={(text, at) => {
              setExact({ text, ...at })
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
            drawing={drawing}
            shown={shown}
            bias={l > 0 ? network?.biases[l - 1]![i] : undefined}
            text={describe(network, shown, l, i, last)}
            focusable={focus[0] === l && focus[1] === i}
            tell={() => {
              tell(l, i)
            }}
          />
        )),
      )}
      <LayerButtons hidden={hidden} x={x} />
      {exact && (
        <output
          class="exact"
          style={{ left: `${Math.min(width - 70, Math.max(70, exact.x))}px`, top: `${Math.max(30, exact.y)}px` }}
        >
          {exact.text}
        </output>
      )}
    </div>
  )
}

function LayerButtons({ hidden, x }: { hidden: readonly number[]; x: Drawing['x'] }) {
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
        disabled={count >= MOST_NEURONS}
        onClick={() => {
          changeLayers(hidden.with(l, count + 1))
        }}
      >
        +
      </button>
    </div>
  ))
}

/** Layers added and taken away at the end. */
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
        disabled={hidden.length >= MOST_LAYERS}
        onClick={() => {
          changeLayers([...hidden, Math.min(hidden.at(-1) ?? 3, 8)])
        }}
      >
        +
      </button>
    </div>
  )
}
