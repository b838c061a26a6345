import { version } from '../../../package.json'
import { outputBoundary } from '../../model/activation.ts'
import type { Network } from '../../model/network.ts'
import { activationFunctions, functionName } from './activations.ts'
import { stringBytes, stringLiteral } from './names.ts'
import {
  addKinds,
  addPreparation,
  checkScales,
  lowOf,
  type Preparation,
  preparationFunction,
  preparationOf,
} from './preparation.ts'
import type { Program } from './program.ts'
import { Tables } from './tables.ts'

/** What the header says about the source. */
export interface Source {
  readonly text: string
  /** Bytes of the tables of numbers and of the names of classes. */
  readonly flash: number
  /** The number of float32 that a prediction needs beside its arguments. */
  readonly scratch: number
}

/** The definitions of the functions, with all parameters. */
export function writeSource(program: Program): Source {
  const { prefix, capitals, networks, isEnsemble, outputs, classes } = program
  const preparation = preparationOf(program)
  const tables = new Tables()
  addKinds(tables, program, preparation)
  const networkFunctions = networks.map((network, n) => {
    const name = isEnsemble ? `${prefix}_network_${n}` : `${prefix}_network`
    return writeNetwork(tables, name, network, program, preparation)
  })
  const shared = Math.max(...networkFunctions.map(({ scratch }) => scratch))
  const scratch = shared + (isEnsemble ? networks.length * outputs : 0)
  const lines = [
    `/* ${prefix}.c: ${describeModel(program)}. Written by webgpu-mlp ${version}. See ${prefix}.h. */`,
    `#include "${prefix}.h"`,
    '',
    '#include <float.h>',
    '#include <math.h>',
    '#include <stddef.h>',
    '',
    ...(preparation.hasFills || preparation.hasLow ? refuseFastMath : []),
    ...tables.lines.map((line) => line.replace(/^static const (\w+ \w+\[\d+\])/, `static const $1 ${capitals}_FLASH`)),
    ...(classes ? classNames(prefix, capitals, classes) : []),
    ...preparationFunction(program, preparation),
    ...layerFunction(prefix),
    ...activationFunctions(prefix, networks.flatMap(({ activations }) => activations)), // prettier-ignore
    ...networkFunctions.flatMap(({ lines }) => lines),
    ...(isEnsemble ? predictMean(program, shared, networkFunctions.map(({ scratch }) => scratch)) : predictOne(program, scratch)), // prettier-ignore
    ...(program.classifies ? classify(program) : []),
  ]
  const names = (classes ?? []).reduce((sum, name) => sum + stringBytes(name) + 4, 0)
  return { text: `${lines.join('\n').trimEnd()}\n`, flash: tables.bytes + names, scratch }
}

/** 'a multi-layer perceptron of sizes 4-8-3', or 'an ensemble of 3 …'. */
export const describeModel = ({ networks, isEnsemble }: Program): string =>
  isEnsemble
    ? `an ensemble of ${networks.length} multi-layer perceptrons`
    : `a multi-layer perceptron, ${networks[0]!.sizes.join('-')}`

const refuseFastMath = [
  '#ifdef __FAST_MATH__',
  '#error "This file must not be compiled with -ffast-math, which removes the handling of missing values and of large offsets."',
  '#endif',
  '',
]

const classNames = (prefix: string, capitals: string, classes: readonly string[]) => [
  `const char *const ${prefix}_class_names[${capitals}_CLASSES] = {`,
  ...classes.map((name) => `    ${stringLiteral(name)},`),
  '};',
  '',
]

const layerFunction = (prefix: string) => [
  '/* sums = weights * below + biases; weights are outputs * inputs, row by row. */',
  `static void ${prefix}_layer(const float *weights, const float *biases, const float *below, int inputs, float *sums, int outputs) {`,
  '    for (int i = 0; i < outputs; i++) {',
  '        float sum = biases[i];',
  '        for (int j = 0; j < inputs; j++) sum += *weights++ * below[j];',
  '        sums[i] = sum;',
  '    }',
  '}',
  '',
]

/** The tables and the function of one network: from a row to its outputs, in the units of the data. */
function writeNetwork(tables: Tables, name: string, network: Network, program: Program, preparation: Preparation) {
  const { prefix } = program
  const { sizes, activations, weights, biases } = network
  const prepared = addPreparation(tables, name, network, program, preparation)
  const { places, scratch } = placeValues(sizes, preparation.copies)
  const lines = [
    `static int ${name}(const float *row, float *outputs${scratch > 0 ? ', float *scratch' : ''}) {`,
    `    const int error = ${prefix}_prepare(${['row', ...(preparation.copies ? [places[0]!] : []), ...prepared].join(', ')});`,
    '    if (error != 0) return error;',
  ]
  activations.forEach((activation, l) => {
    const [inputs, outputs] = [sizes[l]!, sizes[l + 1]!]
    const tableNames = [
      tables.floats(`${name}_weights_${l}`, weights[l]!, `weights[${l}]`),
      tables.floats(`${name}_biases_${l}`, biases[l]!, `biases[${l}]`),
    ]
    lines.push(`    ${prefix}_layer(${[...tableNames, places[l], inputs, places[l + 1], outputs].join(', ')});`)
    if (activation !== 'linear') lines.push(`    ${prefix}_${functionName(activation)}(${places[l + 1]}, ${outputs});`)
  })
  lines.push(...targetLines(tables, name, network), '    return 0;', '}', '')
  return { lines, scratch }
}

/** Regression targets in their own units. */
function targetLines(tables: Tables, name: string, { targetScaling, sizes }: Network): string[] {
  if (!targetScaling) return []
  checkScales('targetScaling', targetScaling)
  const { offset, scale } = targetScaling
  const low = lowOf(offset)
  const scales = tables.floats(`${name}_target_scale`, scale, 'targetScaling: scale')
  const offsets = tables.floats(`${name}_target_offset`, offset, 'targetScaling: offset')
  const hasLow = low.some((value) => value !== 0)
  const lows = hasLow ? ` + ${tables.floats(`${name}_target_offset_low`, low, 'offset')}[i]` : ''
  return [
    `    for (int i = 0; i < ${sizes.at(-1)!}; i++) outputs[i] = outputs[i] * ${scales}[i]${lows} + ${offsets}[i];`,
  ]
}

/**
 * Where the values between the layers are: in two places of the scratch memory in turn, the last in `outputs`.
 * @returns the expression of each, inputs first, and the number of values of the scratch memory
 */
function placeValues(sizes: readonly number[], copies: boolean) {
  const kept = sizes.slice(copies ? 0 : 1, -1)
  const largest = (parity: number) => Math.max(0, ...kept.filter((_, i) => i % 2 === parity))
  const second = largest(0)
  const places = kept.map((_, i) => (i % 2 === 0 ? 'scratch' : `scratch + ${second}`))
  return { places: [...(copies ? [] : ['row']), ...places, 'outputs'], scratch: second + largest(1) }
}

const predictOne = ({ prefix, capitals }: Program, scratch: number) => [
  `int ${prefix}_predict(const float *inputs, float *outputs) {`,
  ...(scratch > 0 ? [`    ${capitals}_STORAGE float scratch[${capitals}_SCRATCH];`] : []),
  `    return ${prefix}_network(inputs, outputs${scratch > 0 ? ', scratch' : ''});`,
  '}',
  '',
]

/**
 * @param shared the scratch memory that the networks use one after another; their outputs are behind it
 * @param scratches what each of them uses
 */
const predictMean = (
  { prefix, capitals, networks, outputs }: Program,
  shared: number,
  scratches: readonly number[],
) => [
  `int ${prefix}_predict_with_spread(const float *inputs, float *mean, float *deviation) {`,
  `    ${capitals}_STORAGE float scratch[${capitals}_SCRATCH];`,
  `    float *const all = scratch + ${shared};`,
  '    int error;',
  ...networks.flatMap((_, n) => [
    `    error = ${prefix}_network_${n}(inputs, all + ${n * outputs}${scratches[n]! > 0 ? ', scratch' : ''});`,
    '    if (error != 0) return error;',
  ]),
  `    for (int i = 0; i < ${capitals}_OUTPUTS; i++) {`,
  '        float sum = 0.0f;',
  '        float squares = 0.0f;',
  '        float center;',
  `        for (int n = 0; n < ${networks.length}; n++) sum += all[n * ${capitals}_OUTPUTS + i];`,
  `        center = sum / ${networks.length}.0f;`,
  `        for (int n = 0; n < ${networks.length}; n++) {`,
  `            const float difference = all[n * ${capitals}_OUTPUTS + i] - center;`,
  '            squares += difference * difference;',
  '        }',
  '        mean[i] = center;',
  `        if (deviation != NULL) deviation[i] = sqrtf(squares / ${networks.length}.0f);`,
  '    }',
  '    return 0;',
  '}',
  '',
  `int ${prefix}_predict(const float *inputs, float *outputs) {`,
  `    return ${prefix}_predict_with_spread(inputs, outputs, NULL);`,
  '}',
  '',
]

function classify({ prefix, capitals, networks, outputs }: Program): string[] {
  const boundary = outputBoundary(networks[0]!.activations.at(-1)!)
  // The range of a single tanh, whose boundary is 0, is -1 to 1.
  const share = boundary === 0 ? '(outputs[0] + 1.0f) / 2.0f' : 'outputs[0]'
  return [
    `int ${prefix}_classify(const float *inputs, float *probability) {`,
    `    ${capitals}_STORAGE float outputs[${capitals}_OUTPUTS];`,
    `    const int error = ${prefix}_predict(inputs, outputs);`,
    '    int label = 0;',
    '    if (error != 0) return -error;',
    ...(outputs === 1
      ? [
          `    if (outputs[0] > ${boundary.toFixed(1)}f) label = 1;`,
          '    if (probability != NULL) {',
          `        const float share = ${share};`,
          '        *probability = label == 1 ? share : 1.0f - share;',
          '    }',
        ]
      : [
          `    for (int i = 1; i < ${capitals}_OUTPUTS; i++) {`,
          '        if (outputs[i] > outputs[label]) label = i;',
          '    }',
          '    if (probability != NULL) *probability = outputs[label];',
        ]),
    '    return label;',
    '}',
    '',
  ]
}
