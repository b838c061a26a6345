import type { Fault } from '../backend/fault.ts'
import { DivergedError } from '../core/errors.ts'
import { type Layer, splitParameters } from '../model/layout.ts'

/** What is known of an epoch that left the finite numbers. */
export interface DivergedEpoch {
  /** Counted from 1. */
  readonly epoch: number
  readonly loss: number
  /** As the backend found it (`locateFault`), in the part of the epoch that it trained. */
  readonly fault: Fault | undefined
  /** Minibatches of the epoch before that part; default 0. */
  readonly minibatchesBefore?: number
  /** Whether the network's inputs are scaled. */
  readonly isScaled?: boolean
}

/**
 * The error that a training which diverged ends with.
 * @param parameters those from before the epoch, laid out as `network.parameters`
 */
export function divergedError(
  { epoch, loss, fault, minibatchesBefore = 0, isScaled }: DivergedEpoch,
  layers: readonly Layer[],
  parameters: Float32Array,
): DivergedError {
  const { weights, biases } = splitParameters(layers, parameters)
  const place = fault && { minibatch: minibatchesBefore + fault.minibatch + 1, layer: fault.layer + 1 }
  const hint = isScaled ? 'lower the learning rate, or clip the gradients (clipNorm)' : undefined
  return new DivergedError({ epoch, loss, ...place, weights, biases, hint })
}
