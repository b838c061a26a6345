import type { PlanChoice } from '../../src/backend/webgpu/options.ts'
import {
  adam,
  type Backend,
  type Checkpoint,
  DataStream,
  DivergedError,
  type Epoch,
  liveSweep,
  type Network,
  type Recovery,
  reduceOnPlateau,
  sgd,
  type Step,
  sweep,
  Trainer,
  type TrainerOptions,
} from '../../src/index.ts'
import { randomData, randomNetwork } from '../backends.ts'

/** What is called while a training runs. */
export interface Watch {
  onRecovery?: (recovery: Omit<Recovery, 'epoch'>) => void
  /** After results that the training did not have before: an epoch, a step, an answer. */
  onProgress?: () => void
}

/** A training with everything that a user can see of it, which must not depend on losses. */
export interface Training {
  readonly name: string
  readonly plan?: PlanChoice
  /** Everything that must be the same to the bit, as plain values. */
  run(backend: Backend, watch: Watch): Promise<unknown>
}

const small = randomNetwork([2, 3, 2], 'tanh', 'sigmoid', 1)
/** More than 120 parameters: loops in workgroup memory. */
const medium = randomNetwork([6, 14, 9, 3], 'tanh', 'softmax', 1)
const wide = randomNetwork([12, 30, 5], 'tanh', 'softmax', 1)

const dataOf = (network: Network, samples = 41) => randomData(samples, network.sizes[0]!, network.sizes.at(-1)!, 2)
const validationOf = (network: Network) => randomData(17, network.sizes[0]!, network.sizes.at(-1)!, 3)
const usualOf = (network: Network): TrainerOptions => ({
  loss: network.layers.at(-1)!.activation === 'softmax' ? 'crossEntropy' : 'quadratic',
  optimizer: adam({ learningRate: 0.02 }),
  batchSize: 5,
  seed: 3,
})

const withoutTimes = ({ epoch, loss, accuracy, validation, steps, learningRate }: Epoch) => ({
  epoch,
  loss,
  accuracy,
  validation,
  steps,
  learningRate,
})

const withoutBackend = ({ notes: _, ...kept }: Checkpoint) => kept

/** A trainer, and what decides how it goes on. */
async function endOf(trainer: Trainer) {
  const { epoch, step, snapshot, plateau, stopping } = await trainer.checkpoint()
  const parameters = (await trainer.read()).parameters.slice()
  return { epoch, step, snapshot, plateau, stopping, parameters }
}

/** Makes a training of what is done with one trainer. */
function training(
  name: string,
  network: Network,
  use: (trainer: Trainer, watch: Watch) => Promise<unknown>,
  { plan, ...options }: TrainerOptions & { plan?: PlanChoice } = {},
): Training {
  const run = async (backend: Backend, watch: Watch) => {
    const trainer = await Trainer.create(network.clone(), { ...usualOf(network), ...options, backend })
    try {
      const used = await use(trainer, watch)
      return { used, end: await endOf(trainer) }
    } finally {
      trainer.dispose()
    }
  }
  return { name, ...(plan && { plan }), run }
}

/** Epochs with validation data; each is followed by what a program may do between them. */
const fits =
  (network: Network, epochs = 12, more: object = {}) =>
  async (trainer: Trainer, { onRecovery, onProgress }: Watch) => {
    const options = { epochs, validation: validationOf(network), onRecovery, onEpoch: onProgress, ...more }
    const history = await trainer.fit(dataOf(network), options)
    return { epochs: history.epochs.map(withoutTimes), stopped: history.stopped, best: history.bestEpoch }
  }

async function makeSteps(trainer: Trainer, { onRecovery, onProgress }: Watch) {
  const steps: Step[] = []
  for await (const step of trainer.steps(dataOf(wide), { onRecovery })) {
    steps.push(step)
    onProgress?.()
    if (steps.length === 25) break
  }
  // The rest of the epoch that the steps have begun, and another one.
  const { epochs } = await trainer.fit(dataOf(wide), { epochs: 2, onRecovery })
  return { steps, epochs: epochs.map(withoutTimes) }
}

/** All calls that answer a question, between groups of epochs, on loaded data and on others. */
async function askBetweenEpochs(trainer: Trainer, { onRecovery, onProgress }: Watch) {
  const answers: unknown[] = []
  const data = await trainer.load(dataOf(wide))
  const other = validationOf(wide)
  let first: Checkpoint | undefined
  for (let round = 0; round < 3; round++) {
    const { epochs } = await trainer.fit(data, { epochs: 2, onRecovery })
    onProgress?.()
    answers.push(epochs.map(withoutTimes), await trainer.evaluate(data), await trainer.evaluate(other))
    answers.push((await trainer.predict(other.inputs)).data, (await trainer.predict(data)).data)
    onProgress?.()
    const { loss, weights, biases } = await trainer.gradients(other.inputs, other.targets)
    answers.push(loss, weights, biases, (await trainer.read()).parameters.slice())
    if (round === 0) first = await trainer.checkpoint()
  }
  await trainer.resume(first!)
  answers.push(await trainer.evaluate(data))
  data.dispose()
  return answers
}

/** Calls that are made during training, each answered between two groups of epochs. */
async function askDuringEpochs(trainer: Trainer, { onRecovery, onProgress }: Watch) {
  const answers: unknown[] = []
  const validation = validationOf(wide)
  for await (const epoch of trainer.epochs(dataOf(wide), { epochs: 6, validation, onRecovery })) {
    onProgress?.()
    const [evaluation, outputs] = await Promise.all([trainer.evaluate(validation), trainer.predict(validation.inputs)])
    answers.push(withoutTimes(epoch), evaluation, outputs.data)
  }
  return answers
}

async function keepCheckpoints(trainer: Trainer, { onRecovery, onProgress }: Watch) {
  const kept: Checkpoint[] = []
  const checkpoint = { every: 2, write: (one: Checkpoint) => void kept.push(one) }
  const { epochs } = await trainer.fit(dataOf(wide), { epochs: 7, checkpoint, onRecovery, onEpoch: onProgress })
  await trainer.resume(kept[1]!)
  const again = await trainer.fit(dataOf(wide), { epochs: 3, onRecovery, onEpoch: onProgress })
  return { kept: kept.map(withoutBackend), epochs: [...epochs, ...again.epochs].map(withoutTimes) }
}

async function diverge(trainer: Trainer, { onRecovery, onProgress }: Watch) {
  const failed: unknown = await trainer
    .fit(dataOf(trainer.network), { epochs: 40, onRecovery, onEpoch: onProgress })
    .catch((error: unknown) => error)
  if (!(failed instanceof DivergedError)) throw failed
  const { epoch, minibatch, layer, message, weights, biases } = failed
  return { epoch, minibatch, layer, message, weights, biases }
}

const stream = DataStream.from({
  samples: 41,
  *chunks() {
    const data = dataOf(wide)
    for (let from = 0; from < 41; from += 11) {
      yield data.take(Array.from({ length: Math.min(11, 41 - from) }, (_, i) => from + i))
    }
  },
})

async function fitStream(trainer: Trainer, { onRecovery, onProgress }: Watch) {
  const { epochs } = await trainer.fit(stream, { epochs: 5, onRecovery, onEpoch: onProgress })
  return { epochs: epochs.map(withoutTimes), outputs: (await trainer.evaluate(stream)).loss }
}

const sweepOptions = { sizes: [2, 3, 2], learningRate: [0.1, 1, 1e4], seeds: 3, batchSize: 5, optimizer: adam() }

async function runSweep(backend: Backend, { onRecovery, onProgress }: Watch) {
  const options = { ...sweepOptions, epochs: 24, halving: { rounds: 2 }, validation: validationOf(small), backend }
  const onRound = () => onProgress?.()
  const results = await sweep(dataOf(small), { ...options, onRound, onRecovery })
  return results.map((result) => ({
    learningRate: result.settings.learningRate,
    seed: result.seed,
    score: result.score,
    loss: result.loss,
    diverged: result.diverged,
    epochs: result.history.epochs.map(withoutTimes),
    parameters: result.network().parameters,
  }))
}

async function lookAtSweep(backend: Backend, { onRecovery, onProgress }: Watch) {
  using live = await liveSweep(dataOf(small), { ...sweepOptions, backend, onRecovery })
  const seen: unknown[] = []
  for (let look = 0; look < 4; look++) {
    await live.train(2)
    onProgress?.()
    seen.push(await live.parameters(), await live.scores(), await live.outputs(validationOf(small).inputs))
    const { snapshot, epoch, step } = await live.checkpoint(look)
    seen.push(snapshot, epoch, step)
  }
  return seen
}

const unstable = (sizes: number[]) => randomNetwork(sizes, 'linear', 'linear', 1)
/** Parameters grow for some epochs before they are infinite. */
const tooFast = (learningRate: number): TrainerOptions => ({
  loss: 'meanSquaredError',
  optimizer: sgd({ learningRate }),
})

/** A row of the small data set takes 84 bytes: about nine minibatches are three windows. */
const windows = { dataMemory: 2 * 15 * 84 }

/** One of each kind, in both plans. */
export const trainings: readonly Training[] = [
  training('layers', wide, fits(wide), { plan: 'layered' }),
  training('straight-line code', small, fits(small, 40)),
  training('loops', medium, fits(medium, 20), { plan: 'resident' }),
  training('windows', wide, fits(wide, 6), { plan: 'layered', ...windows }),
  training('a stream', wide, fitStream, windows),
  training('steps', wide, makeSteps, { plan: 'layered' }),
  training('calls between epochs', wide, askBetweenEpochs, { plan: 'layered' }),
  training('calls during epochs', wide, askDuringEpochs),
  training('checkpoints', wide, keepCheckpoints),
  training('early stopping', wide, fits(wide, 30, { earlyStopping: { patience: 3 } }), { plan: 'layered' }),
  training('a plateau', wide, fits(wide, 12), {
    optimizer: adam({ learningRate: reduceOnPlateau({ learningRate: 0.05, factor: 0.5, patience: 1 }) }),
  }),
  training('dropout, clipping, l2', wide, fits(wide), {
    optimizer: adam({ learningRate: 0.02, clipNorm: 0.5 }),
    dropout: 0.3,
    l2: 0.01,
  }),
  training('divergence, layers', unstable([12, 30, 5]), diverge, { ...tooFast(0.5), plan: 'layered' }),
  training('divergence, straight-line code', unstable([2, 3, 2]), diverge, tooFast(1)),
  { name: 'a sweep', run: runSweep },
  { name: 'a live sweep', run: lookAtSweep },
]
