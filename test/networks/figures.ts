import { writeFileSync } from 'node:fs'
import { type BackendName } from './backends.ts'
import type { Checked } from './run.ts'

interface BackendFigures {
  networks: number
  seconds: number
  /** The largest distance from the exact run in parts of a bound, and the network and group with it. */
  worst: number
  worstOf: string
}

/** What a run of random networks has found; plain values, so that the figures of several processes can be added up. */
export interface Figures {
  networks: number
  sharp: number
  skipped: Partial<Record<NonNullable<Checked['skipped']>, number>>
  seconds: number
  backends: Partial<Record<BackendName, BackendFigures>>
  failures: string[]
}

export const noFigures = (): Figures => ({
  networks: 0,
  sharp: 0,
  skipped: {},
  seconds: 0,
  backends: {},
  failures: [],
})

/**
 * Adds the result of one network.
 * @param where what repeats the network, for people
 */
export function addResult(figures: Figures, result: Checked, milliseconds: number, where: string): void {
  figures.networks++
  figures.sharp += Number(result.sharp)
  figures.seconds += milliseconds / 1000
  if (result.skipped) figures.skipped[result.skipped] = (figures.skipped[result.skipped] ?? 0) + 1
  for (const [name, one] of Object.entries(result.backends)) {
    const sum = (figures.backends[name as BackendName] ??= { networks: 0, seconds: 0, worst: 0, worstOf: '' })
    sum.networks++
    sum.seconds += one.milliseconds / 1000
    if (one.used > sum.worst) [sum.worst, sum.worstOf] = [one.used, `${one.group}, ${where}`]
  }
}

/** Writes the figures for test/networks/main.js, which adds those of its processes up. */
export function writeFigures(figures: Figures, path: string | undefined): void {
  if (path) writeFileSync(path, JSON.stringify(figures))
}
