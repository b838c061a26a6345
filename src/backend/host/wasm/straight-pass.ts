import { outputBoundary } from '../../../model/activation.ts'
import type { Layer } from '../../../model/layout.ts'
import { losses, outputShare } from '../../../loss/loss.ts'
import type { ProgramSettings } from './addresses.ts'
import { type I32, type V128 } from './assembler/expression.ts'
import { i32, int } from './assembler/scalars.ts'
import { f32x4, f64x2, floats, i32x4, ints, v128 } from './assembler/vectors.ts'
import type { Body, Local } from './assembler/function.ts'
import { activationFormulas } from './formulas/activations.ts'
import { exp, log } from './formulas/exponential.ts'
import { lossFormulas } from './formulas/losses.ts'
import { loadColumns } from './lanes.ts'
import { at } from './products/layer.ts'

export type Vector = Local<'v128'>

/** The values of four samples at a layer, one vector a neuron. */
interface LayerValues {
  readonly z: readonly Vector[]
  readonly a: readonly Vector[]
}

/** The sums over a minibatch, one vector a parameter: each lane has a fourth of the samples. */
export interface GradientSums {
  clear(): void
  add(parameter: number, value: V128): void
  get(parameter: number): V128
}

/** What a pass reads. */
interface PassData {
  /** Addresses; `weights` are 0 where all samples count alike, and undefined where they always do. */
  readonly inputs: I32
  readonly targets: I32
  readonly weights: I32 | undefined
  readonly countsLabels: I32
  /** A parameter of each of the four samples' networks. */
  parameter(index: number): V128
}

/** What a pass is written for. */
type PassProgram = Pick<ProgramSettings, 'layers' | 'settings' | 'kit'>

/** Writes the pass of four samples, forward and back: of one network, or one sample of each of four networks. */
export class SamplePass {
  readonly #body: Body
  readonly #program: PassProgram
  readonly #data: PassData
  /** The loss since {@link begin}, and minus the number of correct predictions of all passes. */
  readonly loss: Vector
  readonly correct: Vector

  constructor(body: Body, program: PassProgram, data: PassData) {
    this.#body = body
    this.#program = program
    this.#data = data
    this.loss = body.local('v128')
    this.correct = body.local('v128')
  }

  begin(): void {
    this.#body.set(this.loss, floats(0))
  }

  /** Adds the minibatch's loss to two sums in float64. */
  addLoss(total: Vector): void {
    const high = v128.shuffle(this.loss, this.loss, [2, 3, 2, 3])
    const both = f64x2.add(f64x2.fromF32x4(this.loss), f64x2.fromF32x4(high))
    this.#body.set(total, f64x2.add(total, both))
  }

  right(): I32 {
    const [a, b, c, d] = [0, 1, 2, 3].map((lane) => i32x4.lane(this.correct, lane))
    return i32.sub(int(0), i32.add(i32.add(a!, b!), i32.add(c!, d!)))
  }

  /**
   * Up to four samples of one network.
   * @param named the address of the samples' numbers
   * @param count where it is given, how many samples there are: less than four. The other lanes compute the first again.
   */
  samples(named: Local<'i32'>, sums: GradientSums, count?: Local<'i32'>): void {
    const body = this.#body
    const exists = count && body.keep(i32x4.gtS(i32x4.splat(count), ints(0, 1, 2, 3)))
    const numbers = [0, 1, 2, 3].map((k) => {
      const own = i32.load(named, 4 * k)
      // Numbers beyond the order are not read from it.
      return body.keep(
        count && k > 0 ? i32.load(i32.select(i32.add(named, int(4 * k)), named, i32.gtS(count, int(k)))) : own,
      )
    })
    this.four(numbers, sums, exists)
  }

  /**
   * @param numbers those of the four samples
   * @param exists ones in the lanes that count; by default all do
   */
  four(numbers: readonly Local<'i32'>[], sums: GradientSums, exists?: Vector): void {
    const body = this.#body
    const { layers } = this.#program
    const rows = (base: I32, columns: number) => numbers.map((number) => at(body, base, number, 4 * columns))
    const inputs = layers[0]!.inputs
    const x = loadColumns(body, rows(this.#data.inputs, inputs), inputs)
    const values: LayerValues[] = []
    layers.forEach((layer, l) => values.push(this.#forward(layer, l === 0 ? x : values[l - 1]!.a)))
    const outputs = layers.at(-1)!.outputs
    const y = loadColumns(body, rows(this.#data.targets, outputs), outputs)
    const { weights } = this.#data
    const weight = weights && body.keep(floats(1))
    if (weight) {
      body.if(weights, () => {
        const [own] = loadColumns(body, rows(weights, 1), 1)
        body.set(weight, own!)
      })
    }
    let deltas = this.#outputDelta(values.at(-1)!, y, weight, exists)
    for (let l = layers.length - 1; l >= 0; l--) {
      const below = l === 0 ? x : values[l - 1]!.a
      const passed = l > 0 ? this.#hiddenDelta(layers[l]!, deltas, layers[l - 1]!, values[l - 1]!) : []
      this.#addGradients(layers[l]!, deltas, below, sums)
      deltas = passed
    }
  }

  #forward({ activation, inputs, outputs, weightOffset, biasOffset }: Layer, below: readonly Vector[]): LayerValues {
    const body = this.#body
    const { kit } = this.#program
    const z = Array.from({ length: outputs }, (_, i) => {
      let sum = this.#data.parameter(biasOffset + i)
      below.forEach((x, j) => {
        sum = kit.madd(x, this.#data.parameter(weightOffset + i * inputs + j), sum)
      })
      return body.keep(sum)
    })
    if (activation === 'linear') return { z, a: z }
    if (activation !== 'softmax') return { z, a: z.map((own) => body.keep(activationFormulas[activation].value(kit, body, own))) } // prettier-ignore
    const largest = body.keep(z.reduce<V128>((most, own) => f32x4.max(most, own), z[0]!))
    const powers = z.map((own) => body.keep(exp(kit, body, body.keep(f32x4.sub(own, largest)))))
    const sum = body.keep(powers.reduce<V128>((total, own) => f32x4.add(total, own), floats(0)))
    return { z, a: powers.map((own) => body.keep(f32x4.div(own, sum))) }
  }

  /** δ of the output layer; adds the loss and the correct predictions of the samples. */
  #outputDelta(
    { z, a }: LayerValues,
    y: readonly Vector[],
    weight: Vector | undefined,
    exists: Vector | undefined,
  ): Vector[] {
    const body = this.#body
    const { kit, settings, layers } = this.#program
    const { activation, outputs } = layers.at(-1)!
    const { requires } = losses[settings.loss]
    const { term, slope } = lossFormulas[settings.loss]
    const share = outputShare(losses[settings.loss], outputs)
    const shift = requires === 'softmax' ? body.keep(this.#logSumExp(z)) : undefined
    const terms = a.map((own, i) => {
      const logit = shift ? body.keep(f32x4.sub(z[i]!, shift)) : z[i]!
      return term(kit, body, own, y[i]!, logit)
    })
    const masked = (vector: V128) => (exists ? v128.and(vector, exists) : vector)
    const factor = body.keep(masked(weight ? f32x4.mul(weight, floats(share)) : floats(share)))
    const sum = terms.reduce((total, own) => f32x4.add(total, own))
    body.set(this.loss, f32x4.add(this.loss, masked(f32x4.mul(sum, factor))))
    this.#countRight(a, y, masked)
    const slopes = a.map((own, i) => body.keep(slope(kit, body, own, y[i]!)))
    if (requires !== undefined) return slopes.map((own) => body.keep(f32x4.mul(own, factor)))
    if (activation === 'softmax') {
      const products = slopes.map((own, i) => f32x4.mul(own, a[i]!))
      const projection = body.keep(products.reduce((total, own) => f32x4.add(total, own)))
      return slopes.map((own, i) => body.keep(f32x4.mul(f32x4.mul(a[i]!, f32x4.sub(own, projection)), factor)))
    }
    return slopes.map((own, i) => {
      const derivative = activationFormulas[activation].derivative(kit, body, z[i]!, a[i]!)
      return body.keep(f32x4.mul(f32x4.mul(own, derivative), factor))
    })
  }

  #logSumExp(z: readonly Vector[]): V128 {
    const body = this.#body
    const { kit } = this.#program
    const largest = body.keep(z.reduce<V128>((most, own) => f32x4.max(most, own), z[0]!))
    const powers = z.map((own) => exp(kit, body, body.keep(f32x4.sub(own, largest))))
    const sum = body.keep(powers.reduce<V128>((total, own) => f32x4.add(total, own), floats(0)))
    return f32x4.add(largest, log(kit, body, sum))
  }

  /** Adds −1 for each correct prediction, or for each correct label. */
  #countRight(a: readonly Vector[], y: readonly Vector[], masked: (vector: V128) => V128): void {
    const body = this.#body
    const boundary = floats(outputBoundary(this.#program.layers.at(-1)!.activation))
    const add = (value: V128) => body.set(this.correct, i32x4.add(this.correct, masked(value)))
    const addLabels = () => a.forEach((own, i) => add(i32x4.eq(f32x4.gt(own, boundary), f32x4.gt(y[i]!, boundary))))
    if (a.length === 1) addLabels()
    else
      body.if(this.#data.countsLabels, addLabels, () => add(i32x4.eq(this.#placeOfLargest(a), this.#placeOfLargest(y))))
  }

  #placeOfLargest(values: readonly Vector[]): Vector {
    const body = this.#body
    const best = body.keep(values[0]!)
    const place = body.keep(ints(0))
    values.slice(1).forEach((value, i) => {
      const isBetter = body.keep(f32x4.gt(value, best))
      body.set(best, v128.select(value, best, isBetter))
      body.set(place, v128.select(ints(i + 1), place, isBetter))
    })
    return place
  }

  #hiddenDelta(next: Layer, above: readonly Vector[], { activation }: Layer, { z, a }: LayerValues): Vector[] {
    const body = this.#body
    const { kit } = this.#program
    return z.map((own, j) => {
      const parameter = (i: number) => this.#data.parameter(next.weightOffset + i * next.inputs + j)
      let sum: V128 = f32x4.mul(above[0]!, parameter(0))
      above.slice(1).forEach((delta, i) => {
        sum = kit.madd(delta, parameter(i + 1), sum)
      })
      if (activation === 'linear' || activation === 'softmax') return body.keep(sum)
      return body.keep(f32x4.mul(sum, activationFormulas[activation].derivative(kit, body, own, a[j]!)))
    })
  }

  #addGradients(
    { inputs, weightOffset, biasOffset }: Layer,
    deltas: readonly Vector[],
    below: readonly Vector[],
    sums: GradientSums,
  ): void {
    deltas.forEach((delta, i) => {
      below.forEach((x, j) => sums.add(weightOffset + i * inputs + j, f32x4.mul(delta, x)))
      sums.add(biasOffset + i, delta)
    })
  }
}
