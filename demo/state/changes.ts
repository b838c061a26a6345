import { defaultsFor } from '../presets.ts'
import { type BuiltIn, kindOf, type Settings } from '../settings.ts'
import { send } from './connection.ts'
import { showTab } from './navigation.ts'
import { applySettings, startRun } from './runs.ts'
import { kind, notices, settings } from './signals.ts'

/** Settings that change what the plane shows, or add points, and not the network. */
const planeKeys: ReadonlySet<string> = new Set<keyof Settings>(['points', 'across', 'up', 'shownTarget'])

/** Changes settings and applies them: to the current run where possible, else in a new run. */
export function change(changed: Partial<Settings>): void {
  const next = { ...settings.value, ...changed }
  const keys = Object.keys(changed)
  const only = keys.length === 1 ? keys[0] : undefined
  if (keys.every((key) => key === 'tab' || key === 'lesson')) showTab(next)
  else if (only === 'backend') {
    applySettings(next)
    notices.value = {}
    send({ type: 'backend', backend: next.backend })
  } else if (only === 'speed') {
    applySettings(next)
    send({ type: 'speed', speed: next.speed })
  } else if (keys.every((key) => key === 'stop' || key === 'patience')) {
    applySettings(next)
    send({ type: 'stopping', rule: { stop: next.stop, patience: next.patience } })
  } else if (keys.every((key) => planeKeys.has(key))) {
    // The network and its parameters do not change: it trains on the new points, or the plane shows other columns.
    applySettings(next)
    send({ type: 'data', settings: settings.value })
  } else startRun(next)
}

/** Chooses another built-in problem, which opens with the settings of its preset. */
export const choose = (problem: BuiltIn) => {
  openSettings(defaultsFor(problem))
}

/** Starts a new run with settings of the page itself. What does not belong to the problem stays as the user chose it. */
export function openSettings(next: Settings, play?: boolean): void {
  const { seed, backend, speed, tab, lesson } = settings.value
  // Pictures are trained without a limit, because an epoch of them takes long.
  const isSlow = kindOf(next.problem) === 'images' || kind() === 'images'
  startRun({ ...next, seed, backend, tab, lesson, speed: isSlow ? next.speed : speed }, play)
}
