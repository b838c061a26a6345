/** What a neuron answers, as a share of where its answers can lie. */
export function shareOf(answer: number, activation: string): number {
  if (activation === 'sigmoid' || activation === 'softmax') return answer
  if (activation === 'tanh') return (answer + 1) / 2
  // Answers without bounds: 0 in the middle, and far ones near the ends.
  return 0.5 + Math.atan(answer) / Math.PI
}

/** How much the outputs speak for the second class: of two outputs their difference, else the one there is. */
export function decision(outputs: Float32Array, classes: number, activation: string, i: number): number {
  if (classes === 1) return shareOf(outputs[i]!, activation)
  const [a, b] = [shareOf(outputs[2 * i]!, activation), shareOf(outputs[2 * i + 1]!, activation)]
  return 0.5 + (b - a) / 2
}
