import { checkFloat32, checkKeys, InputError } from '../core/errors.ts'
import { checkLearningRate, type LearningRate } from './schedule.ts'

/** Every optimizer, in the order that gives it its number in shaders/optimizer.wgsl. */
export const optimizerNames = ['sgd', 'rmsprop', 'adagrad', 'adam', 'adamw'] as const
export type OptimizerName = (typeof optimizerNames)[number]

/**
 * An optimizer's rule with all its constants; made by {@link sgd}, {@link rmsprop}, {@link adagrad}, {@link adam} and
 * {@link adamw}. Rules and defaults are PyTorch's (`torch.optim`). It holds no state: that stays with the parameters.
 */
export interface Optimizer {
  readonly name: OptimizerName
  readonly learningRate: LearningRate
  /** λ: added to the gradient as λ·p; for adamw the decoupled decay p ← p − learningRate·λ·p. */
  readonly weightDecay: number
  /** The momentum of sgd and rmsprop. */
  readonly momentum: number
  readonly nesterov: boolean
  /** Whether rmsprop subtracts the squared mean gradient from the mean square. */
  readonly centered: boolean
  /** β₁: how much of the mean gradient is kept each step (adam, adamw). */
  readonly decay1: number
  /** β₂, or rmsprop's alpha: how much of the mean square is kept each step. */
  readonly decay2: number
  readonly epsilon: number
  /** The largest norm that all gradients of a step together may have; longer ones are shortened to it. 0 for any. */
  readonly clipNorm: number
  /** adagrad: learningRate / (1 + (t − 1) · learningRateDecay) in step t. */
  readonly learningRateDecay: number
  /** adagrad: what its sums of squares start at. */
  readonly initialAccumulator: number
}

const neutral = {
  clipNorm: 0,
  weightDecay: 0,
  momentum: 0,
  nesterov: false,
  centered: false,
  decay1: 0,
  decay2: 0,
  epsilon: 0,
  learningRateDecay: 0,
  initialAccumulator: 0,
}

interface Common {
  /** A number from 0 on, or a schedule. */
  learningRate?: LearningRate
  /** λ ≥ 0. Default 0 (adamw: 0.01). */
  weightDecay?: number
  /**
   * Above 0: gradients of a step that are longer, all together (the root of the sum of their squares, penalties included),
   * are multiplied by clipNorm / (length + 1e-6), as `torch.nn.utils.clip_grad_norm_` does. Default: they are not.
   */
  clipNorm?: number
}

function checkCommon(name: string, options: object, known: readonly string[]): void {
  checkKeys(name, options, ['learningRate', 'weightDecay', 'clipNorm', ...known])
  for (const [key, value] of Object.entries(options)) {
    const exclusive = key === 'clipNorm'
    if (key === 'learningRate') checkLearningRate(`${name}: learningRate`, value)
    else if (typeof value !== 'boolean' && key !== 'betas') checkFloat32(`${name}: ${key}`, value, { exclusive })
  }
}

function checkShare(argument: string, value: number): number {
  if (value >= 0 && value < 1) return value
  throw new InputError(`${argument}: expected a number from 0 up to, but not including, 1, got ${value}`)
}

/**
 * Stochastic gradient descent: v ← momentum·v + g, p ← p − learningRate·v (with nesterov, g + momentum·v for v).
 * @example sgd({ learningRate: 3 })
 */
export function sgd(options: Common & { momentum?: number; nesterov?: boolean } = {}): Optimizer {
  checkCommon('sgd', options, ['momentum', 'nesterov'])
  if (options.nesterov === true && !options.momentum) {
    throw new InputError('sgd: nesterov needs a momentum above 0')
  }
  return Object.freeze({ ...neutral, name: 'sgd', learningRate: 1e-3, ...options })
}

/**
 * RMSprop: s ← alpha·s + (1 − alpha)·g², p ← p − learningRate·g / (√s + epsilon); with momentum the quotient is
 * gathered in v ← momentum·v + quotient first; centered takes √(s − mean(g)²).
 * @example rmsprop({ learningRate: 0.01, alpha: 0.99 })
 */
export function rmsprop(
  options: Common & { alpha?: number; epsilon?: number; momentum?: number; centered?: boolean } = {},
): Optimizer {
  checkCommon('rmsprop', options, ['alpha', 'epsilon', 'momentum', 'centered'])
  const { alpha = 0.99, ...rest } = options
  const decay2 = checkShare('rmsprop: alpha', alpha)
  return Object.freeze({ ...neutral, name: 'rmsprop', learningRate: 0.01, decay2, epsilon: 1e-8, ...rest })
}

/**
 * Adagrad: s ← s + g², p ← p − learningRate / (1 + (t − 1)·learningRateDecay) · g / (√s + epsilon).
 * @example adagrad({ learningRate: 0.01 })
 */
export function adagrad(
  options: Common & { learningRateDecay?: number; initialAccumulator?: number; epsilon?: number } = {},
): Optimizer {
  checkCommon('adagrad', options, ['learningRateDecay', 'initialAccumulator', 'epsilon'])
  return Object.freeze({ ...neutral, name: 'adagrad', learningRate: 0.01, epsilon: 1e-10, ...options })
}

type AdamOptions = Common & { betas?: readonly [number, number]; epsilon?: number }

function adamLike(name: 'adam' | 'adamw', weightDecay: number, options: AdamOptions): Optimizer {
  checkCommon(name, options, ['betas', 'epsilon'])
  const { betas = [0.9, 0.999], ...rest } = options
  if (!Array.isArray(betas) || betas.length !== 2) throw new InputError(`${name}: betas: expected two numbers`)
  const decay1 = checkShare(`${name}: betas[0]`, betas[0])
  const decay2 = checkShare(`${name}: betas[1]`, betas[1])
  return Object.freeze({ ...neutral, name, learningRate: 1e-3, weightDecay, decay1, decay2, epsilon: 1e-8, ...rest })
}

/**
 * Adam (Kingma and Ba 2015): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * p ← p − learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + epsilon).
 * @example adam({ learningRate: 0.001, betas: [0.9, 0.999] })
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamLike('adam', 0, options)
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): p ← p − learningRate·weightDecay·p, then Adam's step.
 * @example adamw({ learningRate: 0.001, weightDecay: 0.01 })
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  return adamLike('adamw', 0.01, options)
}

/** How many numbers of state each parameter has; all of them start at `initialAccumulator`. */
export function stateSlots(optimizer: Optimizer): number {
  const { name, momentum, centered } = optimizer
  if (name === 'sgd') return momentum > 0 ? 1 : 0
  if (name === 'rmsprop') return 1 + (momentum > 0 ? 1 : 0) + (centered ? 1 : 0)
  return name === 'adagrad' ? 1 : 2
}

/** What changes from step to step: worked out in float64 on the host, for every backend alike. */
export interface StepScalars {
  /** The factor of the step; with Adam's bias correction 1 / (1 − β₁ᵗ) and adagrad's decay in it. */
  stepSize: number
  /** learningRate · weightDecay, for adamw. */
  decay: number
  /** 1 / √(1 − β₂ᵗ), for Adam; else 1. */
  correction: number
  /** The factor of the gradient itself, for rules whose step has one beside the factor of its mean; else 0. */
  gradientStep: number
}

/** The scalars of step t, counted from 1. */
export function stepScalars(optimizer: Optimizer, t: number, learningRate: number): StepScalars {
  const { name, decay1, decay2, weightDecay, learningRateDecay } = optimizer
  const decay = learningRate * weightDecay
  const scalars = (stepSize: number, correction = 1) => ({ stepSize, decay, correction, gradientStep: 0 })
  if (name === 'adagrad') return scalars(learningRate / (1 + (t - 1) * learningRateDecay))
  if (name === 'sgd' || name === 'rmsprop') return scalars(learningRate)
  return scalars(learningRate / (1 - decay1 ** t), 1 / Math.sqrt(1 - decay2 ** t))
}
