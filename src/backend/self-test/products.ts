import { sgd, stepScalars } from '../../optimizer/optimizer.ts'
import type { OptionalForm } from '../webgpu/device/forms.ts'
import { packBytes, packRows, packsOf, toDevice, toHost, unpackRows } from '../webgpu/kernels/packs.ts'
import * as stages from '../webgpu/kernels/stage-kernels.ts'
import { groupsOf, type Tiling } from '../webgpu/kernels/tiling.ts'
import { faultOf, firstFault, layerOf, someValues, type TestBench, type TestCase } from './bench.ts'
import { DROP_STEP, dropFactors, testedDrop } from './dropped.ts'
import { checkActivations, checkGradient, checkHiddenDelta, checkWeightedInputs } from './stage-checks.ts'

/** Terms of a sum that is longer than the panels in which products are computed anywhere here. */
const LONG = 259
/** Terms of a short sum that is no multiple of four. */
const SHORT = 21

/** The largest rows and columns that one workgroup computes. */
function sizesOf(tiling: Tiling): { rows: number; columns: number } {
  const grow = (groups: (size: number) => number) => {
    let size = 4
    while (groups(size + 4) === 1) size += 4
    return size
  }
  return {
    rows: grow((rows) => groupsOf({ rows, columns: 4 }, tiling)[1]),
    columns: grow((columns) => groupsOf({ rows: 4, columns }, tiling)[0]),
  }
}

/** Sizes that make two workgroups necessary in both directions, the first of them full, and sizes just below one. */
function shapesOf(tiling: Tiling): { rows: number; columns: number; terms: number }[] {
  const { rows, columns } = sizesOf(tiling)
  return [
    { rows: rows + 1, columns: columns + 1, terms: LONG },
    { rows: rows - 1, columns: columns - 1, terms: SHORT },
  ]
}

const keyOf = (stage: string, tiling: Tiling, forms: readonly OptionalForm[], ...more: (string | number)[]) =>
  [stage, JSON.stringify(tiling), ...forms, ...more].join(' ')

const wordIf = (drops: boolean) => (drops ? ['dropout'] : [])

/** A data set on the device whose rows are visited in reverse order, and its values in that order. */
export function dataOf(bench: TestBench, samples: number, columns: number, bytes: boolean) {
  let values = someValues(samples * columns, 1)
  if (bytes) values = values.map((value) => Math.fround(Math.round(Math.abs(value) * 255) / 255))
  const order = Uint32Array.from({ length: samples }, (_, i) => samples - 1 - i)
  const visited = new Float64Array(values.length)
  for (const [i, row] of order.entries()) {
    visited.set(values.subarray(row * columns, (row + 1) * columns), i * columns)
  }
  const packed = bytes ? packBytes(values, samples, columns) : packRows(values, samples, columns)
  return { inputs: bench.storage(packed), order: bench.storage(order), visited }
}

/**
 * The stage forward: z and a of rows that are gathered, and of rows that are not.
 * @param drops whether the kernel is compiled for dropout
 */
export function forwardCase(tiling: Tiling, forms: readonly OptionalForm[], drops = false): TestCase {
  const bytes = forms.includes('bytes')
  const run = async (bench: TestBench) => {
    const shapes = bytes ? shapesOf(tiling).slice(0, 1) : shapesOf(tiling)
    const runs = shapes.map(async ({ rows, columns, terms }, i) => {
      const gather = bytes || i === 0
      const factors = drops ? dropFactors(rows, columns) : undefined
      const layer = layerOf(terms, columns)
      const values = someValues(layer.biasOffset + columns, 2)
      const parameters = bench.storage(toDevice([layer], values))
      const { inputs, order, visited } = dataOf(bench, rows, terms, bytes)
      const stage = await stages.forward(
        bench.maker(rows, tiling),
        layer,
        { gather, bytes },
        drops ? testedDrop : undefined,
      )
      const [deltas, activations] = [bench.space(rows, columns), bench.space(rows, columns)]
      // Rows that are not gathered lie in the order in which they are visited.
      const source = gather ? inputs : bench.rows(Float32Array.from(visited), rows, terms)
      const bound = [stage, [source, order, parameters, deltas, activations]] as const
      const read = await bench.run([bound], { rows, number: DROP_STEP }, [deltas, activations])
      const [z, a] = read.map((packed) => unpackRows(packed, rows, columns)) as [Float32Array, Float32Array]
      return firstFault([
        faultOf('z', checkWeightedInputs(layer, Float64Array.from(values), visited, rows, z)),
        faultOf('the activation', checkActivations(layer, rows, Float64Array.from(z), a, 0, factors)),
      ])
    })
    return firstFault(await Promise.all(runs))
  }
  return { key: keyOf('forward', tiling, forms, ...wordIf(drops)), stage: 'forward', forms, run }
}

/**
 * The stage hiddenDelta.
 * @param drops whether the kernel is compiled for dropout
 */
export function hiddenDeltaCase(tiling: Tiling, forms: readonly OptionalForm[], drops = false): TestCase {
  const run = async (bench: TestBench) => {
    const runs = shapesOf(tiling).map(async ({ rows, columns, terms }) => {
      const [layer, next] = [layerOf(1, columns), layerOf(columns, terms)]
      const values = someValues(next.biasOffset + terms, 3)
      const [above, z] = [someValues(rows * terms, 4), someValues(rows * columns, 5)]
      const a = z.map(Math.tanh)
      const factors = drops ? dropFactors(rows, columns) : undefined
      const dropped = factors ? a.map((value, i) => value * factors[i]!) : a
      const deltas = bench.rows(z, rows, columns)
      const buffers = [
        bench.rows(above, rows, terms),
        bench.storage(toDevice([next], values)),
        bench.rows(dropped, rows, columns),
        deltas,
      ]
      const stage = await stages.hiddenDelta(bench.maker(rows, tiling), layer, next, drops ? testedDrop : undefined)
      const [packed] = await bench.run([[stage, buffers]], { rows, number: DROP_STEP }, [deltas])
      const [parameters, aboveExact, zExact, aExact] = [values, above, z, a].map((each) => Float64Array.from(each))
      const got = unpackRows(packed!, rows, columns)
      return faultOf('δ', checkHiddenDelta(layer, next, parameters!, aboveExact!, rows, zExact!, aExact!, got, factors))
    })
    return firstFault(await Promise.all(runs))
  }
  return { key: keyOf('hiddenDelta', tiling, forms, ...wordIf(drops)), stage: 'hiddenDelta', forms, run }
}

/** How gradients are tested. */
export interface GradientOptions {
  /** The size of the network's minibatches. */
  readonly batch: number
  /** The gradients are stored to be clipped; otherwise the kernel makes the optimizer's step. */
  readonly held: boolean
}

/** The stage gradient, whose steps from zero with the rate 1 are the gradients themselves. */
export function gradientCase(
  tiling: Tiling,
  forms: readonly OptionalForm[],
  { batch, held }: GradientOptions,
): TestCase {
  const few = forms.includes('few')
  const bytes = forms.includes('bytes')
  const rule = { optimizer: sgd({ learningRate: 1 }) }
  const run = async (bench: TestBench) => {
    const shapes = bytes ? shapesOf(tiling).slice(0, 1) : shapesOf(tiling)
    const runs = shapes.map(async ({ rows: inputs, columns, terms }, i) => {
      const gather = i === 0
      const layer = layerOf(inputs, columns)
      const samples = few ? Math.max(1, batch - i) : terms
      const { inputs: data, order, visited } = dataOf(bench, samples, inputs, bytes)
      const deltas = someValues(samples * columns, 6)
      const values = toDevice([layer], new Float32Array(layer.biasOffset + columns))
      const [parameters, state, gradients] = [bench.storage(values), bench.storage(4), bench.storage(values)]
      const maker = bench.maker(few ? batch : LONG, tiling)
      const stage = await stages.gradient(maker, layer, values.length / 4, { gather, bytes }, rule, held)
      const source = gather ? data : bench.rows(Float32Array.from(visited), samples, inputs)
      const targets = held ? [gradients, parameters] : [parameters, state]
      const buffers = [source, order, bench.rows(deltas, samples, columns), ...targets]
      const scalars = stepScalars(rule.optimizer, 1, 1)
      const [packed] = await bench.run([[stage, buffers]], { rows: samples, scalars }, [targets[0]!])
      const got = toHost([layer], packed!).map((value) => (held ? value : -value))
      const { weightGradient, biasGradient } = checkGradient(layer, Float64Array.from(deltas), visited, samples, got)
      return firstFault([faultOf('∂C/∂W', weightGradient), faultOf('∂C/∂b', biasGradient)])
    })
    return firstFault(await Promise.all(runs))
  }
  const key = keyOf('gradient', tiling, forms, ...(few ? [packsOf(batch)] : []), ...(held ? ['held'] : []))
  return { key, stage: 'gradient', forms, run }
}
