import { outputBoundary } from '../../../model/activation.ts'
import { countParameters, type Layer } from '../../../model/layout.ts'
import { losses, outputShare } from '../../../loss/loss.ts'
import type { PlacementSettings } from '../../backend.ts'
import {
  f32,
  f32x4,
  f64,
  f64x2,
  floats,
  type I32,
  i32,
  i32x4,
  int,
  ints,
  v128,
  type V128,
} from './assembler/expression.ts'
import type { Body, Local } from './assembler/function.ts'
import type { ModuleWriter } from './assembler/module.ts'
import { field, fields } from './control.ts'
import { activationFormulas } from './formulas/activations.ts'
import { exp, log } from './formulas/exponential.ts'
import { lossFormulas } from './formulas/losses.ts'
import { storeLanes } from './kit.ts'
import { loadColumns, sumsOfFour } from './lanes.ts'
import { at } from './products/layer.ts'
import type { ProgramSettings } from './program.ts'
import type { Updates } from './updates.ts'

/**
 * The training loop of a small network as straight-line code for its very shape: four samples side by side in the lanes of
 * a vector, each neuron in its own variable. Over layers of two or three neurons, loops cost more than what they compute.
 */

/** The most parameters: the code grows with them, and wide layers are faster as matrix products. */
const MOST_PARAMETERS = 400
/** Up to this many parameters, the sums of the gradients are variables; else they are in memory. */
const MOST_VARIABLES = 40

export function isStraight(layers: readonly Layer[], { dropout = [] }: PlacementSettings): boolean {
  return countParameters(layers) <= MOST_PARAMETERS && !dropout.some((share) => share > 0)
}

/** Bytes of scratch memory: a vector for each parameter. */
export const straightScratch = (layers: readonly Layer[]): number => 16 * countParameters(layers)

type Vector = Local<'v128'>

/** The values of four samples at a layer, one vector a neuron. */
interface LayerValues {
  readonly z: readonly Vector[]
  readonly a: readonly Vector[]
}

/** The sums over a minibatch, one vector a parameter: each lane has a fourth of the samples. */
interface GradientSums {
  clear(): void
  add(parameter: number, value: V128): void
  get(parameter: number): V128
}

function makeSums(body: Body, count: number, scratch: number): GradientSums {
  if (count > MOST_VARIABLES) {
    return {
      clear() {
        const place = body.local('i32')
        body.for(place, int(scratch), int(scratch + 16 * count), 16, () => body.do(v128.store(place, floats(0))))
      },
      add: (i, value) => {
        body.do(v128.store(int(scratch), f32x4.add(v128.load(int(scratch), 16 * i), value), 16 * i))
      },
      get: (i) => v128.load(int(scratch), 16 * i),
    }
  }
  const sums = Array.from({ length: count }, () => body.local('v128'))
  return {
    clear: () => sums.forEach((sum) => body.set(sum, floats(0))),
    add: (i, value) => body.set(sums[i]!, f32x4.add(sums[i]!, value)),
    get: (i) => sums[i]!,
  }
}

/** Writes `work`, as program.ts does for other networks. */
export function defineStraightWork(module: ModuleWriter, program: ProgramSettings, updates: Updates): void {
  const { layers, addresses, settings } = program
  const { control } = addresses
  const count = countParameters(layers)
  module.procedure('work', ['i32'], (body, [thread]) => {
    const read = (name: keyof typeof fields) => field(body, control, name)
    const [place, end, batchSize, order, scalars] = [read('first'), read('end'), read('batchSize'), read('order'), read('scalars')] // prettier-ignore
    const stride = read('scalarStride')
    const pass = new SamplePass(body, program, {
      inputs: read('inputs'),
      targets: read('targets'),
      weights: read('weights'),
      countsLabels: read('countsLabels'),
    })
    const sums = makeSums(body, count, addresses.scratch)
    const total = body.local('v128')
    body.while(
      () => i32.ltS(place, end),
      () => {
        const left = i32.sub(end, place)
        const rows = body.keep(i32.select(batchSize, left, i32.ltS(batchSize, left)))
        sums.clear()
        pass.begin()
        const row = body.keep(place)
        const last = body.keep(i32.add(place, rows))
        body.while(
          () => i32.leS(i32.add(row, int(4)), last),
          () => {
            pass.samples(at(body, order, row, 4), sums)
            body.increase(row, 4)
          },
        )
        body.if(i32.ltS(row, last), () => pass.samples(at(body, order, row, 4), sums, body.keep(i32.sub(last, row))))
        pass.addLoss(total)
        const share = body.keep(f32x4.splat(f32.div(f32.constant(1), f32.fromI32(rows))))
        storeGradients(body, program, updates, sums, share, scalars)
        body.increase(place, batchSize)
        body.increase(scalars, stride)
      },
    )
    body.do(f64.store(int(control + fields.loss), f64.add(f64x2.lane(total, 0), f64x2.lane(total, 1))))
    body.do(f64.store(int(control + fields.right), f64.fromI32(pass.right())))
    void [settings, thread]
  })
}

/** Adds up the lanes of the gradients, and takes the optimizer's step. */
function storeGradients(
  body: Body,
  { layers, addresses, kit }: ProgramSettings,
  updates: Updates,
  sums: GradientSums,
  share: Vector,
  scalars: Local<'i32'>,
): void {
  const count = countParameters(layers)
  const { descent } = updates
  const base = int(descent ? addresses.parameters : addresses.gradients)
  const stepSize = descent && body.keep(v128.loadSplat(scalars))
  for (let i = 0; i < count; i += 4) {
    const lanes = Math.min(4, count - i)
    const four = [0, 1, 2, 3].map((k) => (k < lanes ? body.keep(sums.get(i + k)) : undefined))
    let value: V128 = f32x4.mul(sumsOfFour(body, four), share)
    if (descent && stepSize) {
      const parameter = body.keep(v128.load(base, 4 * i))
      if (descent.weightDecay !== 0) value = kit.madd(floats(descent.weightDecay), parameter, value)
      value = kit.nmadd(stepSize, value, parameter)
    }
    storeLanes(body, base, body.keep(value), lanes, 4 * i)
  }
  updates.finish(body, scalars, { thread: int(0), threads: int(1) }, () => undefined)
}

/** The fields of the control block that a pass reads. */
interface PassData {
  readonly inputs: I32
  readonly targets: I32
  readonly weights: I32
  readonly countsLabels: I32
}

/** Writes the pass of four samples, forward and back. */
class SamplePass {
  readonly #body: Body
  readonly #program: ProgramSettings
  readonly #data: PassData
  /** The loss of a minibatch, and minus the number of correct predictions of all. */
  readonly #loss: Vector
  readonly #right: Vector

  constructor(body: Body, program: ProgramSettings, data: PassData) {
    this.#body = body
    this.#program = program
    this.#data = data
    this.#loss = body.local('v128')
    this.#right = body.local('v128')
  }

  begin(): void {
    this.#body.set(this.#loss, floats(0))
  }

  /** Adds the minibatch's loss to two sums in float64. */
  addLoss(total: Vector): void {
    const high = v128.shuffle(this.#loss, this.#loss, [2, 3, 2, 3])
    const both = f64x2.add(f64x2.fromF32x4(this.#loss), f64x2.fromF32x4(high))
    this.#body.set(total, f64x2.add(total, both))
  }

  right(): I32 {
    const [a, b, c, d] = [0, 1, 2, 3].map((lane) => i32x4.lane(this.#right, lane))
    return i32.sub(int(0), i32.add(i32.add(a!, b!), i32.add(c!, d!)))
  }

  /**
   * @param named the address of the samples' numbers
   * @param count where it is given, how many samples there are: less than four. The other lanes compute the first again.
   */
  samples(named: Local<'i32'>, sums: GradientSums, count?: Local<'i32'>): void {
    const body = this.#body
    const { layers } = this.#program
    const exists = count && body.keep(i32x4.gtS(i32x4.splat(count), ints(0, 1, 2, 3)))
    const numbers = [0, 1, 2, 3].map((k) => {
      const own = i32.load(named, 4 * k)
      // Numbers beyond the order are not read from it.
      return body.keep(
        count && k > 0 ? i32.load(i32.select(i32.add(named, int(4 * k)), named, i32.gtS(count, int(k)))) : own,
      )
    })
    const rows = (base: I32, columns: number) => numbers.map((number) => at(body, base, number, 4 * columns))
    const inputs = layers[0]!.inputs
    const x = loadColumns(body, rows(this.#data.inputs, inputs), inputs)
    const values: LayerValues[] = []
    layers.forEach((layer, l) => values.push(this.#forward(layer, l === 0 ? x : values[l - 1]!.a)))
    const outputs = layers.at(-1)!.outputs
    const y = loadColumns(body, rows(this.#data.targets, outputs), outputs)
    const weight = body.keep(floats(1))
    body.if(this.#data.weights, () => {
      const [own] = loadColumns(body, rows(this.#data.weights, 1), 1)
      body.set(weight, own!)
    })
    let deltas = this.#outputDelta(values.at(-1)!, y, weight, exists)
    for (let l = layers.length - 1; l >= 0; l--) {
      const below = l === 0 ? x : values[l - 1]!.a
      const passed = l > 0 ? this.#hiddenDelta(layers[l]!, deltas, layers[l - 1]!, values[l - 1]!) : []
      this.#addGradients(layers[l]!, deltas, below, sums)
      deltas = passed
    }
  }

  #parameter(index: number): V128 {
    return v128.loadSplat(int(this.#program.addresses.parameters), 4 * index)
  }

  #forward({ activation, inputs, outputs, weightOffset, biasOffset }: Layer, below: readonly Vector[]): LayerValues {
    const body = this.#body
    const { kit } = this.#program
    const z = Array.from({ length: outputs }, (_, i) => {
      let sum = this.#parameter(biasOffset + i)
      below.forEach((x, j) => {
        sum = kit.madd(x, this.#parameter(weightOffset + i * inputs + j), sum)
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
  #outputDelta({ z, a }: LayerValues, y: readonly Vector[], weight: Vector, exists: Vector | undefined): Vector[] {
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
    const factor = body.keep(masked(f32x4.mul(weight, floats(share))))
    const sum = terms.reduce((total, own) => f32x4.add(total, own))
    body.set(this.#loss, f32x4.add(this.#loss, masked(f32x4.mul(sum, factor))))
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
    const add = (value: V128) => body.set(this.#right, i32x4.add(this.#right, masked(value)))
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
      const parameter = (i: number) => this.#parameter(next.weightOffset + i * next.inputs + j)
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
