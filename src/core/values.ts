/** Numbers in one of the two precisions in which the CPU computes: parameters, gradients, activations. */
export type Values = Float32Array | Float64Array
