import type { EpochOrder } from '../../backend.ts'
import type { DataForm, WebGPUData } from '../data.ts'
import type { Pace } from '../device/pace.ts'
import type { PlanName } from '../device/profile.ts'

/** Epochs that are trained by one plan, one after another. */
export interface TrainedEpochs {
  readonly data: WebGPUData
  readonly epochs: readonly EpochOrder[]
  readonly plan: Plan
}

/** A group of epochs whose kernels are compiled and bound. */
export interface PreparedEpochs {
  /** Submits what has to be done on the device before the first step, where there is such work. */
  readonly begin?: () => Promise<void>
  /** Records and submits `count` steps (minibatches), from step `first` of the group on. */
  submit(first: number, count: number): Promise<void>
  /** The most steps that one submit can have. */
  readonly mostSteps: number
}

/**
 * A way of training a network on the GPU: which kernels run, and what one submit covers. All plans of a network work on
 * the same parameters (parameters.ts), so that training can change from one to another between two epochs. What is common
 * to all plans is in training.ts: copies to return to, several groups under way, reading the results.
 */
export interface Plan {
  readonly name: PlanName
  /** How much this plan submits at once. */
  readonly pace: Pace
  /** Pairs of loss and correct predictions: those of the first epoch of a group, those of the second, and so on. */
  readonly scores: GPUBuffer
  /** How many pairs an epoch has; their sums are the epoch's result. */
  readonly scoresPerEpoch: number
  /** Whether the plan can train on this data set. */
  accepts(data: Pick<WebGPUData, 'weighted'>): boolean
  /** How a data set of `samples` samples is kept on the device for this plan. */
  formOf(samples: number): DataForm
  /** The most epochs that a group on a data set of `samples` samples can have; at least 1. */
  mostEpochs(samples: number): number
  /** Prepares a group of epochs, which differ in nothing but their order and learning rate. */
  prepare(data: WebGPUData, epochs: readonly EpochOrder[]): Promise<PreparedEpochs>
  /** Adds to the time that was spent training by this plan. */
  addTime?(milliseconds: number): void
}
