import { checkFloat32, checkInteger, checkKeys, checkNumber, describe, InputError } from '../core/errors.ts'

/**
 * A learning rate that changes from epoch to epoch; every optimizer takes one in the place of a number. Formulas and
 * defaults are those of PyTorch's `torch.optim.lr_scheduler`, stepped once an epoch.
 */
export interface Schedule {
  readonly name: 'constant' | 'step' | 'exponential' | 'cosine' | 'warmup' | 'reduceOnPlateau'
  /** The rate of an epoch, counted from 0; what a plateau has taken away comes on top. */
  rate(epoch: number): number
  /** The rule by which the rate falls when the loss no longer does. */
  readonly plateau?: PlateauRule
}

/** A number, or one that changes. */
export type LearningRate = number | Schedule

/** When and how {@link reduceOnPlateau} takes from the rate. */
export interface PlateauRule {
  readonly factor: number
  readonly patience: number
  readonly threshold: number
  readonly cooldown: number
  readonly minimum: number
}

/** The rate of an epoch, counted from 0, before any plateau. */
export const rateAt = (rate: LearningRate, epoch: number): number =>
  typeof rate === 'number' ? rate : rate.rate(epoch)

export function checkLearningRate(argument: string, rate: unknown): LearningRate {
  if (typeof rate === 'object' && rate !== null && 'rate' in rate && typeof rate.rate === 'function') {
    return rate as Schedule
  }
  if (typeof rate === 'number') return checkFloat32(argument, rate)
  throw new InputError(`${argument}: expected a number or a schedule, such as cosine({ … }), got ${describe(rate)}`)
}

const checkRate = (argument: string, rate: unknown) => checkFloat32(`${argument}: learningRate`, rate)

/** The same rate in every epoch. @example sgd({ learningRate: constant(0.1) }) */
export function constant(learningRate: number): Schedule {
  checkRate('constant', learningRate)
  return Object.freeze({ name: 'constant', learningRate, rate: () => learningRate })
}

/**
 * The rate times `factor` after every `every` epochs: learningRate · factor^⌊epoch / every⌋ (StepLR).
 * @example sgd({ learningRate: step({ learningRate: 0.1, every: 30, factor: 0.1 }) })
 */
export function step(options: { learningRate: number; every: number; factor?: number }): Schedule {
  checkKeys('step', options, ['learningRate', 'every', 'factor'])
  const { factor = 0.1 } = options
  const learningRate = checkRate('step', options.learningRate)
  const every = checkInteger('step: every', options.every)
  checkNumber('step: factor', factor, { min: 0 })
  const rate = (epoch: number) => learningRate * factor ** Math.floor(epoch / every)
  return Object.freeze({ name: 'step', learningRate, every, factor, rate })
}

/** The rate times `factor` after every epoch: learningRate · factor^epoch (ExponentialLR). */
export function exponential(options: { learningRate: number; factor: number }): Schedule {
  checkKeys('exponential', options, ['learningRate', 'factor'])
  const learningRate = checkRate('exponential', options.learningRate)
  const factor = checkNumber('exponential: factor', options.factor, { min: 0 })
  return Object.freeze({
    name: 'exponential',
    learningRate,
    factor,
    rate: (epoch: number) => learningRate * factor ** epoch,
  })
}

/**
 * Half a wave of the cosine from the rate to `minimum` over `epochs` epochs, and `minimum` after them:
 * minimum + (learningRate − minimum) (1 + cos(π epoch / epochs)) / 2 (CosineAnnealingLR, which would rise again).
 */
export function cosine(options: { learningRate: number; epochs: number; minimum?: number }): Schedule {
  checkKeys('cosine', options, ['learningRate', 'epochs', 'minimum'])
  const { minimum = 0 } = options
  const learningRate = checkRate('cosine', options.learningRate)
  const epochs = checkInteger('cosine: epochs', options.epochs)
  checkNumber('cosine: minimum', minimum, { min: 0 })
  const rate = (epoch: number) =>
    epoch >= epochs ? minimum : minimum + ((learningRate - minimum) * (1 + Math.cos((Math.PI * epoch) / epochs))) / 2
  return Object.freeze({ name: 'cosine', learningRate, epochs, minimum, rate })
}

/**
 * From `start` times the first rate of `then` to all of it in equal steps over `epochs` epochs, and then `then`, whose
 * epochs begin there (LinearLR, SequentialLR). `start` is 1/3 by default.
 * @example adam({ learningRate: warmup({ epochs: 5, then: cosine({ learningRate: 0.01, epochs: 95 }) }) })
 */
export function warmup(options: { epochs: number; then: LearningRate; start?: number }): Schedule {
  checkKeys('warmup', options, ['epochs', 'then', 'start'])
  const { start = 1 / 3 } = options
  const epochs = checkInteger('warmup: epochs', options.epochs)
  const then = checkLearningRate('warmup: then', options.then)
  checkNumber('warmup: start', start, { min: 0, max: 1 })
  const rate = (epoch: number) =>
    epoch < epochs ? rateAt(then, 0) * (start + ((1 - start) * epoch) / epochs) : rateAt(then, epoch - epochs)
  const plateau = typeof then === 'number' ? undefined : then.plateau
  return Object.freeze({ name: 'warmup', epochs, then, start, rate, ...(plateau && { plateau }) })
}

/**
 * The rate times `factor` whenever the loss (validation's, where there is one, else training's) was not below its best,
 * by the share `threshold`, for more than `patience` epochs; then `cooldown` epochs do not count (ReduceLROnPlateau).
 * @param options defaults: factor 0.1, patience 10, threshold 1e-4, cooldown 0, minimum 0
 */
export function reduceOnPlateau(options: { learningRate: number } & Partial<PlateauRule>): Schedule {
  const { learningRate, ...given } = options
  checkRate('reduceOnPlateau', learningRate)
  checkKeys('reduceOnPlateau', given, ['factor', 'patience', 'threshold', 'cooldown', 'minimum'])
  const rule: PlateauRule = { factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, minimum: 0, ...given }
  checkNumber('reduceOnPlateau: factor', rule.factor, { min: 0, max: 1 })
  checkInteger('reduceOnPlateau: patience', rule.patience, 0)
  checkNumber('reduceOnPlateau: threshold', rule.threshold, { min: 0 })
  checkInteger('reduceOnPlateau: cooldown', rule.cooldown, 0)
  checkNumber('reduceOnPlateau: minimum', rule.minimum, { min: 0 })
  return Object.freeze({ name: 'reduceOnPlateau', learningRate, plateau: rule, rate: () => learningRate })
}

/** What a plateau has come to; plain numbers, kept in checkpoints. */
export interface PlateauState {
  best: number
  /** Epochs since the best. */
  bad: number
  /** Epochs that do not count yet. */
  cooldown: number
  /** What the schedule's rate is multiplied by. */
  scale: number
}

export const newPlateau = (): PlateauState => ({ best: Infinity, bad: 0, cooldown: 0, scale: 1 })

/**
 * The rate of an epoch, counted from 0, with what a plateau has taken away.
 * @throws InputError where a schedule has come to a rate that is negative, NaN or above what float32 can hold
 */
export function rateWith(rate: LearningRate, epoch: number, { scale }: PlateauState): number {
  const whole = rateAt(rate, epoch)
  if (!(whole >= 0 && Number.isFinite(Math.fround(whole)))) {
    throw new InputError(
      `learningRate: the schedule gives ${Number(whole.toPrecision(4))} for epoch ${epoch + 1}; expected a number from 0 to 3.4e38 (float32's largest)`,
    )
  }
  if (typeof rate === 'number' || !rate.plateau || scale === 1) return whole
  return Math.max(whole * scale, Math.min(whole, rate.plateau.minimum))
}

/** Takes in the loss of an epoch. */
export function watchPlateau(
  { factor, patience, threshold, cooldown }: PlateauRule,
  state: PlateauState,
  loss: number,
): void {
  if (loss < state.best * (1 - threshold)) {
    state.best = loss
    state.bad = 0
  } else state.bad++
  if (state.cooldown > 0) {
    state.cooldown--
    state.bad = 0
  }
  if (state.bad <= patience) return
  state.scale *= factor
  state.cooldown = cooldown
  state.bad = 0
}
