import type { Values } from '../../src/core/values.ts'
import type * as stages from '../../src/backend/host/reference/stages.ts'

/**
 * Simulates float32 in a float64 run: every value that a stage stores is multiplied by 1 + a random number of about the
 * size of float32's rounding. The spread of such runs is the error to expect of a correct float32 run: small if training
 * is stable, large if it is chaotic (Monte Carlo arithmetic: Parker, Pierce and Eggert 2000).
 */
class Noise {
  #size = 0
  #state = 1

  /** Runs `work` with relative noise of the given size on every stored value. */
  async around<T>(size: number, seed: number, work: () => Promise<T>): Promise<T> {
    this.#size = size
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
    for (let i = 0; i < values.length; i++) {
      values[i] = values[i]! + this.#size * this.#next() * Math.max(Math.abs(values[i]!), Math.abs(before[i]!))
    }
  }

  /** Multiplies each of the first values by 1 + noise. */
  add(values: Values, count = values.length): void {
    if (this.#size === 0) return
    for (let i = 0; i < count; i++) values[i] = values[i]! * (1 + this.#size * this.#next())
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
      noise.add(z, rows * layer.outputs)
      original.activate(layer.activation, layer.outputs, rows, z, a)
      noise.add(a, rows * layer.outputs)
    },
    outputDelta(layer, loss, z, a, targets, rows, deltas, weights, countsLabels) {
      const sums = original.outputDelta(layer, loss, z, a, targets, rows, deltas, weights, countsLabels)
      noise.add(deltas, rows * layer.outputs)
      return sums
    },
    hiddenDelta(next, parameters, nextDeltas, rows, activation, z, a, deltas) {
      original.hiddenDelta(next, parameters, nextDeltas, rows, activation, z, a, deltas)
      noise.add(deltas, rows * next.inputs)
    },
    gradient(layer, deltas, inputs, rows, gradients) {
      original.gradient(layer, deltas, inputs, rows, gradients)
      const { weightOffset, biasOffset, outputs } = layer
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
