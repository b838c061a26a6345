import { render } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { change } from '../state.ts'
import { close, closeSoon, keepOpen, opened, type OpenedTerm } from './opened.ts'
import { placeFor } from './place.ts'
import { choices, choicesOf, explainChoiceOf } from './choices.ts'
import { type Explanation, terms } from './terms.ts'

/** The element that describes the open term, for `aria-describedby`. */
export const POPOVER_ID = 'term-explanation'

let container: HTMLElement | undefined

/** Adds the container of the explanations to the document, once. */
export function showExplanations(): void {
  if (container) return
  container = document.createElement('div')
  document.body.append(container)
  render(<Popover />, container)
  document.addEventListener('keydown', closeOnEscape, true)
  document.addEventListener('pointerdown', closeOutside, true)
}

/** Moves the focus to the link of the explanation, once it is rendered. */
export function focusExplanation(): void {
  requestAnimationFrame(() => {
    container?.querySelector<HTMLElement>('a, summary')?.focus()
  })
}

function closeOnEscape(event: KeyboardEvent): void {
  const anchor = opened.value?.anchor
  if (event.key !== 'Escape' || !anchor) return
  // Escape closes the explanation only, not the dialog in which the term is.
  event.preventDefault()
  event.stopPropagation()
  if (container?.contains(document.activeElement)) anchor.focus()
  close()
}

function closeOutside({ target }: PointerEvent): void {
  if (!(target instanceof Node) || container?.contains(target) || opened.value?.anchor.contains(target)) return
  close()
}

function Popover() {
  const term = opened.value
  return term ? <OpenPopover key={term.name} term={term} /> : null
}

function OpenPopover({ term }: { term: OpenedTerm }) {
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<{ left: number; top: number }>()
  useLayoutEffect(() => {
    const element = box.current!
    // The top layer of the browser is above open dialogs.
    if (!element.matches(':popover-open')) element.showPopover()
    const move = () => {
      const { left, top } = placeFor(term.anchor, element)
      setPlace((before) => (before?.left === left && before.top === top ? before : { left, top }))
    }
    move()
    const watch = new ResizeObserver(move)
    watch.observe(element)
    window.addEventListener('scroll', move, true)
    window.addEventListener('resize', move)
    return () => {
      watch.disconnect()
      window.removeEventListener('scroll', move, true)
      window.removeEventListener('resize', move)
    }
  }, [term.anchor])
  return (
    <div
      ref={box}
      class="term-popover"
      popover="manual"
      role="dialog"
      aria-label="Explanation"
      style={place ? { left: `${place.left}px`, top: `${place.top}px` } : { visibility: 'hidden' }}
      onPointerEnter={keepOpen}
      onPointerLeave={closeSoon}
      onFocusIn={keepOpen}
      onKeyDown={(event) => {
        if (event.key === 'Tab') leaveByTab(event, term.anchor)
      }}
    >
      <div id={POPOVER_ID}>
        <Sentence explanation={terms[term.name]} />
        <Chosen term={term} />
      </div>
      <More explanation={terms[term.name]} />
      <OtherChoices term={term} />
    </div>
  )
}

/** The explanation is at the end of the document, but in the order of the Tab key its links follow the term. */
function leaveByTab(event: KeyboardEvent, anchor: HTMLElement): void {
  const stops = [...(container?.querySelectorAll<HTMLElement>('a, summary') ?? [])]
  const edge = event.shiftKey ? stops[0] : stops.at(-1)
  if (document.activeElement !== edge) return
  // Forwards, the browser then moves the focus on to what follows the term.
  if (event.shiftKey) event.preventDefault()
  anchor.focus()
  close()
}

const Sentence = ({ explanation: { title, sentence } }: { explanation: Explanation }) => (
  <p>
    <b>{title}</b> {sentence}
  </p>
)

/** The current choice of the setting. */
function Chosen({ term: { name, choice } }: { term: OpenedTerm }) {
  const explanation = choice === undefined ? undefined : explainChoiceOf(name, choice)
  return explanation ? <Sentence explanation={explanation} /> : null
}

function OtherChoices({ term: { name, choice } }: { term: OpenedTerm }) {
  const of = choicesOf(name)
  if (!of) return null
  const all: readonly Explanation[] = Object.values(choices[of])
  const others = all.filter(({ title }) => title !== choice)
  return (
    <details>
      <summary>
        The {others.length === all.length ? '' : 'other '}
        {others.length} choices
      </summary>
      {others.map((explanation) => (
        <Sentence key={explanation.title} explanation={explanation} />
      ))}
    </details>
  )
}

/** The link to the lesson, or to a page about the term. */
function More({ explanation: { title, more } }: { explanation: Explanation }) {
  if (more === undefined) return null
  if (more !== 'lesson') {
    return (
      <a href={more} target="_blank" rel="noreferrer">
        Read more about {title} ↗
      </a>
    )
  }
  return (
    <a
      href="#tab=learn"
      onClick={(event) => {
        // The link alone would forget the settings.
        event.preventDefault()
        close()
        change({ tab: 'learn' })
      }}
    >
      See it in “How it learns” →
    </a>
  )
}
