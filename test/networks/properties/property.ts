import type { Backend } from '../../../src/backend/backend.ts'
import { Dataset } from '../../../src/data/dataset.ts'
import { Matrix } from '../../../src/core/matrix.ts'
import { Random } from '../../../src/core/random.ts'
import { Network } from '../../../src/model/network.ts'
import type { Case } from '../cases.ts'
import type { Outcome, Run } from '../train.ts'

/** One of the two computations that a property says are the same. */
export interface Side {
  readonly run: Run
  /** How results are computed; default: the whole training of the run. */
  readonly compute?: (run: Run, backend: Backend) => Promise<Outcome>
  /** The results as the other side has them; default: as they are. */
  readonly view?: (outcome: Outcome) => Outcome
}

/**
 * A property of training that holds whatever the right values are (a metamorphic property): two different computations
 * whose results are the same, up to rounding.
 */
export interface Property {
  /** Makes a random case one that the property is about. */
  readonly adapt: (one: Case) => Partial<Case>
  readonly sides: (run: Run, random: Random) => readonly [Side, Side]
  /** Whether the parameters have the same bits. */
  readonly exact?: boolean
}

/** Options with which scaling a gradient is scaling the learning rate. */
export const plainDescent = { optimizer: 'sgd', weightDecay: 0, clipNorm: 0, l1: 0, l2: 0 } as const

/** No dropout: units are dropped by their number and by the number of the row. */
export const noDropout = ({ dropout }: Case) => ({ dropout: dropout.map(() => 0) })

/** A random order of the numbers below `count`, other than 0, 1, 2 … where there is one. */
export function permutation(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return count > 1 && order.every((from, i) => from === i) ? [...order.slice(1), 0] : order
}

/** Column i of the result is column order[i] of a matrix with this many columns. */
export const takeColumns = (values: ArrayLike<number>, columns: number, order: readonly number[]): number[] =>
  Array.from({ length: (values.length / columns) * order.length }, (_, i) => {
    return values[Math.floor(i / order.length) * columns + order[i % order.length]!]!
  })

/** Row i of the result is row order[i]. */
export const takeRows = (values: ArrayLike<number>, columns: number, order: readonly number[]): number[] =>
  order.flatMap((row) => Array.from({ length: columns }, (_, j) => values[row * columns + j]!))

/** The order that undoes a permutation. */
export const inverse = (order: readonly number[]): number[] => order.map((_, i) => order.indexOf(i))

/** The network with other parameters, in float32. */
export const withParameters = (
  { sizes, activations }: Pick<Network, 'sizes' | 'activations'>,
  weights: readonly ArrayLike<number>[],
  biases: readonly ArrayLike<number>[],
): Network =>
  Network.from({
    sizes: [...sizes],
    activations: [...activations],
    weights: weights.map((values) => Float32Array.from(values)),
    biases: biases.map((values) => Float32Array.from(values)),
  })

/** A matrix with these values. */
export const matrixOf = (columns: number, values: readonly number[]): Matrix =>
  new Matrix(values.length / columns, columns, Float32Array.from(values))

/** The samples with other inputs or targets, and their own weights. */
export function withMatrices(data: Dataset, { inputs = data.inputs, targets = data.targets }: Partial<Dataset>) {
  return Dataset.from(inputs, targets, data.weights ? { weights: data.weights } : {})
}

/** The rows 0, 0, … 1, 1, … of a data set of this length. */
export const repeated = (length: number, times: (row: number) => number): number[] =>
  Array.from({ length }, (_, row) => Array.from({ length: times(row) }, () => row)).flat()

/** Changes groups of an outcome. */
export function mapGroups(
  outcome: Outcome,
  change: (name: string, values: readonly number[]) => readonly number[] | undefined,
): Outcome {
  return Object.fromEntries(
    Object.entries(outcome).flatMap(([name, values]) => {
      const changed = change(name, values)
      return changed ? [[name, changed]] : []
    }),
  )
}
