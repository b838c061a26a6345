import { brokenSums, type Sums } from '../../backend.ts'
import type { Buffers } from './buffers.ts'
import type { Device } from './device.ts'

/** A part of a buffer. */
export interface BufferRange {
  readonly buffer: GPUBuffer
  /** Bytes. */
  readonly offset: number
  readonly size: number
}

/**
 * Reads buffers of float32 values back, all in one wait; the staging buffers are freed again.
 * @param bytes how much of each from its beginning; left out, all of it
 */
export function readBack(
  device: Device,
  buffers: Buffers,
  sources: readonly GPUBuffer[],
  bytes?: number,
): Promise<Float32Array[]> {
  const ranges = sources.map((buffer) => ({ buffer, offset: 0, size: bytes ?? buffer.size }))
  return readRanges(device, buffers, ranges)
}

/** Reads parts of buffers of float32 values back, all in one wait. */
export async function readRanges(
  device: Device,
  buffers: Buffers,
  ranges: readonly BufferRange[],
): Promise<Float32Array[]> {
  const staging = await device.checked('read-back', () => {
    const targets = ranges.map(({ size }, i) => buffers.readback(`read-back ${i}`, size))
    const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp read-back' })
    for (const [i, { buffer, offset, size }] of ranges.entries()) {
      encoder.copyBufferToBuffer(buffer, offset, targets[i]!, 0, size)
    }
    device.gpu.queue.submit([encoder.finish()])
    return targets
  })
  try {
    const copies = await Promise.all(staging.map((buffer, i) => device.read(buffer, ranges[i]!.size)))
    return copies.map((copy) => new Float32Array(copy))
  } finally {
    buffers.free(...staging)
  }
}

/**
 * Sums pairs of (loss, correct predictions), one for each row of the minibatch, each over the steps. A negative number of
 * correct predictions marks a parameter that is infinite or NaN (BROKEN in shaders/bits.wgsl).
 */
export function sumRows(rowScores: Float32Array, samples: number): Sums {
  const sums: Sums = { loss: 0, right: 0, samples }
  for (let i = 0; i < rowScores.length; i += 2) {
    sums.loss += rowScores[i]!
    sums.right += rowScores[i + 1]!
  }
  return sums.right < 0 ? brokenSums(sums) : sums
}
