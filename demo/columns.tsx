import type { ComponentChildren } from 'preact'
import type { CsvColumn } from '../src/index.ts'
import { switchColumn, switchTarget } from './edits.ts'
import type { ShownColumn, ShownData } from './protocol.ts'
import { MAX_CLASSES, placesOfTargets, type Settings } from './settings.ts'
import { settings } from './state.ts'

/** The largest number of classes, labels or targets to name in a sentence. */
const MAX_NAMED = 6

/** The first names of a list, and that there are more. */
const someOf = (names: readonly string[]) =>
  `${names.slice(0, MAX_NAMED).join(', ')}${names.length > MAX_NAMED ? ', …' : ''}`

/** Names of columns in quotes: “a”; “a”, “b” and “c”; 7 columns. */
export function quote(names: readonly string[]): string {
  if (names.length > 3) return `${names.length} columns`
  return names
    .map((name) => `“${name}”`)
    .join(', ')
    .replace(/, (?=“[^“]*$)/, ' and ')
}

/** What the network learns to do, in one sentence. */
export function describeTask({ kind, classes, targets }: ShownData): string {
  const count = (kind === 'regression' ? targets : classes).length.toLocaleString('en')
  if (kind === 'labels')
    return `For each of ${count} labels, the network predicts whether a row has it: ${someOf(classes)}.`
  if (kind !== 'regression') return `The network predicts one of ${count} classes: ${someOf(classes)} (classification).`
  if (targets.length > 1) return `The network predicts ${count} numbers: ${someOf(targets)} (regression).`
  return `The network predicts the number ${quote(targets)} (regression).`
}

/** What target columns can be predicted as. */
export function taskChoices(targets: readonly (CsvColumn | undefined)[]): (readonly [Settings['task'], string])[] {
  const [column, ...others] = targets
  const isSeveral = others.length > 0
  const areBinary = targets.every((target) => target && target.distinct <= 2 + Number(target.missing > 0))
  const choices: (readonly [Settings['task'], string] | undefined)[] = [
    ['auto', 'automatic'],
    (isSeveral ? areBinary : column && column.distinct <= MAX_CLASSES)
      ? ['classification', isSeveral ? 'one class: exactly one column is 1' : 'one of several classes']
      : undefined,
    isSeveral && areBinary ? ['multilabel', 'labels: any number of the columns are 1'] : undefined,
    targets.every((target) => target?.kind === 'number')
      ? ['regression', isSeveral ? 'numbers' : 'a number']
      : undefined,
  ]
  return choices.filter((choice) => choice !== undefined)
}

/** Whether a column can be one of several targets: it holds numbers, or yes and no. */
const canBeOneOfSeveral = (column: CsvColumn | undefined) => column?.kind === 'number' || column?.kind === 'boolean'

/**
 * The columns of a CSV file: what each holds, what was done with it, and a switch for each input; one for each further
 * target, where the targets are no words.
 * @param surveyed what the file holds, in the same order
 */
export function ColumnList({ columns, surveyed }: { columns: readonly ShownColumn[]; surveyed: readonly CsvColumn[] }) {
  const targets = placesOfTargets(surveyed, settings.value)
  const canAdd = targets.every((place) => canBeOneOfSeveral(surveyed[place]))
  return (
    <div class="file-columns" role="group" aria-label="Columns of the file" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Use</th>
            <th scope="col">Column</th>
            {canAdd && (
              <th scope="col" class="predict">
                Predict
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {columns.map((column, place) => (
            <ColumnRow key={column.name} column={column} place={place}>
              {canAdd && (
                <td class="predict">
                  {canBeOneOfSeveral(surveyed[place]) && (
                    <input
                      type="checkbox"
                      aria-label={`Predict column ${column.name}`}
                      checked={targets.includes(place)}
                      // One target remains.
                      disabled={targets.length === 1 && targets[0] === place}
                      onChange={({ currentTarget }) => {
                        switchTarget(place, currentTarget.checked)
                      }}
                    />
                  )}
                </td>
              )}
            </ColumnRow>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ColumnRow({
  column: { name, role, holds, done },
  place,
  children,
}: {
  column: ShownColumn
  place: number
  children: ComponentChildren
}) {
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
          <span class="mark" title={role === 'target' ? 'A target' : 'It cannot be an input'}>
            {role === 'target' ? '◎' : '–'}
          </span>
        )}
      </td>
      <th scope="row">
        {name}
        {role === 'target' && !children && <span class="badge">target</span>}
        <span>
          {holds}; {done}
        </span>
      </th>
      {children}
    </tr>
  )
}
