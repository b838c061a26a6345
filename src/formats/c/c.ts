import { InputError } from '../../core/errors.ts'
import { type Fields, readOptions, type Schema, withDefault } from '../../core/schema.ts'
import { Ensemble } from '../../model/ensemble.ts'
import type { Network } from '../../model/network.ts'
import { writeHeader } from './header.ts'
import { prefixKind } from './names.ts'
import { planProgram } from './program.ts'
import { writeSource } from './source.ts'

/** What {@link toC} takes. */
export interface COptions {
  /**
   * What all names begin with, `model` by default: the functions `<prefix>_predict` and `<prefix>_classify`, the constants
   * `<PREFIX>_COLUMNS` …, and the header's name in the source, `<prefix>.h`. Letters, digits and single underscores, at most 31.
   */
  prefix?: string | undefined
}

export const toCSchema = {
  name: 'toC',
  fields: {
    prefix: withDefault(prefixKind, 'model', {
      flag: '--prefix <name>',
      help: 'of c: what all names begin with, and the header is called (default: the name of the file)',
    }),
  } satisfies Fields<COptions>,
} satisfies Schema<Fields<COptions>>

/** The two files that {@link toC} makes. */
export interface CFiles {
  /** The text of `<prefix>.h`. */
  header: string
  /** The text of `<prefix>.c`. */
  source: string
}

/** Parameters at most: the source has about 13 bytes for each, and a text of JavaScript has at most 2²⁹ characters. */
const MOST_PARAMETERS = 30_000_000

/**
 * The network, or the ensemble, as a header and a source in C99 for microcontrollers and other firmware: float32, no memory
 * is allocated, no library is needed but math.h, all parameters are constants. `<prefix>_predict(inputs, outputs)` takes a
 * row in the units of the data and does all that `network.predict` does: missing values (NAN) are filled, categories
 * encoded, columns scaled, and regression targets are returned in their own units. `<prefix>_classify(inputs, probability)`
 * returns the number of a class, and `<prefix>_class_names` has their names. An ensemble has
 * `<prefix>_predict_with_spread(inputs, mean, deviation)` too.
 *
 * A row is an array of float32, one per column. A category is given by its constant in the header, such as MODEL_TREE_OAK,
 * an unknown one by MODEL_UNKNOWN, a truth value by 1 or 0. The comment at the beginning of the header has the shapes, an
 * example, and the bytes of flash and RAM. The source has about 13 bytes per parameter: 3 MB for 784-300-10, of which 950 KB
 * remain when it is compiled.
 * @param network a network, or an ensemble of networks
 * @param options the `prefix` that all names begin with; default `model`
 * @throws InputError for a prefix that is no identifier, parameters that are not finite, scalings beyond the range of float32,
 *   and more than 30 million parameters
 * @example
 * const { header, source } = toC(network, { prefix: 'circle' })
 * await writeFile('circle.h', header)
 * await writeFile('circle.c', source) // gcc -std=c99 -O2 -c circle.c
 */
export function toC(network: Network | Ensemble, options: COptions = {}): CFiles {
  const { prefix } = readOptions(toCSchema, options)
  const program = planProgram(network, prefix)
  const parameters = program.networks.reduce((sum, one) => sum + one.parameters.length, 0)
  if (parameters > MOST_PARAMETERS) {
    throw new InputError(
      `network: has ${parameters} parameters, expected at most ${MOST_PARAMETERS} for a source in C; use ONNX`,
    )
  }
  const source = writeSource(program)
  return { header: writeHeader(program, source), source: source.text }
}
