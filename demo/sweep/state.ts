import { batch, computed, signal } from '@preact/signals'
import { palette } from '../colours.ts'
import type { BackendInfo } from '../protocol.ts'
import type { Kind, Settings } from '../settings.ts'
import { openNetwork, receiveWall, sendToWall, settings, startsAtOnce } from '../state.ts'
import { describeRecovery } from '../recovery.ts'
import { wallOf } from './axes.ts'
import { Pictures } from './pixels.ts'
import type { DivergenceCause, WallFrame, WallMessage } from './protocol.ts'

/** The state of the wall of networks. */

/** What the networks that train are of; undefined until they are placed. */
export const started = signal<{ kind: Kind; hasTest: boolean; backend: BackendInfo } | undefined>(undefined)
export const playing = signal(false)
export const failure = signal('')
/** Whether the failure is a lost GPU, so that the networks can be started again. */
export const isLost = signal(false)
/** What the wall did without being asked: a sentence. */
export const note = signal<string | undefined>(undefined)
export const progress = signal({ epoch: 0, epochsPerSecond: 0 })
/** By tile; NaN for networks that diverged. Empty before there are any. */
export const scores = signal<Float64Array>(new Float64Array())
/** By tile, why networks diverged, as far as the page has asked for it. */
export const causes = signal<ReadonlyMap<number, DivergenceCause>>(new Map())
/** The tiles, the best one first. */
export const ranking = signal<readonly number[]>([])
/** The ranking in whose order the wall shows the networks: it changes seldom, so that the eye can follow. */
export const shownRanking = signal<readonly number[]>([])
const REORDERING = 1500
let reorderedAt = -Infinity
/** Milliseconds from when the pointer or the focus left until the order may change: a tap is a click after the finger left. */
const RELEASING = 500
let releasing: ReturnType<typeof setTimeout> | undefined
let isHeld = false
/** Whether the wall shows the networks by score and not by their settings. */
export const byScore = signal(false)
/** The tile under the pointer or with the focus. */
export const pointed = signal<number | undefined>(undefined)

/** What decides which networks there are and what they are trained on: a change starts them anew. */
const KEPT: ReadonlySet<keyof Settings> = new Set(['tab', 'lesson', 'speed', 'stop', 'patience'])
const keyOf = (all: Settings) =>
  JSON.stringify(Object.entries(all).filter(([name]) => !KEPT.has(name as keyof Settings)))
const key = computed(() => keyOf(settings.value))

/** The settings of the wall that is shown; its axes and tiles. */
export const shown = signal<Settings>(settings.peek())
export const wall = computed(() => wallOf(shown.value))
export let pictures = new Pictures(1, 1, palette())

let run = 0
let startedKey = ''
/** Called with each frame. */
let onFrame: (() => void) | undefined

export const watchFrames = (watcher: () => void): (() => void) => {
  onFrame = watcher
  return () => (onFrame = undefined)
}

/** Places the networks anew, on the data of the settings. */
export function start(play: boolean): void {
  startedKey = key.peek()
  batch(() => {
    shown.value = settings.peek()
    started.value = undefined
    scores.value = new Float64Array()
    causes.value = new Map()
    ranking.value = shownRanking.value = []
    failure.value = ''
    isLost.value = false
    note.value = undefined
    progress.value = { epoch: 0, epochsPerSecond: 0 }
    pointed.value = undefined
  })
  endHold()
  pictures = new Pictures(wall.value.across.length, wall.value.up.length, palette())
  sendToWall({ type: 'start', run: ++run, settings: shown.value, play })
}

/** Starts the networks where they are not those of the settings; called when the settings change. */
export function follow(): void {
  if (key.value !== startedKey) start(startedKey === '' ? startsAtOnce() : playing.peek())
}

/** Closes the note about what the wall did without being asked. */
export const closeNote = () => {
  note.value = undefined
}

export const play = () => {
  sendToWall({ type: 'play' })
}
export const pause = () => {
  sendToWall({ type: 'pause' })
}
export const changeSpeed = (speed: number) => {
  sendToWall({ type: 'speed', speed })
}
/** Opens the network of a tile in the main view. */
export const openTile = (tile: number) => {
  if (started.peek()) sendToWall({ type: 'open', tile })
}
/** Asks why a network diverged. */
export const explain = (tile: number) => {
  sendToWall({ type: 'explain', tile })
}
/** The page has drawn a frame. */
export const drawn = () => {
  sendToWall({ type: 'drawn' })
}

/** The tiles in the order in which they are shown, row by row from the top left. */
export const order = computed<readonly number[]>(() => {
  const tiles = [...wall.value.tiles.keys()]
  return byScore.value && shownRanking.value.length === tiles.length ? shownRanking.value : tiles
})

receiveWall((message) => {
  // Messages of networks that were replaced.
  if (message.run !== run) return
  receive(message)
})

function receive(message: WallMessage): void {
  switch (message.type) {
    case 'started':
      started.value = message
      break
    case 'frame':
      takeFrame(message)
      break
    case 'scores':
      batch(() => {
        scores.value = message.scores
        ranking.value = rank(message.scores, message.losses)
        reorder()
      })
      break
    case 'state':
      batch(() => {
        playing.value = message.playing
        // Once paused, the order is that of the latest ranking.
        if (!message.playing) reorder()
      })
      break
    case 'recovered':
      batch(() => {
        note.value = describeRecovery(message)
        started.value = started.peek() && { ...started.peek()!, backend: message.backend }
      })
      break
    case 'explained':
      causes.value = new Map([...causes.peek(), [message.tile, message]])
      break
    case 'opened':
      openNetwork(message.settings, message.checkpoint)
      break
    case 'failed':
      failure.value = message.message
      isLost.value = message.isLost
  }
}

/**
 * Keeps the order of the networks while the pointer or the focus is on the wall, so that a click or Enter opens the
 * network that is described.
 */
export function holdOrder(held: boolean): void {
  clearTimeout(releasing)
  if (held) isHeld = true
  else {
    releasing = setTimeout(() => {
      endHold()
      reorder()
    }, RELEASING)
  }
}

/** The wall is closed or has other networks. */
export function endHold(): void {
  clearTimeout(releasing)
  isHeld = false
}

/** Shows the networks in the order of the latest ranking, unless they were reordered a moment ago. */
function reorder(): void {
  const isSoon = playing.peek() && byScore.peek() && performance.now() - reorderedAt < REORDERING
  if (isHeld || isSoon) return
  shownRanking.value = ranking.peek()
  reorderedAt = performance.now()
}

function takeFrame(frame: WallFrame): void {
  pictures.take(frame)
  const { epoch, epochsPerSecond } = frame
  progress.value = { epoch, epochsPerSecond }
  if (onFrame) onFrame()
  else drawn()
}

/** By score, then by loss; networks that diverged last. */
function rank(all: Float64Array, losses: Float64Array): number[] {
  const value = (number: number) => (Number.isNaN(number) ? -Infinity : number)
  return [...all.keys()].sort(
    (a, b) => value(all[b]!) - value(all[a]!) || value(-losses[b]!) - value(-losses[a]!) || a - b,
  )
}
