import { suggest } from './aliases.ts'
import type { Autopsy } from './autopsy.ts'
import { classNameOf, describe, escapeText, listNames, shortenMessage } from './text.ts'

export { suggestNearest } from './aliases.ts'
export { nearestName } from './nearest.ts'
export { describe, listNames, shorten } from './text.ts'

/**
 * Thrown before any work is done when an argument does not fit; names the argument, what came and what is expected. Its
 * message is one line that a terminal shows as it is: names from files are escaped in it ({@link escapeControls}).
 */
export class InputError extends Error {
  /** Always `'InputError'`, also in minified bundles. */
  override name = 'InputError'

  /**
   * Makes an error with this message.
   * @param message may hold anything from a file: it is put on one line, and its middle left out where it is long
   * @param options the `cause`, if another error led to this one
   */
  constructor(message: string, options?: ErrorOptions) {
    super(shortenMessage(textOf(message)), options)
  }
}

/** Thrown when no adapter, driver or package can run the backend that was asked for; the message says what to do about it. */
export class BackendUnavailableError extends Error {
  /** Always `'BackendUnavailableError'`, also in minified bundles. */
  override name = 'BackendUnavailableError'

  /**
   * Makes an error with this message.
   * @param message is put on one line
   * @param options the `cause`, if another error led to this one
   */
  constructor(message: string, options?: ErrorOptions) {
    super(textOf(message), options)
  }
}

/** Thrown at the next call after the GPU device was lost; names the device and the driver's own reason. */
export class DeviceLostError extends Error {
  /** Always `'DeviceLostError'`, also in minified bundles. */
  override name = 'DeviceLostError'

  /**
   * Makes an error with this message.
   * @param message is put on one line
   * @param options the `cause`, if another error led to this one
   */
  constructor(message: string, options?: ErrorOptions) {
    super(textOf(message), options)
  }
}

/** Thrown when WebGPU rejects an object (a shader, a buffer, a binding): WebGPU's message with the object's label. */
export class GPUValidationError extends Error {
  /** Always `'GPUValidationError'`, also in minified bundles. */
  override name = 'GPUValidationError'

  /**
   * Makes an error with this message.
   * @param message is put on one line
   * @param options the `cause`, if another error led to this one
   */
  constructor(message: string, options?: ErrorOptions) {
    super(textOf(message), options)
  }
}

/** Thrown when the GPU has no memory left for a buffer; names the bytes needed and the option that helps. */
export class OutOfMemoryError extends Error {
  /** Always `'OutOfMemoryError'`, also in minified bundles. */
  override name = 'OutOfMemoryError'

  /**
   * Makes an error with this message.
   * @param message is put on one line
   * @param options the `cause`, if another error led to this one
   */
  constructor(message: string, options?: ErrorOptions) {
    super(textOf(message), options)
  }
}

/** A message as text, also where an untyped program passes something else. */
const textOf = (message: unknown): string =>
  message === undefined ? '' : typeof message === 'string' ? message : describe(message)

/** The last good parameters and the place where a training run left the finite numbers. */
export interface Divergence {
  /** The epoch, counted from 1, whose loss was not finite, or which left a parameter infinite or NaN. */
  epoch: number
  /** The epoch's loss: Infinity, -Infinity or NaN. It is NaN also where only a parameter is no longer finite. */
  loss: number
  /** The minibatch of that epoch, counted from 1, that computed the first value that is infinite or NaN. */
  minibatch?: number | undefined
  /** The layer in which that value was computed, counted from 1 as in `verify`: weights[layer - 1] are its weights. */
  layer?: number | undefined
  /** With cross-validation, the fold that was left out of this training, counted from 1. */
  fold?: number | undefined
  /** weights[l] as at the start of that epoch, row-major, sizes[l + 1] × sizes[l]. */
  weights: Float32Array[]
  /** biases[l] as at the start of that epoch. */
  biases: Float32Array[]
  /** What will probably help, for the message. Default: 'lower the learning rate, or scale the inputs'. */
  hint?: string | undefined
  /** The likely cause and what helps; the message says both in the place of `hint`. */
  autopsy?: Autopsy | undefined
}

/**
 * Thrown when a training loss or a parameter turns NaN or infinite. It carries the last good parameters, those before that
 * epoch (with `steps`, before that step). The trainer has these parameters, and the optimizer's state that goes with them.
 * @example
 * const data = circle({ samples: 50, seed: 1 })
 * const options = { optimizer: sgd({ learningRate: 1 }), l2: 10, seed: 1, backend: 'cpu' } as const
 * const training = fit(Network.create({ sizes: [2, 3, 2], seed: 1 }), data, options)
 * const error: unknown = await training.catch((reason: unknown) => reason)
 * if (error instanceof DivergedError) console.log(error.autopsy?.cause, error.autopsy?.fix) // penalty { l2: 0.05 }
 */
export class DivergedError extends Error {
  /** Always `'DivergedError'`, also in minified bundles. */
  override name = 'DivergedError'
  /** The epoch in which training diverged, counted from 1. */
  readonly epoch: number
  /** The loss of that epoch: Infinity, -Infinity or NaN. */
  readonly loss: number
  /** The minibatch of that epoch, counted from 1, with the first value that is not finite. */
  readonly minibatch: number | undefined
  /** The layer of that value, counted from 1. */
  readonly layer: number | undefined
  /** The fold of a cross-validation in which training diverged, counted from 1. */
  readonly fold: number | undefined
  /** The last good weights: weights[l] is row-major, sizes[l + 1] × sizes[l]. */
  readonly weights: Float32Array[]
  /** The last good biases: biases[l] has sizes[l + 1] values. */
  readonly biases: Float32Array[]
  /** The likely cause and what helps; undefined where it was not looked for. */
  readonly autopsy: Autopsy | undefined

  /** Makes the error. @param divergence where training diverged, and the last good parameters */
  constructor(divergence: Divergence) {
    checkObject('DivergedError', divergence, '{ epoch, loss, weights, biases }')
    const { epoch, loss, minibatch, layer, fold, weights, biases, hint, autopsy } = divergence
    if (autopsy !== undefined) checkObject('autopsy', autopsy, '{ cause, evidence, hint, fix }')
    const place = minibatch === undefined ? '' : `, at minibatch ${describe(minibatch)}`
    const part = layer === undefined ? '' : `, in layer ${describe(layer)}`
    const training = fold === undefined ? '' : `fold ${describe(fold)}: `
    super(
      `${training}the training loss became ${describe(loss)} in epoch ${describe(epoch)}${place}${part}: ` +
        (autopsy
          ? `${textOf(autopsy.evidence)}; ${textOf(autopsy.hint)}`
          : typeof hint === 'string'
            ? hint
            : usualHint),
    )
    this.epoch = epoch
    this.loss = loss
    this.minibatch = minibatch
    this.layer = layer
    this.fold = fold
    this.weights = weights
    this.biases = biases
    this.autopsy = autopsy
  }
}

const usualHint = 'lower the learning rate, or scale the inputs'

/**
 * Checks a name that comes from outside, such as a request or a form, and gives it the type of the known ones.
 * @param argument how the error calls it
 * @param name the value to check
 * @param known the names that are allowed
 * @throws InputError that suggests the nearest known name
 * @example const loss = checkName('loss', 'huber', lossNames) // 'huber'
 */
export function checkName<T extends string>(argument: string, name: unknown, known: readonly T[]): T {
  if (typeof argument !== 'string') throw new InputError(`argument: expected text, got ${describe(argument)}`)
  if (!Array.isArray(known)) throw new InputError(`known: expected a list of names, got ${describe(known)}`)
  if (typeof name === 'string' && (known as readonly string[]).includes(name)) return name as T
  throw new InputError(
    `${argument}: unknown name ${describe(name)}${suggest(name, known)}; known are ${listNames(known)}`,
  )
}

/** Checks that a value has properties. @param expected the form of the object, for the error */
export function checkObject(argument: string, value: unknown, expected: string): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new InputError(`${argument}: expected ${expected}, got ${describe(value)}`)
}

/** Checks a finite number within [min, max]; `exclusive` leaves min itself out. */
export function checkNumber(
  argument: string,
  value: unknown,
  { min = -Infinity, max = Infinity, exclusive = false }: { min?: number; max?: number; exclusive?: boolean } = {},
): number {
  if (typeof value === 'number' && Number.isFinite(value) && value <= max && (exclusive ? value > min : value >= min)) {
    return value
  }
  const above = min === -Infinity ? '' : exclusive ? ` above ${min}` : ` of at least ${min}`
  const below = max === Infinity ? '' : ` and at most ${max}`
  throw new InputError(`${argument}: expected a finite number${above}${below}, got ${describe(value)}`)
}

/** The largest finite float32, and the smallest that is not denormal (GPUs may replace denormal numbers by 0). */
const [LARGEST_FLOAT32, SMALLEST_FLOAT32] = [3.4028234663852886e38, 1.1754943508222875e-38]

/** Checks a number from 0 on that float32 can hold, since backends compute in it: 0, or neither too large nor too small. */
export function checkFloat32(argument: string, value: unknown, { exclusive = false } = {}): number {
  const checked = checkNumber(argument, value, { min: 0, exclusive })
  if (checked === 0 || (checked >= SMALLEST_FLOAT32 && checked <= LARGEST_FLOAT32)) return checked
  throw new InputError(
    `${argument}: expected a number that float32 can hold (1.2e-38 to 3.4e38${exclusive ? '' : ', or 0'}), got ${checked}`,
  )
}

/** Checks a whole number within [min, max]. */
export function checkInteger(argument: string, value: unknown, min = 1, max = 2 ** 32 - 1): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new InputError(`${argument}: expected a whole number from ${min} to ${max}, got ${describe(value)}`)
}

/** Checks that an options object has no other keys than `known`; a mistyped option is an error, not a silent default. */
export function checkKeys(argument: string, options: object, known: readonly string[]): void {
  const names = new Set(known)
  for (const key of Object.keys(options)) if (!names.has(key)) checkName(`${argument} option`, key, known)
}

/**
 * Checks that a value is an object of one of this library's classes.
 * @param name of the class, which a bundler may have changed in the class itself
 * @param hint how to make one, such as ` (Dataset.from(x, y) makes one)`
 */
export function checkInstance<T>(
  argument: string,
  value: unknown,
  type: { readonly prototype: T; readonly name: string; [Symbol.hasInstance](value: unknown): boolean },
  name: string,
  hint = '',
): T {
  if (value instanceof type) return value as T
  // Two versions are installed, or a bundler copied one of the two entries.
  const problem =
    classNameOf(value) === type.name
      ? `a ${name} of another copy of webgpu-mlp: import it from the same installed package (\`npm ls webgpu-mlp\` lists them)`
      : describe(value)
  throw new InputError(`${argument}: expected a ${name}${hint}, got ${problem}`)
}

/**
 * Text from outside (names, classes, paths, messages of drivers) as one line that a terminal can show: each control
 * character becomes its six characters \u001b. Within JSON text that is the same string, so JSON keeps its meaning.
 * @param text any text; its line breaks and tabs are escaped, too
 * @example console.log(escapeControls(network.classes?.join(', ') ?? ''))
 */
export function escapeControls(text: string): string {
  if (typeof text === 'string') return escapeText(text)
  throw new InputError(`text: expected text, got ${describe(text)}`)
}
