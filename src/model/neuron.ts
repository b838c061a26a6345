import { Matrix, type MatrixLike } from '../core/matrix.ts'
import { InputError } from '../core/errors.ts'
import { checkNumbers, isList } from '../core/lists.ts'
import { type Fields, integer, number, readOptions, required, withDefault } from '../core/schema.ts'
import { sigmoid } from './activation.ts'

/** What a {@link Neuron} is made from. */
export interface NeuronOptions {
  /** How many inputs it has. */
  inputs: number
  /** Default 1. */
  learningRate?: number | undefined
  /** The steps that a call of `fit` takes. Default 1500. */
  epochs?: number | undefined
}

export const neuronSchema = {
  name: 'Neuron',
  fields: {
    inputs: required(integer(1, 2 ** 24)),
    learningRate: withDefault(number({ min: 0, exclusive: true }), 1),
    epochs: withDefault(integer(), 1500),
  } satisfies Fields<NeuronOptions>,
}

/**
 * A single sigmoid neuron, a linear separator: its output is a = σ(w·x + b), and it learns by full-batch
 * gradient descent on the mean squared error (1/n)·Σ(y − a)² over the n samples. Every parameter starts at 0.1. Computed
 * in float64 on the CPU; samples are kept in float32, as everywhere in this library.
 * @example
 * const neuron = new Neuron({ inputs: 2, learningRate: 1, epochs: 1500 })
 * neuron.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
 * Array.from(neuron.predict([[0, 1], [1, 1]]), Math.round) // [0, 1]
 */
export class Neuron {
  /** One per input. */
  readonly weights: Float64Array
  /** The bias, 0.1 before training. */
  bias = 0.1
  /** The learning rate η of each step. */
  readonly learningRate: number
  /** The number of steps of {@link Neuron.fit}. */
  readonly epochs: number

  /**
   * A neuron that is not trained yet.
   * @param options the number of `inputs`, 1 to 2²⁴; the `learningRate` (above 0, default 1); and the `epochs`, the
   *   number of steps of {@link Neuron.fit} (default 1500)
   * @throws InputError for options that are not numbers in their range
   */
  constructor(options: NeuronOptions) {
    const { inputs, learningRate, epochs } = readOptions(neuronSchema, options)
    this.weights = new Float64Array(inputs).fill(0.1)
    this.learningRate = learningRate
    this.epochs = epochs
  }

  /**
   * Takes `epochs` steps, each over all n samples: w ← w + (η/n)·Σ 2(y − a)·a(1 − a)·x, and b ← b + (η/n)·Σ 2(y − a)·a(1 − a),
   * where η is the learning rate. A second call continues from the parameters of the first.
   * @param x samples × inputs
   * @param y one target a sample, 0 to 1: a list or a single column
   * @returns the neuron itself
   */
  fit(x: MatrixLike, y: MatrixLike | ArrayLike<number>): this {
    const inputs = this.#check(x)
    const targets =
      isList(y) && typeof y[0] === 'number'
        ? Matrix.from({ rows: y.length, cols: 1, data: checkNumbers('y', y) }, 'y')
        : Matrix.from(y as MatrixLike, 'y')
    if (targets.rows !== inputs.rows || targets.cols !== 1) {
      throw new InputError(`y: expected ${inputs.rows} × 1 targets, got ${targets.rows} × ${targets.cols}`)
    }
    const gradient = new Float64Array(inputs.cols)
    // The gradient is a mean, so the same learning rate suits any number of samples.
    const rate = this.learningRate / inputs.rows
    for (let epoch = 0; epoch < this.epochs; epoch++) {
      gradient.fill(0)
      let biasGradient = 0
      for (let i = 0; i < inputs.rows; i++) {
        const row = inputs.row(i)
        const a = this.#answer(row)
        const delta = -2 * ((targets.data[i] as number) - a) * a * (1 - a)
        for (let j = 0; j < row.length; j++) gradient[j] = (gradient[j] as number) + delta * (row[j] as number)
        biasGradient += delta
      }
      for (let j = 0; j < gradient.length; j++) {
        this.weights[j] = (this.weights[j] as number) - rate * (gradient[j] as number)
      }
      this.bias -= rate * biasGradient
    }
    return this
  }

  /**
   * σ(w·x + b) for each row of x: one number from 0 to 1 a sample.
   * @param x samples × inputs
   */
  predict(x: MatrixLike): Float64Array {
    const inputs = this.#check(x)
    return Float64Array.from({ length: inputs.rows }, (_, i) => this.#answer(inputs.row(i)))
  }

  #check(x: MatrixLike): Matrix {
    const inputs = Matrix.from(x, 'x')
    if (inputs.cols !== this.weights.length) {
      throw new InputError(`x: expected ${this.weights.length} columns, one an input, got ${inputs.cols}`)
    }
    return inputs
  }

  #answer(row: Float32Array): number {
    let z = this.bias
    for (let j = 0; j < row.length; j++) z += (this.weights[j] as number) * (row[j] as number)
    return sigmoid(z)
  }
}
