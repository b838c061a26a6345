import { brokenSums, type Sums } from '../../backend.ts'
import type { Buffers } from './buffers.ts'
import type { Device } from './device.ts'

/**
 * Reads buffers of float32 values back, all in one wait; the staging buffers are freed again.
 * @param bytes how much of each; left out, all of it
 */
export async function readBack(
  device: Device,
  buffers: Buffers,
  sources: readonly GPUBuffer[],
  bytes?: number,
): Promise<Float32Array[]> {
  const sizes = sources.map(({ size }) => bytes ?? size)
  const staging = await device.checked('read-back', () => {
    const targets = sizes.map((size, i) => buffers.readback(`read-back ${i}`, size))
    const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp read-back' })
    sources.forEach((source, i) => {
      encoder.copyBufferToBuffer(source, 0, targets[i]!, 0, sizes[i])
    })
    device.gpu.queue.submit([encoder.finish()])
    return targets
  })
  try {
    const copies = await Promise.all(staging.map((buffer, i) => device.read(buffer, sizes[i]!)))
    return copies.map((copy) => new Float32Array(copy))
  } finally {
    buffers.free(...staging)
  }
}

/**
 * Sums pairs of (loss, right answers), one a row of the minibatch, each over the steps. A negative number of right
 * answers is the mark of a parameter that is infinite or NaN (BROKEN in shaders/bits.wgsl).
 */
export function sumRows(rowScores: Float32Array, samples: number): Sums {
  const sums: Sums = { loss: 0, right: 0, samples }
  for (let i = 0; i < rowScores.length; i += 2) {
    sums.loss += rowScores[i]!
    sums.right += rowScores[i + 1]!
  }
  return sums.right < 0 ? brokenSums(sums) : sums
}
