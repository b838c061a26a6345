import type { Signal } from '@preact/signals'
import { classColour } from '../drawing.ts'
import { css, palette } from '../colours.ts'
import { formatTick } from '../numbers.ts'
import { hasSeveralOutputs, type ShownData } from '../protocol.ts'
import { data } from '../state.ts'
import { isHard, showsTest } from './plane.tsx'
import { ClassMark } from './mark.tsx'

/** The meaning of the colours and marks, and what the plane shows. */
export function Legend() {
  const shown = data.value?.shown
  if (!shown) return null
  const hasTest = shown.test.x.length > 0
  const isRegression = shown.kind === 'regression'
  return (
    <div class="legend">
      <Scale shown={shown} />
      <div class="legend-choices">
        {hasTest && <Switch shows={showsTest} text="test points" />}
        {!isRegression && <Switch shows={isHard} text="hard regions" />}
        {!isRegression && shown.features.length <= 2 && (
          <span>
            <span class="legend-ring" aria-hidden="true" /> misclassified
          </span>
        )}
      </div>
    </div>
  )
}

/** A checkbox that switches a part of the picture on and off. */
const Switch = ({ shows, text }: { shows: Signal<boolean>; text: string }) => (
  <label>
    <input
      type="checkbox"
      checked={shows.value}
      onChange={({ currentTarget }) => {
        shows.value = currentTarget.checked
      }}
    />
    {text}
  </label>
)

/** The colour scale between two classes or of a regression target, or the colours of several classes. */
function Scale({ shown }: { shown: ShownData }) {
  const colours = palette()
  const gradient = `linear-gradient(90deg, ${css(colours.low)}, ${css(colours.middle)}, ${css(colours.high)})`
  if (shown.kind === 'regression') {
    const target = hasSeveralOutputs(shown) ? shown.outputs[shown.shownOutput] : shown.targets[0]
    return (
      <div class="legend-scale">
        <span>{formatTick(shown.range[0])}</span>
        <span class="legend-bar" style={{ background: gradient }} />
        <span>
          {formatTick(shown.range[1])} {target}
        </span>
      </div>
    )
  }
  const names = shown.kind === 'labels' ? ['without the label', 'with the label'] : shown.classes
  if (names.length <= 2) {
    return (
      <div class="legend-scale">
        <span>
          <ClassMark shape={0} colour={classColour(0, 2, colours)} /> {names[0]}
        </span>
        <span class="legend-bar" style={{ background: gradient }} />
        <span>
          <ClassMark shape={1} colour={classColour(1, 2, colours)} /> {names[1] ?? 'other'}
        </span>
      </div>
    )
  }
  return (
    <div class="legend-classes">
      {names.slice(0, 12).map((name, label) => (
        <span key={name}>
          <ClassMark shape={label} colour={classColour(label, names.length, colours)} /> {name}
        </span>
      ))}
      {names.length > 12 && <span>and {names.length - 12} more</span>}
    </div>
  )
}
