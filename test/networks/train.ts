import type { Backend } from '../../src/backend/backend.ts'
import { cpu } from '../../src/backend/host/backend.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import type { Network } from '../../src/model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../../src/optimizer/optimizer.ts'
import {
  constant,
  cosine,
  exponential,
  type LearningRate,
  reduceOnPlateau,
  step,
  warmup,
} from '../../src/optimizer/schedule.ts'
import { type Epoch, type FitOptions, type Task, Trainer, type TrainerOptions } from '../../src/index.ts'
import { type Case, windowBytes } from './cases.ts'

/** The first step changes the parameters by at most this share, so that trainings stay finite. */
const LARGEST_CHANGE = 0.1

/** The results of a run, in groups that are each compared as a whole. */
export type Outcome = Record<string, readonly number[]>

export const float64 = cpu({ precision: 'float64' })

function rateOf({ schedule, epochs }: Case, learningRate: number): LearningRate {
  return {
    none: () => learningRate,
    constant: () => constant(learningRate),
    step: () => step({ learningRate, every: 1, factor: 0.5 }),
    exponential: () => exponential({ learningRate, factor: 0.7 }),
    cosine: () => cosine({ learningRate, epochs, minimum: learningRate / 10 }),
    warmup: () => warmup({ epochs: 2, then: learningRate }),
    // What counts as an improvement must not depend on rounding: here no epoch is an improvement.
    reduceOnPlateau: () => reduceOnPlateau({ learningRate, patience: 0, threshold: 0.99, factor: 0.5 }),
  }[schedule]()
}

function optimizerOf(one: Case, learningRate: number): Optimizer {
  const { momentum, nesterov, centered, weightDecay, clipNorm } = one
  const common = { learningRate: rateOf(one, learningRate), weightDecay, ...(clipNorm > 0 && { clipNorm }) }
  return {
    sgd: () => sgd({ ...common, momentum, nesterov: nesterov && momentum > 0 }),
    rmsprop: () => rmsprop({ ...common, momentum, centered, alpha: 0.9 }),
    adagrad: () => adagrad({ ...common, learningRateDecay: momentum / 10, initialAccumulator: centered ? 0.1 : 0 }),
    adam: () => adam({ ...common, betas: [0.8, 0.99] }),
    nadam: () => nadam({ ...common, momentumDecay: momentum / 100, decoupledWeightDecay: nesterov }),
    adamw: () => adamw({ ...common, epsilon: centered ? 1e-3 : 1e-8 }),
  }[one.optimizer]()
}

/** The root of the sum of squares. Not Math.hypot(...values): there may be more values than arguments can be. */
const lengthOf = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0))

/** A learning rate at which training stays finite: for plain gradient descent it depends on the gradients. */
export async function learningRateFor(one: Case, network: Network, data: Dataset): Promise<number> {
  if (one.optimizer !== 'sgd') return one.rate
  const { loss, batchSize } = one
  const trainer = await Trainer.create(network.clone(), { backend: float64, loss, batchSize })
  const { weights, biases } = await trainer.gradients(data.inputs, data.targets)
  const length = lengthOf([...weights, ...biases].map(lengthOf))
  const most = (LARGEST_CHANGE * (1 - one.momentum) * lengthOf(network.parameters)) / length
  return Number(Math.min(30 * one.rate, Number.isFinite(most) && most > 0 ? most : one.rate).toPrecision(3))
}

/** A training run: what a case describes, made. */
export interface Run {
  readonly one: Case
  readonly network: Network
  readonly data: Dataset
  readonly learningRate: number
}

/** The options of a run's trainer. */
export function trainerOptions({ one, learningRate }: Run, backend: Backend): TrainerOptions {
  const { loss, batchSize, seed, l1, l2, dropout, windows, profile } = one
  return {
    backend,
    loss,
    batchSize,
    seed,
    l1,
    l2,
    dropout,
    profile,
    optimizer: optimizerOf(one, learningRate),
    ...(windows && { dataMemory: windowBytes(one) }),
  }
}

/** The whole training on one backend, and the results of the trained network. */
export async function train(run: Run, backend: Backend): Promise<Outcome> {
  const { one, network, data } = run
  const { batchSize, dropout, shuffle, validation, epochs, call } = one
  const classWeights =
    one.weights === 'classes' && one.sizes.at(-1)! > 1
      ? { classWeights: Array.from({ length: one.sizes.at(-1)! }, (_, i) => 0.5 + (i % 3)) }
      : {}
  const fit: FitOptions = {
    epochs,
    shuffle,
    ...classWeights,
    ...(validation && call !== 'steps' && { validation: data }),
  }
  const trainer = await Trainer.create(network.clone(), trainerOptions(run, backend))
  try {
    const losses: number[] = []
    const validated: number[] = []
    const before = await trainer.predict(data.inputs)
    const accuracies: { first?: number | undefined; validation?: number | undefined } = {}
    if (call === 'steps') {
      for await (const { loss, accuracy, epoch } of trainer.steps(data, { shuffle, ...classWeights })) {
        if (losses.length === 0) accuracies.first = accuracy
        losses.push(loss)
        if (trainer.epoch === epoch && epoch === epochs) break
      }
    } else {
      const record = ({ loss, accuracy, validation: score }: Epoch) => {
        if (losses.length === 0) accuracies.first = accuracy
        losses.push(loss)
        if (score) validated.push(score.loss)
        accuracies.validation = score?.accuracy
      }
      if (call === 'fit') for (const epoch of (await trainer.fit(data, fit)).epochs) record(epoch)
      else for await (const epoch of trainer.epochs(data, fit)) record(epoch)
    }
    const predicted = await trainer.predict(data.inputs)
    const evaluation = await trainer.evaluate(data)
    const trained = await trainer.read()
    const check = (answers: Float32Array, accuracy: number | undefined) => {
      // Predictions in float64 may be beyond float32; then the training cannot be compared.
      if (answers.every(Number.isFinite)) checkAccuracy(one, trained.task, data, answers, accuracy, backend.name)
    }
    check(predicted.data, evaluation.accuracy)
    check(predicted.data, accuracies.validation)
    // Of a single minibatch, the accuracy is that of the network before the first step.
    if (one.samples <= batchSize && !dropout.some((share) => share > 0)) check(before.data, accuracies.first)
    return {
      losses,
      ...(validated.length > 0 && { validation: validated }),
      evaluation: [evaluation.loss],
      predictions: [...predicted.data],
      ...parameterGroups(trained),
    }
  } finally {
    trainer.dispose()
  }
}

/** Weights and biases of each layer, as groups of an outcome. */
export function parameterGroups({ weights, biases }: Pick<Network, 'weights' | 'biases'>): Outcome {
  const groups = (name: string, layers: readonly ArrayLike<number>[]) =>
    layers.map((values, l) => [`${name}[${l}]`, Array.from(values)] as const)
  return Object.fromEntries([...groups('weights', weights), ...groups('biases', biases)])
}

/** The accuracy matches the predictions, except for samples, or labels of samples, that differ only by rounding. */
function checkAccuracy(
  { output, sizes }: Case,
  task: Task | undefined,
  data: Dataset,
  predicted: Float32Array,
  accuracy: number | null | undefined,
  backend: string,
): void {
  if (typeof accuracy !== 'number') return
  // Each of several labels is right or wrong.
  const all = sizes.at(-1)!
  const outputs = task === 'multilabel' ? 1 : all
  const boundary = output === 'tanh' ? 0 : 0.5
  let right = 0
  let close = 0
  const answerOf = (row: ArrayLike<number>) => {
    if (outputs === 1) return { answer: Number(row[0]! > boundary), margin: Math.abs(row[0]! - boundary) }
    const sorted = [...Array.from(row).keys()].sort((a, b) => row[b]! - row[a]! || a - b)
    return { answer: sorted[0]!, margin: row[sorted[0]!]! - row[sorted[1]!]! }
  }
  const answers = (data.length * all) / outputs
  for (let i = 0; i < answers; i++) {
    const row = predicted.subarray(i * outputs, (i + 1) * outputs)
    const { answer, margin } = answerOf(row)
    const label = answerOf(data.targets.data.subarray(i * outputs, (i + 1) * outputs)).answer
    if (margin <= 1e-5 * Math.max(...row.map(Math.abs))) close++
    else right += Number(answer === label)
  }
  const counted = accuracy * answers
  const slack = 1e-6 * answers
  if (counted < right - slack || counted > right + close + slack) {
    throw new Error(
      `${backend}: accuracy of ${counted} of ${answers}, its own predictions are right on ${right} (+ ${close})`,
    )
  }
}
