import { defaultsFor } from '../presets.ts'
import { type BuiltIn, kindOf, type Settings } from '../settings.ts'
import { send } from './connection.ts'
import { effects } from './effects.ts'
import { placeOf, showTab } from './navigation.ts'
import { applySettings, startRun } from './runs.ts'
import { kind, notices, setNotices, settings } from './signals.ts'

/** Changes settings and applies them: to the current run where possible, else in a new run. */
export function change(changed: Partial<Settings>): void {
  const next = { ...settings.value, ...changed }
  const affected = new Set(Object.keys(changed).map((key) => effects[key as keyof Settings]))
  if (affected.has('run')) {
    startRun(next)
    return
  }
  if (affected.delete('page')) showTab(next)
  if (affected.size > 0) applySettings(next)
  const { speed, stop, patience, backend } = settings.value
  if (affected.has('speed')) send({ type: 'speed', speed })
  if (affected.has('stopping')) send({ type: 'stopping', rule: { stop, patience } })
  if (affected.has('hyperparameters')) {
    setNotices('settings')
    send({ type: 'hyperparameters', settings: settings.value })
  }
  if (affected.has('plane')) send({ type: 'data', settings: settings.value })
  if (affected.has('backend')) {
    notices.value = {}
    send({ type: 'backend', backend })
  }
}

/** Changes settings and trains with them from the beginning. */
export const changeAndRestart = (changed: Partial<Settings>): void => {
  startRun({ ...settings.value, ...changed }, true)
}

/** Chooses another built-in problem, which opens with the settings of its preset. */
export const choose = (problem: BuiltIn) => {
  openSettings(defaultsFor(problem))
}

/** Starts a new run with settings of the page itself. What does not belong to the problem stays as the user chose it. */
export function openSettings(next: Settings, play?: boolean): void {
  const { seed, backend, speed } = settings.value
  // Pictures are trained without a limit, because an epoch of them takes long.
  const isSlow = kindOf(next.problem) === 'images' || kind() === 'images'
  startRun({ ...next, seed, backend, ...placeOf(settings.value), speed: isSlow ? next.speed : speed }, play)
}
