import { sgd, stepScalars } from '../../optimizer/optimizer.ts'
import * as stages from '../webgpu/kernels/stage-kernels.ts'
import { MOST_CHECKS, NORM_PARTS } from '../webgpu/kernels/stage-kernels.ts'
import { faultOf, firstFault, someValues, type TestBench, type TestCase } from './bench.ts'
import { compare } from './stage-checks.ts'

/** Packs of parameters that more than one workgroup works on. */
const PACKS = { clipping: NORM_PARTS + 3, finite: 1100 }
const CLIP_NORM = 0.5

/** The kernels of clipping: norm, and clipped, whose steps from zero with the rate 1 are the clipped gradients. */
export function clippingCase(): TestCase {
  const run = async (bench: TestBench) => {
    const packs = PACKS.clipping
    const rule = { optimizer: sgd({ learningRate: 1, clipNorm: CLIP_NORM }) }
    const values = someValues(4 * packs, 1)
    const maker = bench.maker(1)
    const [norm, clipped] = await Promise.all([stages.norm(maker, packs), stages.clipped(maker, packs, rule)])
    const [gradients, parts] = [bench.storage(values), bench.storage(2 * NORM_PARTS)]
    const [parameters, state] = [bench.storage(new Float32Array(4 * packs)), bench.storage(4)]
    const bound = [
      [norm, [gradients, parts]],
      [clipped, [gradients, parts, undefined, parameters, state]],
    ] as const
    const [got] = await bench.run(bound, { rows: 1, scalars: stepScalars(rule.optimizer, 1, 1) }, [parameters])
    const exact = Float64Array.from(values)
    const factor = CLIP_NORM / (Math.sqrt(exact.reduce((sum, value) => sum + value * value, 0)) + 1e-6)
    const want = exact.map((value) => -factor * value)
    // Every value depends on the sum of all squares.
    return faultOf('the clipped gradient', compare(got!, want, want.map(Math.abs), 4 * packs))
  }
  return { key: 'norm clipped', stage: 'clipping', forms: [], run }
}

/** The kernel that finds infinite and NaN parameters. */
export function finiteCase(): TestCase {
  const run = async (bench: TestBench) => {
    const stage = await stages.finite(bench.maker(1), PACKS.finite)
    const count = 4 * PACKS.finite
    const runs = [undefined, NaN, -Infinity].map(async (bad, i) => {
      const values = someValues(count, 1)
      // In the first pack, and in the last.
      if (bad !== undefined) values[i === 1 ? 2 : count - 1] = bad
      const scores = bench.storage(new Float32Array(2 * MOST_CHECKS))
      const [marks] = await bench.run([[stage, [bench.storage(values), scores]]], { rows: 1 }, [scores])
      const isMarked = marks!.some((mark) => mark < 0)
      if (isMarked === (bad !== undefined)) return ''
      return bad === undefined ? 'finite parameters count as infinite' : `a parameter that is ${bad} is not found`
    })
    return firstFault(await Promise.all(runs))
  }
  return { key: 'finite', stage: 'finite', forms: [], run }
}

/** The kernel that sorts a data set's rows. */
export function gatherCase(): TestCase {
  const run = async (bench: TestBench) => {
    const [packs, rows] = [3, 50]
    const stage = await stages.gather(bench, packs)
    const values = someValues(4 * packs * rows, 1)
    const order = Uint32Array.from({ length: rows }, (_, i) => (i * 7) % rows)
    const sorted = bench.storage(values.length)
    const [got] = await bench.run([[stage, [bench.storage(values), bench.storage(order), sorted]]], { rows }, [sorted])
    const isRight = [...order].every((row, i) =>
      got!.subarray(4 * packs * i, 4 * packs * (i + 1)).every((value, k) => value === values[4 * packs * row + k]),
    )
    return isRight ? '' : 'rows are not in the order that was asked for'
  }
  return { key: 'gather', stage: 'gather', forms: ['sorted'], run }
}
