import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import {
  type ActivationName,
  activationNames,
  adagrad,
  adam,
  adamw,
  nadam,
  type ClassWeights,
  cosine,
  cpu,
  Dataset,
  exponential,
  type LearningRate,
  Network,
  type Optimizer,
  reduceOnPlateau,
  rmsprop,
  sgd,
  step,
  Trainer,
  type TrainerOptions,
  warmup,
  webgpu,
} from '../src/index.ts'
import { lossNames } from '../src/loss/loss.ts'
import { float32Backends } from './backends.ts'
import { expectClose, type Tolerance } from './close.ts'
import { covering } from './covering.ts'
import { withDevice } from './device.ts'

/** The name and the options of an optimizer or a schedule. */
type Named = { name: string } & Record<string, unknown>

interface Case {
  name: string
  network: string
  activations: ActivationName[]
  targets: string
  weights?: number[]
  classWeights?: ClassWeights
  options: Omit<TrainerOptions, 'optimizer'> & { optimizer: Named }
  losses: number[]
  rates: number[]
  parameters: number[]
}

/** The output of pytorch/losses.py, which trained the cases in double precision with PyTorch, without this library. */
interface Cases {
  inputs: number[][]
  targets: Record<string, number[][]>
  networks: Record<string, { sizes: number[]; weights: number[][][]; biases: number[][] }>
  cases: Case[]
}

const file = new URL('pytorch/losses.json', import.meta.url)
const { inputs, targets, networks, cases } = JSON.parse(readFileSync(file, 'utf8')) as Cases

const optimizers = { sgd, rmsprop, adagrad, adam, adamw, nadam }
const schedules = { step, exponential, cosine, warmup, reduceOnPlateau }

/** A number, or the schedule with these options; a warm-up contains another schedule. */
function rateOf(given: unknown): LearningRate {
  if (typeof given === 'number') return given
  const { name, ...options } = given as Named
  const make = schedules[name as keyof typeof schedules] as (options: object) => LearningRate
  return make({ ...options, ...('then' in options && { then: rateOf(options.then) }) })
}

function optimizerOf({ name, ...options }: Named): Optimizer {
  const make = optimizers[name as keyof typeof optimizers]
  return make({ ...options, ...('learningRate' in options && { learningRate: rateOf(options.learningRate) }) })
}

async function train({ activations, weights, classWeights, options, ...given }: Case, backend: Backend) {
  const data = Dataset.from(inputs, targets[given.targets]!, { weights })
  const { sizes, biases, ...from } = networks[given.network]!
  const network = Network.from({ sizes, activations, biases, weights: from.weights.map((rows) => rows.flat()) })
  const trainer = await Trainer.create(network, { ...options, optimizer: optimizerOf(options.optimizer), backend })
  try {
    let parameters: ArrayLike<number> = []
    const { epochs } = await trainer.fit(data, {
      epochs: 10,
      shuffle: false,
      ...(classWeights !== undefined && { classWeights }),
      // A network's parameters are float32; those of a checkpoint have the precision of the backend.
      checkpoint: { every: 10, write: ({ snapshot }) => void (parameters = snapshot.parameters) },
    })
    return { losses: epochs.map(({ loss }) => loss), rates: epochs.map((epoch) => epoch.learningRate), parameters }
  } finally {
    trainer.dispose()
  }
}

type Bounds = Record<'losses' | 'parameters', Omit<Tolerance, 'name'>>

/** The file has twelve digits. */
const float64: Bounds = { losses: { rtol: 1e-10 }, parameters: { rtol: 1e-10, atol: 1e-10 } }
/** For thirty steps: the bound of ten steps in training.test.ts. */
const float32: Bounds = { losses: { rtol: 1000 * 2 ** -24, atol: 1e-7 }, parameters: { rtol: 1e-4, atol: 2e-5 } }

async function expectPyTorch(given: Case, backend: Backend, bounds: Bounds): Promise<void> {
  const { losses, rates, parameters } = await train(given, backend)
  expectClose(rates, given.rates, { name: 'rates', rtol: 1e-11 })
  expectClose(losses, given.losses, { name: 'losses', ...bounds.losses })
  expectClose(parameters, given.parameters, { name: 'parameters', ...bounds.parameters })
}

/** One backend per device and plan, so that a kernel of several cases is compiled once. */
const backends = new WeakMap<GPUDevice, Map<string, Backend>>()
function backendOn(device: GPUDevice, plan: 'layered' | 'resident'): Backend {
  const known = backends.get(device) ?? new Map<string, Backend>()
  backends.set(device, known)
  const backend = known.get(plan) ?? webgpu({ device, plan })
  known.set(plan, backend)
  return backend
}

/** Networks with any of these are trained by the layered plan. */
const needsLayered = ({ weights, classWeights, options: { dropout, optimizer } }: Case) =>
  [weights, classWeights, dropout, optimizer.clipNorm].some((option) => option !== undefined)

/** The parts of the library that a case covers: options that are set, and names. */
function partsOf({ network, activations, weights, classWeights, options }: Case): unknown[] {
  const { optimizer, loss, l1, l2, dropout } = options
  const { name, learningRate, momentum, nesterov, centered, clipNorm } = optimizer
  const isSet = Object.entries({ weights, classWeights, l1, l2, dropout, momentum, nesterov, centered, clipNorm })
  const set = isSet.filter(([, value]) => value !== undefined).map(([key]) => key)
  const schedule = (learningRate as Partial<Named> | undefined)?.name
  return [network, loss, name, schedule, ...activations, `${activations.at(-1)!} outputs`, ...set]
}

/** Backends never see that an option was left out; these cases would only add kernels to compile. */
const casesOfGPU = cases.filter(({ name }) => !name.endsWith(', defaults'))
const layered = new Set(covering(casesOfGPU, partsOf))
const resident = new Set(covering(casesOfGPU.filter((one) => !needsLayered(one)), partsOf)) // prettier-ignore

describe('ten training losses in a row are those of PyTorch', () => {
  describe.each(cases)('$name', (given) => {
    it('on the CPU in float64', () => expectPyTorch(given, cpu({ precision: 'float64' }), float64))
    it.each(float32Backends)('on %s', (_, make) => expectPyTorch(given, make(), float32))
    if (layered.has(given)) {
      withDevice('on the GPU, layered', ({ gpu }) => expectPyTorch(given, backendOn(gpu, 'layered'), float32))
    }
    if (resident.has(given)) {
      withDevice('on the GPU, resident', ({ gpu }) => expectPyTorch(given, backendOn(gpu, 'resident'), float32))
    }
  })

  it('for every optimizer, schedule, loss and activation', () => {
    const rates = cases.map(({ options }) => options.optimizer.learningRate as Partial<Named> | undefined)
    const covered = (names: (string | undefined)[], all: readonly string[]) =>
      expect(all.filter((name) => !names.includes(name))).toEqual([])
    covered(cases.map(({ options }) => options.optimizer.name), Object.keys(optimizers)) // prettier-ignore
    covered(rates.map((rate) => rate?.name), Object.keys(schedules)) // prettier-ignore
    covered(cases.map(({ options }) => options.loss), lossNames) // prettier-ignore
    covered(cases.flatMap(({ activations }) => activations), activationNames) // prettier-ignore
  })
})
