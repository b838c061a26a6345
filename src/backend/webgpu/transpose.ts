import type { Layer } from '../../model/layout.ts'

/**
 * On the device each layer's weights stand transposed, inputs × outputs, with the biases as one more row. Neighbouring
 * invocations work on neighbouring neurons, and then read neighbouring addresses; on the layouts and adapters that were
 * measured the forward pass, which every layer makes, is twice as fast so.
 */

/** Parameters (or gradients) from the network's layout into the device's, as a copy. */
export function toDevice(layers: readonly Layer[], values: Float32Array): Float32Array<ArrayBuffer> {
  const moved = new Float32Array(values)
  for (const { inputs, outputs, weightOffset } of layers) transpose(values, moved, weightOffset, outputs, inputs)
  return moved
}

/** And back. */
export function toHost(layers: readonly Layer[], values: Float32Array): Float32Array<ArrayBuffer> {
  const moved = new Float32Array(values)
  for (const { inputs, outputs, weightOffset } of layers) transpose(values, moved, weightOffset, inputs, outputs)
  return moved
}

/** Writes a rows × cols block transposed. */
function transpose(from: Float32Array, to: Float32Array, offset: number, rows: number, cols: number): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) to[offset + j * rows + i] = from[offset + i * cols + j]!
  }
}
