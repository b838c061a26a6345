/**
 * Thrown before any work is done when an argument does not fit; names the argument, what came and what is expected. Its
 * message is one line that a terminal shows as it is: names from files are escaped in it ({@link escapeControls}).
 */
export class InputError extends Error {
  override name = 'InputError'

  /** @param message may hold anything from a file: it is put on one line, and its middle left out where it is long */
  constructor(message: string, options?: ErrorOptions) {
    super(shortenMessage(message), options)
  }
}

/** Thrown when no adapter, driver or package can run what was asked for; the message says what to do about it. */
export class BackendUnavailableError extends Error {
  override name = 'BackendUnavailableError'
}

/** Thrown at the next call after the GPU device was lost; names the device and the driver's own reason. */
export class DeviceLostError extends Error {
  override name = 'DeviceLostError'
}

/** Thrown when WebGPU rejects something (a shader, a buffer, a binding): WebGPU's message with the thing's label. */
export class GPUValidationError extends Error {
  override name = 'GPUValidationError'
}

/** The last good parameters and the place where a training run left the finite numbers. */
export interface Divergence {
  /** The epoch, counted from 1, whose loss was not finite, or which left a parameter infinite or NaN. */
  epoch: number
  /** The epoch's loss: Infinity, -Infinity or NaN. It is NaN also where only a parameter is no longer finite. */
  loss: number
  /** weights[l] as at the start of that epoch, row-major, sizes[l + 1] × sizes[l]. */
  weights: Float32Array[]
  /** biases[l] as at the start of that epoch. */
  biases: Float32Array[]
}

/** Thrown when a training loss or a parameter turns NaN or infinite; carries the last good parameters (those before that epoch). */
export class DivergedError extends Error {
  override name = 'DivergedError'
  readonly epoch: number
  readonly loss: number
  readonly weights: Float32Array[]
  readonly biases: Float32Array[]

  constructor({ epoch, loss, weights, biases }: Divergence) {
    super(`the training loss became ${loss} in epoch ${epoch}: lower the learning rate, or scale the inputs`)
    this.epoch = epoch
    this.loss = loss
    this.weights = weights
    this.biases = biases
  }
}

/** Steps of {@link editDistance} that a search for a name may take: some tens of milliseconds. */
const MOST_STEPS = 1 << 24

/** How many letters differ; anything above `most` where more than `most` do. */
function editDistance(a: string, b: string, most: number): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  let row = previous.slice()
  for (let i = 1; i <= a.length; i++) {
    let least = (row[0] = i)
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const distance = Math.min(row[j - 1]! + 1, previous[j]! + 1, substitution)
      row[j] = distance
      if (distance < least) least = distance
    }
    if (least > most) return least
    ;[previous, row] = [row, previous]
  }
  return previous[b.length]!
}

/**
 * The known name that is nearest to a mistyped one, if any is near enough to be meant. Files have any number of names of
 * any length: the search ends, with the nearest so far, when it has taken a bounded number of steps.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let most = Math.max(2, Math.floor(name.length / 2))
  let steps = 0
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) > most) continue
    steps += (wanted.length + 1) * (candidate.length + 1)
    if (steps > MOST_STEPS) break
    const distance = editDistance(wanted, candidate.toLowerCase(), most)
    if (distance <= most) [best, most] = [candidate, distance - 1]
    if (most < 0) break
  }
  return best
}

/** Names in an error message: as many as are worth reading, each cut short. */
export function listNames(names: readonly unknown[], most = 20): string {
  const shown = names.slice(0, most).map((name) => shorten(String(name)))
  return names.length > most ? `${shown.join(', ')}, …` : shown.join(', ')
}

/**
 * Checks a name that comes from outside, such as a request or a form, and gives it the type of the known ones.
 * @param argument how the error calls it
 * @throws InputError that suggests the nearest known name
 * @example const loss = checkName('loss', 'huber', lossNames) // 'huber'
 */
export function checkName<T extends string>(argument: string, name: unknown, known: readonly T[]): T {
  if (typeof name === 'string' && (known as readonly string[]).includes(name)) return name as T
  const near = typeof name === 'string' ? nearestName(name, known) : undefined
  throw new InputError(`${argument}: unknown name ${describe(name)}${suggest(near)}; known are ${listNames(known)}`)
}

/** The end of a sentence about a name that is not known. */
export const suggest = (near: string | undefined) => (near === undefined ? '' : ` (did you mean ${describe(near)}?)`)

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

/** A value as it is shown in an error message: short, on one line. Whatever a file holds, this does not fail. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${escapeControls(shorten(value))}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return shorten(String(value))
  if (Array.isArray(value)) return `an array of ${value.length}`
  const name = classNameOf(value)
  return name === undefined ? 'an object' : `a ${shorten(name)}`
}

/** The name of an object's class; not value.constructor, because an object from a file may have a field of that name. */
function classNameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const made = (Object.getPrototypeOf(value) as { constructor?: unknown } | null)?.constructor
  const name: unknown = typeof made === 'function' ? made.name : undefined
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** Characters of a value within a message. */
const LONGEST_VALUE = 40

/** The beginning of a text, as a value within a message. */
export function shorten(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

/** Characters of the beginning and of the end of a long message: its end says what is expected. */
const LONGEST_BEGINNING = 360
const LONGEST_END = 120

/** Twice, because escaped characters are longer, and a message may be as long as a file. */
const shortenMessage = (message: string) => leaveOutMiddle(escapeControls(leaveOutMiddle(message)))

function leaveOutMiddle(message: string): string {
  if (message.length <= LONGEST_BEGINNING + LONGEST_END + 3) return message
  return `${message.slice(0, LONGEST_BEGINNING)} … ${message.slice(-LONGEST_END)}`
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
 * Characters that a terminal obeys instead of showing them, or that make text look like other text: C0, DEL and C1
 * controls, line and paragraph separators, and the marks that change the direction of writing.
 */
const controls = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/**
 * Text from outside (names, classes, paths, messages of drivers) as one line that a terminal can show: each control
 * character becomes its six characters \u001b. Within JSON text that is the same string, so JSON keeps its meaning.
 * @example console.log(escapeControls(network.classes?.join(', ') ?? ''))
 */
export function escapeControls(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
