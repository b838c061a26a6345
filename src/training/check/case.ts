import type { Backend } from '../../backend/backend.ts'
import { isSoftware } from '../../backend/webgpu/device/adapter.ts'
import { webgpu } from '../../backend/webgpu/backend.ts'
import { Matrix } from '../../core/matrix.ts'
import { Random } from '../../core/random.ts'
import { Dataset } from '../../data/dataset.ts'
import type { ActivationName } from '../../model/activation.ts'
import { Network } from '../../model/network.ts'

/** The parts of the correctness suite, in the order in which they run. */
export const checkParts = ['self-test', 'verify', 'stages', 'trainings', 'runs'] as const
export type CheckPart = (typeof checkParts)[number]

/** What one case found. */
export interface Finding {
  readonly ok: boolean
  /** The largest error as a share of what float32 arithmetic may cost there; absent where bits are compared. */
  readonly share?: number
  /** Where that error is, or what is wrong. */
  readonly detail: string
}

/** One comparison with the float64 reference, or of two runs on the device. */
export interface CheckCase {
  readonly part: CheckPart
  readonly name: string
  /** Whether it is run on hardware adapters only. */
  readonly isForHardware?: boolean
  run(device: GPUDevice): Promise<Finding>
}

/** The ways to train a network on the GPU; see ARCHITECTURE.md. */
export const forms = ['layered', 'straight', 'lanes', 'loop'] as const
export type Form = (typeof forms)[number]

/** The size of a minibatch that is trained in a form: on hardware, only tiny ones run on one invocation (plans/choice.ts). */
const batchFor = (form: Form, software: boolean, usual: number): number =>
  form === 'straight' && !software ? Math.min(2, usual) : usual

/** The backend that trains small networks in a form; which one the resident plan has depends on network and minibatch. */
export const backendFor = (device: GPUDevice, form: Form): Backend =>
  webgpu({ device, plan: form === 'layered' ? 'layered' : 'resident' })

/** Cases for each form. */
export function casesOfForms(
  part: CheckPart,
  name: string,
  run: (device: GPUDevice, form: Form, batchOf: (usual: number) => number) => Promise<Finding>,
): CheckCase[] {
  return forms.map((form) => ({
    part,
    name: `${form}: ${name}`,
    // Software adapters execute lanes one by one, so the library does not use them there.
    isForHardware: form === 'lanes',
    run: (device) => run(device, form, (usual) => batchFor(form, isSoftware(device.adapterInfo), usual)),
  }))
}

/** Normal inputs, and the target 1 for a random class of each sample, which every loss accepts. */
export function randomData(samples: number, inputs: number, outputs: number, seed: number): Dataset {
  const random = new Random(seed, 'data')
  const x = new Matrix(samples, inputs)
  const y = new Matrix(samples, outputs)
  for (let i = 0; i < x.data.length; i++) x.data[i] = random.normal()
  for (let i = 0; i < samples; i++) {
    if (outputs === 1) y.data[i] = random.below(2)
    else y.data[i * outputs + random.below(outputs)] = 1
  }
  return Dataset.from(x, y)
}

/** The same targets with inputs that are whole 255ths, which the device stores as bytes. */
export function pixelData(samples: number, inputs: number, outputs: number, seed: number): Dataset {
  const { targets } = randomData(samples, inputs, outputs, seed)
  const x = new Matrix(samples, inputs)
  for (let i = 0; i < x.data.length; i++) x.data[i] = ((i * 97) % 256) / 255
  return Dataset.from(x, targets)
}

/** Weights of moderate size, and biases that differ from 0. @param hidden one for all hidden layers, or one for each */
export function randomNetwork(
  sizes: readonly number[],
  hidden: ActivationName | readonly ActivationName[],
  output: ActivationName,
  seed: number,
): Network {
  const activations = sizes.slice(2).map((_, l) => (typeof hidden === 'string' ? hidden : hidden[l]!))
  const network = Network.create({
    sizes: [...sizes],
    activations: [...activations, output],
    init: 'glorotNormal',
    seed,
  })
  const random = new Random(seed, 'data', 1)
  for (const biases of network.biases) for (let i = 0; i < biases.length; i++) biases[i] = 0.3 * random.normal()
  return network
}

/** The tolerance of a comparison: |got − want| ≤ atol + rtol·|want|. */
export interface Tolerance {
  readonly rtol: number
  readonly atol: number
}

/** Compares values with those of the reference; NaN and differing lengths never pass. */
export function compareValues(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { rtol, atol }: Tolerance,
): Required<Finding> {
  if (got.length !== want.length) {
    return { ok: false, share: Infinity, detail: `${name}: ${got.length} values, expected ${want.length}` }
  }
  let share = 0
  let worst = 0
  for (let i = 0; i < want.length; i++) {
    const one = Math.abs(got[i]! - want[i]!) / (atol + rtol * Math.abs(want[i]!))
    if (one <= share) continue
    share = Number.isNaN(one) ? Infinity : one
    worst = i
  }
  return { ok: share <= 1, share, detail: `${name}[${worst}]: got ${got[worst]}, expected ${want[worst]}` }
}

/** Compares the results of two runs that must have the same bits. */
export function compareBits(name: string, a: ArrayLike<number>, b: ArrayLike<number>): Finding {
  let differing = a.length === b.length ? 0 : Math.max(a.length, b.length)
  if (differing === 0) for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) differing++
  return { ok: differing === 0, detail: differing === 0 ? name : `${name}: ${differing} of ${a.length} values differ` }
}

/** The finding of several: the first that failed, else the one with the largest error. */
export function worstOf(findings: readonly Finding[]): Finding {
  const failed = findings.find(({ ok }) => !ok)
  return failed ?? findings.reduce((worst, one) => ((one.share ?? 0) > (worst.share ?? 0) ? one : worst))
}
