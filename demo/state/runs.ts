import type { HistoryPoint } from '../history.ts'
import type { StartState } from '../protocol.ts'
import { makeConsistent, type Settings } from '../settings.ts'
import { writeAddress } from './address.ts'
import { send } from './connection.ts'
import {
  advice,
  divergence,
  file,
  history,
  laterRunQuestion,
  note,
  notices,
  playing,
  settings,
  verification,
} from './signals.ts'

/** The settings of the current run, restored if the worker refuses new ones. */
let acceptedSettings: Settings | undefined

export const accepted = (): Settings | undefined => acceptedSettings
export const accept = (next: Settings) => {
  acceptedSettings = next
}

/** How many runs were started; their numbers. The page shows the expected one once the worker trains it. */
let startedRuns = 0
let expectedRun = 0
let trainedRun = 0

export const runAccepted = (number: number) => {
  trainedRun = number
  expectedRun = Math.max(expectedRun, number)
}
/** The worker refused a run: the one before it goes on. */
export const runRefused = () => {
  expectedRun = trainedRun
}
/** The number of the run that the page shows; undefined while the worker prepares another one. */
export const shownRun = (): number | undefined => (expectedRun === trainedRun ? expectedRun : undefined)

/** Updates the controls and the URL. */
export function applySettings(next: Settings): void {
  settings.value = makeConsistent(next, next.problem === 'file' ? (file.value?.dataKind ?? 'classes') : undefined)
  writeAddress(settings.value)
}

/** Whether the first run starts to train at once; not for users who prefer reduced motion. */
export const startsAtOnce = () => !matchMedia('(prefers-reduced-motion: reduce)').matches

/** A run that goes on: its state, and the points of its curves so far. */
export interface Continued {
  state: StartState
  history?: readonly HistoryPoint[]
}

/**
 * Starts a new network on the data that the settings describe.
 * @param from a training with these settings, from which it continues
 */
export function startRun(
  next: Settings,
  play = acceptedSettings ? playing.value : startsAtOnce(),
  from?: Continued,
): void {
  applySettings(next)
  notices.value = {}
  verification.value = undefined
  history.value = from?.history ?? []
  advice.value = []
  divergence.value = undefined
  note.value = undefined
  laterRunQuestion.value = undefined
  expectedRun = ++startedRuns
  send({ type: 'start', settings: settings.value, number: expectedRun, ...(from && { from: from.state }) })
  if (play) send({ type: 'play' })
}

export const restart = (play: boolean) => {
  if (!play) send({ type: 'pause' })
  startRun(settings.value, play)
}
