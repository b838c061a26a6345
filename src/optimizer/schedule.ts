import { checkFloat32, describe, InputError } from '../core/errors.ts'
import { type Fields, float32, integer, kind, number, readOptions, required, withDefault } from '../core/schema.ts'

/**
 * A learning rate that changes from epoch to epoch; every optimizer takes one in the place of a number. Formulas and
 * defaults are those of PyTorch's `torch.optim.lr_scheduler`, stepped once an epoch.
 */
export interface Schedule {
  /** Which schedule it is. */
  readonly name: 'constant' | 'step' | 'exponential' | 'cosine' | 'warmup' | 'reduceOnPlateau'
  /**
   * The rate of an epoch, counted from 0, before the plateau rule.
   * @param epoch the number of the epoch, counted from 0 over the trainer's life
   */
  rate(epoch: number): number
  /** The rule by which the rate falls when the loss no longer does. */
  readonly plateau?: PlateauRule
}

/** A number, or one that changes. */
export type LearningRate = number | Schedule

/** When and how {@link reduceOnPlateau} takes from the rate. */
export interface PlateauRule {
  /** What the rate is multiplied by. */
  readonly factor: number
  /** Epochs without a better loss before that. */
  readonly patience: number
  /** The share by which a loss has to be smaller to count as better. */
  readonly threshold: number
  /** Epochs after a reduction that are not counted. */
  readonly cooldown: number
  /** The smallest rate. */
  readonly minimum: number
}

/** The rate of an epoch, counted from 0, before any plateau. */
export const rateAt = (rate: LearningRate, epoch: number): number =>
  typeof rate === 'number' ? rate : rate.rate(epoch)

export function checkLearningRate(argument: string, rate: unknown): LearningRate {
  if (typeof rate === 'object' && rate !== null && 'rate' in rate && typeof rate.rate === 'function') {
    const { plateau } = rate as Partial<Schedule>
    if (plateau !== undefined) readOptions(plateauSchema, plateau)
    return rate as Schedule
  }
  if (typeof rate === 'number') return checkFloat32(argument, rate)
  throw new InputError(`${argument}: expected a number or a schedule, such as cosine({ … }), got ${describe(rate)}`)
}

/** The rule of a schedule that a program made itself. */
const plateauSchema = {
  name: 'plateau',
  prefix: 'plateau: ',
  fields: {
    factor: required(number({ min: 0, max: 1 })),
    patience: required(integer(0)),
    threshold: required(number({ min: 0 })),
    cooldown: required(integer(0)),
    minimum: required(number({ min: 0 })),
  } satisfies Fields<PlateauRule>,
}

/** A number from 0 on, or a schedule. */
export const learningRateKind = { ...kind(checkLearningRate), isNumber: true }

const learningRate = required(float32())
const fraction = number({ min: 0 })
const unit = number({ min: 0, max: 1 })

/** The options of {@link step}. */
export interface StepScheduleOptions {
  /** The learning rate at the start. */
  learningRate: number
  /** Epochs between two changes. */
  every: number
  /** Default 0.1. */
  factor?: number | undefined
}

/** The options of {@link exponential}. */
export interface ExponentialScheduleOptions {
  /** The learning rate at the start. */
  learningRate: number
  /** What the learning rate is multiplied by after each epoch. */
  factor: number
}

/** The options of {@link cosine}. */
export interface CosineScheduleOptions {
  /** The learning rate at the start. */
  learningRate: number
  /** Epochs from the rate to the minimum. */
  epochs: number
  /** Default 0. */
  minimum?: number | undefined
}

/** The options of {@link warmup}. */
export interface WarmupOptions {
  /** The number of epochs in which the learning rate rises. */
  epochs: number
  /** The rate, or the schedule, after the warm-up. */
  then: LearningRate
  /** The share of the rate at the start. Default 1/3. */
  start?: number | undefined
}

/** The options of {@link reduceOnPlateau}. */
export interface PlateauOptions {
  /** The learning rate at the start. */
  learningRate: number
  /** Default 0.1. */
  factor?: number | undefined
  /** Default 10. */
  patience?: number | undefined
  /** Default 1e-4. */
  threshold?: number | undefined
  /** Default 0. */
  cooldown?: number | undefined
  /** Default 0. */
  minimum?: number | undefined
}

/** The schemas of the schedules, by their names. */
export const scheduleSchemas = {
  step: {
    name: 'step',
    prefix: 'step: ',
    fields: {
      learningRate,
      every: required(integer()),
      factor: withDefault(fraction, 0.1),
    } satisfies Fields<StepScheduleOptions>,
  },
  exponential: {
    name: 'exponential',
    prefix: 'exponential: ',
    fields: { learningRate, factor: required(fraction) } satisfies Fields<ExponentialScheduleOptions>,
  },
  cosine: {
    name: 'cosine',
    prefix: 'cosine: ',
    fields: {
      learningRate,
      epochs: required(integer()),
      minimum: withDefault(fraction, 0),
    } satisfies Fields<CosineScheduleOptions>,
  },
  warmup: {
    name: 'warmup',
    prefix: 'warmup: ',
    fields: {
      epochs: required(integer(), {
        flag: '--warmup <epochs>',
        help: 'epochs in which the rate grows from a third of it',
      }),
      then: required(learningRateKind),
      start: withDefault(unit, 1 / 3),
    } satisfies Fields<WarmupOptions>,
  },
  reduceOnPlateau: {
    name: 'reduceOnPlateau',
    prefix: 'reduceOnPlateau: ',
    fields: {
      learningRate,
      factor: withDefault(unit, 0.1),
      patience: withDefault(integer(0), 10),
      threshold: withDefault(fraction, 1e-4),
      cooldown: withDefault(integer(0), 0),
      minimum: withDefault(fraction, 0),
    } satisfies Fields<PlateauOptions>,
  },
}

/**
 * The same rate in every epoch.
 * @param learningRate the learning rate of all epochs, from 0 on
 * @example sgd({ learningRate: constant(0.1) })
 */
export function constant(learningRate: number): Schedule {
  checkFloat32('constant: learningRate', learningRate)
  return Object.freeze({ name: 'constant', learningRate, rate: () => learningRate })
}

/**
 * The rate times `factor` after every `every` epochs: learningRate · factor^⌊epoch / every⌋ (StepLR).
 * @param options the learning rate at the start, the number of epochs between two changes (`every`, at least 1), and
 *   the factor (default 0.1)
 * @example sgd({ learningRate: step({ learningRate: 0.1, every: 30, factor: 0.1 }) })
 */
export function step(options: StepScheduleOptions): Schedule {
  const { learningRate, every, factor } = readOptions(scheduleSchemas.step, options)
  const rate = (epoch: number) => learningRate * factor ** Math.floor(epoch / every)
  return Object.freeze({ name: 'step', learningRate, every, factor, rate })
}

/**
 * The rate times `factor` after every epoch: learningRate · factor^epoch (ExponentialLR).
 * @param options the learning rate at the start, and the factor of each epoch, from 0 on
 * @example sgd({ learningRate: exponential({ learningRate: 0.1, factor: 0.95 }) })
 */
export function exponential(options: ExponentialScheduleOptions): Schedule {
  const { learningRate, factor } = readOptions(scheduleSchemas.exponential, options)
  const rate = (epoch: number) => learningRate * factor ** epoch
  return Object.freeze({ name: 'exponential', learningRate, factor, rate })
}

/**
 * Half a wave of the cosine from the rate to `minimum` over `epochs` epochs, and `minimum` after them:
 * minimum + (learningRate − minimum) (1 + cos(π epoch / epochs)) / 2 (CosineAnnealingLR, which would rise again).
 * @param options the learning rate at the start, the number of epochs until it is `minimum`, and `minimum` (default 0)
 * @example adam({ learningRate: cosine({ learningRate: 0.01, epochs: 100 }) })
 */
export function cosine(options: CosineScheduleOptions): Schedule {
  const { learningRate, epochs, minimum } = readOptions(scheduleSchemas.cosine, options)
  const rate = (epoch: number) =>
    epoch >= epochs ? minimum : minimum + ((learningRate - minimum) * (1 + Math.cos((Math.PI * epoch) / epochs))) / 2
  return Object.freeze({ name: 'cosine', learningRate, epochs, minimum, rate })
}

/**
 * From `start` times the first rate of `then` to all of it in equal steps over `epochs` epochs, and then `then`, whose
 * epochs begin there (LinearLR, SequentialLR).
 * @param options the number of epochs of the warm-up, the rate or schedule that follows, and the share of its first
 *   rate at the start, from 0 to 1 (default 1/3)
 * @example adam({ learningRate: warmup({ epochs: 5, then: cosine({ learningRate: 0.01, epochs: 95 }) }) })
 */
export function warmup(options: WarmupOptions): Schedule {
  const { epochs, then, start } = readOptions(scheduleSchemas.warmup, options)
  const rate = (epoch: number) =>
    epoch < epochs ? rateAt(then, 0) * (start + ((1 - start) * epoch) / epochs) : rateAt(then, epoch - epochs)
  const plateau = typeof then === 'number' ? undefined : then.plateau
  return Object.freeze({ name: 'warmup', epochs, then, start, rate, ...(plateau && { plateau }) })
}

/**
 * The rate times `factor` whenever the loss (validation's, where there is one, else training's) was not below its best,
 * by the share `threshold`, for more than `patience` epochs; then `cooldown` epochs do not count (ReduceLROnPlateau).
 * @param options the learning rate at the start, `factor` (default 0.1), `patience` (10 epochs), `threshold` (1e-4),
 *   `cooldown` (0 epochs), and the smallest rate, `minimum` (0)
 * @example sgd({ learningRate: reduceOnPlateau({ learningRate: 0.1, patience: 5 }) })
 */
export function reduceOnPlateau(options: PlateauOptions): Schedule {
  const { learningRate, ...plateau } = readOptions(scheduleSchemas.reduceOnPlateau, options)
  return Object.freeze({ name: 'reduceOnPlateau', learningRate, plateau, rate: () => learningRate })
}

/** The state of a plateau rule: plain numbers, kept in checkpoints. */
export interface PlateauState {
  /** The smallest loss so far. */
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
 * The rate of an epoch, counted from 0, reduced by the plateau rule.
 * @throws InputError where a schedule gives a rate that is negative, NaN or above what float32 can hold
 */
export function rateWith(rate: LearningRate, epoch: number, { scale }: PlateauState): number {
  const whole: unknown = rateAt(rate, epoch)
  if (typeof whole !== 'number') {
    throw new InputError(
      `learningRate: the schedule gives ${describe(whole)} for epoch ${epoch + 1}; expected a number`,
    )
  }
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
