import type { Values } from '../../src/core/values.ts'
import type * as stages from '../../src/backend/host/reference/stages.ts'

/**
 * Simulates float32 in a float64 run: every value that a stage stores is multiplied by 1 + a random number of about the
 * size of float32's rounding, and so are the products that it sums up. The spread of such runs is the error to expect of a correct float32 run: small if training
 * is stable, large if it is chaotic (Monte Carlo arithmetic: Parker, Pierce and Eggert 2000).
 */
class Noise {
  #size = 0
  #seed = 0
  #state = 1
  readonly #float = new Float64Array(1)
  readonly #words = new Uint32Array(this.#float.buffer)

  /** Runs `work` with relative noise of the given size on every stored value. */
  async around<T>(size: number, seed: number, work: () => Promise<T>): Promise<T> {
    this.#size = size
    this.#seed = seed
    this.#state = (seed * 2654435761 + 1) >>> 0 || 1
    try {
      return await work()
    } finally {
      this.#size = 0
    }
  }

  get isOn(): boolean {
    return this.#size > 0
  }

  /**
   * The sum of two numbers between −1 and 1. One is random. The other is random too, but the same for the same value in a
   * run, as roundings are: the errors of neurons that are equal, such as those of the initializer `constant`, add up and do
   * not cancel out.
   */
  #of(value: number): number {
    this.#float[0] = value
    let hash = this.#seed
    for (const word of this.#words) {
      hash = Math.imul(hash ^ word, 0x9e3779b1)
      hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
      hash ^= hash >>> 13
    }
    return this.#next() + (hash >>> 0) / 2 ** 31 - 1
  }

  /** A random number between −1 and 1 (xorshift32). */
  #next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state / 2 ** 31 - 1
  }

  /**
   * Adds noise to values that a step has changed, relative to the larger one of before and after: where a step leads to
   * nearly 0, its rounding is that of the value before.
   */
  addToChanged(values: Values, before: Values): void {
    for (const [i, value] of values.entries()) {
      values[i] = value + this.#size * this.#of(value) * Math.max(Math.abs(value), Math.abs(before[i]!))
    }
  }

  /**
   * What the roundings of the products and of their sum add to a sum that may be far smaller than they are.
   * @param squares the sum of the squares of the products
   */
  ofSum(squares: number): number {
    return this.#size * this.#next() * Math.sqrt(squares)
  }

  /** Multiplies all values of a row by the same 1 + noise, as the rounding of the sum does that softmax divides them by. */
  addToRows(values: Values, rows: number, columns: number): void {
    for (let row = 0; row < rows; row++) {
      const factor = 1 + this.#size * this.#of(values[row * columns]!)
      for (let i = row * columns; i < (row + 1) * columns; i++) values[i] = values[i]! * factor
    }
  }

  /** Multiplies each of the first values by 1 + noise. */
  add(values: Values, count = values.length): void {
    if (this.#size === 0) return
    for (let i = 0; i < count; i++) values[i] = values[i]! * (1 + this.#size * this.#of(values[i]!))
  }
}

export const noise = new Noise()

/** The CPU's stages, with noise on the values that each of them stores. */
export function withNoise(original: typeof stages): typeof stages {
  return {
    ...original,
    forward(layer, parameters, inputs, rows, z, a) {
      original.forward(layer, parameters, inputs, rows, z, a)
      if (!noise.isOn) return
      const { inputs: count, outputs, weightOffset, biasOffset } = layer
      for (let i = 0; i < rows * outputs; i++) {
        const [m, to] = [Math.floor(i / outputs), i % outputs]
        let squares = parameters[biasOffset + to]! ** 2
        for (let j = 0; j < count; j++) {
          squares += (parameters[weightOffset + to * count + j]! * inputs[m * count + j]!) ** 2
        }
        z[i] = z[i]! + noise.ofSum(squares)
      }
      noise.add(z, rows * layer.outputs)
      original.activate(layer.activation, layer.outputs, rows, z, a)
      if (layer.activation === 'softmax') noise.addToRows(a, rows, layer.outputs)
      noise.add(a, rows * layer.outputs)
    },
    outputDelta(layer, loss, z, a, targets, rows, deltas, weights, countsLabels) {
      const sums = original.outputDelta(layer, loss, z, a, targets, rows, deltas, weights, countsLabels)
      if (!noise.isOn) return sums
      noise.add(deltas, rows * layer.outputs)
      // The terms of a loss may all have the same rounding.
      const sum = Float64Array.of(sums.loss)
      noise.add(sum)
      return { ...sums, loss: sum[0]! }
    },
    hiddenDelta(next, parameters, nextDeltas, rows, activation, z, a, deltas) {
      original.hiddenDelta(next, parameters, nextDeltas, rows, activation, z, a, deltas)
      if (!noise.isOn) return
      const { inputs: count, outputs, weightOffset } = next
      const added = new Float64Array(rows * count)
      for (let i = 0; i < rows * count; i++) {
        const [m, to] = [Math.floor(i / count), i % count]
        let squares = 0
        for (let j = 0; j < outputs; j++) {
          squares += (nextDeltas[m * outputs + j]! * parameters[weightOffset + j * count + to]!) ** 2
        }
        added[i] = noise.ofSum(squares)
      }
      original.timesDerivative(activation, rows * count, z, a, added)
      for (const [i, value] of added.entries()) deltas[i] = deltas[i]! + value
      noise.add(deltas, rows * next.inputs)
    },
    gradient(layer, deltas, inputs, rows, gradients) {
      original.gradient(layer, deltas, inputs, rows, gradients)
      if (!noise.isOn) return
      const { inputs: count, outputs, weightOffset, biasOffset } = layer
      for (let i = 0; i < outputs; i++) {
        // The bias is a weight of an input of 1.
        for (let j = 0; j <= count; j++) {
          let squares = 0
          for (let m = 0; m < rows; m++) {
            squares += (deltas[m * outputs + i]! * (j === count ? 1 : inputs[m * count + j]!)) ** 2
          }
          const place = j === count ? biasOffset + i : weightOffset + i * count + j
          gradients[place] = gradients[place]! + noise.ofSum(squares) / rows
        }
      }
      noise.add(gradients.subarray(weightOffset, biasOffset + outputs))
    },
    update(optimizer, scalars, parameters, gradients, state) {
      const before = noise.isOn ? parameters.slice() : undefined
      original.update(optimizer, scalars, parameters, gradients, state)
      if (!before) return
      noise.addToChanged(parameters, before)
      noise.add(state)
    },
  }
}
