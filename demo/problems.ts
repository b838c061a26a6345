import { circle, type Dataset, linear, moons, spirals, split, xor } from '../src/index.ts'
import type { Points, View } from './protocol.ts'
import type { ProblemName, Settings } from './settings.ts'

const generators: Record<ProblemName, (options: { samples: number; seed: number; noise: number }) => Dataset> = {
  circle,
  linear,
  xor,
  moons,
  spirals,
}

/** What the problems are called on the page, and what they ask of a network. */
export const problems: Record<ProblemName, { title: string; hint: string }> = {
  circle: { title: 'Circle', hint: 'Inside or outside? Three hidden neurons can fence it in.' },
  linear: { title: 'Line', hint: 'A straight line divides the classes: one neuron is enough.' },
  xor: { title: 'Exclusive or', hint: 'Opposite corners belong together. No line does it.' },
  moons: { title: 'Moons', hint: 'Two half circles that reach into each other.' },
  spirals: { title: 'Spirals', hint: 'The hard one: try two hidden layers and tanh.' },
}

/** 100 on the page's slider is noise of this standard deviation. */
const MOST_NOISE = 0.3

const pointsOf = ({ inputs, targets, features, classes }: Dataset): Points => ({
  inputs: inputs.data,
  targets: targets.data,
  features: [...(features ?? [])],
  classes: [...(classes ?? [])],
})

const none = ({ features, classes }: Points): Points => ({
  inputs: new Float32Array(),
  targets: new Float32Array(),
  features,
  classes,
})

/** The data that the settings describe, the same for the same settings, and the part of the plane around them. */
export function makeProblem({ problem, samples, noise, seed, test }: Settings): {
  train: Points
  test: Points
  view: View
} {
  const all = generators[problem]({ samples, seed, noise: (noise / 100) * MOST_NOISE })
  if (test === 0) {
    const train = pointsOf(all)
    return { train, test: none(train), view: viewAround(train.inputs) }
  }
  const parts = split(all, { test, seed })
  return { train: pointsOf(parts.train), test: pointsOf(parts.test), view: viewAround(all.inputs.data) }
}

/** A square around all points, a little larger than they need. */
function viewAround(points: Float32Array): View {
  const along = (axis: number) => points.filter((_, i) => i % 2 === axis)
  const [left, right] = endsOf(along(0))
  const [bottom, top] = endsOf(along(1))
  const side = 1.1 * Math.max(right - left, top - bottom)
  return { left: (left + right - side) / 2, bottom: (bottom + top - side) / 2, side }
}

const endsOf = (values: Float32Array): [number, number] => [
  values.reduce((low, value) => Math.min(low, value)),
  values.reduce((high, value) => Math.max(high, value)),
]
