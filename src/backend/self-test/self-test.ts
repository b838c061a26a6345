import { BackendUnavailableError, DeviceLostError } from '../../core/errors.ts'
import type { Network } from '../../model/network.ts'
import type { PlacementSettings } from '../backend.ts'
import type { Device } from '../webgpu/device/device.ts'
import { type OptionalForm, optionalForms } from '../webgpu/device/forms.ts'
import type { AdapterRecord } from '../webgpu/device/record.ts'
import { Compiler } from '../webgpu/kernels/compiler.ts'
import { Kernels } from '../webgpu/kernels/kernels.ts'
import { deviceLayers } from '../webgpu/kernels/packs.ts'
import type { PlanChoice } from '../webgpu/options.ts'
import { TestBench, type TestCase } from './bench.ts'
import { casesFor, type Needed, type TestedPopulation } from './cases.ts'
import { untilSilent, UntestableError } from './silence.ts'

/** A device with the kernels of it that give correct results. */
export interface TestedDevice {
  readonly device: Device
  readonly kernels: Kernels
}

/** A case whose results were wrong. */
interface Failure {
  readonly forms: readonly OptionalForm[]
  /** The stage, and what was wrong. */
  readonly reason: string
}

/**
 * Tests, before a network is placed, the kernels that it needs, on tiny inputs against float64. Each kernel is tested once
 * for an adapter, its driver and the version of this library; the results are in the adapter's record. Where results are
 * wrong, it looks for forms without which they are correct (device/forms.ts), and the device is used without those.
 */
export class SelfTest {
  readonly #record: AdapterRecord
  /** The device without the forms that were found to be wrong. */
  #tested: TestedDevice
  #last: Promise<unknown> = Promise.resolve()
  /** Why no more is tested: the device was lost, or does not answer. */
  #failed: UntestableError | undefined

  constructor(device: Device, kernels: Kernels, record: AdapterRecord) {
    this.#tested = { device, kernels }
    this.#record = record
  }

  /** The forms that are not used, with what was wrong; empty if all is well. */
  get findings(): string {
    return describeExcluded(this.#tested.device)
  }

  /**
   * @returns the device as it may be used for these networks
   * @throws BackendUnavailableError where no form gives correct results
   */
  check(
    network: Network,
    settings: PlacementSettings,
    plan: PlanChoice,
    population?: TestedPopulation,
  ): Promise<TestedDevice> {
    const needed = { layers: deviceLayers(network.layers), settings, plan, population }
    // One after another, so that no kernel is tested twice.
    const checked = this.#last.then(() => this.#check(needed))
    this.#last = checked.catch(() => undefined)
    return checked
  }

  async #check(needed: Needed): Promise<TestedDevice> {
    if (this.#failed) throw this.#failed
    try {
      this.#tested = await this.#findCorrect(needed)
    } catch (error) {
      if (error instanceof UntestableError) this.#failed = error
      throw error
    }
    return this.#tested
  }

  /** Looks for a view of the device on which nothing fails: first without one form, then without all that are suspect. */
  async #findCorrect(needed: Needed): Promise<TestedDevice> {
    let view = this.#tested
    for (;;) {
      const failures = await this.#failuresOf(view, needed)
      if (failures.length === 0) return view
      if (view.device.profile.tilings.size > 0) {
        // Measured tiles of earlier processes: those of the rule may be correct.
        view.device.profile.tilings.clear()
        continue
      }
      const reasonOf = (form: OptionalForm) => failures.find(({ forms }) => forms.includes(form))!.reason
      const suspects = [...new Set(failures.flatMap(({ forms }) => forms))].map(
        (form) => [form, reasonOf(form)] as const,
      )
      if (suspects.length === 0) {
        const { reason } = failures[0]!
        throw new BackendUnavailableError(
          `'${view.device.name}' fails the self-test: ${reason}; backend: 'cpu' works everywhere`,
        )
      }
      const alone = suspects.length > 1 ? suspects : []
      const correct = await this.#firstCorrect(view, alone.map((suspect) => [suspect]), needed) // prettier-ignore
      if (correct) return correct
      view = without(view, await this.#neededOf(suspects, view, needed))
    }
  }

  /** Those of the suspects whose exclusion is necessary, where several forms are wrong at the same time. */
  async #neededOf(suspects: readonly Exclusion[], view: TestedDevice, needed: Needed): Promise<readonly Exclusion[]> {
    let excluded = suspects
    if ((await this.#failuresOf(without(view, excluded), needed)).length > 0) return excluded
    for (const suspect of suspects) {
      const fewer = excluded.filter((one) => one !== suspect)
      if ((await this.#failuresOf(without(view, fewer), needed)).length === 0) excluded = fewer
    }
    return excluded
  }

  /** The first of some exclusions with which nothing fails. */
  async #firstCorrect(
    view: TestedDevice,
    exclusions: readonly (readonly Exclusion[])[],
    needed: Needed,
  ): Promise<TestedDevice | undefined> {
    for (const forms of exclusions) {
      const trial = without(view, forms)
      if ((await this.#failuresOf(trial, needed)).length === 0) return trial
    }
    return undefined
  }

  /** The failures among the cases that a network needs; cases that were run before are not run again. */
  async #failuresOf(view: TestedDevice, needed: Needed): Promise<Failure[]> {
    const { tests } = this.#record
    const cases = casesFor(view.device, view.kernels, needed)
    const missing = cases.filter(({ key }) => !tests.has(key))
    if (missing.length > 0) await this.#run(view, missing)
    return cases.flatMap(({ key, stage, forms }) => {
      const fault = tests.get(key)!
      return fault === '' ? [] : [{ forms, reason: `${stage}: ${fault}` }]
    })
  }

  /** Runs cases at the same time, and records the results. */
  async #run({ device }: TestedDevice, cases: readonly TestCase[]): Promise<void> {
    // A separate compiler, so that the device's keeps the kernels of networks.
    const compiler = new Compiler(device.gpu)
    const bench = new TestBench(device, new Kernels(device, compiler))
    const unanswered = new Set(cases)
    const run = async (one: TestCase) => {
      const fault = await runCase(one, bench)
      unanswered.delete(one)
      return fault
    }
    try {
      const running = Promise.all(cases.map(run))
      const faults = await untilSilent(running, { device, compiler, unanswered })
      for (const [i, { key }] of cases.entries()) this.#record.tests.set(key, faults[i]!)
    } finally {
      bench.dispose()
    }
  }
}

/** A form that is not used, and the reason. */
type Exclusion = readonly [form: OptionalForm, reason: string]

/** What is wrong with a case: results, or a kernel that the adapter rejects. @throws DeviceLostError */
async function runCase(one: TestCase, bench: TestBench): Promise<string> {
  try {
    return await one.run(bench)
  } catch (error) {
    if (error instanceof DeviceLostError) throw error
    return error instanceof Error ? error.message || error.name : String(error)
  }
}

function without({ device, kernels }: TestedDevice, forms: readonly Exclusion[]): TestedDevice {
  const view = device.withProfile(device.profile.excluding(forms))
  return { device: view, kernels: kernels.on(view) }
}

function describeExcluded({ profile }: Device): string {
  const found = [...profile.excluded].map(([form, reason]) => `${optionalForms[form]}, because ${reason}`)
  return found.join('; ')
}
