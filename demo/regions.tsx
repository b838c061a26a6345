import { signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { colourOf, css, pale, palette } from './colours.ts'
import { classColour, drawMark, paint, paintRegions } from './drawing.ts'
import { decodePoints } from './points.ts'
import { hasSeveralOutputs, MAP_SIDE, type PlottedSamples, type ShownData } from './protocol.ts'
import { addPoint, removePoints } from './edits.ts'
import { data, progress, settings } from './state.ts'
import { inspectedNeuron, mapOf } from './inspected.ts'

/** Coordinates of the plane as fractions of its width and height, from the top left. */
const across = ({ left, width }: ShownData['view'], x: number) => (x - left) / width
const down = ({ bottom, height }: ShownData['view'], y: number) => 1 - (y - bottom) / height

function drawSamples(
  context: CanvasRenderingContext2D,
  shown: ShownData,
  samples: PlottedSamples,
  heldOut: boolean,
): void {
  const colours = palette()
  const side = context.canvas.width
  const radius = side / (samples.x.length > 800 ? 130 : 95)
  const [low, high] = shown.range
  const isRegression = shown.kind === 'regression'
  // Samples with and without the label.
  const classes = shown.kind === 'labels' ? 2 : shown.classes.length
  context.strokeStyle = heldOut ? colours.ink : css(colours.middle)
  context.lineWidth = heldOut ? side / 300 : side / 400
  samples.value.forEach((value, i) => {
    context.fillStyle = isRegression
      ? css(colourOf((value - low) / (high - low || 1), colours))
      : classColour(value, classes, colours)
    const x = across(shown.view, samples.x[i]!) * side
    drawMark(context, x, down(shown.view, samples.y[i]!) * side, radius, isRegression ? 0 : value)
  })
}

/** The data alone, or the predictions over the plane with the data on top. */
export function Plane({ regions }: { regions: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const overlay = useRef<HTMLCanvasElement>(null)
  const shown = data.value?.shown
  const current = progress.value
  const colours = palette()
  const inspected = inspectedNeuron.value
  useEffect(() => {
    if (!canvas.current || !regions || !current?.regions) return
    const map = inspected && mapOf(current, inspected, settings.value.activations)
    if (map) paint(canvas.current, map, MAP_SIDE, pale(colours))
    else paintRegions(canvas.current, current.regions, pale(colours))
  }, [current, regions, colours, inspected])
  useEffect(() => {
    const context = overlay.current?.getContext('2d')
    if (!context || !shown) return
    const side = Math.round((overlay.current?.clientWidth ?? 300) * Math.max(2, devicePixelRatio))
    context.canvas.width = context.canvas.height = side
    drawSamples(context, shown, shown.train, false)
    drawSamples(context, shown, shown.test, true)
  }, [shown, colours])
  const shownOutput = shown && hasSeveralOutputs(shown) ? `“${shown.outputs[shown.shownOutput]}”` : undefined
  const what = regions ? 'Predictions over the plane, with the data on top' : 'The data'
  return (
    <figure class="plane" data-regions={regions || undefined}>
      <figcaption>
        {regions ? (inspected?.text ?? `Predictions of ${shownOutput ?? 'the network'}`) : (shownOutput ?? 'The data')}
      </figcaption>
      <div class="square">
        <canvas ref={canvas} aria-hidden="true" />
        <canvas ref={overlay} role="img" aria-label={what} />
        {!regions && shown && canAdd() && <PointEditor shown={shown} />}
      </div>
      <p class="axes">
        <span>↑ {axisLabel(shown, 1)}</span>
        <span>{axisLabel(shown, 0)} →</span>
      </p>
    </figure>
  )
}

/** The name of the column on an axis; for a column of words with its first categories, in their order. */
function axisLabel(shown: ShownData | undefined, axis: 0 | 1): string {
  const column = shown?.axes[axis] ?? 0
  const name = shown?.features[column] ?? ''
  const categories = shown?.categories[column]
  if (!categories) return name
  return `${name}: ${categories.slice(0, 4).join(', ')}${categories.length > 4 ? ', …' : ''}`
}

const canAdd = () => !['file', 'digits', 'hills'].includes(settings.value.problem)

/** Whether a click adds a point of the second class. */
const addsSecondClass = signal(false)

/** The distance that an arrow key moves the cursor, as a fraction of the plane. */
const KEY_STEP = 0.05

/** Adds points by click, or with the arrow keys and Enter. */
function PointEditor({ shown }: { shown: ShownData }) {
  const [cross, setCross] = useState<{ x: number; y: number }>()
  const { view } = shown
  const add = (x: number, y: number) => {
    addPoint({ x: view.left + x * view.width, y: view.bottom + (1 - y) * view.height, second: addsSecondClass.value })
  }
  const clamp = (value: number) => Math.min(0.98, Math.max(0.02, value))
  return (
    <>
      <button
        type="button"
        class="adding"
        aria-label={`Add a point of class ${shown.classes[Number(addsSecondClass.value)] ?? ''}: click, or move with the arrow keys and press Enter`}
        onClick={(event) => {
          // Pressing Enter causes a click event without a position.
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

/** Chooses the class of added points, and removes them. */
export function PointControls() {
  const shown = data.value?.shown
  if (!shown || !canAdd()) return null
  const added = decodePoints(settings.value.points)?.length ?? 0
  return (
    <fieldset class="adding-controls">
      <legend>Click the data to add a point</legend>
      {shown.classes.slice(0, 2).map((name, label) => (
        <label key={name}>
          <input
            type="radio"
            name="adding"
            checked={addsSecondClass.value === (label === 1)}
            onChange={() => {
              addsSecondClass.value = label === 1
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
