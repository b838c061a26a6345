import { useEffect, useRef, useState } from 'preact/hooks'
import { css, palette } from './colours.ts'
import { paint, shareOf } from './drawing.ts'
import { MAP_SIDE } from './protocol.ts'
import { MOST_LAYERS, MOST_NEURONS } from './settings.ts'
import { changeLayers, data, progress, settings } from './state.ts'

const NEURON = 38
const GAP = 14
const COLUMN = 132

/** Heights of the neurons of a layer, in the middle of `height`. */
const placesOf = (count: number, height: number) =>
  Array.from({ length: count }, (_, i) => height / 2 + (i - (count - 1) / 2) * (NEURON + GAP))

/** 0.4321 → '0.432'. */
const told = (value: number) => Number(value.toPrecision(3)).toString()

interface Exact {
  text: string
  x: number
  y: number
}

/** The network as in the article's figures: neurons with what they answer over the plane, weights by colour and width. */
export function Diagram() {
  const [exact, setExact] = useState<Exact>()
  const { hidden } = settings.value
  const { train } = data.value
  const inputs = train.features.length
  const outputs = train.targets.length / (train.inputs.length / inputs)
  const sizes = [inputs, ...hidden, outputs]
  const height = Math.max(...sizes) * (NEURON + GAP) + 60
  const width = (sizes.length - 1) * COLUMN + NEURON + 24
  const columns = sizes.map((size) => placesOf(size, height))
  const x = (l: number) => 12 + l * COLUMN + NEURON / 2
  const colours = palette()
  // For a moment after a change of layers, the worker's network is still the old one.
  const latest = progress.value?.network
  const network = latest?.sizes.join() === sizes.join() ? latest : undefined
  return (
    <div
      class="diagram"
      style={{ width: `${width}px`, height: `${height}px` }}
      onMouseLeave={() => {
        setExact(undefined)
      }}
    >
      <svg width={width} height={height} role="img" aria-label={`A network of ${sizes.join('-')} neurons`}>
        {network?.weights.flatMap((weights, l) =>
          Array.from({ length: weights.length }, (_, at) => {
            const [i, j] = [Math.floor(at / sizes[l]!), at % sizes[l]!]
            const w = weights[at]!
            const [x1, y1, x2, y2] = [x(l) + NEURON / 2, columns[l]![j]!, x(l + 1) - NEURON / 2, columns[l + 1]![i]!]
            const middle = (x1 + x2) / 2
            return (
              <path
                key={`${l}-${at}`}
                d={`M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
                fill="none"
                stroke={css(w < 0 ? colours.low : colours.high)}
                stroke-width={Math.min(9, 0.6 + 1.6 * Math.sqrt(Math.abs(w)))}
                stroke-dasharray={w < 0 ? '7 3' : undefined}
                stroke-opacity={0.35 + 0.6 * Math.min(1, Math.abs(w) / 3)}
                onMouseEnter={() => {
                  setExact({ text: `weight ${told(w)}`, x: middle, y: (y1 + y2) / 2 })
                }}
              />
            )
          }),
        )}
      </svg>
      {columns.map((places, l) =>
        places.map((y, i) => (
          <Neuron
            key={`${l}-${i}`}
            layer={l}
            index={i}
            left={x(l) - NEURON / 2}
            top={y - NEURON / 2}
            bias={l > 0 ? network?.biases[l - 1]![i] : undefined}
            tell={(text) => {
              setExact({ text, x: x(l), y: y - NEURON / 2 })
            }}
          />
        )),
      )}
      {hidden.map((count, l) => (
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
      ))}
      {exact && (
        <output class="exact" style={{ left: `${exact.x}px`, top: `${exact.y}px` }}>
          {exact.text}
        </output>
      )}
    </div>
  )
}

function Neuron({
  layer,
  index,
  left,
  top,
  bias,
  tell,
}: {
  layer: number
  index: number
  left: number
  top: number
  bias: number | undefined
  tell: (text: string) => void
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = progress.value
  const { view, train } = data.value
  useEffect(() => {
    if (!canvas.current) return
    if (layer === 0) {
      paint(
        canvas.current,
        Array.from({ length: MAP_SIDE ** 2 }, (_, p) =>
          index === 0 ? (p % MAP_SIDE) / MAP_SIDE : 1 - Math.floor(p / MAP_SIDE) / MAP_SIDE,
        ),
        MAP_SIDE,
        palette(),
      )
      return
    }
    const map = current?.maps[layer - 1]
    if (!map) return
    const count = map.length / MAP_SIDE ** 2
    const activation = settings.value.activations[layer - 1] ?? 'sigmoid'
    if (index >= count) return
    paint(
      canvas.current,
      Array.from({ length: MAP_SIDE ** 2 }, (_, p) => shareOf(map[p * count + index]!, activation)),
      MAP_SIDE,
      palette(),
    )
  }, [current, view, layer, index])
  const colours = palette()
  const name = layer === 0 ? train.features[index]! : `neuron ${index + 1} of layer ${layer}`
  const text = bias === undefined ? `input ${name}` : `${name}: bias ${told(bias)}`
  return (
    <div
      class="neuron"
      tabIndex={0}
      role="img"
      aria-label={text}
      style={{
        left: `${left}px`,
        top: `${top}px`,
        borderColor: bias === undefined ? undefined : css(bias < 0 ? colours.low : colours.high),
      }}
      onMouseEnter={() => {
        tell(text)
      }}
      onFocus={() => {
        tell(text)
      }}
    >
      <canvas ref={canvas} />
      {layer === 0 && <span class="feature">{train.features[index]}</span>}
    </div>
  )
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
          changeLayers([...hidden, hidden.at(-1) ?? 3])
        }}
      >
        +
      </button>
    </div>
  )
}
