import type { DivergenceCause, Fix } from '../../core/autopsy.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Layer } from '../../model/layout.ts'
import type { Network } from '../../model/network.ts'
import type { OptimizerName } from '../../optimizer/optimizer.ts'
import { numberColumns, targetColumns } from '../advice/columns.ts'
import { largeRates } from '../advice/rates.ts'
import { describeInputs, describeTargets, sayNumber, short, spreadOf } from '../advice/spread.ts'
import type { Settings } from '../settings.ts'
import { taskFor } from '../decide-task.ts'

/** A cause that is possible, with what shows it. */
export interface Candidate {
  readonly cause: DivergenceCause
  readonly evidence: string
  /** Changes that may help, the smallest first. */
  readonly fixes: readonly Fix[]
}

/** What is known without repeating a step. */
export interface Circumstances {
  readonly network: Network
  readonly settings: Settings
  readonly data: Dataset
  /** The learning rate of the epoch that diverged. */
  readonly rate: number
  /** That of the first epoch. */
  readonly firstRate: number
}

/** Rates that networks usually learn with. */
const usualRates: Readonly<Record<OptimizerName, number>> = {
  ...{ sgd: 0.01, rmsprop: 0.001, adagrad: 0.01, adam: 0.001, adamw: 0.001, nadam: 0.001 },
}

/** The number rounded down to one digit that is not 0, to be written into a command. */
export function roundedDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return Number((Math.floor(value / power + 1e-9) * power).toPrecision(1))
}

/** Above this, momentum makes steps more than 50 times as long. */
const LARGE_MOMENTUM = 0.98
/** Weights of samples above which steps are longer than intended. */
const [LARGE_WEIGHT, LARGE_MEAN_WEIGHT] = [100, 10]

/** Causes in the settings that make steps grow whatever the data are. */
export function causesInSettings({ settings, rate, data }: Circumstances): Candidate[] {
  return [...largeWeights(data), ...largePenalty(settings, rate), ...largeMomentum(settings)]
}

function largeWeights({ weights }: Dataset): Candidate[] {
  if (!weights) return []
  const most = weights.reduce((a, b) => Math.max(a, b), 0)
  const mean = weights.reduce((sum, weight) => sum + weight / weights.length, 0)
  if (most <= LARGE_WEIGHT && mean <= LARGE_MEAN_WEIGHT) return []
  const evidence = `weights of samples, which multiply the steps, reach up to ${sayNumber(most)} (mean ${sayNumber(mean)})`
  return [{ cause: 'weights', evidence, fixes: [{ weightDivisor: Number(most.toPrecision(2)) }] }]
}

function largePenalty({ optimizer, l1, l2 }: Settings, rate: number): Candidate[] {
  const { name, weightDecay, decoupledWeightDecay, momentum } = optimizer
  const found: Candidate[] = []
  // Other rules divide by the size of the gradient, which the penalty is a part of.
  const isPlain = name === 'sgd'
  const inertia = momentum < 1 ? 1 + momentum : 1
  const shrink = (times: number) => `each step multiplies every weight by ${sayNumber(1 - times)}, so that it grows`
  const l2Share = 2 * rate * l2
  if (isPlain && l2Share > 2 * inertia) {
    const evidence = `the penalty is unstable: with 1 − 2 · learning rate · l2, ${shrink(l2Share)}`
    found.push({ cause: 'penalty', evidence, fixes: [{ l2: roundedDown(0.05 / rate) }] })
  }
  const decay = rate * weightDecay
  if ((isPlain || decoupledWeightDecay) && decay > 2 * inertia) {
    const evidence = `the weight decay is unstable: with 1 − learning rate · weight decay, ${shrink(decay)}`
    found.push({ cause: 'penalty', evidence, fixes: [{ weightDecay: roundedDown(0.1 / rate) }] })
  }
  if (isPlain && rate * l1 > 1) {
    const evidence = `the penalty l1 changes every weight by ${sayNumber(rate * l1)} (learning rate · l1) in each step`
    found.push({ cause: 'penalty', evidence, fixes: [{ l1: roundedDown(0.001 / rate) }] })
  }
  return found
}

function largeMomentum({ optimizer: { momentum } }: Settings): Candidate[] {
  if (momentum < LARGE_MOMENTUM) return []
  const growth = `a momentum of ${short(momentum)} makes steps`
  const evidence =
    momentum >= 1 ? `${growth} grow without end: it must be below 1` : `${growth} up to ${short(1 / (1 - momentum))} times as long` // prettier-ignore
  return [{ cause: 'momentum', evidence, fixes: [{ momentum: 0.9 }] }]
}

/** Inputs and regression targets that are not scaled, in the words of the advice before training. */
export function causesInColumns({ network, settings, data }: Circumstances): Candidate[] {
  const found: Candidate[] = []
  const inputs = data.scaling ? undefined : describeInputs(spreadOf(data.inputs, numberColumns(data)))
  if (inputs !== undefined) found.push({ cause: 'inputs', evidence: inputs, fixes: [{ standardize: true }] })
  if (!data.targetScaling && !data.classes && taskFor(network, settings.loss, data) === 'regression') {
    const targets = describeTargets(spreadOf(data.exactTargets, targetColumns(data)))
    if (targets !== undefined) {
      found.push({ cause: 'targets', evidence: targets, fixes: [{ standardizeTargets: true }] })
    }
  }
  return found
}

/** Whether the rate is so large that it is looked at before the data. */
export const isLargeRate = ({ settings, rate }: Circumstances): boolean => rate >= largeRates[settings.optimizer.name]

/** @param growth how the loss grew, if that is known */
export function learningRateCause({ settings, rate, firstRate }: Circumstances, growth: string | undefined): Candidate {
  const { name } = settings.optimizer
  const usual = usualRates[name]
  const rates = rate > 1000 * usual ? [100 * usual, 10 * usual, usual, usual / 10] : [rate / 10, rate / 100, usual / 10]
  const why = growth === undefined ? '' : `: ${growth}`
  return {
    cause: 'learningRate',
    evidence: `the learning rate of ${name}, ${sayNumber(rate)}, is too high${why}`,
    // A schedule begins with another rate.
    fixes: rates.map((lower) => ({ learningRate: roundedDown((lower * firstRate) / rate) })),
  }
}

/** Layers from which on gradients may grow from one to the next. */
const DEEP = 5
/** Norms of a gradient above which a usual step is too long. */
const LARGE_GRADIENT = 100
const bounded = new Set(['sigmoid', 'tanh', 'softmax'])

/**
 * Gradients that grow from layer to layer, or begin large.
 * @param gradient the norm of the first minibatch's, if it is known
 */
export function gradientsCause(
  { network, settings }: Circumstances,
  gradient: number | undefined,
): Candidate | undefined {
  const { layers, activations } = network
  if (settings.optimizer.clipNorm > 0) return undefined
  const isUnbounded = activations.slice(0, -1).some((name) => !bounded.has(name))
  const isDeep = layers.length >= DEEP && isUnbounded
  const isLarge = gradient !== undefined && !(gradient <= LARGE_GRADIENT)
  if (!isLarge && !(isDeep && gradient === undefined)) return undefined
  const norm = gradient === undefined ? '' : `: that of the first minibatch has the norm ${sayNumber(gradient)}`
  const reason = isDeep
    ? `in ${layers.length} layers, most of ${commonest(activations)}`
    : `with ${sayWeights(layers, network)}`
  return { cause: 'gradients', evidence: `the gradients are large ${reason}${norm}`, fixes: [{ clipNorm: 1 }] }
}

function commonest(names: readonly string[]): string {
  const countOf = (name: string) => names.filter((other) => other === name).length
  return [...names].sort((a, b) => countOf(b) - countOf(a))[0]!
}

function sayWeights(layers: readonly Layer[], { weights }: Network): string {
  const rms = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
  const sizes = layers.map((_, l) => rms(weights[l]!))
  return `weights of about ${short(Math.max(...sizes), 2)}`
}
