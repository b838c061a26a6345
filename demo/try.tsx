import { signal } from '@preact/signals'
import { presets, suggested, type Suggestion } from './presets.ts'
import type { BuiltIn, Settings } from './settings.ts'
import { openSettings, settings } from './state.ts'
import './try.css'

/** The suggestion that the user followed, and the settings before it. */
const followed = signal<{ suggestion: Suggestion; before: Settings } | undefined>(undefined)
/** Which suggestion of a problem is offered. */
const offered = signal<Readonly<Partial<Record<BuiltIn, number>>>>({})

/** Whether the settings are still those of the suggestion that the user followed. */
function isInForce({ change }: Suggestion, current: Settings): boolean {
  const names = Object.keys(change) as (keyof Settings)[]
  return names.every((name) => String(change[name]) === String(current[name]))
}

function follow(problem: BuiltIn, suggestion: Suggestion): void {
  const before = settings.value
  openSettings(suggested(problem, suggestion), true)
  followed.value = { suggestion, before }
}

function goBack(before: Settings): void {
  followed.value = undefined
  if (before.problem !== 'file') offerNext(before.problem)
  openSettings(before, true)
}

function offerNext(problem: BuiltIn): void {
  offered.value = { ...offered.value, [problem]: (offered.value[problem] ?? 0) + 1 }
}

/** What to see in the current problem, and a change that leads somewhere, with a button that makes it. */
export function TryThis() {
  const current = settings.value
  const { problem } = current
  if (problem === 'file') return null
  const done = followed.value
  if (done && isInForce(done.suggestion, current)) return <Followed {...done} />
  const { see, suggestions } = presets[problem]
  const suggestion = suggestions[(offered.value[problem] ?? 0) % suggestions.length]
  return (
    <section class="try" aria-label="Try this">
      <p class="try-see">{see}</p>
      {suggestion && (
        <>
          <p class="try-text">
            <b>Try this</b> {suggestion.text}
          </p>
          <div class="try-buttons">
            {suggestions.length > 1 && (
              <button
                type="button"
                class="try-other"
                onClick={() => {
                  offerNext(problem)
                }}
              >
                Another idea
              </button>
            )}
            <button
              type="button"
              class="main"
              onClick={() => {
                follow(problem, suggestion)
              }}
            >
              Do it
            </button>
          </div>
        </>
      )}
    </section>
  )
}

/** What happens after the change, with the way back. */
function Followed({ suggestion, before }: { suggestion: Suggestion; before: Settings }) {
  return (
    <section class="try" aria-label="Try this">
      <p class="try-text" role="status">
        <b>What to see</b> {suggestion.see}
      </p>
      <div class="try-buttons">
        <button
          type="button"
          class="main"
          onClick={() => {
            goBack(before)
          }}
        >
          Go back
        </button>
      </div>
    </section>
  )
}
