import type { Checkpoint } from '../../src/index.ts'
import { makeConsistent, type Settings } from '../settings.ts'
import { writeAddress } from './address.ts'
import { send } from './connection.ts'
import { advice, file, history, laterRunQuestion, notices, playing, settings, verification } from './signals.ts'

/** The settings of the current run, restored if the worker refuses new ones. */
let acceptedSettings: Settings | undefined

export const accepted = (): Settings | undefined => acceptedSettings
export const accept = (next: Settings) => {
  acceptedSettings = next
}

/** Updates the controls and the URL. */
export function applySettings(next: Settings): void {
  settings.value = makeConsistent(next, next.problem === 'file' ? (file.value?.dataKind ?? 'classes') : undefined)
  writeAddress(settings.value)
}

/** Whether the first run starts to train at once; not for users who prefer reduced motion. */
export const startsAtOnce = () => !matchMedia('(prefers-reduced-motion: reduce)').matches

/**
 * Starts a new network on the data that the settings describe.
 * @param checkpoint of a training with these settings, from which it continues
 */
export function startRun(
  next: Settings,
  play = acceptedSettings ? playing.value : startsAtOnce(),
  checkpoint?: Checkpoint,
): void {
  applySettings(next)
  notices.value = {}
  verification.value = undefined
  history.value = []
  advice.value = []
  laterRunQuestion.value = undefined
  send({ type: 'start', settings: settings.value, ...(checkpoint && { checkpoint }) })
  if (play) send({ type: 'play' })
}

export const restart = (play: boolean) => {
  if (!play) send({ type: 'pause' })
  startRun(settings.value, play)
}
