import type { Backend, Trace } from '../backend/backend.ts'
import { update } from '../backend/host/update.ts'
import {
  checkActivations,
  checkGradient,
  checkHiddenDelta,
  checkOutputDelta,
  checkWeightedInputs,
  boundOf,
  compare,
  gradientError,
  type StageCheck,
} from '../backend/self-test/stage-checks.ts'
import { Dataset } from '../data/dataset.ts'
import { oneHot } from '../data/classes.ts'
import { checkInstance } from '../core/errors.ts'
import { type Fields, integer, readOptions, seed, withDefault, withFresh } from '../core/schema.ts'
import { Matrix } from '../core/matrix.ts'
import { drawSeed, Random } from '../core/random.ts'
import type { Layer } from '../model/layout.ts'
import { Network } from '../model/network.ts'
import type { LossName } from '../loss/loss.ts'
import { type Optimizer, stateSlots, stepScalars } from '../optimizer/optimizer.ts'
import { rateAt } from '../optimizer/schedule.ts'
import { threadsOption } from '../backend/host/wasm/backend.ts'
import { backendFlag, backendKind, type BackendName, chooseBackend } from './backends.ts'
import { lossOption } from './options.ts'
import { optimizerKind, usualOptimizer } from './optimizer-option.ts'
import { prepare } from './prepared.ts'
import { checkIsDataset } from './settings.ts'
import { checkDataset, checkLoss } from './validation.ts'

export type { StageCheck }

/** The stages of one layer. */
export interface LayerCheck {
  /** Counted from 1, as the article counts: layer 0 is the input. */
  layer: number
  /** z = W a + b */
  forward: StageCheck
  /** a = f(z) */
  activation: StageCheck
  /** δ = ∂C/∂z of the layer. */
  delta: StageCheck
  /** The gradient of its weights. */
  weightGradient: StageCheck
  /** The gradient of its biases. */
  biasGradient: StageCheck
  /** One optimizer step. */
  update: StageCheck
}

/** What {@link verify} found. */
export interface Verification {
  /** Whether every stage of every layer agrees. */
  ok: boolean
  /** What was compared with float64. */
  backend: {
    /** `webgpu`, `wasm` or `cpu`. */
    name: string
    /** The device and its kind, for people. */
    description: string
  }
  /** Samples in the minibatch. */
  samples: number
  /** The comparison of each layer, first to last. */
  layers: LayerCheck[]
}

/** The options of {@link verify}. */
export interface VerifyOptions {
  /** Default 'auto'. */
  backend?: BackendName | Backend | undefined
  /** Of the backend 'wasm'. Default: all cores. */
  threads?: number | undefined
  /** Default 'quadratic'. */
  loss?: LossName | undefined
  /** Default sgd({ learningRate: 0.1 }). */
  optimizer?: Optimizer | undefined
  /** How many samples, the first of the data. Default 32. */
  batchSize?: number | undefined
  /** For random samples, where no data are given. Default: random. */
  seed?: number | undefined
}

export const verifySchema = {
  name: 'verify',
  fields: {
    backend: withDefault(backendKind, 'auto', backendFlag),
    threads: threadsOption,
    loss: lossOption,
    optimizer: withFresh(optimizerKind, usualOptimizer),
    batchSize: withDefault(integer(), 32, { flag: '--batch <size>', help: 'samples of the minibatch' }),
    seed: withFresh(seed, drawSeed),
  } satisfies Fields<VerifyOptions>,
}

/**
 * Compares a backend with the float64 CPU reference: forward, every delta, every gradient and one update of one
 * minibatch. Each stage is compared on the same inputs that the backend gave it, so that an error is that stage's own
 * and its bound follows from the arithmetic: 4·K·2⁻²⁴·Σ|w·a| for a sum of K terms.
 * @param network the network whose parameters are used; they do not change
 * @param data the samples; left out, normal inputs and a random class for each, made from `seed`
 * @param options the backend (default 'auto'), the loss ('quadratic'), the optimizer (SGD), the size of the minibatch
 *   (32), and the seed of random samples
 * @example const { ok, layers } = await verify(network, data, { backend: 'webgpu', batchSize: 64 })
 */
export async function verify(network: Network, data?: Dataset, options: VerifyOptions = {}): Promise<Verification> {
  checkInstance('network', network, Network, 'Network')
  const { loss, optimizer, batchSize: most, seed, backend: choice, threads } = readOptions(verifySchema, options)
  checkLoss(network, loss)
  const samples =
    data === undefined ? randomSamples(network, most, seed) : prepare(network, checkIsDataset(data, 'data'), 'data')
  checkDataset(network, loss, samples, 'data')
  const batchSize = Math.min(samples.length, most)
  const order = Uint32Array.from({ length: batchSize }, (_, i) => i)
  const minibatch = samples.take(order)
  const { backend, opened } = await chooseBackend(choice, { threads })
  try {
    const placement = await backend.place(network, { loss, optimizer, batchSize })
    try {
      const trace = await placement.trace(minibatch)
      const handle = await placement.upload(minibatch)
      const learningRate = rateAt(optimizer.learningRate, 0)
      await placement.train(handle, [{ order, batchSize, learningRate, stepsBefore: 0 }]).result
      const updated = await placement.readParameters()
      handle.dispose()
      const checks = new Checks(network, minibatch, loss, trace)
      const layers = checks.run(optimizer, updated)
      const ok = layers.every(({ layer: _, ...stages }) => Object.values(stages).every((stage) => stage.ok))
      const { name, description } = backend
      return { ok, backend: { name, description }, samples: batchSize, layers }
    } finally {
      placement.dispose()
    }
  } finally {
    if (opened) backend.dispose()
  }
}

/** Normal inputs, and a random class for each. */
function randomSamples({ sizes }: Network, samples: number, seed: number): Dataset {
  const random = new Random(seed, 'data')
  const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!]
  const x = new Matrix(samples, inputs)
  for (let i = 0; i < x.data.length; i++) x.data[i] = random.normal()
  const labels = Array.from({ length: samples }, () => random.below(Math.max(2, outputs)))
  return Dataset.from(x, outputs === 1 ? labels : oneHot(labels, outputs))
}

/** Roundings of an update: a step is at most a dozen operations. */
const STEP_TERMS = 12

/** The stages one after another, each from what the backend itself computed before it. */
class Checks {
  readonly #network: Network
  readonly #loss: LossName
  readonly #rows: number
  readonly #inputs: Float64Array
  readonly #targets: Float64Array
  readonly #trace: Trace
  readonly #parameters: Float64Array

  constructor(network: Network, minibatch: Dataset, loss: LossName, trace: Trace) {
    this.#network = network
    this.#loss = loss
    this.#rows = minibatch.length
    this.#inputs = Float64Array.from(minibatch.inputs.data)
    this.#targets = Float64Array.from(minibatch.targets.data)
    this.#trace = trace
    this.#parameters = Float64Array.from(network.parameters)
  }

  run(optimizer: Optimizer, updated: Float32Array): LayerCheck[] {
    const { layers } = this.#network
    return layers.map((layer, l) => {
      const below = l === 0 ? this.#inputs : Float64Array.from(this.#trace.activations[l - 1]!)
      const { weightGradient, biasGradient } = this.#gradients(layer, l, below)
      return {
        layer: l + 1,
        ...this.#forward(layer, l, below),
        delta: this.#delta(layer, l),
        weightGradient,
        biasGradient,
        update: this.#update(layer, optimizer, this.#gradientError(layer, l, below), updated),
      }
    })
  }

  #forward(layer: Layer, l: number, below: Float64Array) {
    const { weightedInputs, activations } = this.#trace
    const z = weightedInputs[l]!
    return {
      forward: checkWeightedInputs(layer, this.#parameters, below, this.#rows, z),
      activation: checkActivations(layer, this.#rows, Float64Array.from(z), activations[l]!),
    }
  }

  #delta(layer: Layer, l: number): StageCheck {
    const { weightedInputs, activations, deltas } = this.#trace
    const next = this.#network.layers[l + 1]
    const z = Float64Array.from(weightedInputs[l]!)
    const a = Float64Array.from(activations[l]!)
    const got = deltas[l]!
    if (!next) return checkOutputDelta(layer, this.#loss, z, a, this.#targets, this.#rows, got)
    return checkHiddenDelta(layer, next, this.#parameters, Float64Array.from(deltas[l + 1]!), this.#rows, z, a, got)
  }

  #gradients(layer: Layer, l: number, below: Float64Array) {
    const { deltas, gradient } = this.#trace
    return checkGradient(layer, Float64Array.from(deltas[l]!), below, this.#rows, gradient)
  }

  #gradientError(layer: Layer, l: number, below: Float64Array): Float64Array {
    return gradientError(layer, Float64Array.from(this.#trace.deltas[l]!), below, this.#rows)
  }

  #update(layer: Layer, optimizer: Optimizer, error: Float64Array, updated: Float32Array): StageCheck {
    const { weightOffset, biasOffset, outputs } = layer
    const ofLayer = <Values extends Float32Array | Float64Array>(values: Values) =>
      values.subarray(weightOffset, biasOffset + outputs) as Values
    const before = ofLayer(this.#parameters)
    const gradient = Float64Array.from(ofLayer(this.#trace.gradient))
    const updateWith = (gradients: Float64Array) => {
      const parameters = before.slice()
      const state = new Float64Array(stateSlots(optimizer) * parameters.length).fill(optimizer.initialAccumulator)
      update(optimizer, stepScalars(optimizer, 1, rateAt(optimizer.learningRate, 0)), parameters, gradients, state)
      return parameters
    }
    const want = updateWith(gradient)
    // Training may add up the gradient in another order than the trace, and both differ from the exact sum.
    const rounding = ofLayer(error)
    const [least, most] = [-2, 2].map((factor) => updateWith(gradient.map((value, i) => value + factor * rounding[i]!)))
    // The parameter, the step added to it, and what the gradient's rounding makes of the step.
    const bound = boundOf(STEP_TERMS)
    const magnitude = want.map(
      (value, i) => Math.abs(before[i]!) + Math.abs(value - before[i]!) + Math.abs(most![i]! - least![i]!) / bound,
    )
    return compare(ofLayer(updated), want, magnitude, STEP_TERMS)
  }
}
