import { type Optimizer, type OptimizerName, stateSlots, type StepScalars } from '../../../../optimizer/optimizer.ts'
import { type I32, type V128 } from '../assembler/expression.ts'
import { i32, int } from '../assembler/scalars.ts'
import { f32x4, floats, v128 } from '../assembler/vectors.ts'
import type { Body, Local } from '../assembler/function.ts'
import type { ModuleWriter } from '../assembler/module.ts'
import { type Kit, loadLanes, storeLanes } from '../kit.ts'
import { positivePart } from './elementary.ts'
import { sweep } from './sweep.ts'

/** The scalars of a step, in the order in which they lie in memory, one float32 each. */
export const scalarOrder = ['stepSize', 'decay', 'correction', 'gradientStep'] as const satisfies readonly (keyof StepScalars)[] // prettier-ignore

/** The scalars of a step as vectors of four equal values. */
export type ScalarVectors = Readonly<Record<keyof StepScalars, Local<'v128'>>>

/** Reads the scalars of a step from memory. */
export function loadScalars(body: Body, address: I32): ScalarVectors {
  const entries = scalarOrder.map((name, index) => [name, body.keep(v128.loadSplat(address, 4 * index))] as const)
  return Object.fromEntries(entries) as ScalarVectors
}

/** What a step is computed from. */
export interface StepOperands {
  /** Its constants are known when the code is generated. */
  readonly optimizer: Optimizer
  readonly scalars: ScalarVectors
  readonly parameter: Local<'v128'>
  readonly gradient: Local<'v128'>
  /** One vector a slot of state, in the order of src/optimizer/. */
  readonly state: readonly Local<'v128'>[]
}

/** What a step gives: locals, which can be stored in any order. */
export interface Stepped {
  readonly parameter: Local<'v128'>
  readonly state: readonly Local<'v128'>[]
}

type Step = (kit: Kit, body: Body, operands: StepOperands) => Stepped

/** The gradient with λ·p added, where weight decay works so. */
function decayedGradient(kit: Kit, body: Body, { optimizer, parameter, gradient }: StepOperands): Local<'v128'> {
  const { weightDecay, decoupledWeightDecay } = optimizer
  if (weightDecay === 0 || decoupledWeightDecay) return gradient
  return body.keep(kit.madd(parameter, floats(weightDecay), gradient))
}

/** keep · mean + (1 − keep) · value */
const movedMean = (kit: Kit, keep: number, mean: V128, value: V128) =>
  kit.madd(value, floats(1 - keep), f32x4.mul(mean, floats(keep)))

/** keep · mean + (1 − keep) · value² */
const movedSquare = (kit: Kit, keep: number, mean: V128, value: Local<'v128'>) =>
  kit.madd(f32x4.mul(value, floats(1 - keep)), value, f32x4.mul(mean, floats(keep)))

const sgd: Step = (kit, body, operands) => {
  const { optimizer, scalars, parameter, state } = operands
  const { momentum, nesterov } = optimizer
  const g = decayedGradient(kit, body, operands)
  if (momentum === 0) return { parameter: body.keep(kit.nmadd(scalars.stepSize, g, parameter)), state: [] }
  const velocity = body.keep(kit.madd(state[0]!, floats(momentum), g))
  const direction = nesterov ? kit.madd(velocity, floats(momentum), g) : velocity
  return { parameter: body.keep(kit.nmadd(scalars.stepSize, direction, parameter)), state: [velocity] }
}

const rmsprop: Step = (kit, body, operands) => {
  const { optimizer, scalars, parameter, state } = operands
  const { momentum, centered, decay2, epsilon } = optimizer
  const g = decayedGradient(kit, body, operands)
  const moved = [body.keep(movedSquare(kit, decay2, state[0]!, g))]
  let variance: V128 = moved[0]!
  let mean: Local<'v128'> | undefined
  if (centered) {
    mean = body.keep(movedMean(kit, decay2, state[momentum > 0 ? 2 : 1]!, g))
    variance = positivePart(kit.nmadd(mean, mean, variance))
  }
  let quotient: V128 = f32x4.div(g, f32x4.add(f32x4.sqrt(variance), floats(epsilon)))
  if (momentum > 0) {
    const velocity = body.keep(kit.madd(state[1]!, floats(momentum), quotient))
    moved.push(velocity)
    quotient = velocity
  }
  if (mean) moved.push(mean)
  return { parameter: body.keep(kit.nmadd(scalars.stepSize, quotient, parameter)), state: moved }
}

const adagrad: Step = (kit, body, operands) => {
  const { optimizer, scalars, parameter, state } = operands
  const g = decayedGradient(kit, body, operands)
  const squares = body.keep(kit.madd(g, g, state[0]!))
  const denominator = f32x4.add(f32x4.sqrt(squares), floats(optimizer.epsilon))
  const step = f32x4.div(f32x4.mul(scalars.stepSize, g), denominator)
  return { parameter: body.keep(f32x4.sub(parameter, step)), state: [squares] }
}

/** Adam's step and, with a part along the gradient itself, NAdam's. */
const adam: Step = (kit, body, operands) => {
  const { optimizer, scalars, parameter, state } = operands
  const { name, decoupledWeightDecay, weightDecay, decay1, decay2, epsilon } = optimizer
  const g = decayedGradient(kit, body, operands)
  const mean = body.keep(movedMean(kit, decay1, state[0]!, g))
  const square = body.keep(movedSquare(kit, decay2, state[1]!, g))
  const along = f32x4.mul(scalars.stepSize, mean)
  const step = name === 'nadam' ? kit.madd(scalars.gradientStep, g, along) : along
  const denominator = kit.madd(f32x4.sqrt(square), scalars.correction, floats(epsilon))
  const isDecayed = decoupledWeightDecay && weightDecay !== 0
  const kept = isDecayed ? kit.nmadd(scalars.decay, parameter, parameter) : parameter
  return { parameter: body.keep(f32x4.sub(kept, f32x4.div(step, denominator))), state: [mean, square] }
}

const steps: Readonly<Record<OptimizerName, Step>> = { sgd, rmsprop, adagrad, adam, adamw: adam, nadam: adam }

/** One step of an optimizer on four parameters; the formulas are in src/optimizer/. */
export const step: Step = (kit, body, operands) => steps[operands.optimizer.name](kit, body, operands)

/**
 * Adds the procedure of an optimizer's step over parameters in memory:
 * `(parameters, gradients, state, count, scalars, first, end)`, all i32.
 * - parameters, gradients: addresses of `count` float32
 * - state: the address of the slots, `count` float32 each, one slot after the other
 * - scalars: the address of the step's scalars (scalarOrder)
 * - first, end: which parameters are moved, [first, end); where threads share the work, any division gives the same bits
 */
export function defineUpdate(module: ModuleWriter, kit: Kit, optimizer: Optimizer, name?: string) {
  const slots = stateSlots(optimizer)
  const parameters = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
  return module.procedure(
    name,
    parameters,
    (body, [parameterBase, gradientBase, state, count, address, first, end]) => {
      const scalars = loadScalars(body, address)
      const slotBases = Array.from({ length: slots }, (_, slot) => i32.add(state, i32.mul(count, int(4 * slot))))
      const bases: readonly [I32, I32, ...I32[]] = [parameterBase, gradientBase, ...slotBases]
      sweep(body, bases, first, end, (lanes, [parameterPlace, gradientPlace, ...slotPlaces]) => {
        const moved = step(kit, body, {
          optimizer,
          scalars,
          parameter: body.keep(loadLanes(parameterPlace, lanes)),
          gradient: body.keep(loadLanes(gradientPlace, lanes)),
          state: slotPlaces.map((place) => body.keep(loadLanes(place, lanes))),
        })
        storeLanes(body, parameterPlace, moved.parameter, lanes)
        moved.state.forEach((vector, slot) => storeLanes(body, slotPlaces[slot]!, vector, lanes))
      })
    },
  )
}
