import { countParameters } from '../../../../model/layout.ts'
import { type I32, type V128 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import { f32x4, f64x2, floats, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import { makeSums, MOST_VARIABLES } from '../straight.ts'
import type { GradientSums, SamplePass, Vector } from '../straight-pass.ts'
import type { LaneSettings } from './addresses.ts'

/** The sums of an epoch in memory: four float64 of the losses, then vectors of integers. */
export const sumFields = {
  loss: 0,
  /** Minus the number of correct predictions. */
  correct: 32,
  /** Not 0 where a parameter is infinite or NaN at the end of the epoch. */
  broken: 48,
} as const
export const SUM_BYTES = 64

/** A parameter of the four networks, in straight-line code or in a loop. */
export interface Element {
  /** The address of its vector in an array that begins at `base`. */
  address(base: number): readonly [I32, offset: number]
  /** The sum of its gradients over the minibatch. */
  readonly sum: V128
}

/** The samples with which partial sums begin, in the pairs that are added up. */
const PAIRS = [
  [0, 2],
  [1, 3],
]

/**
 * The sums over a minibatch, losses and gradients, in the order in which they are added up where the samples of one network
 * are in the lanes: (p₀ + p₂) + (p₁ + p₃), where pₖ is the sum over the samples k, k + 4, k + 8 … of the minibatch. Partial
 * sums of no samples are left out.
 */
export class PartialSums {
  /** Of the running partial sum. */
  readonly gradients: GradientSums
  readonly #body: Body
  readonly #program: LaneSettings
  readonly #pass: SamplePass
  readonly #pairs: readonly (readonly number[])[]
  /** The loss of the first partial sum of a pair. */
  readonly #loss: Vector
  /** The losses of the epoch in float64, by pair: of the networks 0 and 1, and of 2 and 3. */
  readonly #losses: readonly (readonly [Vector, Vector])[]

  constructor(body: Body, program: LaneSettings, pass: SamplePass) {
    this.#body = body
    this.#program = program
    this.#pass = pass
    this.#pairs = PAIRS.map((pair) => pair.filter((first) => first < program.settings.batchSize))
    this.gradients = makeSums(body, this.#count, program.addresses.scratch)
    this.#loss = body.local('v128')
    this.#losses = PAIRS.map(() => [body.local('v128'), body.local('v128')] as const)
  }

  get #count(): number {
    return countParameters(this.#program.layers)
  }

  /** The address of the sums of the first pair, or of the first partial sum of the second pair. */
  #kept(pair: number): number {
    return this.#program.addresses.scratch + 16 * this.#count * (pair + 1)
  }

  beginEpoch(): void {
    for (const value of [...this.#losses.flat(), this.#pass.correct]) this.#body.set(value, floats(0))
  }

  storeEpoch(sums: Local<'i32'>): void {
    const [first, second] = this.#losses
    first!.forEach((value, half) => {
      this.#body.do(v128.store(sums, f64x2.add(value, second![half]!), sumFields.loss + 16 * half))
    })
    this.#body.do(v128.store(sums, this.#pass.correct, sumFields.correct))
  }

  /** Writes the loop over the partial sums of a minibatch; `samples` adds those from the place `first` of it on. */
  each(samples: (first: Local<'i32'>) => void): void {
    const body = this.#body
    const order = this.#pairs.flatMap((pair, p) =>
      pair.map((first, q) => ({ first, p, q, isEnd: q === pair.length - 1 })),
    )
    const first = body.keep(int(0))
    const index = body.local('i32')
    body.for(index, int(0), int(order.length), 1, () => {
      this.gradients.clear()
      this.#pass.begin()
      samples(first)
      order.forEach(({ p, q, isEnd }, i) => {
        body.if(i32.eq(index, int(i)), () => {
          if (isEnd) this.#addLoss(p, q === 1)
          else body.set(this.#loss, this.#pass.loss)
          const next = order[i + 1]
          if (!next) return
          body.set(first, int(next.first))
          this.#keepGradients(p, q === 1)
        })
      })
    })
  }

  #addLoss(pair: number, isPair: boolean): void {
    const half = (vector: Vector, upper: number) =>
      f64x2.fromF32x4(upper ? v128.shuffle(vector, vector, [2, 3, 2, 3]) : vector)
    this.#losses[pair]!.forEach((total, upper) => {
      const own = half(this.#pass.loss, upper)
      this.#body.set(total, f64x2.add(total, isPair ? f64x2.add(half(this.#loss, upper), own) : own))
    })
  }

  #keepGradients(pair: number, isAdded: boolean): void {
    this.#eachPlace(({ address, own }) => {
      const [place, offset] = address(this.#kept(pair))
      const value = isAdded ? f32x4.add(v128.load(place, offset), own) : own
      this.#body.do(v128.store(place, value, offset))
    })
  }

  /** Writes `use` for each parameter: for many of them as a loop. */
  eachParameter(use: (element: Element, isWeight: boolean) => void): void {
    const { layers } = this.#program
    for (const { weightOffset, biasOffset, outputs } of layers) {
      this.#eachPlace((place) => use(this.#elementOf(place), true), weightOffset, biasOffset)
      this.#eachPlace((place) => use(this.#elementOf(place), false), biasOffset, biasOffset + outputs)
    }
  }

  #elementOf({ address, own }: Place): Element {
    const load = (pair: number) => v128.load(...address(this.#kept(pair)))
    const [, second] = this.#pairs
    if (second!.length === 0) return { address, sum: own }
    return { address, sum: f32x4.add(load(0), second!.length === 1 ? own : f32x4.add(load(1), own)) }
  }

  #eachPlace(use: (place: Place) => void, first = 0, end = this.#count): void {
    const body = this.#body
    if (this.#count > MOST_VARIABLES) {
      const place = body.local('i32')
      const own = v128.load(place, this.#program.addresses.scratch)
      body.for(place, int(16 * first), int(16 * end), 16, () => use({ address: (base) => [place, base], own }))
      return
    }
    for (let i = first; i < end; i++) {
      use({ address: (base) => [int(0), base + 16 * i], own: this.gradients.get(i) })
    }
  }
}

/** A parameter's place, and the running partial sum of its gradients. */
interface Place {
  readonly address: Element['address']
  readonly own: V128
}
