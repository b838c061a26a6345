import { describe, InputError, listNames } from '../core/errors.ts'
import { outputBoundary } from './activation.ts'
import { columnsOf } from './description.ts'
import { type EncodedColumn, Encoding } from './encoding.ts'
import type { Network } from './network.ts'

/** What networks must have in common so that their outputs have a mean: how an error calls it, and its value. */
const facts: readonly (readonly [what: string, of: (network: Network) => unknown])[] = [
  ['number of columns', columnsOf],
  ['number of outputs', ({ sizes }) => sizes.at(-1)],
  ['kinds of columns', kindsOf],
  ['features', ({ features }) => features],
  ['classes', ({ classes }) => classes],
  ['targetNames', ({ targetNames }) => targetNames],
  ['task', ({ task }) => task],
  // A mean of outputs from −1 to 1 and outputs from 0 to 1 has no boundary between two classes.
  ['boundary between classes (0 for tanh outputs, else 0.5)', ({ activations }) => outputBoundary(activations.at(-1)!)],
]

/** A column of numbers that has fills is encoded; one that has none need not be. */
function kindsOf({ encoding, sizes }: Network): readonly string[] {
  return encoding?.columns.map(({ kind }) => kind) ?? new Array<string>(sizes[0]!).fill('number')
}

/**
 * Checks that networks predict the same from the same data.
 * @throws InputError naming the first network that differs from the first, counted from 0, and the difference
 */
export function checkAlike([first, ...others]: readonly Network[]): void {
  others.forEach((network, i) => {
    const differing = facts.find(([, of]) => !isSame(of(first!), of(network)))
    if (!differing) return
    const [what, of] = differing
    throw new InputError(
      `networks[${i + 1}]: ${what}: ${show(of(network))}, but networks[0] has ${show(of(first!))}; ` +
        'the networks of an ensemble predict the same from the same columns',
    )
  })
}

/** The encoding with the categories of several for the same columns; fills and policy are those of the first. */
export function joinEncodings([first, ...others]: readonly (Encoding | undefined)[]): Encoding | undefined {
  if (!first || !others.every((one) => one !== undefined)) return undefined
  if (others.every((one) => first.equals(one))) return first
  const columns = first.columns.map((column, j): EncodedColumn => {
    if (column.kind !== 'category') return column
    const more = others.flatMap((one) => (one.columns[j] as typeof column).categories)
    return { ...column, categories: [...new Set([...column.categories, ...more])] }
  })
  return new Encoding(columns, first.missing)
}

const isSame = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((one, i) => one === b[i]) : a === b

function show(value: unknown): string {
  if (value === undefined) return 'none'
  return Array.isArray(value) ? `[${listNames(value as string[], 8)}]` : describe(value)
}
