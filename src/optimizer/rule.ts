import { type Fields, float32, withDefault } from '../core/schema.ts'
import type { Values } from '../core/values.ts'
import { type LearningRate, learningRateKind } from './schedule.ts'

/** The constants of an optimizer's rule. A rule ignores those that are not in its formula; they have neutral values. */
export interface Hyperparameters {
  /** A number, or a schedule. */
  readonly learningRate: LearningRate
  /** λ: added to the gradient as λ·p, or, where it is decoupled, p ← p − learningRate·λ·p. */
  readonly weightDecay: number
  /** Whether weight decay acts on the parameters themselves and not through the gradient (adamw; an option of nadam). */
  readonly decoupledWeightDecay: boolean
  /** The momentum of sgd and rmsprop. */
  readonly momentum: number
  /** Whether momentum looks one step ahead. */
  readonly nesterov: boolean
  /** Whether rmsprop subtracts the squared mean gradient from the mean square. */
  readonly centered: boolean
  /** β₁: how much of the mean gradient is kept each step (adam, adamw, nadam). */
  readonly decay1: number
  /** β₂, or rmsprop's alpha: how much of the mean square is kept each step. */
  readonly decay2: number
  /** Added to denominators, so that they are not 0. */
  readonly epsilon: number
  /** The largest norm that all gradients of a step together may have; longer ones are shortened to it. 0 for any. */
  readonly clipNorm: number
  /** adagrad: learningRate / (1 + (t − 1) · learningRateDecay) in step t. */
  readonly learningRateDecay: number
  /** adagrad: the initial value of its sums of squares. */
  readonly initialAccumulator: number
}

/** Hyperparameters that change nothing, for those that are not in a rule's formula. */
export const neutral = {
  clipNorm: 0,
  weightDecay: 0,
  decoupledWeightDecay: false,
  momentum: 0,
  nesterov: false,
  centered: false,
  decay1: 0,
  decay2: 0,
  epsilon: 0,
  learningRateDecay: 0,
  initialAccumulator: 0,
}

/** What an optimizer's function returns: its hyperparameters under its name. */
export type Named<Name extends string> = Hyperparameters & {
  /** Which optimizer it is. */
  readonly name: Name
}

/** What changes from step to step: computed in float64 on the host, for every backend alike. */
export interface StepScalars {
  /** The factor of the step; it includes Adam's bias correction 1 / (1 − β₁ᵗ) and adagrad's decay. */
  stepSize: number
  /** learningRate · weightDecay, for decoupled weight decay. */
  decay: number
  /** 1 / √(1 − β₂ᵗ), for Adam and NAdam; else 1. */
  correction: number
  /** NAdam: the factor of the gradient, in addition to the factor of its mean; else 0. */
  gradientStep: number
}

/** The scalars of a rule without bias correction. */
export const plainScalars = ({ weightDecay }: Hyperparameters, learningRate: number): StepScalars => ({
  stepSize: learningRate,
  decay: learningRate * weightDecay,
  correction: 1,
  gradientStep: 0,
})

/**
 * One optimizer: everything that the library knows about it is here, except its WGSL, which is
 * shaders/optimizer/NAME.wgsl, and its vectors in backend/host/wasm/formulas/optimizers.ts.
 */
export interface OptimizerRule<Given extends Hyperparameters = Hyperparameters> {
  /** Whether the scalars of two steps differ although the learning rate is the same. */
  readonly hasChangingScalars: boolean
  /** The boolean overrides that its WGSL declares, with their values. */
  switches?(optimizer: Given): Record<string, boolean>
  /** How many numbers of state each parameter has; all of them start at `initialAccumulator`. */
  slots(optimizer: Given): number
  /** The scalars of step t, counted from 1. */
  scalars(optimizer: Given, t: number, learningRate: number): StepScalars
  /**
   * One step over all parameters.
   * @param gradients laid out as the parameters
   * @param state slots of one number a parameter, one slot after the other, read and written
   */
  update(optimizer: Given, scalars: StepScalars, parameters: Values, gradients: Values, state: Values): void
}

/** The options that every optimizer has. */
export interface CommonOptions {
  /** A number of at least 0, or a schedule. */
  learningRate?: LearningRate | undefined
  /** λ ≥ 0. Default 0 (adamw: 0.01). */
  weightDecay?: number | undefined
  /**
   * Above 0: gradients of a step that are longer, all together (the root of the sum of their squares, penalties included),
   * are multiplied by clipNorm / (length + 1e-6), as `torch.nn.utils.clip_grad_norm_` does. Default: they are not.
   */
  clipNorm?: number | undefined
}

/**
 * The options that every optimizer has.
 * @param rate the default learning rate
 * @param decay the default weight decay
 */
export const commonFields = (rate: number, decay = 0) =>
  ({
    learningRate: withDefault<LearningRate>(learningRateKind, rate, {
      flag: '--lr <rate>',
      help: "learning rate (default: 0.1 for sgd, else PyTorch's)",
    }),
    weightDecay: withDefault(float32(), decay, {
      flag: '--weight-decay <factor>',
      help: 'share of each parameter that a step takes away',
    }),
    clipNorm: withDefault(float32({ exclusive: true }), neutral.clipNorm, {
      flag: '--clip-norm <length>',
      help: 'shorten gradients that are longer than this',
    }),
  }) satisfies Fields<CommonOptions>

/** The momentum of sgd and rmsprop. */
export const momentumOption = withDefault(float32(), neutral.momentum, {
  flag: '--momentum <share>',
  help: 'for sgd and rmsprop',
})

/** Where slot `index` of the state begins. */
export const slotStart = (index: number, parameters: Values) => index * parameters.length
