import { axes, type Axis } from './axes.ts'
import { colourSteps, highest, isCut, lowest } from './colours.ts'
import { count, textOfScore } from './format.ts'
import { networks, run } from './run.ts'
import { filters, type Interval, isFiltered, matching, most, reset, setFilter, shown } from './state.ts'

/** The slider has places for numbers of networks whose logarithms are equally far apart. */
const PLACES = 200
const toPlace = (number: number) => Math.round((PLACES * Math.log(number)) / Math.log(Math.max(2, networks)))
const toNumber = (place: number) => (place >= PLACES ? networks : Math.max(1, Math.round(Math.max(2, networks) ** (place / PLACES)))) // prettier-ignore

function TopSlider() {
  const set = (number: number) => {
    if (Number.isFinite(number)) most.value = Math.max(1, Math.min(networks, Math.round(number)))
  }
  return (
    <div class="top">
      <label for="top-slider">Only the best</label>
      <input
        id="top-slider"
        type="range"
        min={0}
        max={PLACES}
        value={toPlace(most.value)}
        aria-valuetext={count(most.value)}
        onInput={({ currentTarget }) => set(toNumber(currentTarget.valueAsNumber))}
      />
      <input
        type="number"
        aria-label="Number of the best networks"
        min={1}
        max={networks}
        value={most.value}
        onChange={({ currentTarget }) => {
          set(currentTarget.valueAsNumber)
          currentTarget.value = String(most.peek())
        }}
      />
    </div>
  )
}

/** What an interval takes in, in words. */
export function intervalText({ text, low, high, diverged }: Axis, [from, to]: Interval): string {
  const isFrom = Number.isFinite(from)
  const isTo = Number.isFinite(to)
  if (!isFrom && !isTo && from === to) return 'diverged'
  const [first, last] = [text(isFrom ? from : low), text(isTo ? to : high)]
  return `${first === last ? first : `${first} to ${last}`}${diverged && (!isFrom || !isTo) ? ' or diverged' : ''}`
}

function Chips() {
  return (
    <div class="chips">
      {[...filters.value].map(([axis, interval]) => (
        <button
          key={axis.name}
          type="button"
          class="chip"
          aria-label={`Remove the filter ${axis.name} ${intervalText(axis, interval)}`}
          onClick={() => setFilter(axis, undefined)}
        >
          {axis.name} <b>{intervalText(axis, interval)}</b> <span aria-hidden="true">×</span>
        </button>
      ))}
    </div>
  )
}

/** More values than this are given as numbers, not chosen from a list. */
const MOST_CHOICES = 100

/** One end of an interval. */
function End({ axis, end }: { axis: Axis; end: 0 | 1 }) {
  const interval = filters.value.get(axis)
  const bounds: Interval = [axis.low, axis.high]
  const current = interval?.[end] ?? bounds[end]
  const set = (value: number) => {
    if (!Number.isFinite(value)) return
    const [from, to] = interval ?? bounds
    const next: Interval = end === 0 ? [value, Math.max(value, to)] : [Math.min(value, from), value]
    setFilter(axis, next[0] <= axis.low && next[1] >= axis.high ? undefined : next)
  }
  const label = `${axis.name}, ${end === 0 ? 'from' : 'to'}`
  if (axis.distinct.length <= MOST_CHOICES && axis.isDiscrete) {
    return (
      <select
        aria-label={label}
        value={String(current)}
        onChange={({ currentTarget }) => set(Number(currentTarget.value))}
      >
        {axis.distinct.map((value) => (
          <option key={value} value={String(value)}>
            {axis.text(value)}
          </option>
        ))}
      </select>
    )
  }
  return (
    <input
      type="number"
      step="any"
      aria-label={label}
      value={Number.isFinite(current) ? Number(current.toPrecision(6)) : ''}
      onChange={({ currentTarget }) => set(currentTarget.valueAsNumber)}
    />
  )
}

function ExactFilters() {
  return (
    <details class="exact">
      <summary>Filter by values</summary>
      <div class="exact-fields">
        {axes.map((axis, a) => (
          <fieldset key={a}>
            <legend>{axis.name}</legend>
            <End axis={axis} end={0} />
            <span>to</span>
            <End axis={axis} end={1} />
          </fieldset>
        ))}
      </div>
    </details>
  )
}

function ColourBar() {
  return (
    <div class="colour-bar">
      <span>{run.score.short}</span>
      <span>
        {isCut ? '≤ ' : ''}
        {textOfScore(lowest)}
      </span>
      <i style={{ background: `linear-gradient(to right, ${colourSteps().join(', ')})` }} />
      <span>{textOfScore(highest)}</span>
    </div>
  )
}

/** How many networks are shown, and what decides it. */
export function FilterBar() {
  return (
    <>
      <div class="filter-bar">
        <p class="shown" role="status">
          <b>{count(shown.value.length)}</b> of {count(networks)} networks
        </p>
        <TopSlider />
        <button type="button" class="reset" disabled={!isFiltered.value} onClick={reset}>
          Reset
        </button>
        <ColourBar />
      </div>
      <div class="filters">
        <Chips />
        <ExactFilters />
      </div>
      {matching.value.length === 0 && <p class="note">No network passes all filters.</p>}
    </>
  )
}
