import { version } from '../../package.json'
import { toBase64 } from '../core/base64.ts'
import { type ActivationName, type ElementwiseName, outputBoundary } from '../model/activation.ts'
import { columnsOf } from '../model/description.ts'
import { truthValues } from '../model/encoding.ts'
import { Ensemble } from '../model/ensemble.ts'
import type { Network } from '../model/network.ts'
import type { Scaling } from '../model/scaling.ts'
import { checkNetworks } from './check.ts'
import standalone from './standalone.js?raw'
import ensembleCode from './standalone-ensemble.js?raw'
import networkCode from './standalone-network.js?raw'

/** f(z) of each activation as JavaScript; its second argument is `helpers` in standalone.js. */
const formulas: Record<ElementwiseName, string> = {
  linear: '(z) => z',
  sigmoid: '(z, { sigmoid }) => sigmoid(z)',
  tanh: 'Math.tanh',
  relu: '(z) => (z < 0 ? 0 : z)',
  leakyRelu: '(z) => (z < 0 ? 0.01 * z : z)',
  elu: '(z) => (z < 0 ? Math.expm1(z) : z)',
  gelu: '(z, { erf }) => z * 0.5 * (1 + erf(z * Math.SQRT1_2))',
  silu: '(z, { sigmoid }) => z * sigmoid(z)',
  softplus: '(z) => (z < 0 ? 0 : z) + Math.log1p(Math.exp(-Math.abs(z)))',
  mish: '(z, { mish }) => mish(z)',
}

/** The functions of a network's activations, as the content of an object; softmax, which needs whole rows, is not one. */
const functionsOf = (activations: readonly ActivationName[]): string =>
  [...new Set(activations)].flatMap((name) => (name === 'softmax' ? [] : `${name}: ${formulas[name]}`)).join(', ')

/**
 * The network, or the ensemble, as a JavaScript module that depends on nothing, for any browser or runtime. It exports
 * `predict(rows)` and `classify(rows)`, which take rows in the units of the data as `network.predict` does (lists of values, or
 * objects by column name), one row or a list of rows. They encode words and truth values, fill missing values, scale, and return
 * regression targets in their own units, all in float64; errors are TypeErrors. It also exports `features`, `classes`,
 * `targetNames` and `columns` (kind, categories and fill of each; undefined where all are numbers); of a network `sizes` and
 * `activations`; of an ensemble `predictWithSpread(rows)`, which returns { mean, deviation }, and its `classify` also returns
 * the deviation and the agreement. The text is safe within a `<script>` of a page, for all names.
 * @param network a network, or an ensemble of networks
 * @throws InputError for parameters that are not finite
 * @example
 * await writeFile('model.js', toJavaScript(network))
 * // elsewhere: import { predict, classify } from './model.js'; predict([0.2, 0.7]) // [0.93, 0.07]
 */
export function toJavaScript(network: Network | Ensemble): string {
  const networks = checkNetworks(network)
  const { sizes, activations, features, classes, targetNames, encoding, task } = networks[0]!
  const isEnsemble = network instanceof Ensemble
  const what = isEnsemble
    ? `An ensemble of ${networks.length} multi-layer perceptrons: predict(rows), predictWithSpread(rows)`
    : `A multi-layer perceptron, ${sizes.join('-')}: predict(rows)`
  const words = networks.some((one) => one.encoding?.columns.some(({ kind }) => kind === 'boolean'))
    ? truthValues()
    : {}
  return [
    `// ${what} and classify(rows). Written by webgpu-mlp ${version}.`,
    ...(isEnsemble
      ? []
      : [`export const sizes = ${literal(sizes)}`, `export const activations = ${literal(activations)}`]),
    `export const features = ${literal(features)}`,
    `export const classes = ${literal(classes)}`,
    `export const targetNames = ${literal(targetNames)}`,
    `export const columns = ${literal(encoding?.columns)}`,
    `const columnCount = ${columnsOf(networks[0]!)}`,
    `const task = ${literal(task)}`,
    `const boundary = ${outputBoundary(activations.at(-1)!)}`,
    `const truthWords = ${literal(words)}`,
    ...(isEnsemble
      ? ['const networks = [', ...networks.map((one) => `  ${constantsOf(one)},`), ']']
      : [`const network = ${constantsOf(network)}`]),
    `const functions = { ${functionsOf(networks.flatMap((one) => one.activations))} }`,
    '',
    codeOf(isEnsemble ? ensembleCode : networkCode),
    codeOf(standalone),
  ].join('\n')
}

/** What the functions of the module need of a network. */
function constantsOf({ sizes, activations, encoding, scaling, targetScaling, parameters }: Network): string {
  const fields = {
    sizes: literal(sizes),
    activations: literal(activations),
    columns: literal(encoding?.columns),
    scaling: literal(plainScaling(scaling)),
    targetScaling: literal(plainScaling(targetScaling)),
    parameters: `decode(${literal(toBase64(parameters))})`,
  }
  return `{ ${Object.entries(fields).map(([name, text]) => `${name}: ${text}`).join(', ')} }` // prettier-ignore
}

/** Without the first lines, which are for readers of this folder. */
const codeOf = (text: string) => text.slice(text.indexOf('\n\n') + 2)

const plainScaling = (scaling: Scaling | undefined) =>
  scaling && { offset: [...scaling.offset], scale: [...scaling.scale] }

/** JSON that is JavaScript too, on one line, without what would end a script in a page. */
function literal(value: unknown): string {
  if (value === undefined) return 'undefined'
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(/[<>\u2028\u2029]/g, escape)
}
