import type { Fault } from '../backend/fault.ts'
import { DivergedError } from '../core/errors.ts'
import { splitParameters } from '../model/layout.ts'
import type { DivergedRun, FindCause } from './autopsy/run.ts'
import type { Feed } from './feed/feed.ts'

/** What is known of an epoch that was not finite. */
export interface DivergedEpoch {
  /** Counted from 1. */
  readonly epoch: number
  readonly loss: number
  /** As the backend found it (`locateFault`), in the part of the epoch that it trained. */
  readonly fault: Fault | undefined
  /** Minibatches of the epoch before that part. */
  readonly minibatchesBefore: number
  readonly shuffle: boolean
}

/** What was trained, and from where. */
export interface TrainingRun extends Pick<DivergedRun, 'network' | 'settings' | 'start'> {
  readonly feed: Feed
  /** Left out, the cause is not looked for. */
  readonly findCause: FindCause | undefined
}

/**
 * The error that a training which diverged ends with.
 * @param parameters those from before the epoch, laid out as `network.parameters`
 */
export async function divergedError(
  diverged: DivergedEpoch,
  { network, settings, start, feed, findCause }: TrainingRun,
  parameters: Float32Array,
): Promise<DivergedError> {
  const { epoch, loss, fault, minibatchesBefore, shuffle } = diverged
  const { weights, biases } = splitParameters(network.layers, parameters)
  const place = fault && { minibatch: minibatchesBefore + fault.minibatch + 1, layer: fault.layer + 1 }
  const window = findCause && feed.faultWindow()
  const run = {
    network,
    settings,
    start,
    epoch,
    minibatch: place?.minibatch,
    shuffle,
    samples: feed.samples,
    parameters,
  }
  // What goes wrong with the search for the cause must not hide the divergence.
  const autopsy = window && (await findCause({ ...run, window }).catch(() => undefined))
  const hint = network.scaling ? 'lower the learning rate, or clip the gradients (clipNorm)' : undefined
  return new DivergedError({ epoch, loss, ...place, weights, biases, hint, autopsy })
}
