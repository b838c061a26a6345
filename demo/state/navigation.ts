import { toHash } from '../link.ts'
import type { Settings } from '../settings.ts'
import { OWN_ENTRY } from './address.ts'
import { pause, play } from './requests.ts'
import { applySettings, startRun, startsAtOnce } from './runs.ts'
import { firstLink, playing, settings } from './signals.ts'

/** The tabs of the page and the pages of the lesson, between which the browser's Back button moves. */

/** Whether training continues when the user returns from the lesson. It is paused while the lesson is open. */
let playOnReturn = firstLink.settings.tab === 'learn' && startsAtOnce()

/** Opens a tab or a page of the lesson; the run does not change. */
export function showTab({ tab, lesson }: Pick<Settings, 'tab' | 'lesson'>): void {
  const before = settings.value.tab
  applySettings({ ...settings.value, tab, lesson })
  if (tab === before) return
  if (tab === 'learn') {
    playOnReturn = playing.value
    if (playOnReturn) pause()
  } else if (playOnReturn) play()
}

/** Opens the other tab with a new run, and trains. */
export function playWith(run: Settings): void {
  playOnReturn = false
  startRun({ ...run, lesson: settings.value.lesson, tab: 'play' }, true)
}

const runOf = (all: Settings) => toHash({ ...all, tab: 'play' })

/**
 * Follows the Back and Forward buttons to an entry of the browser's history that the page made. The run continues if the
 * entry is a page of the lesson, or describes the same run.
 * @returns whether the entry is such an entry; otherwise its address is a link to another run
 */
export function followHistory(state: unknown, linked: Settings): boolean {
  const { value: current } = settings
  const own = state === OWN_ENTRY && (linked.tab === 'learn' || runOf(linked) === runOf(current))
  if (own) showTab({ tab: linked.tab, lesson: linked.tab === 'learn' ? linked.lesson : current.lesson })
  return own
}

/** Whether a run that a link describes trains at once; undefined where the page decides. A lesson opens with a pause. */
export function playsAtOnce({ tab }: Settings): boolean | undefined {
  if (tab === 'play') {
    const returning = settings.value.tab === 'learn' && playOnReturn
    return returning || undefined
  }
  playOnReturn ||= playing.value
  pause()
  return false
}
