import type { Parameters } from './protocol.ts'

/** Views of the weights and the biases of each layer. @param parameters layer by layer weights, then biases */
export function splitParameters(
  sizes: readonly number[],
  parameters: Float32Array,
): Pick<Parameters, 'weights' | 'biases'> {
  const weights: Float32Array[] = []
  const biases: Float32Array[] = []
  let start = 0
  for (let l = 0; l + 1 < sizes.length; l++) {
    const [inputs, outputs] = [sizes[l]!, sizes[l + 1]!]
    weights.push(parameters.subarray(start, (start += inputs * outputs)))
    biases.push(parameters.subarray(start, (start += outputs)))
  }
  return { weights, biases }
}
