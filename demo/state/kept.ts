import { effect, signal } from '@preact/signals'
import type { KeptMessage, KeptSummary } from '../kept/protocol.ts'
import type { KeptRun } from '../kept/record.ts'
import { toHash } from '../link.ts'
import { receiveKept, sendToKept } from './connection.ts'
import { continueKept, followFirstLink, restoreKept } from './files.ts'
import { runOf } from './navigation.ts'
import { shownRun } from './runs.ts'
import { firstLink, history, note, playing, progress, settings } from './signals.ts'

/**
 * The page keeps its run in the browser's storage. The run of a closed tab is offered to the user; a tab that the browser
 * discarded to save memory and then loads again goes on without a question.
 */

/** The run of a closed tab that the user can continue. */
export const offer = signal<KeptSummary | undefined>(undefined)

/** Whether the browser's storage took the run; undefined until it was asked to. */
export const isStored = signal<boolean | undefined>(undefined)

/** Minimum milliseconds between two times at which the run is kept. */
const INTERVAL = 5000
/** Milliseconds after which a discarded tab starts without the run that it had, if the storage does not answer. */
const PATIENCE = 3000
/** The entry of the tab's session storage that identifies the page that the tab showed last. */
const LAST = 'webgpu-mlp run'

/** The run that this one continues, until this one is kept. */
let replaces: string | undefined
let keptAt = performance.now()
let keptState = ''
let timer: ReturnType<typeof setTimeout> | undefined

/** Starts the run of the address or goes on with a kept one, and keeps the run from then on. */
export function startKeeping(): void {
  const last = readLast()
  const { wasDiscarded } = document as { wasDiscarded?: boolean }
  if (wasDiscarded && last !== undefined) restoreOrStart(last)
  else {
    receiveKept(handle)
    followFirstLink()
  }
  sendToKept({ type: 'find', last })
  effect(() => {
    const isTrained = (progress.value?.epoch ?? 0) > 0
    if (isTrained && [playing.value, settings.value]) keepInTime()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keepNow()
  })
  window.addEventListener('pagehide', keepNow)
}

/** Goes on with the run that this tab had; without it, with that of the address. */
function restoreOrStart(last: string): void {
  const start = () => {
    clearTimeout(waiting)
    receiveKept(handle)
    followFirstLink()
  }
  const waiting = setTimeout(start, PATIENCE)
  receiveKept((message) => {
    if (message.type === 'stored') return
    if (message.type === 'found') {
      writeLast(message.id)
      const own = message.runs.find(({ id }) => id === last)
      if (own?.run === runOf(firstLink.settings)) sendToKept({ type: 'take', id: last })
      else start()
    } else if (message.kept) {
      clearTimeout(waiting)
      receiveKept(handle)
      goOn(message.kept, () => {
        restoreKept(message.kept!, message.files)
      })
      const epoch = message.kept.state.checkpoint.epoch.toLocaleString('en')
      note.value = `The browser had unloaded this tab to save memory. Your network is back at epoch ${epoch}.`
    } else start()
  })
}

function handle(message: KeptMessage): void {
  if (message.type === 'found') {
    writeLast(message.id)
    const own = runOf(firstLink.settings)
    showOffer(message.runs.find(({ run }) => own === '' || run === own))
    return
  }
  if (message.type === 'stored') {
    isStored.value = message.isStored
    return
  }
  const { kept, files } = message
  offer.value = undefined
  if (kept) {
    goOn(kept, () => {
      continueKept(kept, files)
    })
  } else note.value = 'That run is no longer in the browser’s storage.'
}

/** Shows an offer until it is answered or the user starts another run. */
function showOffer(found: KeptSummary | undefined): void {
  if (!found) return
  const before = runOf(settings.peek())
  offer.value = found
  const stop = effect(() => {
    if (runOf(settings.value) !== before) offer.value = undefined
    if (!offer.value) queueMicrotask(() => stop())
  })
}

function goOn(kept: KeptRun, start: () => void): void {
  start()
  replaces = kept.id
  keptAt = -Infinity
}

/** Continues the run that is offered. */
export const acceptOffer = () => {
  if (offer.value) sendToKept({ type: 'take', id: offer.value.id })
}
/** Removes the run that is offered. */
export const discardOffer = () => {
  if (offer.value) sendToKept({ type: 'discard', id: offer.value.id })
  offer.value = undefined
}
/** Hides the offer; the run is offered again when the page is opened the next time. */
export const postponeOffer = () => {
  offer.value = undefined
}

/** Keeps the run now, or when enough time has passed since the last time. */
function keepInTime(): void {
  const wait = keptAt + INTERVAL - performance.now()
  // Not by a timer alone: browsers slow down the timers of pages in the background.
  if (wait <= 0) keepNow()
  else timer ??= setTimeout(keepNow, wait)
}

function keepNow(): void {
  clearTimeout(timer)
  timer = undefined
  const number = shownRun()
  const moments = progress.peek()?.moments
  if (number === undefined || !moments || moments.epochs.at(-1) === 0) return
  const own = settings.peek()
  const shown = { number, address: toHash(own), run: runOf(own), playing: playing.peek() }
  const state = JSON.stringify([shown, moments.numbers.at(-1)])
  if (state === keptState) return
  keptAt = performance.now()
  keptState = state
  sendToKept({ type: 'keep', ...shown, history: history.peek(), replaces })
  replaces = undefined
}

/** Some browsers refuse the storage of a tab. */
function readLast(): string | undefined {
  try {
    return sessionStorage.getItem(LAST) ?? undefined
  } catch {
    return undefined
  }
}

function writeLast(id: string): void {
  try {
    sessionStorage.setItem(LAST, id)
  } catch {
    // Then the tab starts anew after it was discarded.
  }
}
