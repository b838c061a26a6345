import { signal } from '@preact/signals'
import type { TermName } from './terms.ts'

/** The explanation that is open. */
export interface OpenedTerm {
  name: TermName
  /** The current choice of a setting with several choices, which is explained, too. */
  choice: string | undefined
  /** The term in the text of the page. */
  anchor: HTMLElement
  /** Opened by a click, a tap or a key: it stays open when the pointer leaves. */
  pinned: boolean
}

export const opened = signal<OpenedTerm | undefined>(undefined)

/** Milliseconds for which the pointer rests on a term before its explanation opens, and after it left until it closes. */
const DELAY = { open: 250, close: 250 }

let timer: ReturnType<typeof setTimeout> | undefined

export function open(term: OpenedTerm): void {
  clearTimeout(timer)
  opened.value = term
}

export function openSoon(term: OpenedTerm): void {
  clearTimeout(timer)
  if (opened.value?.anchor === term.anchor) return
  timer = setTimeout(() => {
    open(term)
  }, DELAY.open)
}

export function close(): void {
  clearTimeout(timer)
  opened.value = undefined
}

/** Closes an explanation that is not pinned, unless the pointer comes back in time. */
export function closeSoon(): void {
  clearTimeout(timer)
  if (opened.value?.pinned) return
  timer = setTimeout(close, DELAY.close)
}

/** Keeps the explanation open, because the pointer is over it. */
export function keepOpen(): void {
  clearTimeout(timer)
}
