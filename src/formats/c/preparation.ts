import { InputError } from '../../core/errors.ts'
import { widthOf } from '../../model/encoded-column.ts'
import type { EncodedColumn } from '../../model/encoding.ts'
import type { Network } from '../../model/network.ts'
import type { Scaling } from '../../model/scaling.ts'
import { encodedColumns, type Program } from './program.ts'
import type { Tables } from './tables.ts'

/** What the networks of a program do with a row before their first layer; the program contains only what one of them does. */
export interface Preparation {
  /** Whether some columns are categories or truth values. */
  readonly hasKinds: boolean
  readonly hasCategories: boolean
  readonly hasFills: boolean
  readonly hasScaling: boolean
  /** Whether float32 holds an offset only as a sum of two numbers. */
  readonly hasLow: boolean
  /** Whether networks know different categories. */
  readonly hasCodes: boolean
  /** Whether the inputs of a network differ from the row, so that they need memory. */
  readonly copies: boolean
}

export function preparationOf({ networks, columns }: Program): Preparation {
  const encoded = networks.flatMap(encodedColumns)
  const has = (kind: EncodedColumn['kind']) => columns.some((column) => column.kind === kind)
  const hasFills = encoded.some(({ fill }) => fill !== undefined)
  const hasScaling = networks.some(({ scaling }) => scaling !== undefined)
  const hasCodes = networks.some((network) =>
    encodedColumns(network).some(
      (column, j) => column.kind === 'category' && column.categories.join('\0') !== columns[j]!.categories.join('\0'),
    ),
  )
  return {
    hasKinds: has('category') || has('boolean'),
    hasCategories: has('category'),
    hasFills,
    hasScaling,
    hasLow: networks.some(({ scaling }) => scaling !== undefined && lowOf(scaling.offset).some((low) => low !== 0)),
    hasCodes,
    copies: has('category') || hasFills || hasScaling,
  }
}

/** What float32 leaves of float64 values. */
export const lowOf = (values: Float64Array): number[] => Array.from(values, (value) => Math.fround(value - Math.fround(value))) // prettier-ignore

/** The tables that all networks share. */
export function addKinds(tables: Tables, { prefix, columns }: Program, { hasKinds }: Preparation): void {
  if (!hasKinds) return
  const kinds = columns.map(({ kind, categories }) => (kind === 'boolean' ? -1 : categories.length))
  tables.lines.push('/* Of each column the number of its categories; 0 for a number, -1 for a truth value. */')
  tables.shorts(`${prefix}_kinds`, kinds)
}

/**
 * The tables of one network.
 * @returns the arguments of the function that prepares a row, after the row and the values
 */
export function addPreparation(
  tables: Tables,
  name: string,
  network: Network,
  program: Program,
  preparation: Preparation,
): string[] {
  // prettier-ignore
  const { hasFills, hasScaling, hasLow, hasCodes } = preparation
  const inputs = network.sizes[0]!
  const { scaling } = network
  const table = (kind: string, what: string, values: ArrayLike<number>) => {
    return tables.floats(`${name}_${kind}`, values, what)
  }
  if (scaling) checkScales('scaling', scaling)
  return [
    ...(hasCodes ? addCodes(tables, name, network, program) : []),
    ...(hasFills ? [table('fills', 'fill', fillsOf(network, program))] : []),
    ...(hasScaling ? [table('offset', 'scaling: offset', scaling?.offset ?? new Float32Array(inputs))] : []),
    ...(hasLow ? [table('offset_low', 'offset', scaling ? lowOf(scaling.offset) : new Float32Array(inputs))] : []),
    ...(hasScaling ? [table('scale', 'scaling: scale', scaling?.scale ?? new Float32Array(inputs).fill(1))] : []),
  ]
}

/** @throws InputError for a scale that float32 cannot hold with all its digits */
export function checkScales(field: string, { scale }: Scaling): void {
  const bad = scale.findIndex((value) => Math.fround(value) < 2 ** -126 || Math.fround(value) === Infinity)
  if (bad < 0) return
  throw new InputError(`network: ${field}: scale[${bad}] is ${scale[bad]}, beyond the range of float32`)
}

/** The places in the program's lists of the categories that a network knows. */
function addCodes(tables: Tables, name: string, network: Network, { columns }: Program): string[] {
  const own = encodedColumns(network)
  const widths = own.map((column) => (column.kind === 'category' ? column.categories.length : 0))
  const codes = own.flatMap((column, j) => {
    return column.kind === 'category' ? column.categories.map((one) => columns[j]!.categories.indexOf(one)) : []
  })
  return [tables.shorts(`${name}_widths`, widths), tables.shorts(`${name}_codes`, codes)]
}

/** Of each column the input that a missing number becomes, or the place of a missing category; NaN without a fill. */
function fillsOf(network: Network, { columns }: Program): number[] {
  let first = 0
  return encodedColumns(network).map((column, j) => {
    const place = first
    first += widthOf(column)
    if (column.fill === undefined) return NaN
    if (column.kind === 'category') return columns[j]!.categories.indexOf(column.fill)
    const { offset, scale } = network.scaling ?? {}
    return offset && scale ? (column.fill - offset[place]!) / scale[place]! : column.fill
  })
}

/** The function that checks a row, and writes the inputs of a network where those are other numbers. */
export function preparationFunction(program: Program, preparation: Preparation): string[] {
  const { prefix, capitals } = program
  const { hasKinds, hasCategories, hasFills, hasScaling, hasLow, hasCodes, copies } = preparation
  const parameters = [
    'const float *row',
    ...(copies ? ['float *values'] : []),
    ...(hasCodes ? ['const short *widths', 'const short *codes'] : []),
    ...(hasFills ? ['const float *fills'] : []),
    ...(hasScaling ? ['const float *offset'] : []),
    ...(hasLow ? ['const float *offset_low'] : []),
    ...(hasScaling ? ['const float *scale'] : []),
  ]
  const scaled = (value: string) => {
    if (!hasScaling) return value
    return hasLow ? `(${value} - offset[next] - offset_low[next]) / scale[next]` : `(${value} - offset[next]) / scale[next]` // prettier-ignore
  }
  const fill = (otherwise: string) => (hasFills ? `isnan(value) ? fills[column] : ${otherwise}` : otherwise)
  return [
    `/* ${copies ? 'Checks a row, and writes the inputs of a network' : 'Checks a row'}: 0, or the number of the column that cannot be used, from 1. */`,
    `static int ${prefix}_prepare(${parameters.join(', ')}) {`,
    ...(copies ? ['    int next = 0;'] : []),
    `    for (int column = 0; column < ${capitals}_COLUMNS; column++) {`,
    '        const float value = row[column];',
    ...(hasCategories ? categoryLines(prefix, hasCodes, fill('value'), scaled) : []),
    ...(hasKinds
      ? [
          `        if (${prefix}_kinds[column] < 0 && value != 0.0f && value != 1.0f${hasFills ? ' && !isnan(value)' : ''}) return column + 1;`,
        ]
      : []),
    ...(copies
      ? [
          `        values[next] = ${fill(scaled('value'))};`,
          '        if (!(fabsf(values[next]) <= FLT_MAX)) return column + 1;',
          '        next++;',
        ]
      : ['        if (!(fabsf(value) <= FLT_MAX)) return column + 1;']),
    '    }',
    '    return 0;',
    '}',
    '',
  ]
}

/** A category becomes 1 in its place and 0 in all others; unknown categories are 0 everywhere. */
const categoryLines = (prefix: string, hasCodes: boolean, value: string, scaled: (value: string) => string) => [
  `        const int categories = ${prefix}_kinds[column];`,
  '        if (categories > 0) {',
  `            const float place = ${value};`,
  '            if (!(place >= -1.0f && place < (float)categories) || (float)(int)place != place) return column + 1;',
  `            for (int k = 0; k < ${hasCodes ? 'widths[column]' : 'categories'}; k++) {`,
  `                const float input = place == (float)${hasCodes ? '*codes++' : 'k'} ? 1.0f : 0.0f;`,
  `                values[next] = ${scaled('input')};`,
  '                next++;',
  '            }',
  '            continue;',
  '        }',
]
