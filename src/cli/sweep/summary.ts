import { basename, dirname, join, normalize } from 'node:path'
import { count, decimal, duration, print } from '../output.ts'
import { causes } from '../remedies.ts'
import { commandLine } from '../../shell.ts'
import type { ResultRecord, SweepRecord } from './record.ts'
import { sayRate, sayScore, sayValue, titleOf } from './table.ts'

/** What a sweep ended with. */
export interface SweepEnd {
  readonly record: SweepRecord
  readonly folder: string
  /** The files that were written. */
  readonly files: readonly string[]
  readonly interrupted: boolean
}

/** For people. */
export function summarizeSweep({ record, folder, files, interrupted }: SweepEnd): void {
  const { results, networks, seconds, networksPerSecond, backend, scoreName, scoredOn, axes, ensemble } = record
  const diverged = results.filter((result) => result.diverged).length
  const what = results.length < networks ? `${count(results.length)} of ${count(networks)}` : count(networks)
  const data = { validation: 'validation data', training: 'training data', folds: 'folds' }[scoredOn]
  const rate = networksPerSecond === null ? '' : `, ${sayRate(networksPerSecond)} networks/s`
  const [best] = results
  print()
  print(`Trained    ${what} networks in ${duration(seconds)}${rate}, on ${backend.name}: ${backend.description}`)
  if (best && !best.diverged) {
    const own = axes.map(({ name }) => `${titleOf(name)} ${sayValue(name, name === 'seed' ? best.seed : best.settings[name])}`) // prettier-ignore
    print(`Best       ${describeScore(best, scoreName)} on ${data}${own.length > 0 ? `: ${own.join(', ')}` : ''}`) // prettier-ignore
    print(`           ${best.command}`)
  }
  if (ensemble) print(`Ensemble   of the best ${ensemble.networks}: ${describeScore(ensemble, scoreName)}`)
  if (diverged > 0)
    print(
      `Diverged   ${count(diverged)} ${diverged === 1 ? 'network' : 'networks'}${describeCauses(results, diverged)}`,
    )
  print(`Results    ${nameFiles(files, folder)}`)
  if (interrupted) print(`To go on   ${commandLine(['sweep', '--resume', folder])}`)
}

/** `: 12 because of the learning rate, 3 because of the momentum`, the commonest first; `, because of …` for one cause of all. */
function describeCauses(results: readonly ResultRecord[], diverged: number): string {
  const counts = new Map<keyof typeof causes, number>()
  for (const { autopsy } of results) if (autopsy) counts.set(autopsy.cause, (counts.get(autopsy.cause) ?? 0) + 1)
  const parts = [...counts].sort(([, a], [, b]) => b - a)
  if (parts.length === 0) return ''
  const [cause, most] = parts[0]!
  if (most === diverged) return `, because of ${causes[cause]}`
  return `: ${parts.map(([cause, own]) => `${count(own)} because of ${causes[cause]}`).join(', ')}`
}

/** `sweep/: sweep.html, best.json`; what had to be written elsewhere has its path. */
function nameFiles(files: readonly string[], folder: string): string {
  const own = files.filter((path) => dirname(path) === normalize(folder)).map((path) => basename(path))
  const others = files.filter((path) => dirname(path) !== normalize(folder))
  return [...(own.length > 0 ? [`${join(folder, '/')}: ${own.join(', ')}`] : []), ...others].join('; ')
}

/** `score 96.5 % ± 2.5 %, loss 0.032`. */
function describeScore(
  { score, loss, deviation = null }: Pick<ResultRecord, 'score' | 'loss'> & { readonly deviation?: number | null },
  scoreName: SweepRecord['scoreName'],
): string {
  const name = scoreName === 'r2' ? 'R²' : 'score'
  const spread = deviation === null ? '' : ` ± ${sayScore(deviation, scoreName)}`
  return `${name} ${sayScore(score ?? NaN, scoreName)}${spread}, loss ${loss === null ? 'not finite' : decimal(loss)}`
}

/** For programs: one JSON object. */
export function printSweepJson({ record, folder, files, interrupted }: SweepEnd): void {
  const { backend, seconds, networksPerSecond, networks, results, shard, scoreName, scoredOn, ensemble, data } = record
  print(
    JSON.stringify({
      backend,
      data,
      networks,
      trained: results.length,
      diverged: results.filter((result) => result.diverged).length,
      seconds,
      networksPerSecond,
      shard,
      scoreName,
      scoredOn,
      best: results[0] ?? null,
      ensemble,
      folder,
      files,
      interrupted,
    }),
  )
}
