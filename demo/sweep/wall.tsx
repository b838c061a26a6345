import { useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Note } from '../layout/note.tsx'
import { Notices } from '../notices.tsx'
import { Term } from '../terms/term.tsx'
import { Controls } from './controls.tsx'
import { questionFor } from './questions.ts'
import { Details, Ranking } from './ranking.tsx'
import { closeNote, endHold, failure, follow, isLost, note, pause, shown, start, started, wall } from './state.ts'
import { Tiles } from './tiles.tsx'
import './wall.css'

/** The third tab: many networks that learn at once, each with other settings. */
export default function Wall() {
  useSignalEffect(follow)
  useEffect(
    () => () => {
      pause()
      endHold()
    },
    [],
  )
  return (
    <div class="wall-tab">
      <Controls />
      <div class="wall-parts">
        <Tiles />
        <div class="wall-side">
          <Explanation />
          <Details />
          <Ranking />
          <Backend />
        </div>
      </div>
    </div>
  )
}

function Explanation() {
  const { tiles } = wall.value
  return (
    <section class="wall-text" aria-label="What there is to see">
      <Notices about="data" />
      <Notices about="link" />
      <Note text={note.value} onClose={closeNote} />
      {failure.value && (
        <div class="notices" role="alert">
          <p>
            {failure.value}{' '}
            {isLost.value && (
              <button
                type="button"
                class="main"
                onClick={() => {
                  start(true)
                }}
              >
                Start again
              </button>
            )}
          </p>
        </div>
      )}
      <p>
        {tiles.length} networks learn the same data at the same time. Each square is the{' '}
        <Term name="wall">decision region</Term> of one network: the colour that it answers for each point of the plane.
        Click one to open it.
      </p>
      <p class="wall-question">
        <b>{questionFor(shown.value)}</b>
      </p>
    </section>
  )
}

/** What the networks are trained on. */
function Backend() {
  if (!started.value) return null
  const { name, description } = started.value.backend
  return (
    <p class="hint wall-backend" title={description} data-backend={name}>
      Trained on: {description.split(':')[0]}
    </p>
  )
}
