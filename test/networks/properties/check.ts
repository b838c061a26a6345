import type { Backend } from '../../../src/backend/backend.ts'
import { Random } from '../../../src/core/random.ts'
import { type BackendName, backendsFor } from '../backends.ts'
import { type Case, dataOf, networkOf } from '../cases.ts'
import { boundsOf, type Checked, compare, isSharp, largest, reasonToSkip } from '../run.ts'
import { float64, learningRateFor, type Outcome, type Run, train } from '../train.ts'
import { dataProperties } from './data.ts'
import type { Property, Side } from './property.ts'
import { symmetries } from './symmetries.ts'

export const properties: Record<string, Property> = { ...symmetries, ...dataProperties }
export const propertyNames = Object.keys(properties)

/** Float64 rounds 2^29 times finer than float32, of which a few bits remain for sums in another order. */
const FLOAT64 = 2 ** -26
/** The results of all backends are float32; each side rounds, and changes of a side round again in float64. */
const STORED = 2 ** -23

async function resultsOf({ run, compute = train, view }: Side, backend: Backend): Promise<Outcome> {
  const outcome = await compute(run, backend)
  return view ? view(outcome) : outcome
}

/** What is to be expected of the two sides: results in float64, and bounds of their difference. */
interface Expected {
  readonly results: Outcome
  /** In float32. */
  readonly bounds: Record<string, number>
  readonly bounds64: Record<string, number>
}

async function expectedOf(sides: readonly [Side, Side], seed: number): Promise<Expected> {
  const found: (Record<'results' | 'computed', Outcome> & { bounds: Record<string, number> })[] = []
  for (const side of sides) {
    const { run, compute = train, view = (outcome: Outcome) => outcome } = side
    const computed = await compute(run, float64)
    const results = view(computed)
    const bounds = await boundsOf(results, seed, () => resultsOf(side, float64))
    found.push({ results, bounds, computed })
  }
  const sum = (boundOf: (one: (typeof found)[number], group: string) => number) =>
    Object.fromEntries(
      Object.keys(found[0]!.results).map((group) => [group, found.reduce((all, one) => all + boundOf(one, group), 0)]),
    )
  /** Where a side is changed, its values before that may be larger. */
  const largestOf = ({ computed, results }: (typeof found)[number], group: string) =>
    Math.max(largest(computed[group]!), largest(results[group]!))
  return {
    results: found[0]!.results,
    bounds: sum((one, group) => one.bounds[group]! + STORED * largestOf(one, group)),
    bounds64: sum((one, group) => FLOAT64 * one.bounds[group]! + STORED * largestOf(one, group)),
  }
}

/** Parameters have the same bits where a property says so; sums of losses are added in another order. */
function boundsWhere(isExact: boolean, bounds: Record<string, number>): Record<string, number> {
  const isParameter = (group: string) => group.startsWith('weights') || group.startsWith('biases')
  return Object.fromEntries(
    Object.entries(bounds).map(([group, bound]) => [group, isExact && isParameter(group) ? 0 : bound]),
  )
}

/** The case as a property needs it. */
export const adapted = (name: string, one: Case): Case => ({ ...one, ...properties[name]!.adapt(one) })

/**
 * Computes both sides of a property on every backend, whose results must be as close as rounding allows.
 * @param change changes the second side, for tests that wrong results are found
 */
export async function checkProperty(
  name: string,
  given: Case,
  gpu: GPUDevice | undefined,
  change: (run: Run) => Run = (run) => run,
): Promise<Checked> {
  const property = properties[name]!
  const { exact = false } = property
  const one = adapted(name, given)
  const [network, data] = [networkOf(one), dataOf(one)]
  const learningRate = await learningRateFor(one, network, data)
  const [left, right] = property.sides({ one, network, data, learningRate }, new Random(one.seed, 'split'))
  const sides = [left, { ...right, run: change(right.run) }] as const
  const { results, bounds, bounds64 } = await expectedOf([left, right], one.seed)
  const skipped = reasonToSkip(results)
  if (skipped) return { skipped, sharp: false, backends: {} }
  const backends: Checked['backends'] = {}
  const check = async (backendName: BackendName | 'float64', backend: Backend) => {
    const began = performance.now()
    const [want, got] = [await resultsOf(sides[0], backend), await resultsOf(sides[1], backend)]
    const milliseconds = performance.now() - began
    const allowed = boundsWhere(exact, backendName === 'float64' ? bounds64 : bounds)
    return { ...compare(`${name}: ${backendName}`, got, want, allowed), milliseconds }
  }
  await check('float64', float64)
  const common = new Set(backendsFor(right.run.one, right.run.network, gpu).map(([backendName]) => backendName))
  for (const [backendName, backend] of backendsFor(one, network, gpu)) {
    if (common.has(backendName)) backends[backendName] = await check(backendName, backend)
  }
  const isTraining = left.compute === undefined
  return { sharp: !isTraining || isSharp(network, results, bounds), backends }
}
