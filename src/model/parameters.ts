import { checkInteger, checkName, describe, InputError, listNames } from '../core/errors.ts'
import { type ActivationName, activationNames } from './activation.ts'

/** Given parameters: what {@link Network.from} takes. */
export interface NetworkParameters {
  /** The number of neurons of each layer, inputs first. */
  sizes: readonly number[]
  /** The activation of each layer after the inputs. */
  activations: readonly ActivationName[]
  /** weights[l]: sizes[l + 1] × sizes[l], row-major or as rows; row i holds the weights into neuron i. */
  weights: readonly (ArrayLike<number> | readonly (readonly number[])[])[]
  /** biases[l] has sizes[l + 1] values. */
  biases: readonly ArrayLike<number>[]
}

export function checkSizes(sizes: unknown): readonly number[] {
  if (!Array.isArray(sizes) || sizes.length < 2) {
    throw new InputError(
      `sizes: expected at least an input and an output layer, such as [2, 3, 2], got ${describe(sizes)}`,
    )
  }
  sizes.forEach((size, l) => checkInteger(`sizes[${l}]`, size, 1, 2 ** 24))
  return sizes as number[]
}

export function checkActivations(names: unknown, layers: number): ActivationName[] {
  checkCount('activations', names, layers)
  return (names as unknown[]).map((name, l) => {
    const known = checkName(`activations[${l}]`, name, activationNames)
    if (known === 'softmax' && l < layers - 1) {
      throw new InputError(`activations[${l}]: softmax is for the output layer only, here layer ${l + 1} of ${layers}`)
    }
    return known
  })
}

export function checkCount(argument: string, value: unknown, layers: number): void {
  if (!Array.isArray(value) || value.length !== layers) {
    throw new InputError(`${argument}: expected ${layers}, one a layer after the first, got ${describe(value)}`)
  }
}

/** The values of one layer, as many as its shape says. A matrix may come as rows. */
export function listValues(source: unknown, name: string, shape: readonly number[]): ArrayLike<unknown> {
  const count = shape.reduce((product, length) => product * length, 1)
  const expected = shape.length > 1 ? `${shape.join(' × ')} = ${count}` : String(count)
  if (typeof source !== 'object' || source === null || !('length' in source)) {
    throw new InputError(`${name}: expected ${expected} values, got ${describe(source)}`)
  }
  const isRows = shape.length > 1 && Array.isArray(source) && typeof source[0] === 'object'
  if (isRows) {
    const [rows = 0, columns = 0] = shape
    const wrong = source.findIndex((row: unknown) => !Array.isArray(row) || row.length !== columns)
    if (source.length === rows && wrong < 0) return (source as unknown[][]).flat()
    const got = wrong < 0 ? `${source.length} rows` : `row ${wrong} is ${describe(source[wrong])}`
    throw new InputError(`${name}: expected ${expected} values, in ${rows} rows of ${columns}, ${got}`)
  }
  const values = source as ArrayLike<unknown>
  if (values.length !== count) throw new InputError(`${name}: expected ${expected} values, got ${describe(values.length)}`) // prettier-ignore
  return values
}

export function fill(target: Float32Array, values: ArrayLike<unknown>, name: string): void {
  for (let i = 0; i < target.length; i++) {
    const value = values[i]
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      throw new InputError(`${name}: value ${i} is ${describe(value)}, expected a finite number`)
    }
    target[i] = value
  }
}

/** Parameters of a network at most: 8 GiB, more than any device takes. */
const MOST_PARAMETERS = 2 ** 31

/** Zeros for all parameters. @throws InputError where there is not enough memory for them */
export function makeParameters(sizes: readonly number[], count: number): Float32Array {
  const problem = `sizes: ${listNames(sizes, 8)} are ${count} parameters`
  if (count > MOST_PARAMETERS) throw new InputError(`${problem}, expected at most ${MOST_PARAMETERS}`)
  try {
    return new Float32Array(count)
  } catch (cause) {
    throw new InputError(`${problem}, more than there is memory for`, { cause })
  }
}
