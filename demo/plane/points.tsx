import { useState } from 'preact/hooks'
import { addPoint, removePoints } from '../edits.ts'
import { decodePoints } from '../points.ts'
import type { ShownData } from '../protocol.ts'
import { data, settings } from '../state.ts'
import { addsSecondClass, canAdd } from './own-points.ts'

/** The distance that an arrow key moves the cursor, as a fraction of the plane. */
const KEY_STEP = 0.05

/** Adds points by click, or with the arrow keys and Enter. */
export function PointEditor({ shown }: { shown: ShownData }) {
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
      <legend>Click to add:</legend>
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
          <span class="class-sign">{label === 1 ? '■' : '●'}</span> {name}
        </label>
      ))}
      {(added > 0 ? (['last', 'all'] as const) : []).map((how) => (
        <button
          type="button"
          key={how}
          title={how === 'last' ? 'Remove the last added point' : 'Remove all added points'}
          onClick={() => {
            removePoints(how)
          }}
        >
          {how === 'last' ? 'Undo' : 'Clear'}
        </button>
      ))}
    </fieldset>
  )
}
