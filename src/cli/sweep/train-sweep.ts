import { stat } from 'node:fs/promises'
import { adviseAfter, type SharedRecovery, sweep, type Sweep, type SweepResult } from '../../index.ts'
import { makeWall, MOST_PICTURES } from '../sweep-page/wall.ts'
import { sweepPage } from '../sweep-page/page.ts'
import { count, exitCodes, note, noteAll, print } from '../output.ts'
import { KeptOutputs } from '../outputs/keep.ts'
import { remedies } from '../remedies.ts'
import { explainResults } from './autopsies.ts'
import type { SweepData } from './data.ts'
import { makeEnsemble } from './ensemble.ts'
import { estimateSweep, printEstimate } from './dry-run.ts'
import { inputsOf, planFolder, type SweepOutputs, writeResults } from './folder.ts'
import { dataOf, libraryOptions, planSweep, type SweepPlan, withState, wordsOf } from './plan.ts'
import { showSweep } from './progress.ts'
import type { SweepRecord } from './record.ts'
import { commandParts, makeRecord, rankedNetworks, type RunFacts, shownSamples } from './results.ts'
import { backendOf, exitCodeOf, runSweep } from './run.ts'
import { countTrained, isFinished, programName, StateWriter } from './state.ts'
import { printSweepJson, summarizeSweep } from './summary.ts'
import { describeFactors, variedNames } from './varied.ts'

/** Trains the sweep that the words of a command line ask for, or goes on with it. */
export async function trainSweep(words: readonly string[]): Promise<void> {
  const plan = await planSweep(words)
  const { options, folder } = plan
  const outputs = await planFolder(folder, options, await inputsOf(options))
  const data = await dataOf(plan)
  const start = (signal: AbortSignal, onRecovery?: (recovery: SharedRecovery) => void) =>
    sweep(data.train, { ...libraryOptions(plan, data), signal, onRecovery })
  // Checks the options, and that the state is of the same sweep; a sweep trains when it is awaited, which this is not.
  const networks = withState(plan, () => start(new AbortController().signal).networks)
  if (options.dryRun) {
    const factors = describeFactors(plan.checked, data.sizes, countSeeds(plan))
    printEstimate(await estimateSweep(start), factors, data.sizes, commandParts(plan, data, ''))
    return
  }
  if (plan.saved && isFinished(plan.saved.checkpoint) && (await areWritten(outputs))) {
    sayFinished(plan, networks)
    return
  }
  if (!options.json) introduce(plan, data, networks)
  await trainAndWrite(start, plan, data, outputs)
}

/** Whether the results of a finished sweep were written after its state. */
async function areWritten({ state, best: _, ensemble: __, folder: ___, ...results }: SweepOutputs): Promise<boolean> {
  const times = await Promise.all(
    [state, ...Object.values(results)].map(({ path }) => stat(path).catch(() => undefined)),
  )
  return times.every((found) => found !== undefined && found.mtimeMs >= times[0]!.mtimeMs)
}

function sayFinished({ options, folder }: SweepPlan, networks: number): void {
  if (options.json) print(JSON.stringify({ networks, trained: networks, folder, files: [], finished: true }))
  else print(`The sweep in ${folder} is finished: all ${count(networks)} networks are trained. Nothing was written.`)
}

const countSeeds = ({ options: { seeds = 1 } }: SweepPlan) => (Array.isArray(seeds) ? seeds.length : seeds)

/** What is trained, for people. */
function introduce(plan: SweepPlan, data: SweepData, networks: number): void {
  const { options, shard, saved, folder, checked } = plan
  const factors = describeFactors(checked, data.sizes, countSeeds(plan))
  print(`Sweep      ${count(networks)} networks${factors === '' ? '' : `${shard ? ', a part of' : ':'} ${factors}`}`)
  if (shard) print(`Shard      ${shard.index} of ${shard.count}, from ${shard.source}`)
  print(`Data       ${options.data}: ${data.description}`)
  if (saved) print(`Resumed    ${saved.path}: ${count(countTrained(saved.checkpoint))} networks were trained`)
  print(`Writes     ${folder}`)
  print()
}

async function trainAndWrite(
  start: (signal: AbortSignal) => Sweep,
  plan: SweepPlan,
  data: SweepData,
  outputs: SweepOutputs,
): Promise<void> {
  const { options, checked, folder } = plan
  const kept = new KeptOutputs()
  const words = wordsOf(plan)
  const writer = new StateWriter(outputs.state, { program: programName, arguments: words }, kept)
  const table = {
    checked,
    scoreName: data.task === 'regression' ? 'r2' : 'accuracy',
    varied: variedNames(checked, data.sizes),
    hasSeeds: countSeeds(plan) > 1,
    rounds: options.halving === undefined ? 1 : options.halving === true ? 4 : options.halving,
  } as const
  const ended = await runSweep(start, showSweep(table, options.json === true), writer)
  const { results, last, interrupted, run } = ended
  if (interrupted) process.exitCode = exitCodeOf(interrupted)
  if (results.length === 0) {
    note('webgpu-mlp: interrupted before the first networks were trained; nothing was written')
    return
  }
  // The state first: with it, the results can be written again.
  const backend = backendOf(last) ?? results[0]!.history.backend
  const problem = await writer.write(run, backend)
  if (problem !== undefined) kept.say(problem)
  const facts = {
    ...{ seconds: last?.seconds ?? 0, networks: run.networks, words, backend },
    isInterrupted: interrupted !== undefined,
  }
  const { record, files } = await writeSweep(results, plan, data, facts, outputs, kept)
  const end = { record, folder, files, interrupted: interrupted !== undefined }
  if (options.json) printSweepJson(end)
  else summarizeSweep(end)
  noteAfter(results[0]!, data)
  if (kept.isBehind) process.exitCode = exitCodes.failed
  kept.finish()
}

/** Says where even the best network is worse than an answer that ignores the inputs, with the likely cause. */
function noteAfter(best: SweepResult, data: SweepData): void {
  // The score of folds is not that of one network on one set of samples.
  if (best.diverged || data.folds !== undefined) return
  const { score, loss, epochs, settings } = best
  const samples = shownSamples(data)
  const scores = data.task === 'regression' ? { r2: score } : { accuracy: score }
  const run = { loss: settings.loss, training: { loss, samples: samples.length, ...scores }, epochs, remedies }
  noteAll(adviseAfter(best.network(), samples, run))
}

/** Writes the files of a sweep. @param results the best one first; at least one */
export async function writeSweep(
  results: readonly SweepResult[],
  plan: SweepPlan,
  data: SweepData,
  facts: RunFacts,
  outputs: SweepOutputs,
  kept: KeptOutputs,
): Promise<{ record: SweepRecord; files: string[] }> {
  const scored = await makeEnsemble(results, data, plan.options.ensemble)
  // Who interrupts a sweep does not want to wait.
  const autopsies = facts.isInterrupted ? undefined : await explainResults(results, facts.seconds)
  const record = makeRecord(results, plan, data, facts, scored?.score ?? null, autopsies)
  const page = () => {
    const wall = makeWall(rankedNetworks(results, MOST_PICTURES), shownSamples(data), record)
    return sweepPage({ record, wall })
  }
  const [best] = results
  const network = best && !best.diverged ? best.network() : undefined
  return {
    record,
    files: await writeResults(outputs, { record, best: network, ensemble: scored?.ensemble, page }, kept),
  }
}
