import type { EncodedColumn } from '../../model/encoding.ts'
import { Ensemble } from '../../model/ensemble.ts'
import { columnsOf, type Task } from '../../model/description.ts'
import type { Network } from '../../model/network.ts'
import { checkNetworks } from '../check.ts'
import { Constants } from './names.ts'

/** A column of a row, as the program takes it: one float32. */
export interface Column {
  readonly kind: EncodedColumn['kind']
  /** Its constant, where columns have names or are encoded. */
  readonly constant: string
  /** What it is called in comments. */
  readonly name: string
  /** All categories that one of the networks knows; none of other columns. A row contains the place of its category. */
  readonly categories: readonly string[]
  /** The constants of the categories. */
  readonly constants: readonly string[]
  /** Whether a missing value is filled by all of the networks. */
  readonly hasFill: boolean
}

/** What the two files are written from. */
export interface Program {
  readonly prefix: string
  /** In capitals, for constants. */
  readonly capitals: string
  readonly networks: readonly Network[]
  readonly isEnsemble: boolean
  readonly columns: readonly Column[]
  readonly outputs: number
  /** Names of the outputs with their constants, or of the classes; undefined where there are none. */
  readonly named: readonly { readonly name: string; readonly constant: string }[] | undefined
  readonly task: Task | undefined
  /** Whether outputs name one class per sample. */
  readonly classifies: boolean
  /** The number of classes, and their names where they have some; 0 where the program does not classify. */
  readonly classCount: number
  readonly classes: readonly string[] | undefined
}

/** The constants that the header defines itself. */
const reserved = ['H', 'COLUMNS', 'OUTPUTS', 'CLASSES', 'SCRATCH', 'UNKNOWN', 'STORAGE', 'FLASH']

/** @throws InputError as all exports do */
export function planProgram(model: Network | Ensemble, prefix: string): Program {
  const networks = checkNetworks(model)
  const { classes, targetNames, task, sizes } = networks[0]!
  const outputs = sizes.at(-1)!
  const classifies = task !== 'regression' && task !== 'multilabel'
  const constants = new Constants(prefix, reserved)
  const columns = columnsFor(networks, constants)
  const [names, kind] = classifies ? [classes, 'CLASS'] : [targetNames ?? classes, 'OUTPUT']
  return {
    prefix,
    capitals: prefix.toUpperCase(),
    networks,
    isEnsemble: model instanceof Ensemble,
    columns,
    outputs,
    named: names?.map((name, i) => ({ name, constant: constants.make([kind, kind], [name, String(i)]) })),
    task,
    classifies,
    classCount: classifies ? Math.max(2, outputs) : 0,
    classes: classifies ? classes : undefined,
  }
}

function columnsFor(networks: readonly Network[], constants: Constants): Column[] {
  const encoded = networks.map(encodedColumns)
  const { features } = networks[0]!
  return encoded[0]!.map(({ kind }, j): Column => {
    const ofAll = encoded.map((columns) => columns[j]!)
    const categories = [...new Set(ofAll.flatMap((one) => (one.kind === 'category' ? one.categories : [])))]
    const name = features?.[j] ?? ''
    return {
      kind,
      name,
      constant: constants.make(['COLUMN', ''], [name, String(j)]),
      categories,
      constants: categories.map((category, i) => constants.make([name, `COLUMN_${j}`], [category, String(i)])),
      hasFill: ofAll.every(({ fill }) => fill !== undefined),
    }
  })
}

/** The columns of a network: numbers without a fill where it has no encoding. */
export const encodedColumns = (network: Network): readonly EncodedColumn[] =>
  network.encoding?.columns ?? Array.from({ length: columnsOf(network) }, () => ({ kind: 'number' as const }))
