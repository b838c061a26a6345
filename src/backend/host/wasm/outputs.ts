import { outputBoundary } from '../../../model/activation.ts'
import type { Layer } from '../../../model/layout.ts'
import { type LossName, losses, outputShare } from '../../../loss/loss.ts'
import { type I32, type V128 } from './assembler/expression.ts'
import { f32, f64, i32, int } from './assembler/scalars.ts'
import { f32x4, floats, ints, v128 } from './assembler/vectors.ts'
import type { Body, Callable, Local } from './assembler/function.ts'
import { activationFormulas } from './formulas/activations.ts'
import { exp, log } from './formulas/exponential.ts'
import { lossFormulas } from './formulas/losses.ts'
import { loadLanes, storeLanes } from './kit.ts'
import { at, type Target } from './products/layer.ts'

/**
 * What is done row by row at the output layer: softmax, δ, loss and correct predictions. Formulas as in
 * ../reference/stages.ts.
 */

/** `(z, a, first, end)`: f(Z) of the rows from `first` up to `end`. */
export type Softmax = Callable<readonly ['i32', 'i32', 'i32', 'i32'], undefined>

/**
 * `(z, a, targets, weights, delta, scores, countsLabels, first, end)`: δ of the rows from `first` up to `end`. `weights` is 0
 * where all samples count alike; `scores` receives two float64 for each row: its loss, and 1 where the prediction is correct,
 * or the number of its labels that are right.
 */
export type OutputDelta = Callable<readonly ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], undefined>

/** Writes `use` for each vector of a row of `count` values: at which offset it is, and how many of its lanes exist. */
function eachVector(body: Body, count: number, use: (offset: Local<'i32'>, lanes: number) => void): void {
  const offset = body.local('i32')
  const whole = 16 * Math.floor(count / 4)
  if (whole > 0) body.for(offset, int(0), int(whole), 16, () => use(offset, 4))
  if (count % 4 > 0) {
    body.set(offset, int(whole))
    use(offset, count % 4)
  }
}

/** The lanes that exist, and `other` in those that do not. */
function existing(vector: V128, lanes: number, other: number): V128 {
  if (lanes === 4) return vector
  return v128.select(vector, floats(other), ints(...[0, 1, 2, 3].map((lane) => (lane < lanes ? -1 : 0))))
}

/** Applies an operation across all lanes; each lane of the result has it. */
function acrossLanes(body: Body, vector: V128, combine: (a: V128, b: V128) => V128): V128 {
  const whole = body.keep(vector)
  const halves = body.keep(combine(whole, v128.shuffle(whole, whole, [2, 3, 0, 1])))
  return combine(halves, v128.shuffle(halves, halves, [1, 0, 3, 2]))
}

/** The largest z of a row, in every lane; NaN where one is NaN. */
function largestOfRow(body: Body, z: I32, outputs: number): Local<'v128'> {
  const largest = body.keep(floats(-Infinity))
  eachVector(body, outputs, (offset, lanes) => {
    const vector = existing(v128.load(i32.add(z, offset)), lanes, -Infinity)
    body.set(largest, f32x4.max(largest, vector))
  })
  return body.keep(acrossLanes(body, largest, f32x4.max))
}

export function defineSoftmax({ module, kit }: Target, outputs: number): Softmax {
  return module.procedure(undefined, ['i32', 'i32', 'i32', 'i32'], (body, [zs, as, first, end]) => {
    const row = body.local('i32')
    body.for(row, first, end, 1, () => {
      const z = at(body, zs, row, 4 * outputs)
      const a = at(body, as, row, 4 * outputs)
      const largest = largestOfRow(body, z, outputs)
      const sum = body.keep(floats(0))
      eachVector(body, outputs, (offset, lanes) => {
        const power = body.keep(exp(kit, body, body.keep(f32x4.sub(v128.load(i32.add(z, offset)), largest))))
        storeLanes(body, i32.add(a, offset), power, lanes)
        body.set(sum, f32x4.add(sum, existing(power, lanes, 0)))
      })
      const total = body.keep(acrossLanes(body, sum, f32x4.add))
      eachVector(body, outputs, (offset, lanes) => {
        const place = i32.add(a, offset)
        storeLanes(body, place, body.keep(f32x4.div(loadLanes(place, lanes), total)), lanes)
      })
    })
  })
}

/** ln Σ eᶻ of a row, in every lane. */
function logSumExp({ kit }: Target, body: Body, z: Local<'i32'>, outputs: number): V128 {
  const largest = largestOfRow(body, z, outputs)
  const sum = body.keep(floats(0))
  eachVector(body, outputs, (offset, lanes) => {
    const power = exp(kit, body, body.keep(f32x4.sub(v128.load(i32.add(z, offset)), largest)))
    body.set(sum, f32x4.add(sum, existing(power, lanes, 0)))
  })
  const total = body.keep(acrossLanes(body, sum, f32x4.add))
  return f32x4.add(largest, log(kit, body, total))
}

export function defineOutputDelta(target: Target, layer: Layer, loss: LossName): OutputDelta {
  const { module, kit } = target
  const { outputs, activation } = layer
  const { requires } = losses[loss]
  const { term, slope } = lossFormulas[loss]
  const share = floats(outputShare(losses[loss], outputs))
  const types = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  return module.procedure(undefined, types, (body, [zs, as, ys, weights, deltas, scores, countsLabels, first, end]) => {
    const row = body.local('i32')
    body.for(row, first, end, 1, () => {
      const [z, a, y, delta] = [zs, as, ys, deltas].map((base) => at(body, base, row, 4 * outputs))
      const weight = body.keep(floats(1))
      body.if(weights, () => body.set(weight, v128.loadSplat(at(body, weights, row, 4))))
      const shift = requires === 'softmax' ? body.keep(logSumExp(target, body, z!, outputs)) : undefined
      const lost = body.keep(floats(0))
      const projection = body.keep(floats(0))
      eachVector(body, outputs, (offset, lanes) => {
        const load = (base: I32) => body.keep(loadLanes(i32.add(base, offset), lanes))
        const [logit, output, wanted] = [load(z!), load(a!), load(y!)]
        const shifted = shift ? body.keep(f32x4.sub(logit, shift)) : logit
        const terms = term(kit, body, output, wanted, shifted)
        body.set(lost, f32x4.add(lost, existing(terms, lanes, 0)))
        const gradient = body.keep(f32x4.mul(share, slope(kit, body, output, wanted)))
        if (requires === undefined && activation === 'softmax') {
          body.set(projection, f32x4.add(projection, existing(f32x4.mul(gradient, output), lanes, 0)))
          storeLanes(body, i32.add(delta!, offset), gradient, lanes)
          return
        }
        const isDirect = requires !== undefined || activation === 'softmax'
        const own = isDirect
          ? gradient
          : f32x4.mul(gradient, activationFormulas[activation].derivative(kit, body, logit, output))
        storeLanes(body, i32.add(delta!, offset), body.keep(f32x4.mul(own, weight)), lanes)
      })
      if (requires === undefined && activation === 'softmax') {
        const total = body.keep(acrossLanes(body, projection, f32x4.add))
        eachVector(body, outputs, (offset, lanes) => {
          const place = i32.add(delta!, offset)
          const own = f32x4.mul(v128.load(i32.add(a!, offset)), f32x4.sub(loadLanes(place, lanes), total))
          storeLanes(body, place, body.keep(f32x4.mul(own, weight)), lanes)
        })
      }
      const sum = f32x4.mul(f32x4.mul(acrossLanes(body, lost, f32x4.add), share), weight)
      const score = at(body, scores, row, 16)
      body.do(f64.store(score, f64.fromF32(f32x4.lane(body.keep(sum), 0))))
      body.do(f64.store(score, f64.fromI32(countRight(body, layer, a!, y!, countsLabels)), 8))
    })
  })
}

/** 1 where the largest output is the largest target; with one output, or counting labels, those on the same side. */
function countRight(
  body: Body,
  { outputs, activation }: Layer,
  a: Local<'i32'>,
  y: Local<'i32'>,
  countsLabels: I32,
): I32 {
  const boundary = f32.constant(outputBoundary(activation))
  const isSame = (offset: I32) =>
    i32.eq(f32.gt(f32.load(i32.add(a, offset)), boundary), f32.gt(f32.load(i32.add(y, offset)), boundary))
  if (outputs === 1) return isSame(int(0))
  const right = body.keep(int(0))
  body.if(
    countsLabels,
    () => {
      const offset = body.local('i32')
      body.for(offset, int(0), int(4 * outputs), 4, () => body.increase(right, isSame(offset)))
    },
    () => body.set(right, i32.eq(placeOfLargest(body, a, outputs), placeOfLargest(body, y, outputs))),
  )
  return right
}

/** The offset of the first of the largest values of a row, as `>` finds it. */
function placeOfLargest(body: Body, row: Local<'i32'>, count: number): Local<'i32'> {
  const best = body.keep(f32.load(row))
  const place = body.keep(int(0))
  const offset = body.local('i32')
  body.for(offset, int(4), int(4 * count), 4, () => {
    const value = body.keep(f32.load(i32.add(row, offset)))
    body.if(f32.gt(value, best), () => {
      body.set(best, value)
      body.set(place, offset)
    })
  })
  return place
}
