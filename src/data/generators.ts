import { checkName } from '../core/errors.ts'
import { Random } from '../core/random.ts'
import { type Fields, number, readOptions, withDefault } from '../core/schema.ts'
import { cosineAndSine } from './angle.ts'
import { Dataset } from './dataset.ts'
import { generatorFields, type GeneratorOptions } from './generator-options.ts'
import { Matrix } from '../core/matrix.ts'

export { digits, type DigitsOptions } from './digits.ts'
export type { GeneratorOptions }

/** What {@link circle} takes. */
export interface CircleOptions extends GeneratorOptions {
  /** The radius of the circle around (0, 0), above 0. Default 0.65: then 33 % of the points are inside. */
  radius?: number | undefined
}

/** What {@link spirals} takes. */
export interface SpiralsOptions extends GeneratorOptions {
  /** How many times each arm winds around the middle, above 0. Default 1. */
  turns?: number | undefined
}

export const linearSchema = { name: 'linear', fields: generatorFields() }
export const xorSchema = { name: 'xor', fields: generatorFields() }
export const moonsSchema = { name: 'moons', fields: generatorFields(0.1) }

export const circleSchema = {
  name: 'circle',
  fields: {
    ...generatorFields(),
    radius: withDefault(number({ min: 0, exclusive: true }), 0.65),
  } satisfies Fields<CircleOptions>,
}

export const spiralsSchema = {
  name: 'spirals',
  fields: {
    ...generatorFields(0.02),
    turns: withDefault(number({ min: 0, max: 100, exclusive: true }), 1),
  } satisfies Fields<SpiralsOptions>,
}

type Point = readonly [x: number, y: number]

/**
 * Points in the square [−1, 1)² on the two sides of a line: class 1 where x − 1.5 y > 0.4. One target column, 0 or 1:
 * what a single neuron can learn.
 * @param options the number of `samples` (default 500), the standard deviation of the `noise` of each coordinate
 *   (default 0), and the `seed` (default random)
 * @returns inputs samples × 2 (`x`, `y`), targets samples × 1, classes `left` and `right`
 * @throws InputError for options that are unknown or out of range
 * @example const { inputs, targets } = linear({ samples: 100, seed: 7 })
 */
export function linear(options: GeneratorOptions = {}): Dataset {
  const { samples, noise, random } = withRandom(readOptions(linearSchema, options))
  const inputs = new Matrix(samples, 2)
  const targets = new Matrix(samples, 1)
  for (let i = 0; i < samples; i++) {
    const [x, y] = pointInSquare(random)
    targets.data[i] = Number(x - 1.5 * y > 0.4)
    place(inputs, i, [x, y], noise, random)
  }
  return Dataset.from(inputs, targets, { features: ['x', 'y'], classes: ['left', 'right'] })
}

/**
 * Points in the square [−1, 1)², inside or outside of a circle around the middle: what a 2-3-2 network can learn.
 * @param options the number of `samples` (default 500), the `radius` of the circle (default 0.65), the standard
 *   deviation of the `noise` of each coordinate (default 0), and the `seed` (default random)
 * @returns inputs samples × 2 (`x`, `y`), targets samples × 2, one-hot, classes `outside` and `inside`
 * @throws InputError for options that are unknown or out of range
 * @example const data = circle({ samples: 500, seed: 7, noise: 0.05 })
 */
export function circle(options: CircleOptions = {}): Dataset {
  const { radius, ...common } = readOptions(circleSchema, options)
  return twoClasses(withRandom(common), ['outside', 'inside'], ({ random }) => {
    const point = pointInSquare(random)
    return [point, Number(point[0] * point[0] + point[1] * point[1] < radius * radius)]
  })
}

/**
 * Points in the square [−1, 1)², classed by whether x and y have the same sign: no line divides them.
 * @param options the number of `samples` (default 500), the standard deviation of the `noise` of each coordinate
 *   (default 0), and the `seed` (default random)
 * @returns inputs samples × 2 (`x`, `y`), targets samples × 2, one-hot, classes `same` and `different`
 * @throws InputError for options that are unknown or out of range
 * @example const data = xor({ samples: 200, seed: 7 })
 */
export function xor(options: GeneratorOptions = {}): Dataset {
  return twoClasses(withRandom(readOptions(xorSchema, options)), ['same', 'different'], ({ random }) => {
    const point = pointInSquare(random)
    return [point, Number(point[0] < 0 !== point[1] < 0)]
  })
}

/**
 * Two half circles of radius 1 that reach into each other, as many points on each: the upper around (0, 0), the lower
 * around (1, 0.5). Without noise x is in [−1, 2] and y in [−0.5, 1].
 * @param options the number of `samples` (default 500), the standard deviation of the `noise` of each coordinate
 *   (default 0.1), and the `seed` (default random)
 * @returns inputs samples × 2 (`x`, `y`), targets samples × 2, one-hot, classes `upper` and `lower`, taking turns
 * @throws InputError for options that are unknown or out of range
 * @example const data = moons({ samples: 400, seed: 7, noise: 0.15 })
 */
export function moons(options: GeneratorOptions = {}): Dataset {
  return twoClasses(withRandom(readOptions(moonsSchema, options)), ['upper', 'lower'], ({ random, sample }) => {
    const [cosine, sine] = cosineAndSine(Math.PI * random.uniform())
    return sample % 2 === 0 ? [[cosine, sine], 0] : [[1 - cosine, 0.5 - sine], 1]
  })
}

/**
 * Two spiral arms around the middle, half a turn apart, as many points on each, within the circle of radius 1.
 * @param options the number of `samples` (default 500), the number of `turns` of each arm (default 1), the standard
 *   deviation of the `noise` of each coordinate (default 0.02), and the `seed` (default random)
 * @returns inputs samples × 2 (`x`, `y`), targets samples × 2, one-hot, classes `first` and `second`, taking turns
 * @throws InputError for options that are unknown or out of range
 * @example const data = spirals({ samples: 400, seed: 7, turns: 1.5 })
 */
export function spirals(options: SpiralsOptions = {}): Dataset {
  const { turns, ...common } = readOptions(spiralsSchema, options)
  return twoClasses(withRandom(common), ['first', 'second'], ({ random, sample }) => {
    // The root spreads the points evenly along the arm; the arms start a little off the middle, where they would meet.
    const radius = 0.08 + 0.92 * Math.sqrt(random.uniform())
    const label = sample % 2
    const [cosine, sine] = cosineAndSine(2 * Math.PI * turns * radius + Math.PI * label)
    return [[radius * cosine, radius * sine], label]
  })
}

const truthTables = {
  and: [0, 0, 0, 1],
  or: [0, 1, 1, 1],
  nand: [1, 1, 1, 0],
  xor: [0, 1, 1, 0],
}

/** The logic gates that {@link gate} knows. */
export type GateName = keyof typeof truthTables

/**
 * The truth table of a logic gate: the four rows 00, 01, 10, 11.
 * @param name `and`, `or`, `nand` or `xor`
 * @returns inputs 4 × 2 (`a`, `b`), targets 4 × 1, classes `false` and `true`
 * @throws InputError for an unknown name
 * @example gate('xor').targets.toArray() // [[0], [1], [1], [0]]
 */
export function gate(name: GateName): Dataset {
  const table = truthTables[checkName('gate', name, Object.keys(truthTables) as GateName[])]
  const inputs = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]
  const targets = new Matrix(4, 1, Float32Array.from(table))
  return Dataset.from(inputs, targets, { features: ['a', 'b'], classes: ['false', 'true'] })
}

interface Common {
  samples: number
  noise: number
  random: Random
}

const withRandom = ({ samples, noise, seed }: { samples: number; noise: number; seed: number }): Common => ({
  samples,
  noise,
  random: new Random(seed, 'data'),
})

/** Uniform in [−1, 1)²; exact in float32, so that the class of a point follows from the stored coordinates. */
function pointInSquare(random: Random): Point {
  const x = 2 * random.uniform() - 1
  return [x, 2 * random.uniform() - 1]
}

function place(inputs: Matrix, sample: number, [x, y]: Point, noise: number, random: Random): void {
  inputs.data[2 * sample] = noise === 0 ? x : x + noise * random.normal()
  inputs.data[2 * sample + 1] = noise === 0 ? y : y + noise * random.normal()
}

function twoClasses(
  { samples, noise, random }: Common,
  classes: readonly [string, string],
  draw: (source: { random: Random; sample: number }) => readonly [point: Point, label: number],
): Dataset {
  const inputs = new Matrix(samples, 2)
  const targets = new Matrix(samples, 2)
  for (let sample = 0; sample < samples; sample++) {
    const [point, label] = draw({ random, sample })
    place(inputs, sample, point, noise, random)
    targets.data[2 * sample + label] = 1
  }
  return Dataset.from(inputs, targets, { features: ['x', 'y'], classes })
}
