/** Trainings that diverge, each with the cause that is expected. */
import { Random } from '../src/core/random.ts'
import {
  adam,
  circle,
  Dataset,
  type DivergenceCause,
  exponential,
  type Fix,
  Network,
  scale,
  scaleTargets,
  sgd,
  standardize,
  standardizeTargets,
  type TrainerOptions,
} from '../src/index.ts'

/** A training that diverges. */
export interface DivergingRun {
  readonly network: Network
  readonly data: Dataset
  readonly options: TrainerOptions
  readonly epochs: number
  readonly shuffle?: boolean
}

/** A regression: the target is a sum of the inputs. @param change makes each value from one of about −1 to 1 */
export function sums(
  count = 60,
  change: {
    readonly x?: (x: number, row: number, column: number) => number
    readonly y?: (y: number, row: number) => number
  } = {},
): Dataset {
  const random = new Random(5, 'data')
  const { x = (value) => value, y = (value) => value } = change
  const rows = Array.from({ length: count }, () => [random.between(-1, 1), random.between(-1, 1)])
  const inputs = rows.map((row, i) => row.map((value, j) => x(value, i, j)))
  const targets = rows.map(([a, b], i) => [y(a! - 0.5 * b!, i)])
  return Dataset.from(inputs, targets, { features: ['area', 'age'] })
}

export const line = (hidden: 'tanh' | 'relu' | 'linear' = 'tanh', sizes = [2, 6, 1]): Network =>
  Network.create({ sizes, hidden, output: 'linear', seed: 3 })

const mse = { loss: 'meanSquaredError', batchSize: 10, seed: 4 } as const
const classes = circle({ samples: 60, seed: 2 })
const classifier = (hidden: 'tanh' | 'relu' | 'linear' = 'tanh') =>
  Network.create({ sizes: [2, 6, 2], hidden, seed: 3 })
const regression = (data: Dataset, options: TrainerOptions, network = line(), epochs = 30): DivergingRun => ({
  ...{ network, data, epochs, options: { ...mse, ...options } },
})

export const divergingRuns: [name: string, cause: DivergenceCause, run: DivergingRun][] = [
  [
    'one input of 1e20',
    'row',
    regression(
      sums(60, { x: (x, i, j) => (i === 16 && j === 0 ? 1e20 : x) }),
      { optimizer: sgd({ learningRate: 0.05 }) },
      line('relu'),
    ),
  ],
  [
    'one target of 1e25',
    'row',
    regression(sums(60, { y: (y, i) => (i === 41 ? 1e25 : y) }), { optimizer: sgd({ learningRate: 0.05 }) }),
  ],
  [
    'two inputs of −1e18',
    'row',
    regression(
      sums(60, { x: (x, i, j) => (i % 40 === 7 && j === 1 ? -1e18 : x) }),
      { optimizer: sgd({ learningRate: 0.05 }) },
      line('relu'),
    ),
  ],
  [
    'weights of 500',
    'weights',
    regression(
      sums().withWeights(new Float32Array(60).fill(500)),
      { optimizer: sgd({ learningRate: 0.1 }) },
      line('linear'),
    ),
  ],
  [
    'l2 of 10 at a rate of 1',
    'penalty',
    {
      network: Network.create({ sizes: [2, 3, 2], seed: 1 }),
      data: classes,
      epochs: 60,
      options: { optimizer: sgd({ learningRate: 1 }), l2: 10, seed: 1 },
    },
  ],
  [
    'a weight decay of 50',
    'penalty',
    {
      network: classifier(),
      data: classes,
      epochs: 60,
      options: { optimizer: sgd({ learningRate: 0.1, weightDecay: 50 }), seed: 1 },
    },
  ],
  [
    'a momentum of 1.2',
    'momentum',
    regression(sums(), { optimizer: sgd({ learningRate: 0.01, momentum: 1.2 }) }, line(), 90),
  ],
  [
    'inputs up to 2000',
    'inputs',
    regression(
      sums(60, { x: (x, _, j) => (j === 0 ? 1000 + 1000 * x : x) }),
      { optimizer: sgd({ learningRate: 0.05 }) },
      line('linear'),
    ),
  ],
  [
    'targets up to 5e5',
    'targets',
    regression(sums(60, { y: (y) => 3e5 * y }), { optimizer: sgd({ learningRate: 0.1 }) }, line('relu', [2, 12, 1])),
  ],
  ['a rate of 50', 'learningRate', regression(sums(), { optimizer: sgd({ learningRate: 50 }) })],
  [
    'a rate of 0.9 of a linear network',
    'learningRate',
    regression(scaled(sums(60, { x: (x) => 4 * x })), { optimizer: sgd({ learningRate: 0.9 }) }, line('linear'), 60),
  ],
  [
    'a rate of 1e30 of adam',
    'learningRate',
    regression(sums(), { optimizer: adam({ learningRate: 1e30 }) }, line('relu')),
  ],
  [
    'a schedule from 40 on',
    'learningRate',
    regression(sums(), { optimizer: sgd({ learningRate: exponential({ learningRate: 40, factor: 0.9 }) }) }),
  ],
  [
    'ten layers of relu with large weights',
    'gradients',
    regression(sums(), { optimizer: sgd({ learningRate: 0.01 }) }, deep(), 20),
  ],
]

function deep(): Network {
  const network = Network.create({
    sizes: [2, ...new Array<number>(9).fill(12), 1],
    hidden: 'relu',
    output: 'linear',
    init: 'heNormal',
    seed: 5,
  })
  network.parameters.forEach((value, i) => (network.parameters[i] = 1.7 * value))
  return network
}

export function scaled(data: Dataset): Dataset {
  const inputs = scale(data, standardize(data))
  return scaleTargets(inputs, standardizeTargets(data))
}

/** The same training with a fix. */
export function withFix(run: DivergingRun, fix: Fix): DivergingRun {
  const { learningRate, clipNorm, momentum, weightDecay, l1, l2, rows = [] } = fix
  const optimizer = run.options.optimizer!
  const kept = Array.from({ length: run.data.length }, (_, i) => i).filter((i) => !rows.includes(i + 1))
  let data = rows.length > 0 ? run.data.take(kept) : run.data
  if (fix.standardize) data = scale(data, standardize(data))
  if (fix.standardizeTargets) data = scaleTargets(data, standardizeTargets(data))
  if (fix.weightDivisor) data = data.withWeights(data.weights!.map((weight) => weight / fix.weightDivisor!))
  const changed = {
    ...optimizer,
    ...(learningRate !== undefined && { learningRate }),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(momentum !== undefined && { momentum }),
    ...(weightDecay !== undefined && { weightDecay }),
  }
  const options = {
    ...run.options,
    optimizer: changed,
    ...(l1 !== undefined && { l1 }),
    ...(l2 !== undefined && { l2 }),
  }
  return { ...run, data, options }
}
