import { describe, expect, it } from 'vitest'
import {
  defineScale,
  defineSpanSums,
  defineSumOfSquares,
  SQUARES_SPAN,
} from '../src/backend/host/wasm/formulas/clip.ts'
import { defineDropout } from '../src/backend/host/wasm/formulas/dropout.ts'
import { defineUpdate, scalarOrder } from '../src/backend/host/wasm/formulas/optimizers.ts'
import { definePenalty } from '../src/backend/host/wasm/formulas/penalty.ts'
import type { Kit } from '../src/backend/host/wasm/kit.ts'
import { drop, update } from '../src/backend/host/reference/stages.ts'
import { addPenalty, gradientNorm } from '../src/backend/host/update.ts'
import { Random } from '../src/core/random.ts'
import { dropoutKey, dropoutThreshold } from '../src/optimizer/dropout.ts'
import {
  adagrad,
  adam,
  adamw,
  nadam,
  type Optimizer,
  optimizerNames,
  rmsprop,
  sgd,
  stateSlots,
  type StepScalars,
  stepScalars,
} from '../src/optimizer/optimizer.ts'
import { expectClose } from './close.ts'
import { describeKits, instantiate } from './wasm.ts'

const truth = [false, true]
const decays = [0, 0.1]
const optimizers: readonly Optimizer[] = [
  ...decays.flatMap((weightDecay) => [
    sgd({ learningRate: 0.3, weightDecay }),
    ...truth.map((nesterov) => sgd({ learningRate: 0.3, weightDecay, momentum: 0.9, nesterov })),
    ...truth.flatMap((centered) => [0, 0.9].map((momentum) => rmsprop({ weightDecay, momentum, centered }))),
    adagrad({ weightDecay, learningRateDecay: 0.2, initialAccumulator: 0.5 }),
    adagrad({ weightDecay }),
    adam({ weightDecay, betas: [0.8, 0.99] }),
    adamw({ weightDecay }),
    ...truth.map((decoupledWeightDecay) => nadam({ weightDecay, decoupledWeightDecay, momentumDecay: 0.3 })),
  ]),
]

const describeOptimizer = ({ name, weightDecay, momentum, nesterov, centered, ...others }: Optimizer) =>
  [
    name,
    `weightDecay ${weightDecay}${others.decoupledWeightDecay ? ' decoupled' : ''}`,
    `momentum ${momentum}`,
    ...(nesterov ? ['nesterov'] : []),
    ...(centered ? ['centered'] : []),
  ].join(', ')

/** Bytes at which the arrays of a test begin. */
const PARAMETERS = 0
const GRADIENTS = 4096
const STATE = 8192
const SCALARS = 32768

/** An instance with an optimizer's procedure, and its parameters, gradients and state as views. */
function place(kit: Kit, optimizer: Optimizer, count: number) {
  const slots = stateSlots(optimizer)
  const { exports, floats } = instantiate((module) => defineUpdate(module, kit, optimizer, 'update'))
  const at = (address: number, length: number) => floats.subarray(address / 4, address / 4 + length)
  return {
    parameters: at(PARAMETERS, count),
    gradients: at(GRADIENTS, count),
    state: at(STATE, slots * count),
    after: [at(PARAMETERS + 4 * count, 4), at(STATE + 4 * slots * count, 4)],
    setScalars: (scalars: StepScalars) => at(SCALARS, 4).set(scalarOrder.map((name) => scalars[name])),
    update: (first: number, end: number) => exports.update!(PARAMETERS, GRADIENTS, STATE, count, SCALARS, first, end),
  }
}

type Placed = ReturnType<typeof place>

/** Starts all values from the same random numbers. */
function start({ parameters, gradients, state }: Placed, { initialAccumulator }: Optimizer, seed: number): Random {
  const random = new Random(seed, 'data')
  for (let i = 0; i < parameters.length; i++) parameters[i] = 4 * random.uniform() - 2
  gradients.fill(0)
  state.fill(initialAccumulator)
  return random
}

/** A step in float64 from the given float32. */
function stepInFloat64(
  optimizer: Optimizer,
  scalars: StepScalars,
  from: Record<'parameters' | 'gradients' | 'state', ArrayLike<number>>,
) {
  const [parameters, state] = [Float64Array.from(from.parameters), Float64Array.from(from.state)]
  update(optimizer, scalars, parameters, Float64Array.from(from.gradients), state)
  return { parameters, state }
}

/** The rounding errors of three operations. */
const ROUNDINGS = 3 * 2 ** -24

/**
 * A step in float64, and how far float32 may be from it: a few roundings of the results, and what a few roundings of the
 * gradient (of its two parts, where there is weight decay) and of each slot of state change in the results. Because of the
 * second part the bounds are as tight where nothing cancels as they are right where something does.
 */
function exactStep(optimizer: Optimizer, scalars: StepScalars, placed: Placed) {
  const { parameters, gradients, state } = placed
  const given = { parameters: Float64Array.from(parameters), gradients: Float64Array.from(gradients), state: Float64Array.from(state) } // prettier-ignore
  const want = stepInFloat64(optimizer, scalars, placed)
  const bounds = {
    parameters: want.parameters.map((p, i) => ROUNDINGS * (Math.abs(p) + Math.abs(p - parameters[i]!))),
    state: want.state.map((s, i) => ROUNDINGS * (Math.abs(s) + Math.abs(state[i]!))),
  }
  const changed = [1, -1].flatMap((sign) => [
    {
      ...given,
      gradients: given.gradients.map(
        (g, i) => g + sign * ROUNDINGS * (Math.abs(g) + optimizer.weightDecay * Math.abs(parameters[i]!)),
      ),
    },
    ...Array.from({ length: stateSlots(optimizer) }, (_, slot) => ({
      ...given,
      state: given.state.map((s, i) => (Math.floor(i / parameters.length) === slot ? s * (1 + sign * ROUNDINGS) : s)),
    })),
  ])
  for (const one of changed) {
    const other = stepInFloat64(optimizer, scalars, one)
    for (const key of ['parameters', 'state'] as const) {
      want[key].forEach((value, i) => (bounds[key][i]! += Math.abs(other[key][i]! - value)))
    }
  }
  return { want, bounds }
}

describeKits('optimizers', (kit) => {
  it('has every optimizer', () => {
    expect([...new Set(optimizers.map(({ name }) => name))].sort()).toEqual([...optimizerNames].sort())
  })

  it.each(optimizers.map((one) => [describeOptimizer(one), one] as const))('%s', (_name, optimizer) => {
    const count = 23
    const placed = place(kit, optimizer, count)
    const { parameters, gradients, state } = placed
    const random = start(placed, optimizer, 7)
    for (const values of placed.after) values.fill(-7)
    for (let t = 1; t <= 6; t++) {
      for (let i = 0; i < count; i++) gradients[i] = (2 * random.uniform() - 1) * 10 ** ((i % 5) - 3)
      const scalars = stepScalars(optimizer, t, optimizer.learningRate as number)
      const { want, bounds } = exactStep(optimizer, scalars, placed)
      placed.setScalars(scalars)
      placed.update(0, count)
      expectClose(parameters, want.parameters, { name: `parameters, step ${t}`, atol: bounds.parameters })
      if (state.length > 0) expectClose(state, want.state, { name: `state, step ${t}`, atol: bounds.state })
    }
    for (const values of placed.after) expect([...values]).toEqual([-7, -7, -7, -7])
  })

  it.each(optimizers.filter(({ weightDecay }) => weightDecay > 0).map((one) => [describeOptimizer(one), one] as const))(
    'any division of the parameters gives the same bits: %s',
    (_name, optimizer) => {
      for (const count of [1, 3, 4, 5, 19]) {
        const run = (ranges: readonly (readonly [number, number])[]) => {
          const placed = place(kit, optimizer, count)
          const random = start(placed, optimizer, 3)
          for (let t = 1; t <= 3; t++) {
            for (let i = 0; i < count; i++) placed.gradients[i] = random.uniform() - 0.5
            placed.setScalars(stepScalars(optimizer, t, 0.1))
            for (const [first, end] of ranges) placed.update(first, Math.min(end, count))
          }
          return [...placed.parameters, ...placed.state]
        }
        expect(run([[8, 20], [0, 4], [4, 8], [8, 8]])).toEqual(run([[0, count]])) // prettier-ignore
      }
    },
  )

  it('a NaN among the gradients reaches its parameter alone', () => {
    for (const optimizer of optimizers) {
      const placed = place(kit, optimizer, 6)
      start(placed, optimizer, 1)
      placed.gradients.fill(0.5)
      placed.gradients[4] = NaN
      placed.setScalars(stepScalars(optimizer, 1, 0.1))
      placed.update(0, 6)
      expect([...placed.parameters].map(Number.isNaN)).toEqual([false, false, false, false, true, false])
    }
  })
})

describe('dropout', () => {
  const { exports, floats } = instantiate((module) => defineDropout(module, 'drop'))
  const INTO = 16384

  it.each([1, 2, 3, 4, 5, 8, 11])('drops the units that the reference drops, %d columns', (columns) => {
    const rows = 7
    const values = Float32Array.from({ length: rows * columns }, (_, i) => i + 1)
    for (const [share, seed, step] of [
      [0.5, 1, 1],
      [0.2, -5, 123456789],
      [0.999, 2 ** 31, 7],
      [0, 3, 2 ** 31 + 5],
    ] as const) {
      // prettier-ignore
      const key = dropoutKey(seed, 2)
      const want = new Float64Array(values.length)
      drop({ share, key }, step, rows, columns, values, want)
      for (const into of [INTO, 0]) {
        floats.fill(-1, INTO / 4, INTO / 4 + values.length + 4)
        floats.set(values)
        const run = (first: number, end: number) =>
          exports.drop!(0, into, columns, first, end, key, step, dropoutThreshold(share), 1 / (1 - share))
        run(0, 3)
        run(3, rows)
        const got = floats.slice(into / 4, into / 4 + values.length)
        expect([...got].map((value) => value === 0)).toEqual([...want].map((value) => value === 0))
        expectClose(got, want, { name: 'dropped', rtol: 2 ** -23 })
        expect([...floats.subarray(INTO / 4 + values.length, INTO / 4 + values.length + 4)]).toEqual([-1, -1, -1, -1])
      }
    }
  })
})

describeKits('penalty', (kit) => {
  it('adds its gradient to those of a range', () => {
    const { exports, floats } = instantiate((module) => definePenalty(module, kit, 'add'))
    const weights = Float32Array.of(9, 0.5, -2, 0, -0, 1e-45, -1e-45, 3e5, -1e-40, 1, -1, 8)
    const count = weights.length
    for (const { l1, l2 } of [
      { l1: 0.01, l2: 0 },
      { l1: 0, l2: 0.3 },
      { l1: 0.5, l2: 0.002 },
    ]) {
      // prettier-ignore
      const want = new Float64Array(count).fill(1)
      const layer = { inputs: count - 2, outputs: 1, weightOffset: 1, biasOffset: 0, activation: 'linear' } as const
      addPenalty([layer], { l1, l2 }, Float64Array.from(weights), want)
      floats.set(weights)
      floats.fill(1, 256, 256 + count)
      exports.add!(0, 1024, 1, 3, l1, l2)
      exports.add!(0, 1024, 3, count - 1, l1, l2)
      expectClose(floats.slice(256, 256 + count), want, { name: 'gradients', rtol: 2 ** -22, atol: 2 ** -22 })
    }
  })
})

describe('clipping', () => {
  const { exports, floats, doubles } = instantiate((module) => {
    const sum = defineSumOfSquares(module, 'squares')
    defineSpanSums(module, sum, 'spans')
    defineScale(module, 'scale')
  }, 2)
  const SUMS = 65536
  const count = 2 * SQUARES_SPAN + 5
  const fill = (scale: number) => {
    const random = new Random(5, 'data')
    for (let i = 0; i < count; i++) floats[i] = scale * (random.uniform() - 0.5)
  }

  it.each([0, 1, 3, 4, 5, 1000])('sums the squares of %d values in float64', (length) => {
    for (const scale of [1, 1e30, 1e-30]) {
      fill(scale)
      const got = Math.sqrt(exports.squares!(0, 2, 2 + length))
      expectClose(got, gradientNorm(Float64Array.from(floats.subarray(2, 2 + length))), { name: 'norm', rtol: 1e-13 })
    }
  })

  it('sums whole spans, in any division', () => {
    fill(1)
    const run = (ranges: readonly (readonly [number, number])[]) => {
      doubles.fill(-1, SUMS / 8, SUMS / 8 + 4)
      for (const [first, end] of ranges) exports.spans!(0, count, SUMS, first, end)
      return [...doubles.subarray(SUMS / 8, SUMS / 8 + 4)]
    }
    const sums = run([[0, 3]])
    expect(run([[1, 3], [0, 1]])).toEqual(sums) // prettier-ignore
    expect(sums[3]).toBe(-1)
    const norm = Math.sqrt(sums[0]! + sums[1]! + sums[2]!)
    expectClose(norm, gradientNorm(Float64Array.from(floats.subarray(0, count))), { name: 'norm', rtol: 1e-13 })
  })

  it('multiplies a range by a factor', () => {
    fill(1)
    const before = floats.slice(0, 12)
    exports.scale!(0, 1, 10, 0.3)
    const factor = Math.fround(0.3)
    const want = before.map((value, i) => (i >= 1 && i < 10 ? value * factor : value))
    expect([...floats.subarray(0, 12)]).toEqual([...want])
  })
})
