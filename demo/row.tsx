import { signal } from '@preact/signals'
import type { CellValue, EncodedColumn, Network } from '../src/index.ts'
import { shownNetwork } from './model.ts'
import { NumberInput } from './number-input.tsx'
import { formatNumber, percent } from './numbers.ts'
import type { Description, ShownData } from './protocol.ts'
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
function cellsOf({ features = [], encoding, scaling }: Description, inputs: ShownData['inputs']): Cell[] {
  let input = 0
  return features.map((name, j) => {
    const column: EncodedColumn = encoding?.columns[j] ?? { kind: 'number' }
    const mean = scaling?.offset[input] ?? inputs[input]?.mean ?? 0
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
  const cells = cellsOf(current.description, current.shown.inputs)
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
      <div class="answer" data-testid="row-answer">
        {network && <Answer network={network} row={cells.map(valueOf)} shown={current.shown} />}
      </div>
    </section>
  )
}

/** The predicted class, number, or all of several numbers or labels by name. */
function Answer({ network, row, shown }: { network: Network; row: CellValue[]; shown: ShownData }) {
  if (network.task === 'classification') {
    const [answer] = network.classify([row])
    const name = shown.targets.length === 1 ? shown.targets[0] : 'Class'
    return (
      answer && (
        <p>
          {name}: <b>{answer.class}</b> ({percent(answer.probability)})
        </p>
      )
    )
  }
  const values = network.predict([row]).data
  const isSeveral = shown.outputs.length > 1
  return (
    <div class={isSeveral ? 'several' : undefined}>
      {shown.outputs.map((name, j) => (
        <p key={name}>{network.task === 'multilabel' ? label(name, values[j]!) : number(name, values[j]!)}</p>
      ))}
      {network.task === 'multilabel' && <p class="hint">The percentage is the probability of “yes”.</p>}
    </div>
  )
}

const number = (name: string, value: number) => (
  <>
    {name}: <b>{formatNumber(value)}</b>
  </>
)

const label = (name: string, probability: number) => (
  <>
    {name}: <b>{probability > 0.5 ? 'yes' : 'no'}</b> ({percent(probability)})
  </>
)

function CellField({ cell: { name, column, text } }: { cell: Cell }) {
  const enter = (value: string) => {
    entered.value = { ...entered.value, [name]: value }
  }
  const isFilled = column.fill !== undefined
  if (column.kind === 'number') {
    return (
      <label class="field">
        <span>{name}</span>
        <NumberInput
          step="any"
          value={text}
          required={!isFilled}
          placeholder={isFilled ? 'missing' : undefined}
          onEnter={(field) => {
            if (field.reportValidity()) enter(field.value)
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
