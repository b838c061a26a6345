import { InputError } from '../../../core/errors.ts'
import { describeBytes } from '../../../core/memory.ts'
import type { Device } from './device.ts'
import { usage } from './flags.ts'

/** An error that says that a buffer is larger than the largest that a device can bind. */
export function tooLarge(device: Device, what: string, bytes: number, limit: number, remedy: string): InputError {
  const { maxStorageBufferBindingSize } = device.gpu.limits
  const [act, name] =
    limit === maxStorageBufferBindingSize
      ? ['can bind at once', 'maxStorageBufferBindingSize']
      : ['takes in one buffer', 'maxBufferSize']
  const [needed, most] = [describeBytes(bytes), describeBytes(limit)]
  // Rounded, both may look the same.
  const shown = needed === most ? [`${bytes} bytes`, `${limit}`] : [needed, most]
  return new InputError(
    `${what}: ${shown[0]!} are more than the ${shown[1]!} that '${device.name}' ${act} (${name}); ${remedy}`,
  )
}

/** Bytes of a buffer of `values` float32 or u32 values. */
export const storageBytes = (values: number) => Math.max(16, 4 * values)

/**
 * Makes every buffer of a placed network and knows what they hold together: `bytes` is exact, and `dispose` frees all.
 */
export class Buffers {
  readonly #device: Device
  readonly #held = new Set<GPUBuffer>()
  /** Those that the host maps: they are in its memory, not in the device's. */
  readonly #mapped = new Set<GPUBuffer>()
  #disposed = false

  constructor(device: Device) {
    this.#device = device
  }

  /** Bytes of device memory held now. */
  get bytes(): number {
    let sum = 0
    for (const buffer of this.#held) sum += buffer.size
    return sum
  }

  /** The most bytes that one buffer can have and be bound with. */
  get mostBytes(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.gpu.limits
    return Math.min(maxStorageBufferBindingSize, maxBufferSize)
  }

  /**
   * A buffer of float32 or u32 values that kernels read and write.
   * @param values how many, or the values themselves
   * @throws InputError where the device cannot bind so much at once
   */
  storage(label: string, values: number | Float32Array | Uint32Array): GPUBuffer {
    const count = typeof values === 'number' ? values : values.length
    const limit = this.mostBytes
    if (count * 4 > limit) {
      throw tooLarge(this.#device, label, count * 4, limit, "take fewer samples or a smaller batch, or backend: 'cpu'")
    }
    const buffer = this.#make(label, storageBytes(count), usage.storage | usage.copySource | usage.copyTarget)
    if (typeof values !== 'number') this.#device.write(buffer, 0, values)
    return buffer
  }

  /** A buffer of constants that kernels read. */
  uniform(label: string, bytes: number): GPUBuffer {
    return this.#make(label, bytes, usage.uniform | usage.copyTarget)
  }

  /** A buffer that results are copied into to be read by the host, in whose memory it lies. */
  readback(label: string, bytes: number): GPUBuffer {
    return this.#make(label, Math.max(16, bytes), usage.mapRead | usage.copyTarget, this.#mapped)
  }

  #make(label: string, size: number, flags: number, place = this.#held): GPUBuffer {
    if (this.#disposed) throw new Error(`${label}: the network was disposed of`)
    const buffer = this.#device.gpu.createBuffer({ label: `webgpu-mlp ${label}`, size, usage: flags })
    place.add(buffer)
    this.#device.noteAllocation({
      bytes: size,
      free: () => {
        this.free(buffer)
      },
    })
    return buffer
  }

  /** Whether a buffer is not freed: the device may have had no memory for it. */
  holds(buffer: GPUBuffer): boolean {
    return this.#held.has(buffer) || this.#mapped.has(buffer)
  }

  /** Frees buffers. */
  free(...buffers: GPUBuffer[]): void {
    for (const buffer of buffers) {
      if (this.#held.delete(buffer) || this.#mapped.delete(buffer)) buffer.destroy()
    }
  }

  /** Frees all of them; no more are made. */
  dispose(): void {
    this.#disposed = true
    this.free(...this.#held, ...this.#mapped)
  }
}
