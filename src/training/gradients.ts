/** The loss of a minibatch and its derivatives, as {@link Trainer.gradients} returns them. */
export interface Gradients {
  /** The mean loss over the samples. */
  readonly loss: number
  /** weights[l] has the derivatives with respect to the weights of layer l, row-major as the weights. */
  readonly weights: Float32Array[]
  /** biases[l] has the derivatives with respect to the biases of layer l. */
  readonly biases: Float32Array[]
}
