import { describe, expect, it } from 'vitest'
import { challenges } from '../demo/challenges/list.ts'
import { defaultsFor, presets, suggested } from '../demo/presets.ts'
import { makeConsistent, problemNames, type BuiltIn, type Settings } from '../demo/settings.ts'
import { optimizerOf } from '../demo/worker/optimizers.ts'
import { prepare } from '../demo/worker/prepare.ts'
import { Network, Trainer } from '../src/index.ts'

const problems = problemNames.filter((name) => name !== 'file')
/** Three seeds, or 20 with `npm run test:presets`. */
const seeds = Array.from({ length: process.env.ALL_SEEDS ? 20 : 3 }, (_, i) => i + 1)

interface Trained {
  /** The first epoch after which the goal was reached; Infinity if it was not. */
  epochs: number
  /** The last scores: R² for regression, otherwise the accuracy. */
  training: number
  test: number
}

/** Trains as the page does, until the goal is reached on the test data, or for a number of epochs. */
async function train(settings: Settings, seed: number, goal: number, epochs: number): Promise<Trained> {
  const consistent = makeConsistent({ ...settings, seed })
  const { problem, loss, batch, l1, l2, dropout, hidden, activations, init } = consistent
  if (problem === 'file') throw new Error('a file has no preset')
  const { train, test = train, kind } = prepare(consistent, problem)
  const sizes = [train.inputs.cols, ...hidden, train.targets.cols]
  const network = Network.create({ sizes, activations, init, seed })
  network.task = kind === 'regression' ? 'regression' : 'classification'
  using trainer = await Trainer.create(network, {
    backend: 'wasm',
    loss,
    optimizer: optimizerOf(consistent),
    batchSize: batch,
    seed,
    l1,
    l2,
    dropout,
  })
  const score = async (of: typeof train) => {
    const { r2, accuracy } = await trainer.evaluate(of)
    return (kind === 'regression' ? r2 : accuracy)!
  }
  let reached = Infinity
  for await (const { epoch } of trainer.epochs(train, { epochs })) {
    if ((await score(test)) < goal) continue
    reached = epoch
    break
  }
  return { epochs: reached, training: await score(train), test: await score(test) }
}

const trainAll = (settings: Settings, { goal = Infinity, epochs }: { goal?: number; epochs: number }) =>
  Promise.all(seeds.map((seed) => train(settings, seed, goal, epochs)))

/** Ten seconds at the speed with which a problem opens, or fewer where an epoch takes long. */
const epochsOf = (problem: BuiltIn) => (problem === 'digits' ? 10 : 600)

/** 19 of 20. */
const enough = Math.ceil(0.95 * seeds.length)

const suggestion = (problem: BuiltIn, i: number) => suggested(problem, presets[problem].suggestions[i]!)
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

describe('presets', () => {
  it.each(problems.filter((problem) => presets[problem].goal !== undefined))(
    'solve %s from 19 of 20 seeds within ten seconds',
    async (problem) => {
      const runs = await trainAll(defaultsFor(problem), { goal: presets[problem].goal!, epochs: epochsOf(problem) })
      expect(runs.filter(({ epochs }) => Number.isFinite(epochs)).length).toBeGreaterThanOrEqual(enough)
    },
  )

  it.each(problems)('of %s are consistent, and their suggestions, too', (problem) => {
    for (const settings of [defaultsFor(problem), ...presets[problem].suggestions.map((s) => suggested(problem, s))]) {
      expect(makeConsistent(settings)).toEqual(settings)
      expect(settings.activations).toHaveLength(settings.hidden.length + 1)
    }
  })
})

describe('suggestions lead to what they say', () => {
  it('two hidden neurons do not enclose the circle', async () => {
    for (const { test } of await trainAll(suggestion('circle', 0), { epochs: 300 })) expect(test).toBeLessThan(0.93)
  })
  it('two layers solve the circle in fewer epochs than one', async () => {
    const goal = presets.circle.goal!
    const [one, two] = await Promise.all(
      [defaultsFor('circle'), suggestion('circle', 1)].map((s) => trainAll(s, { goal, epochs: 600 })),
    )
    expect(median(two!.map(({ epochs }) => epochs))).toBeLessThan(median(one!.map(({ epochs }) => epochs)) / 1.5)
  })
  it('one neuron does not separate the circle', async () => {
    for (const { test } of await trainAll(suggestion('linear', 0), { epochs: 300 })) expect(test).toBeLessThan(0.85)
  })
  it('linear activations leave half of the points of exclusive or wrong', async () => {
    const runs = await trainAll(suggestion('xor', 0), { epochs: 300 })
    expect(median(runs.map(({ training }) => training))).toBeLessThan(0.6)
    for (const { test } of runs) expect(test).toBeLessThan(0.8)
  })
  it('few noisy moons are learned by heart', async () => {
    const runs = await trainAll(suggestion('moons', 0), { epochs: 600 })
    expect(median(runs.map(({ training }) => training))).toBeGreaterThan(0.94)
    expect(median(runs.map(({ training, test }) => training - test))).toBeGreaterThan(0.08)
  })
  it('one neuron cuts off the tips of the moons', async () => {
    for (const { test } of await trainAll(suggestion('moons', 1), { epochs: 600 })) {
      expect(test).toBeGreaterThan(0.7)
      expect(test).toBeLessThan(0.97)
    }
  })
  it('sigmoid needs many times as many epochs for the spirals', async () => {
    const goal = presets.spirals.goal!
    const runs = await Promise.all(
      [defaultsFor('spirals'), suggestion('spirals', 0)].map((s) => trainAll(s, { goal, epochs: 1500 })),
    )
    const [tanh, sigmoid] = runs.map((of) => median(of.map(({ epochs }) => epochs)))
    expect(sigmoid).toBeGreaterThan(5 * tanh!)
  })
  it('too large a learning rate guesses', async () => {
    const runs = await trainAll(suggestion('spirals', 1), { epochs: 200 })
    expect(median(runs.map(({ test }) => test))).toBeLessThan(0.6)
  })
  it('relu also forms hills, a linear activation does not', async () => {
    const [relu, linear] = await Promise.all([0, 1].map((i) => trainAll(suggestion('hills', i), { epochs: 300 })))
    expect(median(relu!.map(({ test }) => test))).toBeGreaterThan(0.8)
    for (const { test } of linear!) expect(test).toBeLessThan(0.5)
  })
  it('100 digits are learned by heart', async () => {
    const runs = await Promise.all(seeds.slice(0, 8).map((seed) => train(suggestion('digits', 0), seed, Infinity, 40)))
    for (const { training, test } of runs) {
      expect(training).toBeGreaterThan(0.98)
      expect(test).toBeLessThan(0.95)
      expect(test).toBeGreaterThan(0.75)
    }
  })
  it('the ring is learned', async () => {
    const runs = await trainAll(suggestion('own', 0), { goal: 1, epochs: 600 })
    expect(runs.filter(({ epochs }) => Number.isFinite(epochs)).length).toBeGreaterThanOrEqual(enough)
  })
})

/** Settings that solve each challenge, and epochs that are enough. */
const solutions: Record<string, { change: Partial<Settings>; epochs: number }> = {
  'circle-inputs': {
    change: { hidden: [], activations: ['sigmoid'], features: ['x2', 'y2'] },
    epochs: 30,
  },
  'xor-inputs': {
    change: { hidden: [], activations: ['sigmoid'], features: ['xy'], learningRate: 1 },
    epochs: 100,
  },
  'moons-3': { change: { hidden: [3] }, epochs: 300 },
  'spirals-3': { change: { hidden: [3], activations: ['tanh', 'sigmoid'] }, epochs: 300 },
  'hills-3': { change: { hidden: [3] }, epochs: 400 },
  'circle-20': { change: { hidden: [8], activations: ['tanh', 'sigmoid'], batch: 5 }, epochs: 20 },
  'digits-8': { change: { hidden: [8] }, epochs: 6 },
  'xor-3': {
    change: { hidden: [3], activations: ['tanh', 'sigmoid'], optimizer: 'adam', learningRate: 0.03 },
    epochs: 1500,
  },
}

const neuronsOf = ({ hidden }: Settings) => hidden.reduce((sum, size) => sum + size, 0)

describe('challenges', () => {
  it.each(challenges)('$text: the preset is not allowed, but there is a solution', async (challenge) => {
    const { problem, score } = challenge
    const settings = defaultsFor(problem)
    expect(challenge.allows({ settings, neurons: neuronsOf(settings), epoch: 100 })).toBe(false)
    const { change, epochs } = solutions[challenge.id]!
    const solving = { ...settings, ...change }
    expect(challenge.allows({ settings: solving, neurons: neuronsOf(solving), epoch: 20 })).toBe(true)
    const runs = await trainAll(solving, { goal: score, epochs })
    expect(Math.min(...runs.map((run) => run.epochs))).toBeLessThanOrEqual(epochs)
  })
})
