import type { CsvColumn } from '../src/index.ts'
import type { ShownColumn, ShownData } from './protocol.ts'
import { MAX_CLASSES, type Settings } from './settings.ts'
import { settings, switchColumn } from './state.ts'

/** The largest number of classes to name in the sentence on the task. */
const MAX_NAMED = 6

/** What the network learns to do, in one sentence. */
export function describeTask({ kind, classes, target }: ShownData): string {
  if (kind === 'regression') return `The network predicts the number “${target}” (regression).`
  const some = classes.slice(0, MAX_NAMED).join(', ')
  const more = classes.length > MAX_NAMED ? ', …' : ''
  return `The network predicts one of ${classes.length.toLocaleString('en')} classes: ${some}${more} (classification).`
}

/** What a target column can be predicted as. */
export function taskChoices(column: CsvColumn | undefined): (readonly [Settings['task'], string])[] {
  const choices: (readonly [Settings['task'], string] | undefined)[] = [
    ['auto', 'automatic'],
    column && column.distinct <= MAX_CLASSES ? ['classification', 'one of several classes'] : undefined,
    column?.kind === 'number' ? ['regression', 'a number'] : undefined,
  ]
  return choices.filter((choice) => choice !== undefined)
}

/** The columns of a CSV file: what each holds, what was done with it, and a switch for each input. */
export function ColumnList({ columns }: { columns: readonly ShownColumn[] }) {
  return (
    <div class="file-columns" role="group" aria-label="Columns of the file" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Use</th>
            <th scope="col">Column</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column, place) => (
            <ColumnRow key={column.name} column={column} place={place} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ColumnRow({ column: { name, role, holds, done }, place }: { column: ShownColumn; place: number }) {
  return (
    <tr class={role}>
      <td>
        {role === 'input' || role === 'off' ? (
          <input
            type="checkbox"
            aria-label={`Use column ${name}`}
            checked={!settings.value.without.includes(place)}
            onChange={({ currentTarget }) => {
              switchColumn(place, currentTarget.checked)
            }}
          />
        ) : (
          <span class="mark" title={role === 'target' ? 'The target' : 'It cannot be an input'}>
            {role === 'target' ? '◎' : '–'}
          </span>
        )}
      </td>
      <th scope="row">
        {name}
        {role === 'target' && <span class="badge">target</span>}
        <span>
          {holds}; {done}
        </span>
      </th>
    </tr>
  )
}
