import type { Checkpoint } from '../../src/index.ts'
import { toHash } from '../link.ts'
import { defaults, type Settings } from '../settings.ts'
import { OWN_ENTRY } from './address.ts'
import { pause, play } from './requests.ts'
import { applySettings, startRun, startsAtOnce } from './runs.ts'
import { firstLink, playing, settings } from './signals.ts'

/** The tabs of the page and the pages of the lesson, between which the browser's Back button moves. */

/** Whether training continues when the user returns to the run. It is paused while another tab is open. */
let playOnReturn = firstLink.settings.tab !== 'play' && startsAtOnce()

/** The settings that say which part of the page is open, and what it shows; they do not change the run. */
export const placeOf = ({ tab, lesson, wallAcross, wallUp }: Settings) => ({ tab, lesson, wallAcross, wallUp })

/** Opens a tab, a page of the lesson or other axes of the wall; the run does not change. */
export function showTab(next: ReturnType<typeof placeOf>): void {
  const before = settings.value.tab
  applySettings({ ...settings.value, ...next })
  const { tab } = next
  if (tab === before) return
  if (tab !== 'play' && before !== 'play') return
  if (tab !== 'play') {
    playOnReturn = playing.value
    if (playOnReturn) pause()
  } else if (playOnReturn) play()
}

/** Opens the other tab with a new run, and trains. */
export function playWith(run: Settings): void {
  playOnReturn = false
  startRun({ ...run, ...placeOf(settings.value), tab: 'play' }, true)
}

/** Opens a network of the wall in the main view, in the state in which it is. */
export function openNetwork(run: Settings, checkpoint: Checkpoint): void {
  playOnReturn = false
  startRun({ ...run, ...placeOf(settings.value), tab: 'play' }, false, { state: { checkpoint } })
}

/** The address of a run, without the part of the page that is open. */
export const runOf = (all: Settings) => toHash({ ...all, ...placeOf(defaults) })

/**
 * Follows the Back and Forward buttons to an entry of the browser's history that the page made. The run continues if the
 * entry is a page of the lesson, or describes the same run.
 * @returns whether the entry is such an entry; otherwise its address is a link to another run
 */
export function followHistory(state: unknown, linked: Settings): boolean {
  const { value: current } = settings
  const own = state === OWN_ENTRY && (linked.tab === 'learn' || runOf(linked) === runOf(current))
  if (own) {
    const { lesson, wallAcross, wallUp } = current
    showTab({
      ...placeOf(linked),
      ...(linked.tab !== 'learn' && { lesson }),
      ...(linked.tab !== 'wall' && { wallAcross, wallUp }),
    })
  }
  return own
}

/** Whether a run that a link describes trains at once; undefined where the page decides. Other tabs open with a pause. */
export function playsAtOnce({ tab }: Settings): boolean | undefined {
  if (tab === 'play') {
    const returning = settings.value.tab !== 'play' && playOnReturn
    return returning || undefined
  }
  playOnReturn ||= playing.value
  pause()
  return false
}
