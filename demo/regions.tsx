import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { colourOf, css, pale, palette } from './colours.ts'
import { classColour, drawMark, paint, paintRegions } from './drawing.ts'
import { decodePoints } from './points.ts'
import { MAP_SIDE, type Plotted, type Shown } from './protocol.ts'
import { addPoint, data, progress, removePoints, settings } from './state.ts'
import { lookedAt, mapOf } from './looking.ts'

/** Places of the plane as shares of its width and height, from the top left. */
const across = ({ left, width }: Shown['view'], x: number) => (x - left) / width
const down = ({ bottom, height }: Shown['view'], y: number) => 1 - (y - bottom) / height

function drawSamples(context: CanvasRenderingContext2D, shown: Shown, samples: Plotted, heldOut: boolean): void {
  const colours = palette()
  const side = context.canvas.width
  const radius = side / (samples.x.length > 800 ? 130 : 95)
  const [low, high] = shown.range
  context.strokeStyle = heldOut ? colours.ink : css(colours.middle)
  context.lineWidth = heldOut ? side / 300 : side / 400
  samples.value.forEach((value, i) => {
    const isQuantity = shown.kind === 'quantities'
    context.fillStyle = isQuantity
      ? css(colourOf((value - low) / (high - low || 1), colours))
      : classColour(value, shown.classes.length, colours)
    const x = across(shown.view, samples.x[i]!) * side
    drawMark(context, x, down(shown.view, samples.y[i]!) * side, radius, isQuantity ? 0 : value)
  })
}

/** The data, or what the network makes of the plane with the data over it. */
export function Plane({ regions }: { regions: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  const shown = data.value?.shown
  const current = progress.value
  const colours = palette()
  const looked = lookedAt.value
  useEffect(() => {
    if (!canvas.current || !regions || !current?.regions) return
    const map = looked && mapOf(current, looked, settings.value.activations)
    if (map) paint(canvas.current, map, MAP_SIDE, pale(colours))
    else paintRegions(canvas.current, current.regions, pale(colours))
  }, [current, regions, colours, looked])
  useEffect(() => {
    const context = overlay.current?.getContext('2d')
    if (!context || !shown) return
    const side = Math.round((overlay.current?.clientWidth ?? 300) * Math.max(2, devicePixelRatio))
    context.canvas.width = context.canvas.height = side
    drawSamples(context, shown, shown.train, false)
    drawSamples(context, shown, shown.test, true)
  }, [shown, colours])
  const what = regions ? 'What the network answers over the plane, with the data over it' : 'The data'
  const { features, axes } = shown ?? { features: ['', ''], axes: [0, 1] as const }
  return (
    <figure class="plane" data-regions={regions || undefined}>
      <figcaption>{regions ? (looked ? looked.text : 'What the network answers') : 'The data'}</figcaption>
      <div class="square">
        <canvas ref={canvas} aria-hidden="true" />
        <canvas ref={overlay} role="img" aria-label={what} />
        {!regions && shown && canAdd() && <Adding shown={shown} />}
      </div>
      <p class="axes">
        <span>↑ {features[axes[1]]}</span>
        <span>{features[axes[0]]} →</span>
      </p>
    </figure>
  )
}

const canAdd = () => !['file', 'digits', 'hills'].includes(settings.value.problem)

/** Whether clicks add points of the second class. */
const adding = signal(false)

/** How far an arrow key moves, as a share of the plane. */
const KEY_STEP = 0.05

/** Points added by clicking; by keyboard with arrows and Enter. */
function Adding({ shown }: { shown: Shown }) {
  const [cross, setCross] = useState<{ x: number; y: number }>()
  const { view } = shown
  const add = (x: number, y: number) => {
    addPoint({ x: view.left + x * view.width, y: view.bottom + (1 - y) * view.height, second: adding.value })
  }
  const clamp = (value: number) => Math.min(0.98, Math.max(0.02, value))
  return (
    <>
      <button
        type="button"
        class="adding"
        aria-label={`Add a point of class ${shown.classes[Number(adding.value)] ?? ''}: click, or move with the arrow keys and press Enter`}
        onClick={(event) => {
          // A press of Enter comes as a click without a place.
          if (event.detail === 0) {
            if (cross) add(cross.x, cross.y)
            else setCross({ x: 0.5, y: 0.5 })
            return
          }
          const box = event.currentTarget.getBoundingClientRect()
          add((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
        }}
        onKeyDown={(event) => {
          const moves: Record<string, [number, number]> = {
            ArrowLeft: [-KEY_STEP, 0],
            ArrowRight: [KEY_STEP, 0],
            ArrowUp: [0, -KEY_STEP],
            ArrowDown: [0, KEY_STEP],
          }
          const move = moves[event.key]
          if (!move) return
          event.preventDefault()
          const from = cross ?? { x: 0.5, y: 0.5 }
          setCross({ x: clamp(from.x + move[0]), y: clamp(from.y + move[1]) })
        }}
        onBlur={() => {
          setCross(undefined)
        }}
      />
      {cross && (
        <span class="cross" style={{ left: `${100 * cross.x}%`, top: `${100 * cross.y}%` }} aria-hidden="true" />
      )}
    </>
  )
}

/** Which class a click adds, and how to take points away again. */
export function AddingControls() {
  const shown = data.value?.shown
  if (!shown || !canAdd()) return null
  const added = decodePoints(settings.value.points)?.length ?? 0
  return (
    <fieldset class="adding-controls">
      <legend>Click into the data to add a point</legend>
      {shown.classes.slice(0, 2).map((name, label) => (
        <label key={name}>
          <input
            type="radio"
            name="adding"
            checked={adding.value === (label === 1)}
            onChange={() => {
              adding.value = label === 1
            }}
          />
          {label === 1 ? '■' : '●'} {name}
        </label>
      ))}
      {(['last', 'all'] as const).map((how) => (
        <button
          type="button"
          key={how}
          disabled={added === 0}
          onClick={() => {
            removePoints(how)
          }}
        >
          {how === 'last' ? 'Undo' : 'Remove all added'}
        </button>
      ))}
    </fieldset>
  )
}
