import type { Fix } from '../../core/autopsy.ts'
import { cpu } from '../../backend/host/backend.ts'
import { gradientNorm } from '../../backend/host/update.ts'
import { standardize, standardizeTargets } from '../../data/preprocessing.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Settings } from '../settings.ts'
import { type DivergedRun, orderOf, rateOf, stepsOf } from './run.ts'

/** Multiplications and additions that one trial may take: about a tenth of a second. */
const MOST_OPERATIONS = 2e8
/** What a step takes besides those of its parameters. */
const STEP_OPERATIONS = 50_000
/** Values of a data set above which a trial uses only the samples that it visits. */
const MOST_VALUES = 1 << 21
/** A training that goes well is at most this many times as bad as its first step; parameters may grow this many times. */
const [MOST_WORSE, MOST_GROWTH] = [10, 1000]

/** From where steps are repeated. */
export interface Start {
  readonly parameters: Float32Array
  /** The epoch, counted from 1. */
  readonly epoch: number
  /** Steps from there to the divergence. */
  readonly steps: number
}

/** Steps that were repeated on the CPU. */
export interface Trial {
  /** Mean losses of the steps; the last one is the first that is not finite. */
  readonly losses: readonly number[]
  /** The norm of the gradient of the first minibatch. */
  readonly gradient: number
  /** Whether it stayed finite, and neither loss nor parameters grew far. */
  readonly isWell: boolean
}

/** The number of steps that a trial may have. */
export const mostSteps = ({ network, settings }: DivergedRun): number =>
  Math.floor(MOST_OPERATIONS / (6 * settings.batchSize * network.parameters.length + STEP_OPERATIONS))

/** Repeats steps of a training in float32, changed by a fix. @param steps the largest number of steps */
export async function tryTraining(run: DivergedRun, start: Start, steps: number, fix: Fix = {}): Promise<Trial> {
  const minibatches = minibatchesOf(run, start, steps, fix.rows)
  const { data, numbers } = changeData(
    run.window.data,
    minibatches.map(({ rows }) => rows),
    fix,
  )
  const settings = changeSettings(run.settings, fix)
  const factor = fix.learningRate === undefined ? 1 : fix.learningRate / rateOf(run, 1)
  const network = run.network.clone()
  network.parameters.set(start.parameters)
  const placement = await cpu().place(network, settings)
  try {
    const handle = await placement.upload(data)
    const first = data.take(numbers(minibatches[0]!.rows))
    const { gradient } = await placement.trace(first)
    const losses: number[] = []
    const sizes = [largest(start.parameters)]
    let stepsBefore = (start.epoch - 1) * stepsOf(run)
    for (const { epoch, rows } of minibatches) {
      if (losses.length === minibatches.length >> 1) sizes.push(largest(await placement.readParameters()))
      const learningRate = factor * rateOf(run, epoch)
      const order = numbers(rows)
      const [sums] = await placement.train(handle, [
        { order, batchSize: settings.batchSize, learningRate, stepsBefore },
      ]).result
      losses.push(sums!.loss / rows.length)
      if (!Number.isFinite(sums!.loss)) break
      stepsBefore++
    }
    sizes.push(largest(await placement.readParameters()))
    return { losses, gradient: gradientNorm(gradient), isWell: isWell(losses, sizes, fix) }
  } finally {
    placement.dispose()
  }
}

/** The samples of each step, by their numbers in the window. @param without numbers of samples to leave out, from 1 */
function minibatchesOf(run: DivergedRun, { epoch: begin }: Start, steps: number, without: readonly number[] = []) {
  const { first } = run.window
  const left = new Set(without.map((number) => number - 1 - first))
  const minibatches: { epoch: number; rows: Uint32Array }[] = []
  for (let epoch = begin; minibatches.length < steps; epoch++) {
    const order = orderOf(run, epoch).filter((row) => !left.has(row))
    if (order.length === 0) break
    for (let at = 0; at < order.length && minibatches.length < steps; at += run.settings.batchSize) {
      minibatches.push({ epoch, rows: order.subarray(at, at + run.settings.batchSize) })
    }
  }
  return minibatches
}

/** The data with a fix: of large data only the samples that are visited. */
function changeData(all: Dataset, visits: readonly Uint32Array[], fix: Fix) {
  const distinct = all.inputs.data.length > MOST_VALUES ? [...new Set(visits.flatMap((rows) => [...rows]))] : undefined
  const places = distinct && new Map(distinct.map((row, place) => [row, place]))
  let data = distinct ? all.take(distinct) : all
  if (fix.standardize) data = data.withScaling(standardize(data))
  if (fix.standardizeTargets) data = data.withTargetScaling(standardizeTargets(data))
  if (fix.weightDivisor !== undefined)
    data = data.withWeights(data.weights?.map((weight) => weight / fix.weightDivisor!))
  const numbers = (rows: Uint32Array) => (places ? rows.map((row) => places.get(row)!) : rows)
  return { data, numbers }
}

function changeSettings(settings: Settings, fix: Fix): Settings {
  const { clipNorm, momentum, weightDecay, l1, l2 } = fix
  const optimizer = {
    ...settings.optimizer,
    ...(clipNorm !== undefined && { clipNorm }),
    ...(momentum !== undefined && { momentum }),
    ...(weightDecay !== undefined && { weightDecay }),
  }
  return { ...settings, profiler: undefined, optimizer, l1: l1 ?? settings.l1, l2: l2 ?? settings.l2 }
}

/** @param sizes of the largest parameter at the beginning, halfway and at the end */
function isWell(losses: readonly number[], [begin, middle, end]: readonly number[], { learningRate }: Fix): boolean {
  if (!losses.every(Number.isFinite) || !Number.isFinite(end)) return false
  // One minibatch may be an exception.
  const tail = losses.slice(-Math.max(1, losses.length >> 2))
  const mean = tail.reduce((sum, loss) => sum + loss / tail.length, 0)
  // Large targets need large parameters, but they do not go on growing.
  const isGrowing = end! > MOST_GROWTH * Math.max(1, begin!) && end! > 2 * middle!
  // A rate at the edge of what is stable neither diverges nor learns.
  const worse = learningRate === undefined ? MOST_WORSE : 1
  return mean <= worse * losses[0]! + 1e-3 && !isGrowing
}

/** The largest magnitude. */
export const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
