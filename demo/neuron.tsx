import { useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { palette } from './colours.ts'
import type { Place } from './diagram-layout.ts'
import { paint, paintPicture } from './drawing.ts'
import { focused, hovered, inspect, mapOf, nameOf } from './inspected.ts'
import { lit } from './lit.ts'
import { paintSoon } from './paint-queue.ts'
import { MAP_SIDE, type Progress } from './protocol.ts'
import { data, drawing, drawingOutputs, progress, settings } from './state.ts'

/** The weights of a neuron of the first layer, rescaled to 0–1; 0.5 is a weight of 0. */
export function weightMap({ network }: Pick<Progress, 'network'>, index: number): Float32Array | undefined {
  const inputs = network.sizes[0]!
  const row = network.weights[0]?.subarray(index * inputs, (index + 1) * inputs)
  if (row?.length !== inputs) return undefined
  const largest = row.reduce((most, w) => Math.max(most, Math.abs(w)), 1e-9)
  return row.map((w) => 0.5 + w / (2 * largest))
}

/** Paints what a neuron shows: its values over the plane, the weights of its pixels, or its value for the drawing. */
function paintNeuron(canvas: HTMLCanvasElement, layer: number, index: number): void {
  const shown = data.value?.shown
  const current = progress.value
  const colours = palette()
  if (!shown) return
  const { picture } = shown
  if (layer === 0 && picture) {
    paintPicture(canvas, drawing.value ?? picture.mean, picture.side, colours)
    return
  }
  const { activations } = settings.value
  // For pictures, which have no plane, a later neuron shows its value for the user's drawing.
  if (picture && layer > 1) {
    const value = layer === activations.length ? drawingOutputs.value?.[index] : lit.value?.[layer - 1]?.[index]
    paintPicture(canvas, [value ?? 0], 1, colours)
    return
  }
  if (picture) {
    const weights = current && weightMap(current, index)
    paintSoon(canvas, () => {
      paintPicture(canvas, weights ?? [0.5], weights ? picture.side : 1, colours)
    })
    return
  }
  const map = layer === 0 || current ? mapOf(current ?? { maps: [] }, { layer, index }, activations) : undefined
  if (!map) return
  paintSoon(canvas, () => {
    paint(canvas, map, MAP_SIDE, colours)
  })
}

/**
 * The picture of a neuron or an input. It repaints with each report and renders only when the network changes shape: a
 * report comes up to 60 times a second.
 */
export function NeuronPicture({ layer, index }: { layer: number; index: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useSignalEffect(() => {
    if (canvas.current) paintNeuron(canvas.current, layer, index)
  })
  return <canvas ref={canvas} aria-hidden="true" />
}

/** The handlers of an element that is inspected while the pointer is at it, or while it has the focus. */
export const inspecting = (layer: number, index: number) => ({
  onPointerEnter: (event: PointerEvent) => {
    if (event.pointerType !== 'touch') inspect(hovered, { layer, index })
  },
  onPointerLeave: () => {
    inspect(hovered, undefined)
  },
  onFocus: () => {
    inspect(focused, { layer, index })
  },
  onBlur: () => {
    inspect(focused, undefined)
  },
})

/** The longest name of an input that fits into its square. */
const MAX_INSIDE = 4

interface NeuronProps {
  layer: number
  index: number
  place: Place
  /** The name of an input. */
  label: string | undefined
  /** Whether a name that does not fit into the square can be below it. */
  hasRoomBelow: boolean
  focusable: boolean
  onOpen: ((event: MouseEvent) => void) | undefined
}

export function Neuron({ layer, index, place: { x, y, side }, label = '', hasRoomBelow, ...props }: NeuronProps) {
  const { focusable, onOpen } = props
  const [left, top] = [x - side / 2, y - side / 2]
  const isBelow = hasRoomBelow && label.length > MAX_INSIDE
  return (
    <>
      <div
        class={layer === 0 ? 'neuron input' : 'neuron'}
        data-at={`${layer}-${index}`}
        role={onOpen ? 'button' : 'img'}
        tabIndex={focusable ? 0 : -1}
        aria-label={label === '' ? nameOf(layer, index) : `input ${label}`}
        aria-describedby="diagram-card"
        style={{ width: `${side}px`, height: `${side}px`, left: `${left}px`, top: `${top}px` }}
        onClick={onOpen}
        {...inspecting(layer, index)}
      >
        <NeuronPicture layer={layer} index={index} />
        {label !== '' && !isBelow && <span class="neuron-label">{label}</span>}
      </div>
      {isBelow && (
        <span class="input-name" style={{ left: `${left}px`, top: `${top + side}px` }} title={label} aria-hidden="true">
          {label}
        </span>
      )}
    </>
  )
}
