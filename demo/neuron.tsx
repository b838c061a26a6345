import { useEffect, useRef } from 'preact/hooks'
import { css, palette } from './colours.ts'
import type { DiagramLayout } from './diagram-layout.ts'
import { paint, paintPicture } from './drawing.ts'
import { mapOf } from './inspected.ts'
import { MAP_SIDE, type Progress, type ShownData, type ShownInput } from './protocol.ts'
import { drawingOutputs, progress, settings } from './state.ts'

/**
 * An input over the plane: it grows to the right or upwards, is 1 where its category is, and is constant if its column is
 * on neither axis.
 */
function inputMap(input: ShownInput | undefined, [across, up]: ShownData['axes']): number[] {
  return Array.from({ length: MAP_SIDE ** 2 }, (_, p) => {
    if (input?.column !== across && input?.column !== up) return 0.5
    const share = input.column === across ? (p % MAP_SIDE) / MAP_SIDE : 1 - Math.floor(p / MAP_SIDE + 1) / MAP_SIDE
    const { category } = input
    return category ? Number(Math.floor(share * category.count) === category.index) : share
  })
}

/** The weights of a neuron of the first layer, rescaled to 0–1; 0.5 is a weight of 0. */
export function weightMap({ network }: Progress, index: number): Float32Array | undefined {
  const inputs = network.sizes[0]!
  const row = network.weights[0]?.subarray(index * inputs, (index + 1) * inputs)
  if (row?.length !== inputs) return undefined
  const largest = row.reduce((most, w) => Math.max(most, Math.abs(w)), 1e-9)
  return row.map((w) => 0.5 + w / (2 * largest))
}

/** The longest name of an input that fits into its square, and the height of one below it, in CSS pixels. */
const MAX_INSIDE = 4
const NAME_HEIGHT = 14

interface NeuronProps {
  layer: number
  index: number
  layout: DiagramLayout
  shown: ShownData
  bias: number | undefined
  text: string
  focusable: boolean
  onInspect: () => void
}

export function Neuron({ layer, index, layout, shown, bias, text, focusable, onInspect }: NeuronProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = progress.value
  const colours = palette()
  const { picture, axes, inputs } = shown
  const isBox = layer === 0 && layout.boxed
  useEffect(() => {
    if (!canvas.current) return
    if (layer === 0) {
      if (picture) paintPicture(canvas.current, picture.mean, picture.side, colours)
      else if (!isBox) paint(canvas.current, inputMap(inputs[index], axes), MAP_SIDE, colours)
      else paintPicture(canvas.current, [0], 1, colours)
      return
    }
    if (!current) return
    const weights = picture && layer === 1 ? weightMap(current, index) : undefined
    const map = weights ?? mapOf(current, { layer, index }, settings.value.activations)
    if (map) paint(canvas.current, map, weights ? picture!.side : MAP_SIDE, colours)
  }, [current, shown, colours, layer, index])
  const isOutput = layer === layout.sizes.length - 1
  // For pictures, which have no plane, an output neuron shows its output for the user's drawing.
  const answered = picture && isOutput ? (drawingOutputs.value?.[index] ?? 0) : undefined
  useEffect(() => {
    if (canvas.current && answered !== undefined) paintPicture(canvas.current, [answered], 1, colours)
  }, [answered, colours])
  const side = isBox ? 2 * layout.half(0) : layout.neuron
  const inputName = inputs[index]?.name ?? ''
  // A name that does not fit into the square is below it, if there is space.
  const isBelow = layer === 0 && !isBox && inputName.length > MAX_INSIDE && layout.gap >= NAME_HEIGHT
  const label = isOutput ? shown.outputs[index] : undefined
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
          left: `${layout.x(layer) - side / 2}px`,
          top: `${layout.y(layer, index) - side / 2}px`,
          borderColor: bias === undefined ? undefined : css(bias < 0 ? colours.low : colours.high),
        }}
        onMouseEnter={onInspect}
        onFocus={onInspect}
      >
        <canvas ref={canvas} />
        {layer === 0 && !isBox && !isBelow && <span class="feature">{inputName}</span>}
        {isBox && !picture && <span class="feature">{inputs.length} inputs</span>}
      </div>
      {isBelow && (
        <span
          class="input-name"
          style={{ left: `${layout.x(0) - side / 2}px`, top: `${layout.y(0, index) + side / 2}px` }}
          aria-hidden="true"
        >
          {inputName}
        </span>
      )}
      {label !== undefined && (
        <span
          class="output-name"
          style={{ left: `${layout.x(layer) + side / 2 + 6}px`, top: `${layout.y(layer, index)}px` }}
          aria-hidden="true"
        >
          {label}
        </span>
      )}
    </>
  )
}
