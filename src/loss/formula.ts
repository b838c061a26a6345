/**
 * One loss: C for one sample as a sum over its outputs, and ∂C/∂a. The trainer averages C over the minibatch. Its WGSL is
 * shaders/loss/NAME.wgsl.
 */
export interface Loss {
  /** What one output adds to C. `logit` is z; for softmax outputs ln a. */
  readonly term: (a: number, y: number, logit: number) => number
  /** ∂C/∂a of one output; for losses that require an output activation, ∂C/∂z, which is a − y. */
  readonly slope: (a: number, y: number) => number
  /** Whether C is divided by the number of outputs. */
  readonly meanOverOutputs: boolean
  /** The output activation that the loss is computed together with, from z, where it must be one. */
  readonly requires?: 'sigmoid' | 'softmax'
}
