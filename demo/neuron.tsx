import { useEffect, useRef } from 'preact/hooks'
import { css, palette } from './colours.ts'
import type { Drawing } from './arrangement.ts'
import { paint, paintPicture } from './drawing.ts'
import { mapOf } from './looking.ts'
import { MAP_SIDE, type Progress, type Shown } from './protocol.ts'
import { answer, progress, settings } from './state.ts'

/** An input over the plane: it grows to the right, or upwards, or where the plane does not show it, nowhere. */
function inputMap(index: number, [across, up]: Shown['axes']): number[] {
  return Array.from({ length: MAP_SIDE ** 2 }, (_, p) => {
    if (index === across) return (p % MAP_SIDE) / MAP_SIDE
    return index === up ? 1 - Math.floor(p / MAP_SIDE) / MAP_SIDE : 0.5
  })
}

/** What a neuron of the first layer looks for in a picture: its weights, 0.5 for none. */
export function weightMap({ network }: Progress, index: number): Float32Array | undefined {
  const inputs = network.sizes[0]!
  const row = network.weights[0]?.subarray(index * inputs, (index + 1) * inputs)
  if (row?.length !== inputs) return undefined
  const largest = row.reduce((most, w) => Math.max(most, Math.abs(w)), 1e-9)
  return row.map((w) => 0.5 + w / (2 * largest))
}

interface NeuronProps {
  layer: number
  index: number
  drawing: Drawing
  shown: Shown
  bias: number | undefined
  text: string
  focusable: boolean
  tell: () => void
}

export function Neuron({ layer, index, drawing, shown, bias, text, focusable, tell }: NeuronProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = progress.value
  const colours = palette()
  const { picture, axes, features } = shown
  const isBox = layer === 0 && drawing.boxed
  useEffect(() => {
    if (!canvas.current) return
    if (layer === 0) {
      if (picture) paintPicture(canvas.current, picture.mean, picture.side, colours)
      else if (!isBox) paint(canvas.current, inputMap(index, axes), MAP_SIDE, colours)
      else paintPicture(canvas.current, [0], 1, colours)
      return
    }
    if (!current) return
    const weights = picture && layer === 1 ? weightMap(current, index) : undefined
    const map = weights ?? mapOf(current, { layer, index }, settings.value.activations)
    if (map) paint(canvas.current, map, weights ? picture!.side : MAP_SIDE, colours)
  }, [current, shown, colours, layer, index])
  const isOutput = layer === drawing.sizes.length - 1
  // In pictures there is no plane to answer over; but there may be a drawing to answer to.
  const answered = picture && isOutput ? (answer.value?.[index] ?? 0) : undefined
  useEffect(() => {
    if (canvas.current && answered !== undefined) paintPicture(canvas.current, [answered], 1, colours)
  }, [answered, colours])
  const side = isBox ? 2 * drawing.half(0) : drawing.neuron
  const label = isOutput ? (shown.classes[shown.outputs === 1 ? 1 : index] ?? shown.target) : undefined
  return (
    <>
      <div
        class="neuron"
        data-at={`${layer}-${index}`}
        tabIndex={focusable ? 0 : -1}
        role="img"
        aria-label={text}
        style={{
          width: `${side}px`,
          height: `${side}px`,
          left: `${drawing.x(layer) - side / 2}px`,
          top: `${drawing.y(layer, index) - side / 2}px`,
          borderColor: bias === undefined ? undefined : css(bias < 0 ? colours.low : colours.high),
        }}
        onMouseEnter={tell}
        onFocus={tell}
      >
        <canvas ref={canvas} />
        {layer === 0 && !isBox && <span class="feature">{features[index]}</span>}
        {isBox && !picture && <span class="feature">{features.length} inputs</span>}
      </div>
      {label !== undefined && (
        <span
          class="output-name"
          style={{ left: `${drawing.x(layer) + side / 2 + 6}px`, top: `${drawing.y(layer, index)}px` }}
          aria-hidden="true"
        >
          {label}
        </span>
      )}
    </>
  )
}
