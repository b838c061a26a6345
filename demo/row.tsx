import { signal } from '@preact/signals'
import type { CellValue, EncodedColumn, Network } from '../src/index.ts'
import { shownNetwork } from './model.ts'
import { formatNumber, percent } from './numbers.ts'
import type { Description } from './protocol.ts'
import { data, settings } from './state.ts'

/** What the user entered, by the name of the column; typical values are used for the other columns. */
const entered = signal<Readonly<Record<string, string>>>({})

/** A column that the network predicts from, and its value as text; empty for a missing one. */
interface Cell {
  name: string
  column: EncodedColumn
  text: string
}

/** The cells of the row. Typical values: the mean of numbers, else the fill of missing values or the first category. */
function cellsOf({ features = [], encoding, scaling }: Description): Cell[] {
  let input = 0
  return features.map((name, j) => {
    const column: EncodedColumn = encoding?.columns[j] ?? { kind: 'number' }
    const mean = scaling?.offset[input] ?? 0
    input += column.kind === 'category' ? column.categories.length : 1
    const typical = { number: () => String(Number(mean.toPrecision(3))), boolean: () => 'no', category: firstCategory }
    const given = entered.value[name]
    const isKnown = given !== undefined && fits(column, given)
    return { name, column, text: isKnown ? given : typical[column.kind](column) }
  })
}

const firstCategory = (column: EncodedColumn) =>
  column.kind === 'category' ? (column.fill ?? column.categories[0] ?? '') : ''

/** Whether a text is a value of a column; after another file was opened, a column of the same name may be of another kind. */
function fits(column: EncodedColumn, text: string): boolean {
  if (text === '') return column.fill !== undefined
  if (column.kind === 'category') return column.categories.includes(text)
  return column.kind === 'boolean' ? text === 'yes' || text === 'no' : Number.isFinite(Number(text))
}

const valueOf = ({ column, text }: Cell): CellValue =>
  text === '' ? null : column.kind === 'number' ? Number(text) : text

/** Predicts from one row of values that the user enters, words and missing values among them. */
export function RowPrediction() {
  const current = data.value
  if (!current || settings.value.problem !== 'file' || current.shown.picture) return null
  const cells = cellsOf(current.description)
  const network = shownNetwork()
  return (
    <section class="panel row-prediction" aria-labelledby="row-title">
      <h2 id="row-title">Predict a row</h2>
      {cells.some(({ column }) => column.fill !== undefined) && (
        <p class="hint">A value may be missing: leave its field empty, or choose “missing”.</p>
      )}
      <div class="cells" role="group" aria-label="Values of the row" tabIndex={0}>
        {cells.map((cell) => (
          <CellField key={cell.name} cell={cell} />
        ))}
      </div>
      <p class="answer" data-testid="row-answer">
        {network && describeAnswer(network, cells.map(valueOf), current.shown.target)}
      </p>
    </section>
  )
}

function describeAnswer(network: Network, row: CellValue[], target: string) {
  if (network.task === 'regression') {
    const [value = NaN] = network.predict([row]).data
    return (
      <>
        {target}: <b>{formatNumber(value)}</b>
      </>
    )
  }
  const [answer] = network.classify([row])
  return (
    answer && (
      <>
        {target}: <b>{answer.class}</b> ({percent(answer.probability)})
      </>
    )
  )
}

function CellField({ cell: { name, column, text } }: { cell: Cell }) {
  const enter = (value: string) => {
    entered.value = { ...entered.value, [name]: value }
  }
  const isFilled = column.fill !== undefined
  if (column.kind === 'number') {
    return (
      <label class="field">
        <span>{name}</span>
        <input
          type="number"
          step="any"
          value={text}
          required={!isFilled}
          placeholder={isFilled ? 'missing' : undefined}
          onChange={({ currentTarget }) => {
            if (currentTarget.reportValidity()) enter(currentTarget.value)
          }}
        />
      </label>
    )
  }
  const values = column.kind === 'boolean' ? ['no', 'yes'] : column.categories
  return (
    <label class="field">
      <span>{name}</span>
      <select
        value={text}
        onChange={({ currentTarget }) => {
          enter(currentTarget.value)
        }}
      >
        {isFilled && <option value="">missing</option>}
        {values.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </label>
  )
}
