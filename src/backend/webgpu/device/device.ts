import { BackendUnavailableError, DeviceLostError, GPUValidationError } from '../../../core/errors.ts'
import { explainMissingAdapter, findAdapter } from './adapter.ts'
import { MAP_MODE_READ } from './flags.ts'
import { lateLoss } from './late-loss.ts'
import { outOfMemory } from './out-of-memory.ts'
import { AdapterProfile } from './profile.ts'
import { Waits } from './waits.ts'

/** Something on the device that was made. */
export interface Allocation {
  readonly bytes: number
  readonly free: () => void
}

const sumOf = (made: readonly Allocation[]) => made.reduce((sum, { bytes }) => sum + bytes, 0)

/** Features that are used where they are granted. */
const wantedFeatures: GPUFeatureName[] = ['timestamp-query', 'subgroups']

/**
 * A GPU device with its profile, whether it was lost, and errors that are thrown instead of logged. Whoever opened the
 * device destroys it: `dispose` does not destroy a device that was passed in.
 */
export class Device {
  readonly gpu: GPUDevice
  readonly profile: AdapterProfile
  readonly waits: Waits
  /** Resolves when the device is lost otherwise than by {@link Device.dispose}. */
  readonly lost: Promise<void>
  readonly #owned: boolean
  /** The device that this one is another view of. */
  #original: Device | undefined
  #lost: string | undefined
  #disposed = false
  /** What the work of {@link checked} that runs now has made. */
  #made: Allocation[] | undefined

  private constructor(gpu: GPUDevice, profile: AdapterProfile, waits: Waits, owned: boolean) {
    this.gpu = gpu
    this.profile = profile
    this.waits = waits
    this.#owned = owned
    this.lost = new Promise((resolve) => {
      void gpu.lost.then(({ reason, message }) => {
        if (this.#disposed) return
        this.#lost = `${message || 'no reason given'} (${reason})`
        resolve()
      })
    })
  }

  /** Opens the adapter that WebGPU prefers. @throws BackendUnavailableError where there is none */
  static async open(isPinned = false): Promise<Device> {
    const adapter = await findAdapter()
    if (!adapter) throw new BackendUnavailableError(`backend 'webgpu': ${explainMissingAdapter()}`)
    return Device.fromAdapter(adapter, isPinned)
  }

  /**
   * Opens a device with the adapter's own limits on memory, so that larger data sets and networks fit where the adapter can.
   * @param isPinned whether all choices are to follow from rules ({@link AdapterProfile.isPinned})
   */
  static async fromAdapter(adapter: GPUAdapter, isPinned = false): Promise<Device> {
    const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = adapter.limits
    const gpu = await adapter.requestDevice({
      label: 'webgpu-mlp',
      requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize },
      requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
    })
    const found = AdapterProfile.of(gpu)
    const profile = isPinned ? found.pinned() : found
    return new Device(gpu, profile, new Waits(gpu, profile), true)
  }

  /**
   * Wraps a device that someone else opened, and will destroy.
   * @param profile that of other backends on the same device, or one that a test made
   * @param waits shared with the profile
   */
  static from(gpu: GPUDevice, profile = AdapterProfile.of(gpu), waits = new Waits(gpu, profile)): Device {
    return new Device(gpu, profile, waits, false)
  }

  /** The same device, used according to another profile. It is disposed of with this one. */
  withProfile(profile: AdapterProfile): Device {
    const device = new Device(this.gpu, profile, this.waits, false)
    device.#original = this
    return device
  }

  /** Records what was made: where the call of {@link checked} fails that made it, its error names the bytes, and it is freed. */
  noteAllocation(made: Allocation): void {
    this.#made?.push(made)
  }

  /** The adapter's name, for people. */
  get name(): string {
    return this.profile.name
  }

  /** Whether the device was lost otherwise than by {@link Device.dispose}. */
  get isLost(): boolean {
    return this.#lost !== undefined || (this.#original?.isLost ?? false)
  }

  /** Throws if the device was lost or disposed of. */
  check(): void {
    this.#original?.check()
    if (this.#lost !== undefined) {
      throw new DeviceLostError(
        `the GPU device '${this.name}' was lost: ${this.#lost}; create a new trainer to go on, ` +
          "from the parameters last read, or with backend: 'cpu'",
      )
    }
    if (this.#disposed) {
      throw new DeviceLostError(
        `the GPU device '${this.name}' was disposed of with its backend; await what its trainers do before that`,
      )
    }
  }

  /**
   * Runs `work`, then throws what WebGPU found wrong with it; what the work made is then freed. Scopes are closed at once, so
   * that calls can overlap.
   * @param what the work is, for errors
   */
  async checked<T>(what: string, work: () => T): Promise<T> {
    this.check()
    this.gpu.pushErrorScope('out-of-memory')
    this.gpu.pushErrorScope('validation')
    const made: Allocation[] = []
    try {
      const { result, popped } = this.#inScopes(work, made)
      const [invalid, exhausted] = await this.orLost(popped)
      // What uses a buffer that could not be made is invalid, too: the cause comes first.
      if (exhausted) throw outOfMemory(this.name, what, sumOf(made))
      if (invalid) throw new GPUValidationError(`${what}: ${invalid.message}`)
      return result
    } catch (error) {
      for (const { free } of made) free()
      throw error
    }
  }

  /** Runs work within error scopes that are open. @param made takes what it makes */
  #inScopes<T>(work: () => T, made: Allocation[]): { result: T; popped: Promise<(GPUError | null)[]> } {
    let popped: Promise<(GPUError | null)[]>
    let result: T
    const outer = this.#made
    this.#made = made
    try {
      result = work()
    } finally {
      this.#made = outer
      popped = Promise.all([this.gpu.popErrorScope(), this.gpu.popErrorScope()])
      popped.catch(() => undefined)
    }
    return { result, popped }
  }

  /**
   * Writes host memory into a buffer, after all that was submitted before. The only place that does: nothing is written
   * where there is nothing to write, which Deno does not take.
   * @param first the first element of `values` to write
   */
  write(
    buffer: GPUBuffer,
    offset: number,
    values: Float32Array | Uint32Array,
    first = 0,
    count = values.length - first,
  ): void {
    // eslint-disable-next-line no-restricted-properties -- this is the one place
    if (count > 0) this.gpu.queue.writeBuffer(buffer, offset, values as GPUAllowSharedBufferSource, first, count)
  }

  /**
   * Waits until the device has done all that was submitted.
   * @param expected about how many milliseconds of work were submitted last
   */
  async settled(expected = 0): Promise<void> {
    this.waits.expect(expected)
    await this.orLost(this.waits.until(this.gpu.queue.onSubmittedWorkDone()))
  }

  /** Maps a buffer for reading; its bytes are copied out. */
  async read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    // A buffer that was destroyed meanwhile is an error of the promise, and must not be reported a second time.
    this.gpu.pushErrorScope('validation')
    const mapping = buffer.mapAsync(MAP_MODE_READ, 0, bytes)
    this.gpu.popErrorScope().catch(() => undefined)
    return this.orLost(
      this.waits.until(mapping).then(() => {
        const copy = buffer.getMappedRange(0, bytes).slice(0)
        buffer.unmap()
        return copy
      }),
    )
  }

  /** Measures how late the device's answers come, once for each device. */
  measureWaits(): Promise<void> {
    return this.orLost(this.waits.measure())
  }

  /**
   * Awaits an answer of the device. Calls fail with various errors on a device that is lost, which is then the cause.
   * @throws DeviceLostError
   */
  async orLost<T>(promise: Promise<T>): Promise<T> {
    try {
      const result = await promise
      this.check()
      return result
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve))
      if (!this.isLost && !this.#disposed) await lateLoss(this.gpu)
      this.check()
      throw error
    }
  }

  /** Frees a device that was lost: calls that still use it report the loss. */
  abandon(): void {
    if (this.#owned) this.gpu.destroy()
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#owned) this.gpu.destroy()
  }
}
