import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { close, closeSoon, open, opened, openSoon } from './opened.ts'
import { focusExplanation, POPOVER_ID, showExplanations } from './popover.tsx'
import type { TermName } from './terms.ts'
import './terms.css'

/**
 * A term of the page that is explained when the pointer is over it, when it has the focus, and after a tap. It is a span
 * and not a button, because it may be in a label, and the first button in a label would become the labelled control.
 * @example <label><Term name="learningRate">Learning rate</Term><input type="number" /></label>
 */
export function Term({
  name,
  choice,
  children,
}: {
  name: TermName
  choice?: string | undefined
  children: ComponentChildren
}) {
  const span = useRef<HTMLSpanElement>(null)
  const isOpen = opened.value !== undefined && opened.value.anchor === span.current
  useEffect(showExplanations, [])
  useEffect(() => {
    const anchor = span.current
    return () => {
      if (opened.peek()?.anchor === anchor) close()
    }
  }, [])
  const term = (pinned: boolean) => ({ name, choice, anchor: span.current!, pinned })
  const toggle = () => {
    if (isOpen && opened.value?.pinned) close()
    else open(term(true))
  }
  return (
    <span
      ref={span}
      class="term"
      role="button"
      tabIndex={0}
      aria-expanded={isOpen}
      aria-describedby={isOpen ? POPOVER_ID : undefined}
      onPointerEnter={({ pointerType }) => {
        if (pointerType === 'mouse') openSoon(term(false))
      }}
      onPointerLeave={({ pointerType }) => {
        if (pointerType === 'mouse') closeSoon()
      }}
      onFocus={({ currentTarget }) => {
        if (currentTarget.matches(':focus-visible') && !isOpen) open(term(false))
      }}
      onBlur={() => {
        if (isOpen) closeSoon()
      }}
      onClick={(event) => {
        // Without this, the label would pass the click on to its control.
        event.preventDefault()
        event.stopPropagation()
        toggle()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        event.stopPropagation()
        toggle()
        if (opened.value) focusExplanation()
      }}
    >
      {children}
    </span>
  )
}
