import type { Autopsy, Fix, StepLosses } from '../../core/autopsy.ts'
import { sayNumber } from '../advice/spread.ts'
import { libraryRemedies } from '../advice/remedies.ts'
import {
  type Candidate,
  causesInColumns,
  causesInSettings,
  type Circumstances,
  gradientsCause,
  isLargeRate,
  learningRateCause,
} from './causes.ts'
import { asBadValue, findOutliers, type Outlier } from './outliers.ts'
import { type DivergedRun, rateOf, stepsOf, visited } from './run.ts'
import { largest, mostSteps, type Start, type Trial, tryTraining } from './trial.ts'
import { describeBad, describeFix } from './words.ts'

/** Losses that an autopsy keeps, the last ones before the divergence. */
const MOST_LOSSES = 200
/** Steps that a fix is tried for at least, where that many are not too long. */
const USUAL_STEPS = 150
/** Trials with fixes: with those of one cause, and with several together. */
const MOST_TRIALS = 8

/** Steps that diverge when they are repeated. */
interface Baseline {
  readonly start: Start
  readonly trial: Trial
}

/**
 * Finds the likely cause of a divergence, and a change that helps. Where the steps up to the divergence are few, they are
 * repeated on the CPU, and so is each change that may help, until the training stays finite with one. Otherwise the first
 * cause is taken that data and settings show. It takes about a second at most.
 */
export async function performAutopsy(run: DivergedRun): Promise<Autopsy> {
  const { network, settings, window } = run
  const around = { network, settings, data: window.data, rate: rateOf(run, run.epoch), firstRate: rateOf(run, 1) }
  const baseline = await repeatSteps(run)
  const outliers = findOutliers(window.data)
  const worst = worstOf(outliers, run)
  const candidates = [...(worst ? [rowCause(worst, outliers, run)] : []), ...orderCauses(around, baseline?.trial)]
  const found = baseline && (await findFix(run, baseline, candidates))
  const { candidate, fix } = found ?? { candidate: candidates[0]!, fix: usualFix(candidates[0]!) }
  const { cause, evidence } = candidate
  return {
    cause,
    evidence,
    hint: describeFix(fix, libraryRemedies),
    fix,
    isTried: found !== undefined,
    bad: cause === 'row' ? asBadValue(worst!, window) : undefined,
    losses: baseline && lastLosses(baseline, run),
  }
}

/** The causes but for rows, the likelier first. */
export function orderCauses(around: Circumstances, trial: Trial | undefined): Candidate[] {
  const rate = learningRateCause(around, trial && describeGrowth(trial.losses))
  const columns = causesInColumns(around)
  const gradients = gradientsCause(around, trial?.gradient)
  return [
    ...causesInSettings(around),
    ...(isLargeRate(around) ? [rate, ...columns] : [...columns, ...(gradients ? [gradients] : []), rate]),
    ...(gradients && isLargeRate(around) ? [gradients] : []),
  ]
}

/** The first fix of a cause; of rates the one that is usual, because nothing shows how much is needed. */
const usualFix = ({ cause, fixes }: Candidate): Fix => fixes[cause === 'learningRate' ? 1 : 0]!

/** Repeats the steps up to the divergence, from the beginning of the training or else of the epoch. */
async function repeatSteps(run: DivergedRun): Promise<Baseline | undefined> {
  const { epoch, start, parameters } = run
  const most = mostSteps(run)
  const inEpoch = run.minibatch ?? stepsOf(run)
  const starts: Start[] = []
  if (start) {
    const steps = (epoch - 1 - start.epoch) * stepsOf(run) + inEpoch
    starts.push({ parameters: start.parameters, epoch: start.epoch + 1, steps })
  }
  // Parameters that have grown far already do not show what would have helped.
  const usual = start ? Math.max(1, largest(start.parameters)) : 1
  if (parameters && epoch - 1 !== start?.epoch && largest(parameters) <= 100 * usual) {
    starts.push({ parameters, epoch, steps: inEpoch })
  }
  for (const from of starts) {
    if (from.steps > most) continue
    // Other backends round otherwise, so it may take a few steps more here.
    const trial = await tryTraining(run, from, Math.min(most, Math.ceil(1.25 * from.steps) + 10))
    if (!trial.isWell) return { start: from, trial }
  }
  return undefined
}

/** The first cause whose fix helps, or the first ones together. */
async function findFix(run: DivergedRun, { start, trial }: Baseline, candidates: readonly Candidate[]) {
  const length = Math.max(USUAL_STEPS, 3 * trial.losses.length)
  const steps = Math.min(length, mostSteps(run))
  let trials = 0
  const helps = async (fix: Fix) => ++trials <= MOST_TRIALS && (await tryTraining(run, start, steps, fix)).isWell
  for (const candidate of candidates) {
    for (const fix of candidate.fixes) if (await helps(fix)) return { candidate, fix }
  }
  for (const fix of together(candidates)) if (await helps(fix)) return { candidate: candidates[0]!, fix }
  return undefined
}

/** The fixes of all causes, with the smallest change of the rate first. */
function together(candidates: readonly Candidate[]): Fix[] {
  const others = candidates.filter(({ cause }) => cause !== 'learningRate')
  const all: Fix = Object.assign({}, ...others.map(({ fixes }) => fixes[0]!)) as Fix
  const rates = candidates.find(({ cause }) => cause === 'learningRate')?.fixes ?? []
  return [...(others.length > 1 ? [all] : []), ...(others.length > 0 ? rates.map((rate) => ({ ...all, ...rate })) : [])]
}

/** The outlier that was visited last before the divergence: one of its minibatch where there is any; else the farthest. */
function worstOf(outliers: readonly Outlier[], run: DivergedRun): Outlier | undefined {
  if (outliers.length === 0) return undefined
  const places = new Map([...visited(run)].map((row, place) => [row, Math.floor(place / run.settings.batchSize)]))
  const rank = ({ row }: Outlier) => places.get(row) ?? -1
  return [...outliers].sort((a, b) => rank(b) - rank(a) || b.distance - a.distance)[0]
}

function rowCause(worst: Outlier, outliers: readonly Outlier[], { window }: DivergedRun): Candidate {
  const rows = outliers.map(({ row }) => window.first + row + 1).sort((a, b) => a - b)
  return { cause: 'row', evidence: describeBad(asBadValue(worst, window)), fixes: [{ rows }] }
}

/** How the loss of the steps grew: 'the loss grew from 0.5 to 2e+30 within 12 steps'. */
function describeGrowth(losses: readonly number[]): string | undefined {
  const last = losses.findLastIndex(Number.isFinite)
  const smallest = losses.slice(0, last).reduce((at, loss, i) => (loss < losses[at]! ? i : at), 0)
  if (last < 1 || !(losses[last]! > 2 * losses[smallest]!)) return undefined
  const steps = last - smallest
  return `the loss grew from ${sayNumber(losses[smallest]!)} to ${sayNumber(losses[last]!)} within ${steps} ${steps === 1 ? 'step' : 'steps'}`
}

function lastLosses({ start, trial }: Baseline, run: DivergedRun): StepLosses {
  const values = trial.losses.slice(-MOST_LOSSES)
  return { first: (start.epoch - 1) * stepsOf(run) + trial.losses.length - values.length + 1, values }
}
