import type { Network } from '../../model/network.ts'
import { newPlateau, rateWith } from '../../optimizer/schedule.ts'
import { countMinibatches, epochOrder } from '../../data/minibatch.ts'
import type { DataWindow } from '../feed/feed.ts'
import type { Settings } from '../settings.ts'

/** A training that diverged, as an autopsy sees it. */
export interface DivergedRun {
  /** Its parameters are those that the training began with, or those that were last read. */
  readonly network: Network
  readonly settings: Settings
  /** The epoch, counted from 1. */
  readonly epoch: number
  /** The minibatch of that epoch, counted from 1; undefined where it is not known. */
  readonly minibatch: number | undefined
  readonly shuffle: boolean
  /** All samples of an epoch. */
  readonly samples: number
  readonly window: DataWindow
  /** Those from before the epoch. */
  readonly parameters: Float32Array
}

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
