import type { Dataset, SweepResult } from '../../index.ts'
import { commandLine } from '../../shell.ts'
import { type CommandParts, trainWords } from './command.ts'
import type { SweepData } from './data.ts'
import type { Autopsies } from './autopsies.ts'
import type { SweepPlan } from './plan.ts'
import type { ResultRecord, SweepRecord } from './record.ts'
import { axesOf, flatSettings } from './settings.ts'
import { sharedWords } from './options.ts'
import { programName } from './state.ts'

/** Networks whose epochs the record has. */
const MOST_BEST = 10

/** What a record says of the run. */
export interface RunFacts {
  readonly seconds: number
  /** How many networks this run, or all shards together, train. */
  readonly networks: number
  readonly words: readonly string[]
  /** What trained the networks. */
  readonly backend: SweepRecord['backend']
  readonly isInterrupted?: boolean
}

/** A sweep for programs. @param results the best one first; at least one. @param autopsies of networks that diverged */
export function makeRecord(
  results: readonly SweepResult[],
  plan: SweepPlan,
  data: SweepData,
  { seconds, networks, words, backend }: RunFacts,
  ensemble: SweepRecord['ensemble'],
  autopsies: Autopsies = new Map(),
): SweepRecord {
  const { options, shard } = plan
  const parts = commandParts(plan, data, backend.name)
  const records = results.map((result, i) => resultRecord(result, i + 1, parts, autopsies.get(result)))
  return {
    format: 'webgpu-mlp sweep',
    version: 1,
    program: programName,
    command: commandLine(['sweep', ...words]),
    data: {
      name: options.data,
      samples: data.raw.length,
      validationSamples: data.validation?.length ?? 0,
      fingerprint: data.fingerprint,
    },
    backend,
    seconds,
    networksPerSecond: seconds > 0 ? results.length / seconds : null,
    networks,
    shard: shard ? { index: shard.index, count: shard.count } : null,
    task: data.task,
    scoreName: data.task === 'regression' ? 'r2' : 'accuracy',
    scoredOn: data.folds ? 'folds' : data.validation ? 'validation' : 'training',
    axes: axesOf(records, options),
    results: records,
    best: bestOf(results),
    ensemble,
  }
}

export const commandParts = (plan: SweepPlan, data: SweepData, backend: string): CommandParts => ({
  options: plan.options,
  checked: plan.checked,
  shared: sharedWords(plan.parsed),
  layers: data.layers,
  dataSeed: data.seed,
  backend,
})

/** JSON has no NaN. */
const finite = (value: number | undefined) => (Number.isFinite(value) ? value! : null)

function resultRecord(
  result: SweepResult,
  rank: number,
  parts: CommandParts,
  autopsy: ResultRecord['autopsy'] = null,
): ResultRecord {
  const { index, seed, settings, score, deviation, folds, loss, epochs, parameters, diverged, fault } = result
  return {
    rank,
    index,
    seed,
    settings: flatSettings(settings, parts.checked),
    score: finite(score),
    deviation: finite(deviation),
    folds: folds?.map((fold) => ({ score: finite(fold.score), loss: finite(fold.loss) })) ?? null,
    loss: finite(loss),
    epochs,
    parameters,
    diverged,
    fault: fault ? (JSON.parse(JSON.stringify(fault)) as NonNullable<ResultRecord['fault']>) : null,
    autopsy,
    command: commandLine(trainWords(settings, seed, parts)),
  }
}

function bestOf(results: readonly SweepResult[]): SweepRecord['best'] {
  const well = results.slice(0, MOST_BEST).filter(({ diverged }) => !diverged)
  return well.map(({ history }, i) => {
    const { epochs, seconds, stopped, bestEpoch } = history
    return { rank: i + 1, history: { epochs, seconds, stopped, bestEpoch } }
  })
}

/** The networks with their ranks, for pictures. */
export const rankedNetworks = (results: readonly SweepResult[], most: number) =>
  results.slice(0, most).flatMap((result, i) => (result.diverged ? [] : [{ rank: i + 1, network: result.network() }]))

/** The samples that pictures show: those that the scores are of. */
export const shownSamples = ({ validation, raw }: SweepData): Dataset => validation ?? raw
