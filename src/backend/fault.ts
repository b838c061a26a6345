import type { Layer } from '../model/layout.ts'

/** Where an epoch of training left the finite numbers. */
export interface Fault {
  /** The index, from 0, of the epoch's first minibatch with a value that is infinite or NaN. */
  readonly minibatch: number
  /** The index of the layer in which the first such value of that minibatch was computed. */
  readonly layer: number
}

/** What one training step computed. All values of a layer are in one array, in any order. */
export interface StepValues {
  /** After the activation function, one array per layer. */
  readonly activations: readonly ArrayLike<number>[]
  readonly loss: number
  /** δ, one array per layer. */
  readonly deltas: readonly ArrayLike<number>[]
  /** After the step, laid out as `network.parameters`. */
  readonly parameters: ArrayLike<number>
}

const isFinite = (values: ArrayLike<number>): boolean => {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

/** Whether every parameter from `from` to `to` is a finite number in float32, which is what a network holds. */
export function areFinite(parameters: ArrayLike<number>, from = 0, to = parameters.length): boolean {
  for (let i = from; i < to; i++) if (!Number.isFinite(Math.fround(parameters[i]!))) return false
  return true
}

/**
 * The layer in which a step computed its first value that is infinite or NaN, in the order of the computation:
 * activations from the first layer on, the loss of the output layer, then δ and after them the new parameters, both from
 * the output layer back. The weighted inputs are left out: sigmoid(∞) is 1, and training goes on.
 * @returns undefined where all values are finite
 */
export function layerOfFault(layers: readonly Layer[], step: StepValues): number | undefined {
  const { activations, loss, deltas, parameters } = step
  const last = layers.length - 1
  const forward = activations.findIndex((values) => !isFinite(values))
  if (forward >= 0) return forward
  if (!Number.isFinite(loss)) return last
  const backward = deltas.findLastIndex((values) => !isFinite(values))
  if (backward >= 0) return backward
  const stepped = layers.findLastIndex(
    ({ weightOffset, biasOffset, outputs }) => !areFinite(parameters, weightOffset, biasOffset + outputs),
  )
  return stepped >= 0 ? stepped : undefined
}
