import { version } from '../../../package.json'
import { numberTypeOf } from '../onnx-inputs.ts'
import { mathOf } from './activations.ts'
import { inComment } from './names.ts'
import type { Column, Program } from './program.ts'
import { describeModel, type Source } from './source.ts'

/** The declarations, with all that an author of firmware has to know in the comment before them. */
export function writeHeader(program: Program, source: Source): string {
  const { prefix, capitals, columns, outputs, classCount, classes, isEnsemble, classifies } = program
  return [
    ...about(program, source),
    `#ifndef ${capitals}_H`,
    `#define ${capitals}_H`,
    '',
    '/* The values of a row, and of an answer. */',
    `#define ${capitals}_COLUMNS ${columns.length}`,
    `#define ${capitals}_OUTPUTS ${outputs}`,
    ...(classifies ? [`#define ${capitals}_CLASSES ${classCount}`] : []),
    '',
    '/* The float32 that are in use during a prediction, beside its arguments. */',
    `#define ${capitals}_SCRATCH ${source.scratch}`,
    '',
    '/* Where that memory is: static, or with an empty definition on the stack, so that calls may run at the same time. */',
    `#ifndef ${capitals}_STORAGE`,
    `#define ${capitals}_STORAGE static`,
    '#endif',
    '',
    '/* Attributes of the tables, such as __attribute__((section(".model"))). */',
    `#ifndef ${capitals}_FLASH`,
    `#define ${capitals}_FLASH`,
    '#endif',
    '',
    ...columnConstants(program),
    ...outputConstants(program),
    '#ifdef __cplusplus',
    'extern "C" {',
    '#endif',
    '',
    '/*',
    ` * The outputs of the network for a row, in the units of the data.`,
    ` * inputs: ${capitals}_COLUMNS values; outputs: ${capitals}_OUTPUTS values, which must not overlap the inputs.`,
    ' * Returns 0; or, and then the outputs are not changed, the number of the first column, counted from 1, whose value',
    ' * cannot be used: NAN where nothing is filled in, an infinite value, a place that is no category.',
    ' */',
    `int ${prefix}_predict(const float *inputs, float *outputs);`,
    '',
    ...(isEnsemble ? spreadDeclaration(prefix) : []),
    ...(classifies ? classifyDeclaration(prefix, capitals, classes !== undefined) : []),
    '#ifdef __cplusplus',
    '}',
    '#endif',
    '',
    '#endif',
    '',
  ].join('\n')
}

const spreadDeclaration = (prefix: string) => [
  '/* The same with the standard deviation of each output over the networks, where deviation is not NULL. */',
  `int ${prefix}_predict_with_spread(const float *inputs, float *mean, float *deviation);`,
  '',
]

const classifyDeclaration = (prefix: string, capitals: string, hasNames: boolean) => [
  '/*',
  ' * The number of the class of a row, counted from 0; its probability goes to *probability where that is not NULL.',
  ' * A negative result is -c where column c, counted from 1, cannot be used.',
  ' */',
  `int ${prefix}_classify(const float *inputs, float *probability);`,
  '',
  ...(hasNames
    ? ['/* The names of the classes, in UTF-8. */', `extern const char *const ${prefix}_class_names[${capitals}_CLASSES];`, ''] // prettier-ignore
    : []),
]

const count = (value: number) => value.toLocaleString('en-US')

function about(program: Program, { flash, scratch }: Source): string[] {
  const { prefix, capitals, networks, columns, outputs, classifies } = program
  const math = mathOf(networks.flatMap(({ activations }) => activations))
  const ram = 4 * (scratch + (classifies ? outputs : 0))
  const hasNames = columns.some(({ name, kind }) => name !== '' || kind !== 'number')
  const first = hasNames ? columns[0]!.constant : '0'
  const value = columns[0]!.constants[0] ?? (columns[0]!.kind === 'boolean' ? '1.0f' : '0.5f')
  return [
    '/*',
    ` * ${prefix}.h: ${describeModel(program)}. Written by webgpu-mlp ${version}.`,
    ' *',
    ` *     float inputs[${capitals}_COLUMNS] = {0};`,
    ` *     float outputs[${capitals}_OUTPUTS];`,
    ` *     inputs[${first}] = ${value};`,
    ` *     if (${prefix}_predict(inputs, outputs) == 0) use(outputs[0]);`,
    ...(classifies ? [` *     int label = ${prefix}_classify(inputs, NULL);`] : []),
    ' *',
    ` * A row has ${columns.length} value${columns.length === 1 ? '' : 's'}, float32, in the units of the data: nothing has to be scaled before.`,
    ...columns.flatMap((column) => columnComment(column, capitals)),
    ` * An answer has ${outputs} value${outputs === 1 ? '' : 's'}${meaningOf(program)}.`,
    ...(numberTypeOf(networks) === 'double'
      ? [
          ' * Some columns are far from 0 in comparison with their spread, so float32 has few digits for their differences. Where',
          ' * that is too inexact, train on the differences from a fixed value, and subtract that value in whole numbers here.',
        ]
      : []),
    ' *',
    ` * Memory: ${count(flash)} bytes of constants (flash), ${count(ram)} bytes static (RAM), no allocation.`,
    ` * C99 or C++, float32 only; ${math.length > 0 ? `of math.h: ${math.join(', ')}` : 'no function of another library'}. Not to be compiled with -ffast-math.`,
    ' * Calls must not run at the same time, unless the storage below is not static.',
    ' */',
  ]
}

function meaningOf({ task, classifies, outputs, networks }: Program): string {
  if (task === 'regression') return ', in the units of the data'
  if (task === 'multilabel') return ', one per label: it applies from 0.5 on'
  if (!classifies || outputs > 1) return ', one per class'
  return networks[0]!.activations.at(-1) === 'tanh' ? ': the second class above 0' : ': the second class above 0.5'
}

/** What a value of a column is, where it is not merely a number. */
function columnComment(column: Column, capitals: string): string[] {
  const { kind, categories, constants, name, constant, hasFill } = column
  const missing = hasFill ? ', or NAN where it is missing' : ''
  if (kind === 'number') return hasFill ? [` *   ${constant}: a number${missing}`] : []
  if (kind === 'boolean') return [` *   ${constant}: 1 for true, 0 for false${missing}`]
  const some = `${constants[0]}${categories.length > 1 ? ' ...' : ''}`
  const title = name === '' ? constant : `${constant} (${inComment(name)})`
  return [` *   ${title}: ${some}, or ${capitals}_UNKNOWN for any other${missing}`]
}

/** An enumeration; each constant with a comment. */
const enumeration = (title: string, entries: readonly { constant: string; name: string }[]) => [
  `/* ${title} */`,
  'enum {',
  ...entries.map(({ constant, name }, i) => {
    const comma = i < entries.length - 1 ? ',' : ''
    return `    ${constant} = ${i}${comma}${name === '' ? '' : ` /* ${inComment(name)} */`}`
  }),
  '};',
  '',
]

function columnConstants({ columns, capitals }: Program): string[] {
  if (columns.every(({ name, kind, hasFill }) => name === '' && kind === 'number' && !hasFill)) return []
  const withCategories = columns.filter(({ categories }) => categories.length > 0)
  return [
    ...enumeration('The places of the columns in a row.', columns),
    ...withCategories.flatMap(({ constant, categories, constants }) =>
      enumeration(
        `The values of inputs[${constant}].`,
        categories.map((name, i) => ({ name, constant: constants[i]! })),
      ),
    ),
    ...(withCategories.length > 0
      ? ['/* The value of a category that the training data did not have. */', `#define ${capitals}_UNKNOWN (-1)`, '']
      : []),
  ]
}

function outputConstants({ named, classifies }: Program): string[] {
  if (!named) return []
  return enumeration(classifies ? 'The classes.' : 'The places of the outputs in an answer.', named)
}
