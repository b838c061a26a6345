import { DivergedError } from '../../src/core/errors.ts'
import type { Network } from '../../src/model/network.ts'
import { expectClose } from '../close.ts'
import { backendsFor, type BackendName } from './backends.ts'
import { type Case, dataOf, networkOf } from './cases.ts'
import { noise } from './noise.ts'
import { float64, learningRateFor, type Outcome, type Run, train } from './train.ts'

/** The relative noise: four times float32's rounding, because a stored value is the result of several roundings. */
const NOISE = 2 ** -22
const DISTURBED_RUNS = 3
/** The bound as a multiple of the largest error of the runs with noise, because there are only a few of them. */
const FACTOR = 16
/** Rounding relative to a group's largest value, when it is read and in the few operations without noise. */
const ROUNDING = 2 ** -20
/** Above this, float32 cannot be compared: squares of such values are near the end of its range. */
const LARGEST_VALUE = 1e6

export const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** The largest distance of the runs with noise from the exact run, for each group. */
function spreadOf(exact: Outcome, disturbed: readonly Outcome[]): Record<string, number> {
  const spread = (group: string) =>
    Math.max(...disturbed.map((run) => largest(run[group]!.map((value, i) => value - exact[group]![i]!))))
  return Object.fromEntries(Object.keys(exact).map((group) => [group, spread(group)]))
}

/** How one backend compares with the exact run. */
export interface Comparison {
  /** The largest distance from the exact run, in parts of the bound. */
  readonly used: number
  /** The group of the results with that distance. */
  readonly group: string
  readonly milliseconds: number
}

/** The result of a case. */
export interface Checked {
  /** Why float32 cannot be compared on this training. */
  readonly skipped?: 'a value that is not finite' | 'values above a million'
  /** Whether the bounds are far smaller than the change of the parameters, so that a wrong kernel is found. */
  readonly sharp: boolean
  readonly backends: Partial<Record<BackendName, Comparison>>
}

/**
 * The bounds of each group: what the noise predicts.
 * @param exact the results of the run in float64
 * @param run the same run, in float64 as well
 */
export async function boundsOf(
  exact: Outcome,
  seed: number,
  run: () => Promise<Outcome>,
): Promise<Record<string, number>> {
  const disturbed: Outcome[] = []
  for (let i = 0; i < DISTURBED_RUNS; i++) disturbed.push(await noise.around(NOISE, seed + i, run))
  const spread = spreadOf(exact, disturbed)
  return Object.fromEntries(
    Object.keys(exact).map((group) => [group, FACTOR * spread[group]! + ROUNDING * largest(exact[group]!)]),
  )
}

/** Compares results within their bounds. @throws for values out of bounds, named */
export function compare(name: string, got: Outcome, want: Outcome, bounds: Record<string, number>) {
  let [used, largestGroup] = [0, '']
  for (const [group, values] of Object.entries(want)) {
    const bound = bounds[group]!
    expectClose(got[group]!, values, { name: `${name}: ${group}`, atol: bound })
    const share = bound > 0 ? largest(got[group]!.map((value, i) => value - values[i]!)) / bound : 0
    if (share > used) [used, largestGroup] = [share, group]
  }
  return { used, group: largestGroup }
}

/** Why a run cannot be compared in float32, from its results in float64. */
export function reasonToSkip(exact: Outcome): Checked['skipped'] {
  const values = Object.values(exact).flat()
  if (!values.every(Number.isFinite)) return 'a value that is not finite'
  return largest(values) > LARGEST_VALUE ? 'values above a million' : undefined
}

/**
 * Trains a case in float64, exactly and with noise, and on every other backend, whose losses, parameters, predictions and
 * scores must be as close to the exact ones as the noise predicts.
 * @param gpu undefined for the backends of the host alone
 */
export async function checkCase(one: Case, gpu: GPUDevice | undefined): Promise<Checked> {
  const network = networkOf(one)
  const data = dataOf(one)
  const learningRate = await learningRateFor(one, network, data)
  const run = { one, network, data, learningRate }
  const exact = await trainExactly(run)
  const reason = exact && reasonToSkip(exact)
  if (!exact || reason) return { skipped: reason ?? 'a value that is not finite', sharp: false, backends: {} }
  const bounds = await boundsOf(exact, one.seed, () => train(run, float64))
  const backends: Checked['backends'] = {}
  for (const [name, backend] of backendsFor(one, network, gpu)) {
    const began = performance.now()
    const outcome = await train(run, backend)
    const milliseconds = performance.now() - began
    backends[name] = { ...compare(name, outcome, exact, bounds), milliseconds }
  }
  return { sharp: isSharp(network, exact, bounds), backends }
}

/** The run in float64; undefined where it diverges. */
async function trainExactly(run: Run): Promise<Outcome | undefined> {
  try {
    return await train(run, float64)
  } catch (error) {
    if (error instanceof DivergedError) return undefined
    throw error
  }
}

/** Whether the bounds are far smaller than the change of the weights. */
export function isSharp(network: Network, exact: Outcome, bounds: Record<string, number>): boolean {
  return network.weights.every((weights, l) => {
    const way = largest(exact[`weights[${l}]`]!.map((value, i) => value - weights[i]!))
    return bounds[`weights[${l}]`]! < 0.02 * way
  })
}
