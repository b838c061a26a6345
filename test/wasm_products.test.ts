import { expect, it } from 'vitest'
import {
  checkActivations,
  checkGradient,
  checkHiddenDelta,
  checkWeightedInputs,
  type StageCheck,
} from '../src/backend/self-test/stage-checks.ts'
import { activationFormulas } from '../src/backend/host/wasm/formulas/activations.ts'
import type { Kit } from '../src/backend/host/wasm/kit.ts'
import { defineForward, forwardScratch } from '../src/backend/host/wasm/products/forward.ts'
import { defineGradient, gradientScratch } from '../src/backend/host/wasm/products/gradient.ts'
import { defineHiddenDelta, hiddenDeltaScratch } from '../src/backend/host/wasm/products/hidden-delta.ts'
import type { WasmLayer } from '../src/backend/host/wasm/products/layer.ts'
import { Random } from '../src/core/random.ts'
import { countParameters, type Layer, layoutLayers } from '../src/model/layout.ts'
import { covering } from './covering.ts'
import { describeKits, instantiate } from './wasm.ts'

/** Around the widths of vectors, tiles and panels. */
const widths = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 64, 65]
/** Around the heights of tiles, the limit between the two forms of forward, and that of packed gradients. */
const batches = [1, 3, 4, 5, 31, 32, 33, 64, 65]

interface Shape {
  readonly inputs: number
  readonly outputs: number
  /** The rows of the largest minibatch, for which the code is written. */
  readonly batch: number
}

const shapes = widths.flatMap((inputs) =>
  widths.flatMap((outputs) => batches.map((batch): Shape => ({ inputs, outputs, batch }))),
)
const selected = covering(shapes, ({ inputs, outputs, batch }) => [
  `${inputs} inputs`,
  `${outputs} outputs`,
  `${batch} rows`,
  `left over: ${inputs % 8}, ${outputs % 8}`,
  `rows left over: ${batch % 4}, ${outputs % 4}`,
])

/** What memory holds where no array is: the bits of a NaN, so that a result that depends on it is NaN. */
const GAP = 0x7fc0dead
const GAP_BYTES = 64
/** Threads among which the work is divided. */
const divisions = [1, 2, 3]
const MOST_THREADS = 3

/** Arrays one after another, with gaps between them. */
class Arrangement {
  bytes = GAP_BYTES

  /** @returns the address */
  add(length: number): number {
    const address = this.bytes
    this.bytes = Math.ceil((address + 4 * length + GAP_BYTES) / GAP_BYTES) * GAP_BYTES
    return address
  }
}

/** The products of one layer, alone in a module, with what they read and write. */
class Products {
  readonly #arrangement = new Arrangement()
  readonly #shape: Shape
  readonly #layers: readonly Layer[]
  readonly #at
  readonly #instance: ReturnType<typeof instantiate>
  readonly #scratchBytes: number
  readonly #random: Random

  constructor(kit: Kit, shape: Shape) {
    const { inputs, outputs, batch } = shape
    this.#shape = shape
    this.#random = new Random(inputs + 100 * outputs + 10_000 * batch, 'data')
    // The layer below has one input, so that the layer of the products begins after two parameters a neuron.
    this.#layers = layoutLayers([1, inputs, outputs], ['tanh', 'sigmoid'])
    const layer = this.#layers[1]!
    const count = countParameters(this.#layers)
    const add = (length: number) => this.#arrangement.add(length)
    this.#scratchBytes = Math.max(forwardScratch(layer), hiddenDeltaScratch(layer), gradientScratch(batch, layer))
    this.#at = {
      parameters: add(count),
      gradients: add(count),
      x: add(batch * inputs),
      z: add(batch * outputs),
      a: add(batch * outputs),
      delta: add(batch * outputs),
      zBelow: add(batch * inputs),
      aBelow: add(batch * inputs),
      deltaBelow: add(batch * inputs),
      scratch: Array.from({ length: MOST_THREADS }, () => add(Math.ceil(this.#scratchBytes / 4))),
    }
    const { parameters, gradients } = this.#at
    const formulas = { tanh: activationFormulas.tanh, sigmoid: activationFormulas.sigmoid }
    const wasm: WasmLayer = {
      inputs,
      outputs,
      weights: parameters + 4 * layer.weightOffset,
      biases: parameters + 4 * layer.biasOffset,
      weightGradients: gradients + 4 * layer.weightOffset,
      biasGradients: gradients + 4 * layer.biasOffset,
      value: (body, z) => formulas.sigmoid.value(kit, body, z),
      derivative: (body, z, a) => formulas.sigmoid.derivative(kit, body, z, a),
    }
    this.#instance = instantiate(
      (module) => {
        const target = { module, kit, batchSize: batch }
        const derivative: WasmLayer['derivative'] = (body, z, a) => formulas.tanh.derivative(kit, body, z, a)
        const procedures = {
          forward: defineForward(target, wasm),
          hiddenDelta: defineHiddenDelta(target, wasm, derivative),
          gradient: defineGradient(target, wasm, undefined),
          descent: defineGradient(target, wasm, { weightDecay: 0.25 }),
        }
        for (const [name, procedure] of Object.entries(procedures)) {
          const { parameters } = procedure.signature
          module.procedure(name, parameters, (body, given) =>
            body.call(procedure as never, ...(given as readonly unknown[] as never[])),
          )
        }
      },
      Math.ceil(this.#arrangement.bytes / 65536),
    )
  }

  #floats(address: number, length: number): Float32Array {
    return this.#instance.floats.subarray(address / 4, address / 4 + length)
  }

  /** Fills the memory with the pattern, and the arrays that are read with random numbers. */
  #fill(rows: number): void {
    const { inputs, outputs } = this.#shape
    const at = this.#at
    this.#instance.integers.fill(GAP)
    const set = (address: number, length: number, make: () => number) => {
      const values = this.#floats(address, length)
      for (let i = 0; i < length; i++) values[i] = make()
    }
    const normal = () => this.#random.normal()
    set(at.parameters, countParameters(this.#layers), normal)
    set(at.x, rows * inputs, normal)
    set(at.delta, rows * outputs, normal)
    set(at.zBelow, rows * inputs, normal)
    this.#floats(at.zBelow, rows * inputs).forEach((z, i) => {
      this.#floats(at.aBelow, rows * inputs)[i] = Math.tanh(z)
    })
  }

  /**
   * Calls a procedure once for each of one, two and three threads. Nothing but its results and the thread's scratch memory
   * may change, and the results have the same bits.
   */
  #run(name: string, given: (scratch: number) => number[], results: readonly (readonly [number, number])[]): void {
    const { integers, exports } = this.#instance
    const before = integers.slice()
    let first: Int32Array | undefined
    for (const threads of divisions) {
      integers.set(before)
      for (let thread = 0; thread < threads; thread++) {
        exports[name]!(...given(this.#at.scratch[thread]!), thread, threads)
      }
      const after = integers.slice()
      const changeable = [
        ...results,
        ...this.#at.scratch.slice(0, threads).map((at) => [at, this.#scratchBytes] as const),
      ]
      const expected = before.slice()
      for (const [address, bytes] of changeable) {
        const [from, to] = [address / 4, (address + bytes) / 4]
        expected.set(after.subarray(from, to), from)
      }
      expect(firstDifference(after, expected), `${name} writes beyond its results, ${threads} threads`).toBeUndefined()
      const own = results.flatMap(([address, bytes]) => [...after.subarray(address / 4, (address + bytes) / 4)])
      first ??= Int32Array.from(own)
      expect(firstDifference(Int32Array.from(own), first), `${name}, ${threads} threads`).toBeUndefined()
    }
  }

  check(rows: number): void {
    const { inputs, outputs } = this.#shape
    const at = this.#at
    const [below, layer] = this.#layers
    const exact = (address: number, length: number) => Float64Array.from(this.#floats(address, length))
    const passed = (what: string, { ok, error, bound }: StageCheck) => {
      if (!ok) throw new Error(`${what}, ${rows} rows: relative error ${error} above ${bound}`)
    }
    this.#fill(rows)
    const parameters = exact(at.parameters, countParameters(this.#layers))
    const x = exact(at.x, rows * inputs)
    const [wide, narrow] = [4 * rows * outputs, 4 * rows * inputs]
    this.#run('forward', (scratch) => [at.x, at.z, at.a, rows, scratch], [[at.z, wide], [at.a, wide]]) // prettier-ignore
    const z = exact(at.z, rows * outputs)
    passed('z', checkWeightedInputs(layer!, parameters, x, rows, z))
    passed('f(z)', checkActivations(layer!, rows, z, exact(at.a, rows * outputs)))

    const delta = exact(at.delta, rows * outputs)
    this.#run('hiddenDelta', (scratch) => [at.delta, at.zBelow, at.aBelow, at.deltaBelow, rows, scratch], [[at.deltaBelow, narrow]]) // prettier-ignore
    const [zBelow, aBelow] = [exact(at.zBelow, rows * inputs), exact(at.aBelow, rows * inputs)]
    const got = exact(at.deltaBelow, rows * inputs)
    passed('δ', checkHiddenDelta(below!, layer!, parameters, delta, rows, zBelow, aBelow, got))

    const length = outputs * (inputs + 1)
    const own = [layer!.weightOffset * 4, length * 4] as const
    this.#run('gradient', (scratch) => [at.delta, at.x, rows, 0, scratch], [[at.gradients + own[0], own[1]]])
    const gradients = exact(at.gradients, parameters.length)
    const { weightGradient, biasGradient } = checkGradient(layer!, delta, x, rows, gradients)
    passed('∂C/∂W', weightGradient)
    passed('∂C/∂b', biasGradient)

    const stepSize = 0.5
    this.#run('descent', (scratch) => [at.delta, at.x, rows, stepSize, scratch], [[at.parameters + own[0], own[1]]])
    const moved = exact(at.parameters, parameters.length)
    for (let i = layer!.weightOffset; i < parameters.length; i++) {
      const want = parameters[i]! - stepSize * (gradients[i]! + 0.25 * parameters[i]!)
      const bound = 2 ** -22 * (Math.abs(parameters[i]!) + Math.abs(gradients[i]!))
      if (!(Math.abs(moved[i]! - want) <= bound)) throw new Error(`parameter ${i}: ${moved[i]}, expected ${want}`)
    }
  }
}

function firstDifference(got: Int32Array, want: Int32Array): number | undefined {
  if (got.length !== want.length) return -1
  for (let i = 0; i < got.length; i++) if (got[i] !== want[i]) return i
  return undefined
}

describeKits('products of WebAssembly agree with float64, and write nothing but their results', (kit) => {
  it.each(widths)('layers of %d inputs', (width) => {
    for (const shape of selected.filter(({ inputs }) => inputs === width)) {
      const products = new Products(kit, shape)
      // Also the minibatch that is left over at the end of an epoch.
      for (const rows of new Set([shape.batch, Math.max(1, shape.batch - 1), Math.ceil(shape.batch / 3), 1])) {
        try {
          products.check(rows)
        } catch (error) {
          throw new Error(`${JSON.stringify(shape)}: ${(error as Error).message}`, { cause: error })
        }
      }
    }
  })
})
