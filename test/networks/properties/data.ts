import type { Backend } from '../../../src/backend/backend.ts'
import { Dataset, Trainer } from '../../../src/index.ts'
import type { Case } from '../cases.ts'
import { type Outcome, parameterGroups, type Run, trainerOptions } from '../train.ts'
import { mapGroups, noDropout, plainDescent, type Property, repeated, takeRows } from './property.ts'

const losses = ['losses', 'validation', 'evaluation']

/** The losses of an outcome multiplied by a factor. */
const scaleLosses = (outcome: Outcome, factor: number) =>
  mapGroups(outcome, (name, values) => (losses.includes(name) ? values.map((value) => factor * value) : values))

/** The predictions of these rows in the place of all. */
const predictionsOf = (outcome: Outcome, columns: number, rows: readonly number[]) =>
  mapGroups(outcome, (name, values) => (name === 'predictions' ? takeRows(values, columns, rows) : values))

const withWeights = (data: Dataset, weights: readonly number[]) => data.withWeights(Float32Array.from(weights))

/** Every row `times` times, in minibatches that are as much larger. */
function repeatRows(run: Run, times: number): readonly [{ run: Run }, { run: Run; view: (o: Outcome) => Outcome }] {
  const { one, data } = run
  const rows = repeated(data.length, () => times)
  const other = { ...one, batchSize: times * one.batchSize, samples: rows.length }
  const first = Array.from({ length: data.length }, (_, row) => row * times)
  return [
    { run },
    {
      run: { ...run, one: other, data: data.take(rows) },
      view: (outcome) => predictionsOf(outcome, one.sizes.at(-1)!, first),
    },
  ]
}

/** Two or three parts of a data set, as the beginnings and ends of their rows; one of a single row. */
function partsOf(length: number, below: (limit: number) => number): (readonly [number, number])[] {
  const cut = new Set(length > 1 ? [0, 1 + below(length - 1), 1 + below(length - 1), length] : [0, 1])
  const ends = [...cut].sort((a, b) => a - b)
  return ends.slice(1).map((end, i) => [ends[i]!, end] as const)
}

/** The mean of outcomes of parts, by the number of their rows; `rows` of each are put one after another. */
function meanOf(parts: readonly { outcome: Outcome; length: number }[], all: number): Outcome {
  return mapGroups(parts[0]!.outcome, (name, values) =>
    name === 'predictions'
      ? parts.flatMap(({ outcome }) => outcome[name]!)
      : values.map((_, i) => parts.reduce((sum, { outcome, length }) => sum + (length / all) * outcome[name]![i]!, 0)),
  )
}

/** Runs `work` on a new trainer of the run. */
async function onTrainer(run: Run, backend: Backend, work: (trainer: Trainer) => Promise<Outcome>): Promise<Outcome> {
  const trainer = await Trainer.create(run.network.clone(), trainerOptions(run, backend))
  try {
    return await work(trainer)
  } finally {
    trainer.dispose()
  }
}

async function gradientOf(trainer: Trainer, { inputs, targets }: Dataset): Promise<Outcome> {
  const { loss, weights, biases } = await trainer.gradients(inputs, targets)
  return { loss: [loss], ...parameterGroups({ weights, biases }) }
}

async function scoreOf(trainer: Trainer, data: Dataset): Promise<Outcome> {
  const { loss } = await trainer.evaluate(data)
  const { data: predictions } = await trainer.predict(data.inputs)
  return { evaluation: [loss], predictions: [...predictions] }
}

/** A computation over the whole data on one side, and over random parts of them on the other. */
function inParts(compute: (trainer: Trainer, data: Dataset) => Promise<Outcome>): Property['sides'] {
  return (run, random) => {
    const parts = partsOf(run.data.length, (limit) => random.below(limit))
    const whole = (run: Run, backend: Backend) => onTrainer(run, backend, (trainer) => compute(trainer, run.data))
    const divided = (run: Run, backend: Backend) =>
      onTrainer(run, backend, async (trainer) => {
        const found: { outcome: Outcome; length: number }[] = []
        for (const [start, end] of parts) {
          found.push({ outcome: await compute(trainer, run.data.slice(start, end)), length: end - start })
        }
        return meanOf(found, run.data.length)
      })
    return [
      { run, compute: whole },
      { run, compute: divided },
    ]
  }
}

/** Trains in calls of these numbers of epochs. */
const inCalls =
  (calls: readonly number[]) =>
  (run: Run, backend: Backend): Promise<Outcome> =>
    onTrainer(run, backend, async (trainer) => {
      const found: number[] = []
      for (const epochs of calls) {
        const history = await trainer.fit(run.data, { epochs, shuffle: run.one.shuffle })
        found.push(...history.epochs.map(({ loss }) => loss))
      }
      return { losses: found, ...parameterGroups(await trainer.read()) }
    })

/** Whole minibatches, without shuffling. */
const wholeBatches = ({ samples, batchSize }: Case) => ({
  shuffle: false,
  samples: Math.max(1, Math.floor(samples / batchSize)) * batchSize,
  call: 'fit' as const,
  schedule: 'none' as const,
})

/** Other data, minibatches or weights with which a network learns the same. */
export const dataProperties: Record<string, Property> = {
  'the weights of all samples times a number, and the learning rate divided by it': {
    adapt: () => ({ ...plainDescent, weights: 'samples' }),
    sides: (run, random) => {
      const factor = [0.5, 3, 10][random.below(3)]!
      const { data, learningRate } = run
      const weights = Array.from(data.weights!, (weight) => factor * weight)
      const other = { ...run, data: withWeights(data, weights), learningRate: learningRate / factor }
      return [{ run }, { run: other, view: (outcome) => scaleLosses(outcome, 1 / factor) }]
    },
  },
  'a weight that is a whole number, and as many copies of the sample': {
    adapt: (one) => ({
      ...plainDescent,
      ...noDropout(one),
      weights: 'none',
      samples: Math.min(one.samples, one.batchSize),
      call: 'fit',
    }),
    sides: (run, random) => {
      const { data, one, learningRate } = run
      // At least one sample is left.
      const counts = Array.from({ length: data.length }, (_, row) => Math.max(row === 0 ? 1 : 0, random.below(4)))
      const rows = repeated(data.length, (row) => counts[row]!)
      const share = data.length / rows.length
      const copied = { ...one, samples: rows.length, batchSize: rows.length }
      // The mean is over more or fewer rows. Rows with a weight of 0 have no copy.
      const kept = counts.flatMap((count, row) => (count > 0 ? [row] : []))
      const first = kept.map((row) => rows.indexOf(row))
      const outputs = one.sizes.at(-1)!
      return [
        {
          run: { ...run, data: withWeights(data, counts) },
          view: (outcome) => predictionsOf(outcome, outputs, kept),
        },
        {
          run: { ...run, one: copied, data: data.take(rows), learningRate: learningRate / share },
          view: (outcome) => scaleLosses(predictionsOf(outcome, outputs, first), 1 / share),
        },
      ]
    },
  },
  'every row several times, in minibatches that are as much larger': {
    adapt: (one) => ({ ...noDropout(one), shuffle: false, batchSize: Math.min(one.batchSize, 100) }),
    sides: (run, random) => repeatRows(run, 2 + random.below(3)),
  },
  'minibatches of copies of one sample, and that sample alone': {
    adapt: (one) => ({ ...noDropout(one), shuffle: false, batchSize: 1, samples: Math.min(one.samples, 4) }),
    sides: (run, random) => repeatRows(run, 2 + random.below(30)),
  },
  'the data twice in half as many epochs': {
    adapt: (one) => ({ ...wholeBatches(one), validation: false, epochs: 2 }),
    exact: true,
    sides: (run) => {
      const { data, one } = run
      const outputs = one.sizes.at(-1)!
      const rows = Array.from({ length: data.length }, (_, row) => row)
      const mean = ([first, second]: readonly number[]) => [(first! + second!) / 2]
      return [
        { run, view: (outcome) => mapGroups(outcome, (name, values) => (name === 'losses' ? mean(values) : values)) },
        {
          run: { ...run, one: { ...one, epochs: 1, samples: 2 * data.length }, data: data.concat(data) },
          view: (outcome) => predictionsOf(outcome, outputs, rows),
        },
      ]
    },
  },
  'epochs in one call, and in two': {
    adapt: ({ schedule }) => ({
      validation: false,
      weights: 'none',
      call: 'fit',
      epochs: 3,
      // Each call watches for a plateau anew.
      schedule: schedule === 'reduceOnPlateau' ? 'exponential' : schedule,
    }),
    exact: true,
    sides: (run) => [
      { run, compute: inCalls([3]) },
      { run, compute: inCalls([1, 2]) },
    ],
  },
  'the data as a whole, and in windows': {
    adapt: (one) => ({ windows: false, samples: Math.max(one.samples, 2 * one.batchSize + 1) }),
    exact: true,
    sides: (run) => [{ run }, { run: { ...run, one: { ...run.one, windows: true } } }],
  },
  'the gradient of a minibatch, and the mean of the gradients of its parts': {
    adapt: (one) => ({ ...noDropout(one), weights: 'none' }),
    sides: inParts(gradientOf),
  },
  'the score of the data, and the mean of the scores of their parts': {
    adapt: ({ weights }) => ({ weights: weights === 'classes' ? 'samples' : weights }),
    sides: inParts(scoreOf),
  },
}
