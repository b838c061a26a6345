/** The inputs that a network can have for a point of the plane: its coordinates, and functions of them. */

/** The waves of the sine inputs between −1 and 1. */
const WAVES = 2
const sine = (value: number) => Math.sin(Math.PI * WAVES * value)

interface PlaneInput {
  /** How the page calls it. */
  label: string
  /** Its name in saved models: the formula. */
  name: string
  /** What it is good for, as a sentence. */
  hint: string
  valueAt: (x: number, y: number) => number
}

export const featureNames = ['x', 'y', 'x2', 'y2', 'xy', 'sinX', 'sinY'] as const
export type FeatureName = (typeof featureNames)[number]

export const planeInputs: Readonly<Record<FeatureName, PlaneInput>> = {
  x: { label: 'x', name: 'x', hint: 'How far right a point is.', valueAt: (x) => x },
  y: { label: 'y', name: 'y', hint: 'How far up a point is.', valueAt: (_, y) => y },
  x2: {
    label: 'x²',
    name: 'x²',
    hint: 'x times x: large at the left and the right edge, 0 in between.',
    valueAt: (x) => x * x,
  },
  y2: {
    label: 'y²',
    name: 'y²',
    hint: 'y times y: large at the top and the bottom edge, 0 in between.',
    valueAt: (_, y) => y * y,
  },
  xy: {
    label: 'x·y',
    name: 'x·y',
    hint: 'x times y: positive where x and y have the same sign.',
    valueAt: (x, y) => x * y,
  },
  sinX: {
    label: 'sin x',
    name: 'sin(2πx)',
    hint: `Waves from left to right: sin(2πx), one wave for each step of 1.`,
    valueAt: (x) => sine(x),
  },
  sinY: {
    label: 'sin y',
    name: 'sin(2πy)',
    hint: `Waves from bottom to top: sin(2πy), one wave for each step of 1.`,
    valueAt: (_, y) => sine(y),
  },
}

/** The inputs that are on in a new network. */
export const initialFeatures: readonly FeatureName[] = ['x', 'y']

/** These inputs in the order of {@link featureNames}, each once; the initial ones if there are none. */
export function orderFeatures(names: readonly FeatureName[]): FeatureName[] {
  const ordered = featureNames.filter((name) => names.includes(name))
  return ordered.length > 0 ? ordered : [...initialFeatures]
}

/**
 * The inputs of points of the plane.
 * @param points points × 2, row by row: x and y
 * @returns points × features, row by row
 */
export function featuresOfPoints(points: ArrayLike<number>, features: readonly FeatureName[]): Float32Array {
  const values = new Float32Array((points.length / 2) * features.length)
  for (let i = 0; 2 * i < points.length; i++) {
    features.forEach((name, j) => {
      values[i * features.length + j] = planeInputs[name].valueAt(points[2 * i]!, points[2 * i + 1]!)
    })
  }
  return values
}
