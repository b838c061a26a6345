import { useEffect, useRef, useState } from 'preact/hooks'
import { palette } from './colours.ts'
import { paint } from './drawing.ts'
import { Picture } from './examination.tsx'
import { lookedAt } from './looking.ts'
import { weightMap } from './neuron.tsx'
import { centred } from './pad.ts'
import { answer, askAbout, data, progress } from './state.ts'

/** Pixels along a side of the pad, whatever its size on the screen. */
const PAD = 280
const PEN = 24

/** A picture to draw, and what the network makes of it while it learns. */
export function DrawingPad() {
  const shown = data.value?.shown
  const canvas = useRef<HTMLCanvasElement>(null)
  const [pixels, setPixels] = useState<Float32Array>()
  const last = useRef<{ x: number; y: number } | undefined>(undefined)
  const side = shown?.picture?.side ?? 28
  const show = (next: Float32Array | undefined) => {
    setPixels(next)
    askAbout(next)
  }
  const clear = () => {
    canvas.current?.getContext('2d')?.clearRect(0, 0, PAD, PAD)
    show(undefined)
  }
  useEffect(
    () => () => {
      askAbout(undefined)
    },
    [],
  )
  const draw = (event: PointerEvent) => {
    const context = canvas.current?.getContext('2d', { willReadFrequently: true })
    if (!context || !last.current) return
    const to = placeOf(event)
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
    show(centred(alpha, PAD, side, shown?.picture?.centre ?? 'mass'))
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
            last.current = placeOf(event)
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
            <span class="seen">
              <Picture pixels={pixels} side={side} />
              <small>what the network sees</small>
            </span>
          )}
        </div>
      </div>
      <Answer drawn={pixels !== undefined} />
    </div>
  )
}

function placeOf(event: PointerEvent): { x: number; y: number } {
  const box = (event.target as HTMLElement).getBoundingClientRect()
  return { x: ((event.clientX - box.left) / box.width) * PAD, y: ((event.clientY - box.top) / box.height) * PAD }
}

/** A bar for each class, and the answer in words. */
function Answer({ drawn }: { drawn: boolean }) {
  const classes = data.value?.shown.classes ?? []
  const outputs = answer.value
  if (!drawn || outputs?.length !== classes.length) {
    return (
      <p class="hint">Draw one large digit, from 0 to 9. The answer changes as you draw, and as the network learns.</p>
    )
  }
  const best = outputs.indexOf(Math.max(...outputs))
  return (
    <div class="answer">
      <p aria-live="polite">
        That is a <b data-testid="digit">{classes[best]}</b>
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

/** The weights of a neuron that is pointed at, as a picture of what it looks for. */
export function LookingFor() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = progress.value
  const looked = lookedAt.value
  const colours = palette()
  const side = data.value?.shown.picture?.side
  const isFirst = looked?.layer === 1 && side !== undefined
  useEffect(() => {
    const map = isFirst && current && weightMap(current, looked.index)
    if (canvas.current && map) paint(canvas.current, map, side, colours)
  }, [current, looked, colours])
  if (!isFirst) return null
  return (
    <figure class="plane looking">
      <figcaption>
        What neuron {looked.index + 1} looks for: ink that speaks for it in orange, against it in blue
      </figcaption>
      <canvas ref={canvas} role="img" aria-label={looked.text} />
    </figure>
  )
}
