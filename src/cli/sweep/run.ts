import type { SharedRecovery, Sweep, SweepResult, SweepRound } from '../../index.ts'
import { exitCodes } from '../output.ts'
import { recoveryNote } from '../recovery-note.ts'
import { showCursor } from '../streams.ts'
import type { SweepProgress } from './progress.ts'
import type { StateWriter } from './state.ts'

/** The result of a run, which may have been interrupted. */
export interface EndedSweep {
  readonly results: readonly SweepResult[]
  readonly last: SweepRound | undefined
  /** The signal that ended it. */
  readonly interrupted: 'SIGINT' | 'SIGTERM' | undefined
  readonly run: Sweep
}

/** Milliseconds after Ctrl-C in which a round may end. */
const GRACE = 500
const signals = ['SIGINT', 'SIGTERM'] as const

/** What a program ends with that a signal interrupted. */
export const exitCodeOf = (signal: (typeof signals)[number]): number => (signal === 'SIGINT' ? exitCodes.interrupted : 143) // prettier-ignore

/**
 * Trains a sweep until all networks are trained, Ctrl-C is pressed or the process is asked to end; a second Ctrl-C ends the
 * program at once.
 * @param start makes the sweep with a signal, and a function that is called where a GPU was lost
 * @param writer of its state, which is written from time to time, at the end, and where training fails
 */
export async function runSweep(
  start: (signal: AbortSignal, onRecovery: (recovery: SharedRecovery) => void) => Sweep,
  progress: SweepProgress,
  writer: StateWriter,
): Promise<EndedSweep> {
  const abort = new AbortController()
  let interrupted: EndedSweep['interrupted']
  const interrupt = (signal: NodeJS.Signals) => {
    if (interrupted) {
      showCursor() // The table had hidden it.
      process.exit(exitCodeOf(interrupted))
    }
    interrupted = signal as (typeof signals)[number]
    setTimeout(() => {
      abort.abort()
    }, GRACE).unref()
  }
  const say = (problem: string | undefined) => {
    if (problem !== undefined) progress.note(`webgpu-mlp: ${problem}; training goes on`)
  }
  const run = start(abort.signal, (recovery) => {
    progress.note(recoveryNote(recovery))
  })
  let last: SweepRound | undefined
  const known = new Set<string>()
  for (const signal of signals) process.on(signal, interrupt)
  try {
    for await (const round of run) {
      last = round
      progress.update(round)
      sayReasons(round, known, progress)
      if (interrupted) break
      if (writer.isDue(round.halving)) say(await writer.write(run, backendOf(last), round.halving))
    }
  } catch (error) {
    if (!abort.signal.aborted) {
      // What is trained so far is in the state, from which the sweep goes on.
      await writer.write(run, backendOf(last)).catch(() => undefined)
      throw error
    }
  } finally {
    progress.stop()
    for (const signal of signals) process.off(signal, interrupt)
  }
  const results = await run
  return { results, last, interrupted, run }
}

/**
 * What trains the networks, once one is known. Where threads train a network each, a network's backend has one thread, but the
 * sweep has several.
 */
export function backendOf(round: Pick<SweepRound, 'best' | 'separately'> | undefined) {
  const backend = round?.best[0]?.history.backend
  const threads = round?.separately.threads ?? 0
  if (!backend || threads < 2) return backend
  const own = /, (\d+) threads?/.exec(backend.description)
  const all = `, ${threads * Number(own?.[1] ?? 1)} threads`
  // A description may end with a reason, after a colon.
  return { ...backend, description: backend.description.replace(own ? own[0] : /(?=:|$)/, all) }
}

/** Says once why networks are trained separately. */
function sayReasons({ separately, networks }: SweepRound, known: Set<string>, progress: SweepProgress): void {
  const reasons = separately.reasons.filter((reason) => !known.has(reason))
  if (reasons.length === 0 || networks === 0) return
  for (const reason of reasons) known.add(reason)
  const place = separately.threads > 1 ? `on ${separately.threads} threads` : 'one after another'
  progress.note(
    `webgpu-mlp: note: ${separately.networks} networks are trained separately, ${place}: ${reasons.join('; ')}`,
  )
}
