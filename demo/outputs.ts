/** The output of a neuron, rescaled to 0–1 from the range of its activation function. */
export function outputShare(output: number, activation: string): number {
  if (activation === 'sigmoid' || activation === 'softmax') return output
  if (activation === 'tanh') return (output + 1) / 2
  // Unbounded activations: the arctangent maps 0 to 0.5 and large outputs close to 0 or 1.
  return 0.5 + Math.atan(output) / Math.PI
}

/** The score of the second class, 0 to 1: from the difference of two outputs, or from the single output. */
export function secondClassShare(outputs: Float32Array, classes: number, activation: string, i: number): number {
  if (classes === 1) return outputShare(outputs[i]!, activation)
  const [a, b] = [outputShare(outputs[2 * i]!, activation), outputShare(outputs[2 * i + 1]!, activation)]
  return 0.5 + (b - a) / 2
}
