import type { LossName } from '../../loss/loss.ts'
import type { ActivationName } from '../../model/activation.ts'
import type { InitializerName } from '../../model/initializer.ts'
import type { Optimizer } from '../../optimizer/optimizer.ts'
import type { LearningRate } from '../../optimizer/schedule.ts'

/**
 * What a network of a sweep was trained with, apart from its seed: options of {@link Network.create}, {@link Trainer.create}
 * and {@link Trainer.fit} by the same names.
 */
export interface SweepSettings {
  readonly sizes: readonly number[]
  readonly activation?: ActivationName | undefined
  readonly hidden?: ActivationName | undefined
  readonly output?: ActivationName | undefined
  readonly activations?: readonly ActivationName[] | undefined
  readonly init: InitializerName
  readonly loss: LossName
  /** With the learning rate below. */
  readonly optimizer: Optimizer
  readonly learningRate: LearningRate
  readonly batchSize: number
  readonly l1: number
  readonly l2: number
  readonly dropout: number | readonly number[]
  readonly epochs: number
  readonly shuffle: boolean
}
