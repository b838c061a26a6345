import type { Autopsy } from '../../core/autopsy.ts'
import type { Network } from '../../model/network.ts'
import { newPlateau, rateWith } from '../../optimizer/schedule.ts'
import { countMinibatches, epochOrder } from '../../data/minibatch.ts'
import type { DataWindow } from '../feed/feed.ts'
import type { Settings } from '../settings.ts'

/** Where a training began. */
export interface RunStart {
  readonly parameters: Float32Array
  /** Epochs that were trained before: 0, or those of a checkpoint. */
  readonly epoch: number
}

/** Parameters above which no step can be repeated within the time of an autopsy. */
const MOST_PARAMETERS = 1 << 22

/** The beginning of a training, kept because the parameters of its network change whenever they are read. */
export function runStart(parameters: ArrayLike<number>, epoch: number): RunStart | undefined {
  if (parameters.length > MOST_PARAMETERS) return undefined
  return { parameters: Float32Array.from(parameters), epoch }
}

/** A training that diverged, as an autopsy sees it. */
export interface DivergedRun {
  readonly network: Network
  /** Where the training began, if it is known. */
  readonly start: RunStart | undefined
  readonly settings: Settings
  /** The epoch, counted from 1. */
  readonly epoch: number
  /** The minibatch of that epoch, counted from 1; undefined where it is not known. */
  readonly minibatch: number | undefined
  readonly shuffle: boolean
  /** All samples of an epoch. */
  readonly samples: number
  readonly window: DataWindow
  /** Those from before the epoch, where they are known. */
  readonly parameters: Float32Array | undefined
}

/** Finds the cause of a divergence. */
export type FindCause = (run: DivergedRun) => Promise<Autopsy>

/** Steps of an epoch. */
export const stepsOf = ({ samples, settings }: DivergedRun): number => countMinibatches(samples, settings.batchSize)

/** The samples of the window in the order in which an epoch visits them, by their numbers in the window. */
export function orderOf({ samples, settings, shuffle, window }: DivergedRun, epoch: number): Uint32Array {
  const order = epochOrder(samples, settings.seed, epoch, shuffle)
  const { data, first } = window
  if (data.length === samples) return order
  // A window of a stream: its samples are visited by the ranks of their places.
  const places = order.subarray(first, first + data.length)
  return Uint32Array.from({ length: data.length }, (_, i) => i).sort((a, b) => places[a]! - places[b]!)
}

/** The learning rate of an epoch, counted from 1, without what a plateau changes. */
export const rateOf = ({ settings }: DivergedRun, epoch: number): number =>
  rateWith(settings.optimizer.learningRate, epoch - 1, newPlateau())

/** Numbers of samples in the window, from 0, in the order of their visits in the epoch up to the fault. */
export function visited(run: DivergedRun): Uint32Array {
  const order = orderOf(run, run.epoch)
  const { minibatch, settings, window } = run
  return minibatch === undefined ? order : order.subarray(0, minibatch * settings.batchSize - window.first)
}
