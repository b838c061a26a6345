import { useComputed, useSignal } from '@preact/signals'
import { axes, type Axis, loss, score } from './axes.ts'
import { colourSteps, stepOf } from './colours.ts'
import { allDigits, count, networksText, textOfScore } from './format.ts'
import { run } from './run.ts'
import { select, selected, shown } from './state.ts'

const ROWS = 100

interface Column {
  readonly name: string
  /** What rows are sorted by; what is not finite comes last. */
  readonly value: (network: number) => number
  readonly text: (network: number) => string
  /** The order of the first click. */
  readonly first: 1 | -1
}

const ofAxis = (axis: Axis, first: 1 | -1 = 1): Column => ({
  name: axis.name,
  value: (network) => axis.coordinates[network]!,
  text: (network) => axis.text(axis.coordinates[network]!),
  first,
})

function textOfResult(network: number): string {
  const fault = run.faults[network]
  const { deviations } = run
  const spread = deviations?.[network]
  if (fault == null) return textOfScore(run.scores[network]) + (spread == null ? '' : ` ± ${textOfScore(spread)}`)
  return fault > 0 ? `diverged in epoch ${count(fault)}` : 'diverged'
}

const rank: Column = { name: 'rank', value: (network) => network, text: (network) => count(run.ranks[network]!), first: 1 } // prettier-ignore
const columns: readonly Column[] = [
  rank,
  { ...ofAxis(score, -1), text: textOfResult },
  { ...ofAxis(loss), text: (network) => (run.faults[network] == null ? allDigits(run.losses[network] ?? NaN) : '–') },
  ...axes.filter((axis) => axis !== score && axis !== loss).map((axis) => ofAxis(axis)),
  {
    name: 'parameters',
    value: (network) => run.parameters[network]!,
    text: (network) => count(run.parameters[network]!),
    first: 1,
  },
]

interface Order {
  readonly column: Column
  readonly sign: 1 | -1
}

/** The first rows in an order; equal ones stay in the order of their ranks. */
function firstRows(list: Uint32Array, { column, sign }: Order): number[] {
  if (column === rank && sign === 1) return [...list.subarray(0, ROWS)]
  const key = (network: number) => {
    const value = column.value(network)
    return Number.isFinite(value) ? sign * value : Infinity
  }
  const keys = Float64Array.from(list, key)
  const places = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a] === keys[b] ? a - b : keys[a]! - keys[b]!))
  return Array.from(places.subarray(0, ROWS), (place) => list[place]!)
}

function Row({ network }: { network: number }) {
  const isSelected = selected.value === network
  const value = score.coordinates[network]!
  const colour = Number.isFinite(value) ? colourSteps()[stepOf(value)]! : 'var(--diverged)'
  return (
    <tr
      class={isSelected ? 'chosen' : ''}
      onClick={({ target }) => {
        if (!(target instanceof Element && target.closest('button'))) select(network)
      }}
    >
      <th scope="row">
        <button type="button" aria-pressed={isSelected} onClick={() => select(network)}>
          <i class="swatch" style={{ background: colour }} />
          <span class="hidden-text">Network </span>
          {rank.text(network)}
        </button>
      </th>
      {columns.slice(1).map(({ text }, i) => (
        <td key={i}>{text(network)}</td>
      ))}
    </tr>
  )
}

/** The results in a table that can be sorted. */
export function Table() {
  const order = useSignal<Order>({ column: rank, sign: 1 })
  const rows = useComputed(() => firstRows(shown.value, order.value))
  const sortBy = (column: Column) => {
    const { column: current, sign } = order.peek()
    order.value = { column, sign: current === column ? (sign === 1 ? -1 : 1) : column.first }
  }
  const total = shown.value.length
  return (
    <section aria-labelledby="table-title">
      <h2 id="table-title">Results</h2>
      <p class="note">
        {total > ROWS ? `The first ${ROWS} of ${networksText(total)} that pass the filters. ` : ''}A click on a row
        shows the command that trains this network alone.
      </p>
      <div class="scroll results" tabIndex={0} role="group" aria-label="Table of results">
        <table class="data">
          <thead>
            <tr>
              {columns.map((column, i) => {
                const { column: current, sign } = order.value
                const direction = current !== column ? undefined : sign === 1 ? 'ascending' : 'descending'
                return (
                  <th key={i} scope="col" aria-sort={direction}>
                    <button type="button" onClick={() => sortBy(column)}>
                      {column.name}
                      <span aria-hidden="true">{direction === 'ascending' ? ' ▲' : direction ? ' ▼' : ''}</span>
                    </button>
                  </th>
                )
              })}
            </tr>
          </thead>
          <tbody>
            {rows.value.map((network) => (
              <Row key={network} network={network} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
