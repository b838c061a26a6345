import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { palette } from './colours.ts'
import { Picture } from './evaluation.tsx'
import { NeuronWeights } from './neuron-weights.tsx'
import { centreDrawing } from './pad.ts'
import { classifyDrawing, data, drawingOutputs } from './state.ts'

/** Pixels along a side of the drawing canvas, independent of its size on the screen. */
const PAD = 280
const PEN = 24
/** Milliseconds between two classifications while the user draws. More would wait for each other behind the training. */
const CLASSIFY_INTERVAL = 80

/** A picture of the data that the user shows to the network, with values from 0 to 1. */
export const triedPicture = signal<{ pixels: Float32Array } | undefined>(undefined)

type Point = { x: number; y: number }

/** A canvas to draw a digit on, with the prediction of the network, which changes as it learns. */
export function DrawingPad() {
  const shown = data.value?.shown
  const canvas = useRef<HTMLCanvasElement>(null)
  const [pixels, setPixels] = useState<Float32Array>()
  const last = useRef<Point | undefined>(undefined)
  const side = shown?.picture?.side ?? 28
  const colours = palette()
  const classifySoon = useThrottle(CLASSIFY_INTERVAL)
  const context = () => canvas.current?.getContext('2d', { willReadFrequently: true })
  const show = (next: Float32Array | undefined) => {
    setPixels(next)
    classifyDrawing(next)
  }
  const clear = () => {
    context()?.clearRect(0, 0, PAD, PAD)
    triedPicture.value = undefined
    show(undefined)
  }
  useEffect(() => clear, [])
  useEffect(() => {
    recolour(context(), colours.ink)
  }, [colours])
  const tried = triedPicture.value
  useEffect(() => {
    if (!tried || tried.pixels.length !== side ** 2) return
    paintLarge(context(), tried.pixels, side, colours.ink)
    show(tried.pixels)
  }, [tried, side])
  const draw = (event: PointerEvent) => {
    const on = context()
    if (!on || !last.current) return
    const to = positionOf(event)
    drawLine(on, last.current, to, colours.ink)
    last.current = to
    classifySoon(() => {
      const alpha = alphaOf(on)
      show(centreDrawing(alpha, PAD, side, shown?.picture?.centre ?? 'mass'))
    })
  }
  const end = () => {
    last.current = undefined
  }
  return (
    <div class="digits-pad">
      <div>
        <div class="digits-canvas">
          <canvas
            ref={canvas}
            width={PAD}
            height={PAD}
            class="drawing"
            role="img"
            aria-label="Draw a digit here, with mouse or finger"
            onPointerDown={(event) => {
              // A picture of the data is replaced, not drawn over.
              if (triedPicture.value) clear()
              event.currentTarget.setPointerCapture(event.pointerId)
              last.current = positionOf(event)
              draw(event)
            }}
            onPointerMove={draw}
            onPointerUp={end}
            onPointerCancel={end}
          />
          <NeuronWeights />
        </div>
        <div class="digits-tools">
          <button type="button" onClick={clear} disabled={!pixels}>
            Clear
          </button>
          <span class="digits-seen" hidden={!pixels}>
            <Picture pixels={pixels ?? new Float32Array(side ** 2)} side={side} />
            <small>the network sees</small>
          </span>
        </div>
      </div>
      <Prediction hasDrawing={pixels !== undefined} />
    </div>
  )
}

/** The ink of each pixel, 0 to 255. */
function alphaOf(context: CanvasRenderingContext2D): Uint8Array {
  const { data } = context.getImageData(0, 0, PAD, PAD)
  return Uint8Array.from({ length: PAD * PAD }, (_, i) => data[4 * i + 3]!)
}

/** Runs only the latest of the functions that it receives, with a pause of these milliseconds in between. */
function useThrottle(milliseconds: number): (run: () => void) => void {
  const state = useRef<{ latest: (() => void) | undefined; timer: number | undefined }>({
    latest: undefined,
    timer: undefined,
  })
  const runLatest = () => {
    const { latest } = state.current
    state.current = { latest: undefined, timer: latest && window.setTimeout(runLatest, milliseconds) }
    latest?.()
  }
  useEffect(
    () => () => {
      window.clearTimeout(state.current.timer)
    },
    [],
  )
  return (run) => {
    state.current.latest = run
    if (state.current.timer === undefined) runLatest()
  }
}

function positionOf(event: PointerEvent): Point {
  const box = (event.target as HTMLElement).getBoundingClientRect()
  return { x: ((event.clientX - box.left) / box.width) * PAD, y: ((event.clientY - box.top) / box.height) * PAD }
}

function drawLine(context: CanvasRenderingContext2D, from: Point, to: Point, ink: string): void {
  context.lineCap = 'round'
  context.lineWidth = PEN
  context.strokeStyle = ink
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.lineTo(to.x, to.y)
  context.stroke()
}

type Context = CanvasRenderingContext2D | null | undefined

/** Gives what is drawn another colour, for example when the theme changes. */
function recolour(context: Context, ink: string): void {
  if (!context) return
  context.save()
  context.globalCompositeOperation = 'source-in'
  context.fillStyle = ink
  context.fillRect(0, 0, PAD, PAD)
  context.restore()
}

/** Paints a picture of side × side values from 0 to 1 over the whole canvas. */
function paintLarge(context: Context, pixels: Float32Array, side: number, ink: string): void {
  if (!context) return
  const small = new OffscreenCanvas(side, side)
  const on = small.getContext('2d')!
  const image = on.createImageData(side, side)
  pixels.forEach((value, i) => {
    image.data[4 * i + 3] = 255 * value
  })
  on.putImageData(image, 0, 0)
  context.clearRect(0, 0, PAD, PAD)
  context.drawImage(small, 0, 0, PAD, PAD)
  recolour(context, ink)
}

/** The predicted class, and a bar for each output. Everything has its place before something is drawn. */
function Prediction({ hasDrawing }: { hasDrawing: boolean }) {
  const classes = data.value?.shown.classes ?? []
  const latest = drawingOutputs.value
  const outputs = hasDrawing && latest?.length === classes.length ? latest : undefined
  const best = outputs ? outputs.indexOf(Math.max(...outputs)) : -1
  return (
    <div class="digits-answer">
      <p aria-live="polite">
        {outputs ? (
          <>
            The network sees: <b data-testid="digit">{classes[best]}</b>
          </>
        ) : (
          'Draw one large digit, or choose a picture below.'
        )}
      </p>
      <ul>
        {classes.map((name, i) => {
          const share = Math.min(1, Math.max(0, outputs?.[i] ?? 0))
          return (
            <li key={name} class={i === best ? 'best' : undefined}>
              <span>{name}</span>
              <span class="digits-bar" aria-hidden="true">
                <i style={{ transform: `scaleX(${share.toFixed(4)})` }} />
              </span>
              <span>{outputs ? `${Math.round(100 * outputs[i]!)} %` : '–'}</span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
