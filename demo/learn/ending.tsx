import type { ComponentChildren } from 'preact'
import { defaults, type Settings } from '../settings.ts'
import { change, playWith, settings } from '../state.ts'
import { pages } from './pages.ts'

/** The settings of a run on the other tab: those of a page of the lesson, at the speed and on the backend of the user. */
export function runOf(given: Partial<Settings> & Pick<Settings, 'problem'>): Settings {
  const { speed, backend } = settings.value
  return { ...defaults, speed, backend, ...given }
}

/** Shows the top of what was opened: the button is at the end of a long page. */
const toTop = () => {
  window.scrollTo({ top: 0 })
}

/** Opens a page of the lesson, counted from 1, at its top. */
export function openPage(page: number): void {
  change({ lesson: page })
  toTop()
}

/** The end of a page: the way to the next page, and to the other tab with the network of this page. */
export function Ending({ page, run, children }: EndingProps) {
  const next = pages[page]
  return (
    <section class="panel learn-ending" aria-label="Where to go from here">
      <p>{children}</p>
      <div class="row">
        <button
          type="button"
          class={next ? undefined : 'main'}
          onClick={() => {
            playWith(runOf(run))
            toTop()
          }}
        >
          Play with this network
        </button>
        {next && (
          <button
            type="button"
            class="main"
            onClick={() => {
              openPage(page + 1)
            }}
          >
            Next page: {next} →
          </button>
        )}
      </div>
    </section>
  )
}

interface EndingProps {
  /** The number of this page, counted from 1. */
  page: number
  run: Parameters<typeof runOf>[0]
  children: ComponentChildren
}
