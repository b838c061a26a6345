import { Device } from '../../src/backend/webgpu/device/device.ts'

/** Calls of a device at which it can be lost: one of each kind of work that the library does. */
export type CallName =
  | 'requestDevice'
  | 'createShaderModule'
  | 'createComputePipelineAsync'
  | 'createBuffer'
  | 'writeBuffer'
  | 'submit'
  | 'mapAsync'
  | 'onSubmittedWorkDone'
  | 'popErrorScope'

/** When a device is lost: at the n-th call of a kind, counted from 1 over all devices. */
export interface Moment {
  readonly name: CallName | 'any'
  readonly call: number
  /** 'later': while the event loop does other work after the call. */
  readonly when: 'before' | 'after' | 'later'
}

/** A loss that has happened. */
export interface Loss {
  readonly name: CallName
  /** The number of the device that was lost, from 1. */
  readonly device: number
}

type Methods = Record<string, (...given: unknown[]) => unknown>

/** Opens devices that are lost at given moments of their use, and counts the calls of all of them. */
export class BreakingGPU {
  readonly losses: Loss[] = []
  /** How many calls of each kind were made. */
  readonly counts = new Map<CallName, number>()
  /** How many devices there are: later requests fail as where a driver does not come back. */
  readonly #most: number
  #moments: Moment[]
  /** Called after each loss. */
  onLoss: (() => void) | undefined
  #opened = 0
  #current: GPUDevice | undefined

  constructor(moments: readonly Moment[] = [], most = Infinity) {
    this.#moments = [...moments]
    this.#most = most
  }

  /** Devices that were opened. */
  get devices(): number {
    return this.#opened
  }

  /** Loses the device once more, some calls from now on. */
  loseIn(calls: number, when: Moment['when']): void {
    this.#moments.push({ name: 'any', call: this.#countOf('any') + calls, when })
  }

  /** Whether another loss is to come. */
  get isArmed(): boolean {
    return this.#moments.length > 0
  }

  #countOf(name: CallName | 'any'): number {
    if (name !== 'any') return this.counts.get(name) ?? 0
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** As an option of the backend. */
  readonly requestDevice = async (): Promise<GPUDevice> => {
    if (this.#opened >= this.#most) throw new Error('the driver does not come back')
    const { gpu } = await Device.open()
    this.#opened++
    this.#current = gpu
    this.#watch(gpu as unknown as Methods, 'createShaderModule')
    this.#watch(gpu as unknown as Methods, 'createComputePipelineAsync')
    this.#watch(gpu as unknown as Methods, 'popErrorScope')
    this.#watch(gpu.queue as unknown as Methods, 'writeBuffer')
    this.#watch(gpu.queue as unknown as Methods, 'submit')
    this.#watch(gpu.queue as unknown as Methods, 'onSubmittedWorkDone')
    this.#watch(gpu as unknown as Methods, 'createBuffer', (buffer) => this.#watch(buffer as Methods, 'mapAsync'))
    return this.#around('requestDevice', () => gpu)
  }

  #watch(object: Methods, name: CallName, made?: (result: unknown) => void): void {
    const original = object[name]!
    const watched = (...given: unknown[]) =>
      this.#around(name, () => {
        const result = original.apply(object, given)
        made?.(result)
        return result
      })
    Object.assign(object, { [name]: watched })
  }

  /** Makes a call, and loses the device at it where this is one of the moments. */
  #around<T>(name: CallName, call: () => T): T {
    this.counts.set(name, this.#countOf(name) + 1)
    const isNow = (one: Moment) => (one.name === 'any' || one.name === name) && one.call <= this.#countOf(one.name)
    const moment = this.#moments.find(isNow)
    if (!moment) return call()
    this.#moments = this.#moments.filter((other) => other !== moment)
    if (moment.when === 'before') this.#lose(name)
    const result = call()
    if (moment.when === 'after') this.#lose(name)
    if (moment.when === 'later') setTimeout(() => this.#lose(name), 1)
    return result
  }

  #lose(name: CallName): void {
    this.losses.push({ name, device: this.#opened })
    this.#current?.destroy()
    this.onLoss?.()
  }
}
