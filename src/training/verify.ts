import type { Backend, Trace } from '../backend/backend.ts'
import * as reference from '../backend/host/reference/stages.ts'
import type { Values } from '../core/values.ts'
import { Dataset } from '../data/dataset.ts'
import { oneHot } from '../data/classes.ts'
import { checkInstance } from '../core/errors.ts'
import { type Fields, integer, readOptions, seed, withDefault, withFresh } from '../core/schema.ts'
import { Matrix } from '../core/matrix.ts'
import { drawSeed, Random } from '../core/random.ts'
import { activations } from '../model/activation.ts'
import type { Layer } from '../model/layout.ts'
import { Network } from '../model/network.ts'
import type { LossName } from '../loss/loss.ts'
import { type Optimizer, stateSlots, stepScalars } from '../optimizer/optimizer.ts'
import { rateAt } from '../optimizer/schedule.ts'
import { backendFlag, backendKind, type BackendName, chooseBackend } from './backends.ts'
import { lossOption } from './options.ts'
import { optimizerKind, usualOptimizer } from './optimizer-option.ts'
import { checkIsDataset } from './settings.ts'
import { checkDataset, checkLoss } from './validation.ts'

/** The rounding of one float32 operation, 2⁻²⁴. */
const EPSILON = 2 ** -24

/** One stage of one layer compared with float64. */
export interface StageCheck {
  /** The largest |got − want|, relative to the size of the terms that the value is summed from. */
  error: number
  /** What float32 arithmetic may cost there at most. */
  bound: number
  ok: boolean
}

/** The stages of one layer. */
export interface LayerCheck {
  /** Counted from 1, as the article counts: layer 0 is the input. */
  layer: number
  /** z = W a + b */
  forward: StageCheck
  /** a = f(z) */
  activation: StageCheck
  delta: StageCheck
  weightGradient: StageCheck
  biasGradient: StageCheck
  /** One optimizer step. */
  update: StageCheck
}

/** What {@link verify} found. */
export interface Verification {
  ok: boolean
  backend: { name: string; description: string }
  /** Samples in the minibatch. */
  samples: number
  layers: LayerCheck[]
}

/** The options of {@link verify}. */
export interface VerifyOptions {
  /** Default 'auto'. */
  backend?: BackendName | Backend | undefined
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
 * @param data the samples; left out, normal inputs and a random class for each, made from `seed`
 * @example const { ok, layers } = await verify(network, data, { backend: 'webgpu', batchSize: 64 })
 */
export async function verify(network: Network, data?: Dataset, options: VerifyOptions = {}): Promise<Verification> {
  checkInstance('network', network, Network, 'Network')
  const { loss, optimizer, batchSize: most, seed, backend: choice } = readOptions(verifySchema, options)
  checkLoss(network, loss)
  const samples = data === undefined ? randomSamples(network, most, seed) : checkIsDataset(data, 'data')
  checkDataset(network, loss, samples, 'data')
  const batchSize = Math.min(samples.length, most)
  const order = Uint32Array.from({ length: batchSize }, (_, i) => i)
  const minibatch = samples.take(order)
  const { backend, opened } = await chooseBackend(choice)
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

/**
 * Compares a tensor with float64: got − want relative to `magnitude`, the sum of the absolute terms of each value.
 * NaN and differing lengths never pass.
 */
function compare(got: ArrayLike<number>, want: Values, magnitude: Values, terms: number, slack = 0): StageCheck {
  const bound = 4 * (terms + 2) * EPSILON + slack
  let error = got.length === want.length ? 0 : Infinity
  for (let i = 0; i < want.length; i++) {
    const distance = Math.abs(got[i]! - want[i]!)
    // Below the smallest normal float32 a device may flush to zero.
    const relative = distance <= 2e-38 ? 0 : distance / magnitude[i]!
    if (!(relative <= error)) error = relative
  }
  return { error, bound, ok: error <= bound }
}

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
        update: this.#update(layer, optimizer, updated),
      }
    })
  }

  #forward(layer: Layer, l: number, below: Float64Array) {
    const values = this.#rows * layer.outputs
    const z = new Float64Array(values)
    const magnitude = new Float64Array(values)
    const scrap = new Float64Array(values)
    const linear: Layer = { ...layer, activation: 'linear' }
    reference.forward(linear, this.#parameters, below, this.#rows, z, scrap)
    reference.forward(linear, this.#parameters.map(Math.abs), below.map(Math.abs), this.#rows, magnitude, scrap)
    const gotZ = Float64Array.from(this.#trace.weightedInputs[l]!)
    const a = new Float64Array(values)
    reference.activate(layer.activation, layer.outputs, this.#rows, gotZ, a)
    const scale = a.map((value, i) => Math.max(Math.abs(value), Math.min(1, Math.abs(gotZ[i]!))))
    return {
      forward: compare(this.#trace.weightedInputs[l]!, z, magnitude, layer.inputs + 1),
      // exp may be off by 3 + 2|z| units in WGSL, and softmax sums as many of them as there are outputs.
      activation: compare(this.#trace.activations[l]!, a, scale, activationTerms(layer, gotZ)),
    }
  }

  #delta(layer: Layer, l: number): StageCheck {
    const { layers } = this.#network
    const next = layers[l + 1]
    const z = Float64Array.from(this.#trace.weightedInputs[l]!)
    const a = Float64Array.from(this.#trace.activations[l]!)
    const want = new Float64Array(z.length)
    if (next === undefined) {
      reference.outputDelta(layer, this.#loss, z, a, this.#targets, this.#rows, want)
      // |a| + |y| is what the error a − y is taken from.
      const magnitude = a.map((value, i) => Math.abs(value) + Math.abs(this.#targets[i]!) + Math.abs(want[i]!))
      return compare(this.#trace.deltas[l]!, want, magnitude, activationTerms(layer, z))
    }
    const above = Float64Array.from(this.#trace.deltas[l + 1]!)
    const weights = this.#parameters
    const { activation } = layer
    reference.hiddenDelta(next, weights, above, this.#rows, activation, z, a, want)
    const sums = new Float64Array(z.length)
    reference.hiddenDelta(next, weights.map(Math.abs), above.map(Math.abs), this.#rows, 'linear', z, a, sums)
    // f′ may be off by a few units of its largest terms, which are about 1.
    const magnitude = sums.map(
      (sum, i) =>
        sum * Math.max(1, activation === 'softmax' ? 1 : Math.abs(activations[activation].derivative(z[i]!, a[i]!))),
    )
    return compare(this.#trace.deltas[l]!, want, magnitude, next.outputs + activationTerms(layer, z))
  }

  #gradients(layer: Layer, l: number, below: Float64Array) {
    const deltas = Float64Array.from(this.#trace.deltas[l]!)
    const want = new Float64Array(this.#parameters.length)
    const magnitude = new Float64Array(this.#parameters.length)
    reference.gradient(layer, deltas, below, this.#rows, want)
    reference.gradient(layer, deltas.map(Math.abs), below.map(Math.abs), this.#rows, magnitude)
    const part = (start: number, end: number) => {
      const got = this.#trace.gradient.subarray(start, end)
      return compare(got, want.subarray(start, end), magnitude.subarray(start, end), this.#rows + 1)
    }
    const { weightOffset, biasOffset, outputs } = layer
    return { weightGradient: part(weightOffset, biasOffset), biasGradient: part(biasOffset, biasOffset + outputs) }
  }

  #update(layer: Layer, optimizer: Optimizer, updated: Float32Array): StageCheck {
    const want = this.#parameters.slice()
    const state = new Float64Array(stateSlots(optimizer) * want.length).fill(optimizer.initialAccumulator)
    const gradient = Float64Array.from(this.#trace.gradient)
    reference.update(optimizer, stepScalars(optimizer, 1, rateAt(optimizer.learningRate, 0)), want, gradient, state)
    const end = layer.biasOffset + layer.outputs
    // The parameter and the step added to it; a step is at most a dozen operations.
    const magnitude = want.map((value, i) => Math.abs(this.#parameters[i]!) + Math.abs(value - this.#parameters[i]!))
    const slice = (values: Float64Array) => values.subarray(layer.weightOffset, end)
    return compare(updated.subarray(layer.weightOffset, end), slice(want), slice(magnitude), 12)
  }
}

/** How many roundings an activation may cost: WGSL allows exp an error of 3 + 2|z| units; softmax adds up a row. */
function activationTerms(layer: Layer, z: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < z.length; i++) largest = Math.max(largest, Math.abs(z[i]!))
  return 12 + 2 * Math.min(largest, 80) + (layer.activation === 'softmax' ? layer.outputs : 0)
}
