import { Buffers } from '../../device/buffers.ts'
import type { Device } from '../../device/device.ts'
import type { BufferRange } from '../../device/readback.ts'
import { encode, type Recorded } from '../recording.ts'

/** Bytes of a result that are compared at most. */
const MOST_BYTES = 1 << 20

/** One kernel in several tilings, with the buffer that it changes. */
export interface SameWork {
  readonly recorded: readonly Recorded[]
  /** The record of a step: an update of the parameters must depend on every bit of their gradients. */
  readonly step: GPUBindGroup
  readonly rows: number
  /** What each of them computes in place: restored after each. */
  readonly result: BufferRange
}

/**
 * Runs the same work in each tiling and compares the results bit by bit. WGSL lets compilers contract and reassociate
 * arithmetic, so that tilings that add up in the same order may still differ on an adapter.
 * @returns for each whether it gives the bits of the first
 */
export async function compareBits(device: Device, { recorded, step, rows, result }: SameWork): Promise<boolean[]> {
  const { gpu } = device
  const size = Math.min(result.size, MOST_BYTES)
  const buffers = new Buffers(device)
  try {
    const copies = await device.checked('comparison of tiles', () => {
      const kept = buffers.storage('comparison', result.size / 4)
      const results = recorded.map(() => buffers.readback('comparison', size))
      const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp comparison' })
      encoder.copyBufferToBuffer(result.buffer, result.offset, kept, 0, result.size)
      for (const [i, one] of recorded.entries()) {
        const pass = encoder.beginComputePass({ label: 'webgpu-mlp comparison' })
        pass.setBindGroup(0, step)
        encode(pass, one, rows)
        pass.end()
        encoder.copyBufferToBuffer(result.buffer, result.offset, results[i]!, 0, size)
        encoder.copyBufferToBuffer(kept, 0, result.buffer, result.offset, result.size)
      }
      gpu.queue.submit([encoder.finish()])
      return results
    })
    const bits = await Promise.all(copies.map(async (copy) => new Uint32Array(await device.read(copy, size))))
    return bits.map((words) => words.every((word, i) => word === bits[0]![i]))
  } finally {
    buffers.dispose()
  }
}
