import type { Profiler } from '../../profiler.ts'
import type { Device } from './device.ts'
import { usage } from './flags.ts'

/** Dispatches that one command buffer's clock can time: WebGPU's largest query set holds 4096 timestamps. */
const MOST_DISPATCHES = 2048

/** When a command buffer was encoded and submitted, as `performance.now()` gives it. */
export interface SubmitTimes {
  readonly began: number
  readonly encoded: number
  readonly submitted: number
  /** The number of steps in it. */
  readonly steps: number
}

/**
 * Times every dispatch of a command buffer by the device's own clock (`timestamp-query`), and adds it to a profiler.
 * Browsers round timestamps to about 0.1 ms: a single dispatch may read 0, the sum over many is right. Without the
 * feature, all that the device was waited for is one entry.
 */
export class KernelClock {
  readonly profiler: Profiler
  readonly #device: Device
  readonly #names: string[] = []
  readonly #queries: GPUQuerySet | undefined
  readonly #resolved: GPUBuffer | undefined
  readonly #staging: GPUBuffer | undefined

  constructor(device: Device, profiler: Profiler) {
    this.profiler = profiler
    this.#device = device
    const { gpu } = device
    if (!gpu.features.has('timestamp-query')) return
    const label = 'webgpu-mlp profile'
    const size = MOST_DISPATCHES * 16
    device.noteAllocation({
      bytes: 2 * size,
      free: () => {
        this.dispose()
      },
    })
    this.#queries = gpu.createQuerySet({ label, type: 'timestamp', count: 2 * MOST_DISPATCHES })
    this.#resolved = gpu.createBuffer({ label, size, usage: usage.queryResolve | usage.copySource })
    this.#staging = gpu.createBuffer({ label, size, usage: usage.mapRead | usage.copyTarget })
  }

  /** Steps of `stages` dispatches that one command buffer takes at most. */
  mostSteps(stages: number): number {
    return Math.max(1, Math.floor(MOST_DISPATCHES / stages))
  }

  /** A pass for one dispatch. */
  beginPass(encoder: GPUCommandEncoder, name: string): GPUComputePassEncoder {
    const index = 2 * this.#names.push(name) - 2
    const querySet = this.#queries
    return encoder.beginComputePass({
      label: `webgpu-mlp ${name}`,
      ...(querySet && {
        timestampWrites: { querySet, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 },
      }),
    })
  }

  /** Encodes the fetching of the timestamps; the last thing of a command buffer. */
  end(encoder: GPUCommandEncoder): void {
    if (!this.#queries || !this.#resolved || !this.#staging) return
    const count = 2 * this.#names.length
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0)
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 8 * count)
  }

  /** Waits for the command buffer that was just submitted, and adds the times of its steps and dispatches. */
  async collect({ began, encoded, submitted, steps }: SubmitTimes): Promise<void> {
    const names = this.#names.splice(0)
    // Both are awaited at the same time: each may be answered late.
    const reading = this.#staging && this.#device.read(this.#staging, 16 * names.length)
    reading?.catch(() => undefined)
    await this.#device.settled()
    const waited = performance.now() - submitted
    this.profiler.add('encode', 'steps', encoded - began, steps)
    if (!reading) {
      this.profiler.add('submit', 'steps', submitted - encoded)
      return this.profiler.add('kernel', 'all', waited, names.length)
    }
    const times = new BigInt64Array(await reading)
    let busy = 0
    for (const [i, name] of names.entries()) {
      const milliseconds = Math.max(0, Number(times[2 * i + 1]! - times[2 * i]!) / 1e6)
      busy += milliseconds
      this.profiler.add('kernel', name, milliseconds)
    }
    // The device may have begun while the host was still submitting: that time counts once, as the kernels'.
    this.profiler.add('submit', 'steps', Math.max(0, submitted - encoded - Math.max(0, busy - waited)))
    this.profiler.add('idle', 'launching and waking', Math.max(0, waited - busy))
    this.profiler.add('read-back', 'timestamps', performance.now() - submitted - waited)
  }

  dispose(): void {
    this.#queries?.destroy()
    this.#resolved?.destroy()
    this.#staging?.destroy()
  }
}
