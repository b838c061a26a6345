import { useComputed, useSignal } from '@preact/signals'
import { type Axis, axes, loss, score } from './axes.ts'
import { colourSteps, inkOn, stepOf } from './colours.ts'
import { count, networksText, textOfScore } from './format.ts'
import { type Bin, binsOf, type Cell, cellsOf, type Way, ways } from './heat-values.ts'
import { run } from './run.ts'
import { filters, type Interval, passing, setFilter } from './state.ts'

/** Settings, seed and epochs. */
const choices = axes.filter((axis) => axis !== loss && axis !== score)
/** First the two settings with the most values; seed and epochs are of interest where there is nothing else to compare. */
const isLate = ({ name }: Axis) => Number(name === 'seed' || name === 'epochs')
const [first, second] = choices.toSorted((a, b) => isLate(a) - isLate(b) || b.distinct.length - a.distinct.length)
/** Cells with more columns than this have no space for numbers. */
const MOST_NUMBERS = 18

interface Choice<T> {
  readonly label: string
  readonly value: T
  readonly options: readonly (readonly [T, string])[]
  readonly set: (value: T) => void
}

function Choose<T>({ label, value, options, set }: Choice<T>) {
  return (
    <label>
      {label}{' '}
      <select
        value={options.findIndex(([one]) => one === value)}
        onChange={({ currentTarget }) => set(options[Number(currentTarget.value)]![0])}
      >
        {options.map(([, name], i) => (
          <option key={i} value={i}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

const isSame = (one: Interval | undefined, [low, high]: Interval) => one?.[0] === low && one[1] === high

/** Moves the focus to the next cell in the direction of an arrow key. */
function moveFocus(event: KeyboardEvent & { currentTarget: HTMLTableElement }): void {
  const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } // prettier-ignore
  const step = steps[event.key]
  const cell = event.target instanceof Element ? event.target.closest('td') : null
  if (!step || !cell) return
  const row = (cell.parentElement as HTMLTableRowElement).rowIndex + step[0]
  const next = event.currentTarget.rows[row]?.cells[cell.cellIndex + step[1]]?.querySelector('button')
  if (!next) return
  event.preventDefault()
  next.focus()
}

interface CellProps {
  readonly cell: Cell
  readonly row: readonly [Axis, Bin]
  readonly column: readonly [Axis, Bin]
  readonly isNumbered: boolean
  readonly isFirst: boolean
}

function HeatCell({ cell: { value, networks, diverged }, row, column, isNumbered, isFirst }: CellProps) {
  const pair = [row, column]
  const isChosen = pair.every(([axis, { interval }]) => isSame(filters.value.get(axis), interval))
  const colour = value === undefined ? undefined : colourSteps()[stepOf(value)]!
  const text = value === undefined ? (diverged > 0 ? 'diverged' : '') : textOfScore(value)
  const faults = diverged > 0 && value !== undefined ? `, ${count(diverged)} diverged` : ''
  const place = pair.map(([{ name }, { label }]) => `${name} ${label}`).join(', ')
  const label = `${place}: ${text || 'none'}, ${networksText(networks)}${faults}`
  return (
    <td>
      <button
        type="button"
        class={isChosen ? 'chosen' : ''}
        tabIndex={isFirst ? 0 : -1}
        aria-label={label}
        aria-pressed={isChosen}
        title={label}
        disabled={networks === 0}
        style={colour === undefined ? {} : { background: colour, color: inkOn(colour) }}
        onClick={() => pair.forEach(([axis, { interval }]) => setFilter(axis, isChosen ? undefined : interval))}
      >
        {isNumbered ? text.replace(' %', '').replace('diverged', '×') : ''}
      </button>
    </td>
  )
}

/** The score over two settings. */
export function HeatMap() {
  const rows = useSignal(second)
  const columns = useSignal(first)
  const way = useSignal<Way>('mean')
  const map = useComputed(() => {
    const [down, across] = [rows.value, columns.value]
    if (!down || !across) return undefined
    // Large numbers are at the top, as on the axes; words are in their order.
    const rowBins = down.scale === 'words' ? binsOf(down) : binsOf(down).reverse()
    const sorted = rowBins.toSorted((a, b) => a.interval[0] - b.interval[0])
    const columnBins = binsOf(across)
    const cells = cellsOf(passing(filters.value, [down, across]), [down, sorted], [across, columnBins], way.value)
    return { down, across, columnBins, rows: rowBins.map((bin) => ({ bin, cells: cells[sorted.indexOf(bin)]! })) }
  })
  if (!map.value || choices.length < 2) return null
  const { down, across, columnBins } = map.value
  const isNumbered = columnBins.length <= MOST_NUMBERS
  const options = (other: Axis) => choices.filter((axis) => axis !== other).map((axis) => [axis, axis.name] as const)
  return (
    <section aria-labelledby="heat-title">
      <h2 id="heat-title">Score over two settings</h2>
      <p class="note">
        Each cell is the {run.score.name} of the networks with these two settings. A click on a cell keeps only them.
      </p>
      <div class="heat-choices">
        <Choose label="Rows" value={down} options={options(across)} set={(axis) => (rows.value = axis)} />
        <Choose label="Columns" value={across} options={options(down)} set={(axis) => (columns.value = axis)} />
        <Choose
          label="Value"
          value={way.value}
          options={ways.map((one) => [one, one])}
          set={(one) => (way.value = one)}
        />
      </div>
      <div class="scroll heat" tabIndex={0} role="group" aria-label="Heat map">
        <table class={isNumbered ? 'numbered' : ''} onKeyDown={moveFocus}>
          <thead>
            <tr>
              <td class="corner">{down.name}</td>
              <th scope="colgroup" colSpan={columnBins.length} class="across">
                {across.name}
              </th>
            </tr>
            <tr>
              <td />
              {columnBins.map(({ label }, i) => (
                <th key={i} scope="col">
                  <span>{label}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {map.value.rows.map(({ bin, cells }, r) => (
              <tr key={r}>
                <th scope="row">{bin.label}</th>
                {cells.map((cell, c) => (
                  <HeatCell
                    key={c}
                    cell={cell}
                    row={[down, bin]}
                    column={[across, columnBins[c]!]}
                    isNumbered={isNumbered}
                    isFirst={r === 0 && c === 0}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
