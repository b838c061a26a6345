import { BackendUnavailableError, DeviceLostError, InputError } from '../../core/errors.ts'
import { explainMissingAdapter, findAdapter, isSoftware, nameAdapter } from '../../backend/webgpu/device/adapter.ts'
import { Device } from '../../backend/webgpu/device/device.ts'
import { type CheckCase, type CheckPart, checkParts, type Finding } from './case.ts'
import { measureProducts, measureRate, type ProductRate, type Rate, workloads } from './rates.ts'
import { runCases } from './runs.ts'
import { selfTestCases } from './self-test.ts'
import { stageCases, verifyCases } from './stages.ts'
import { trainingCases } from './trainings.ts'

/** The result of one case. */
export interface CheckResult extends Finding {
  readonly part: CheckPart
  readonly name: string
  readonly seconds: number
}

/** An adapter, as a report describes it. */
export interface CheckedAdapter {
  readonly name: string
  readonly software: boolean
  readonly info: Readonly<Record<string, string | number | boolean>>
  readonly features: readonly string[]
  readonly limits: Readonly<Record<string, number>>
}

/** What {@link checkDevice} found. */
export interface DeviceCheck {
  /** Whether every case passed and every figure could be measured. */
  readonly ok: boolean
  readonly adapter: CheckedAdapter
  readonly results: readonly CheckResult[]
  readonly rates: readonly Rate[]
  readonly products: ProductRate | undefined
  /** Measurements that ended with an error, and why the check ended early. */
  readonly problems: readonly string[]
  readonly seconds: number
}

/** What {@link checkDevice} reports while it runs. */
export interface CheckProgress {
  /** What begins now, and how many of how many are done. */
  onStart?(what: string, done: number, all: number): void
  onResult?(result: CheckResult): void
  onRate?(rate: Rate): void
  onProducts?(products: ProductRate): void
}

/** What is checked. */
export interface CheckSelection {
  /** The parts of the correctness suite. Default: all. */
  readonly parts?: readonly CheckPart[]
  /** Whether rates are measured. Default true. */
  readonly rates?: boolean
}

const casesOf: Readonly<Record<CheckPart, () => CheckCase[]>> = {
  'self-test': selfTestCases,
  verify: verifyCases,
  stages: stageCases,
  trainings: trainingCases,
  runs: runCases,
}

/** Rounds and seconds of a round of each workload. Software adapters are measured for less time. */
const measuring = { hardware: [5, 0.6], software: [3, 0.4] } as const

/**
 * Checks the adapter that WebGPU prefers, a software adapter included: compares stages, trainings and whole runs with the
 * float64 reference, then measures rates. Takes about a minute on hardware and two on a software adapter.
 * @throws BackendUnavailableError where there is no adapter
 * @example const { ok, results } = await checkDevice({ onResult: ({ name, ok }) => console.log(name, ok) }, { parts: ['verify'], rates: false })
 */
export async function checkDevice(
  progress: CheckProgress = {},
  { parts = checkParts, rates = true }: CheckSelection = {},
): Promise<DeviceCheck> {
  const adapter = await findAdapter()
  if (!adapter) throw new BackendUnavailableError(explainMissingAdapter())
  // The device takes the adapter with it, so what is known about it is copied before.
  const described = describeAdapter(adapter)
  const device = await Device.fromAdapter(adapter)
  try {
    const found = await new DeviceChecks(device, progress).run(parts, rates)
    return { adapter: described, ...found }
  } finally {
    device.dispose()
  }
}

class DeviceChecks {
  readonly #device: Device
  readonly #progress: CheckProgress
  readonly #results: CheckResult[] = []
  readonly #rates: Rate[] = []
  readonly #problems: string[] = []
  #products: ProductRate | undefined
  #done = 0
  #all = 0
  #isLost = false

  constructor(device: Device, progress: CheckProgress) {
    this.#device = device
    this.#progress = progress
  }

  async run(parts: readonly CheckPart[], rates: boolean): Promise<Omit<DeviceCheck, 'adapter'>> {
    const began = performance.now()
    const { software } = this.#device.profile
    const cases = checkParts
      .filter((part) => parts.includes(part))
      .flatMap((part) => casesOf[part]())
      .filter(({ isForHardware = false }) => !isForHardware || !software)
    this.#all = cases.length + (rates ? workloads.length + 1 : 0)
    for (const one of cases) await this.#runCase(one)
    if (rates) await this.#measure()
    const ok = this.#problems.length === 0 && this.#results.every((result) => result.ok)
    return {
      ok,
      results: this.#results,
      rates: this.#rates,
      products: this.#products,
      problems: this.#problems,
      seconds: (performance.now() - began) / 1000,
    }
  }

  /** Starts a piece of work; none is started on a device that was lost. */
  #start(what: string): boolean {
    if (this.#isLost) return false
    this.#progress.onStart?.(what, this.#done++, this.#all)
    return true
  }

  async #runCase(one: CheckCase): Promise<void> {
    if (!this.#start(one.name)) return
    const began = performance.now()
    const finding = await this.#guarded(() => one.run(this.#device.gpu)).catch((error: unknown): Finding => {
      return { ok: false, detail: this.#explain(error) }
    })
    const result = { part: one.part, name: one.name, ...finding, seconds: (performance.now() - began) / 1000 }
    this.#results.push(result)
    this.#progress.onResult?.(result)
  }

  async #measure(): Promise<void> {
    const [rounds, seconds] = measuring[this.#device.profile.software ? 'software' : 'hardware']
    for (const workload of workloads) {
      await this.#try(`speed of ${workload.name}`, async () => {
        const rate = await measureRate(this.#device.gpu, workload, rounds, seconds)
        this.#rates.push(rate)
        this.#progress.onRate?.(rate)
      })
    }
    await this.#try('speed of large matrix products', async () => {
      this.#products = await measureProducts(this.#device.gpu)
      this.#progress.onProducts?.(this.#products)
    })
  }

  async #try(what: string, measure: () => Promise<void>): Promise<void> {
    if (!this.#start(what)) return
    try {
      await this.#guarded(measure)
    } catch (error) {
      this.#problems.push(`${what}: ${this.#explain(error)}`)
    }
  }

  /** Runs work, and fails if WebGPU reported an error meanwhile that the library did not throw. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    const { gpu } = this.#device
    const scopes = ['out-of-memory', 'internal', 'validation'] as const
    for (const scope of scopes) gpu.pushErrorScope(scope)
    let popped: (GPUError | null)[] = []
    let result: T
    try {
      result = await work()
    } finally {
      // A device that was lost reports that by the work's own error.
      popped = await Promise.all(scopes.map(() => gpu.popErrorScope())).catch(() => [])
    }
    const error = popped.find((one) => one !== null)
    if (error) throw new Error(`WebGPU reported: ${error.message}`)
    return result
  }

  #explain(error: unknown): string {
    if (error instanceof DeviceLostError && !this.#isLost) {
      this.#isLost = true
      this.#problems.push(`the check ended early: ${error.message}`)
    }
    const isKnown = error instanceof InputError || error instanceof BackendUnavailableError
    const { name, message } = error as Error
    return isKnown ? message : `${name}: ${message}`
  }
}

/** Copies the own and inherited values of a WebGPU object, whose properties are getters. */
function valuesOf<T extends string | number | boolean>(object: object, types: readonly string[]): Record<string, T> {
  const values: Record<string, T> = {}
  for (const key in object) {
    const value = (object as Record<string, unknown>)[key]
    if (types.includes(typeof value)) values[key] = value as T
  }
  return values
}

function describeAdapter({ info, features, limits }: GPUAdapter): CheckedAdapter {
  return {
    name: nameAdapter(info),
    software: isSoftware(info),
    info: valuesOf(info, ['string', 'number', 'boolean']),
    features: [...features].sort(),
    limits: valuesOf<number>(limits, ['number']),
  }
}
