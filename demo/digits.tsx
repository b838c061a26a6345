import { useEffect, useRef, useState } from 'preact/hooks'
import { palette } from './colours.ts'
import { paint } from './drawing.ts'
import { Picture } from './evaluation.tsx'
import { inspectedNeuron } from './inspected.ts'
import { weightMap } from './neuron.tsx'
import { centreDrawing } from './pad.ts'
import { drawingOutputs, classifyDrawing, data, progress } from './state.ts'

/** Pixels along a side of the drawing canvas, independent of its size on the screen. */
const PAD = 280
const PEN = 24

/** A canvas to draw a digit on, with the prediction of the network, which changes as it learns. */
export function DrawingPad() {
  const shown = data.value?.shown
  const canvas = useRef<HTMLCanvasElement>(null)
  const [pixels, setPixels] = useState<Float32Array>()
  const last = useRef<{ x: number; y: number } | undefined>(undefined)
  const side = shown?.picture?.side ?? 28
  const show = (next: Float32Array | undefined) => {
    setPixels(next)
    classifyDrawing(next)
  }
  const clear = () => {
    canvas.current?.getContext('2d')?.clearRect(0, 0, PAD, PAD)
    show(undefined)
  }
  useEffect(
    () => () => {
      classifyDrawing(undefined)
    },
    [],
  )
  const draw = (event: PointerEvent) => {
    const context = canvas.current?.getContext('2d', { willReadFrequently: true })
    if (!context || !last.current) return
    const to = positionOf(event)
    context.lineCap = 'round'
    context.lineWidth = PEN
    context.strokeStyle = palette().ink
    context.beginPath()
    context.moveTo(last.current.x, last.current.y)
    context.lineTo(to.x, to.y)
    context.stroke()
    last.current = to
    const { data: image } = context.getImageData(0, 0, PAD, PAD)
    const alpha = Uint8Array.from({ length: PAD * PAD }, (_, i) => image[4 * i + 3]!)
    show(centreDrawing(alpha, PAD, side, shown?.picture?.centre ?? 'mass'))
  }
  return (
    <div class="pad">
      <div>
        <canvas
          ref={canvas}
          width={PAD}
          height={PAD}
          class="drawing"
          role="img"
          aria-label="Draw a digit here, with mouse or finger"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId)
            last.current = positionOf(event)
            draw(event)
          }}
          onPointerMove={draw}
          onPointerUp={() => {
            last.current = undefined
          }}
        />
        <div class="saving">
          <button type="button" onClick={clear} disabled={!pixels}>
            Clear
          </button>
          {pixels && (
            <span class="preprocessed">
              <Picture pixels={pixels} side={side} />
              <small>what the network sees</small>
            </span>
          )}
        </div>
      </div>
      <Prediction hasDrawing={pixels !== undefined} />
    </div>
  )
}

function positionOf(event: PointerEvent): { x: number; y: number } {
  const box = (event.target as HTMLElement).getBoundingClientRect()
  return { x: ((event.clientX - box.left) / box.width) * PAD, y: ((event.clientY - box.top) / box.height) * PAD }
}

/** The predicted class, and a bar for each output. */
function Prediction({ hasDrawing }: { hasDrawing: boolean }) {
  const classes = data.value?.shown.classes ?? []
  const outputs = drawingOutputs.value
  if (!hasDrawing || outputs?.length !== classes.length) {
    return (
      <p class="hint">
        Draw one large digit from 0 to 9. The prediction changes as you draw and as the network learns.
      </p>
    )
  }
  const best = outputs.indexOf(Math.max(...outputs))
  return (
    <div class="answer">
      <p aria-live="polite">
        Prediction: <b data-testid="digit">{classes[best]}</b>
      </p>
      <ul>
        {classes.map((name, i) => (
          <li key={name} class={i === best ? 'best' : undefined}>
            <span>{name}</span>
            <meter min={0} max={1} value={Math.min(1, Math.max(0, outputs[i]!))} aria-label={name} />
            <span>{outputs[i]!.toFixed(2)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** The weights of the inspected neuron of the first layer, as a picture. */
export function NeuronWeights() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = progress.value
  const inspected = inspectedNeuron.value
  const colours = palette()
  const side = data.value?.shown.picture?.side
  const isFirst = inspected?.layer === 1 && side !== undefined
  useEffect(() => {
    const map = isFirst && current && weightMap(current, inspected.index)
    if (canvas.current && map) paint(canvas.current, map, side, colours)
  }, [current, inspected, colours])
  if (!isFirst) return null
  return (
    <figure class="plane neuron-weights">
      <figcaption>
        Weights of neuron {inspected.index + 1}: ink on orange pixels increases its input, on blue pixels decreases it
      </figcaption>
      <canvas ref={canvas} role="img" aria-label={inspected.text} />
    </figure>
  )
}
