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
  /** The number of neurons of each layer, inputs first. */
  readonly sizes: readonly number[]
  /** The activation of every layer, if one was given for all. */
  readonly activation?: ActivationName | undefined
  /** The activation of the hidden layers. */
  readonly hidden?: ActivationName | undefined
  /** The activation of the output layer. */
  readonly output?: ActivationName | undefined
  /** The activation of each layer after the inputs. */
  readonly activations?: readonly ActivationName[] | undefined
  /** The rule for the initial weights. */
  readonly init: InitializerName
  /** The loss. */
  readonly loss: LossName
  /** With the learning rate below. */
  readonly optimizer: Optimizer
  /** The learning rate, or its schedule. */
  readonly learningRate: LearningRate
  /** Samples per minibatch. */
  readonly batchSize: number
  /** The factor of the L1 penalty. */
  readonly l1: number
  /** The factor of the L2 penalty. */
  readonly l2: number
  /** The share of hidden units that are left out in each step, for all hidden layers or for each. */
  readonly dropout: number | readonly number[]
  /** The number of epochs. */
  readonly epochs: number
  /** Whether each epoch has another order of samples. */
  readonly shuffle: boolean
}
