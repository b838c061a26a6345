import { useLayoutEffect, useRef } from 'preact/hooks'
import { answerLaterRun, laterEnd, laterRunQuestion, progress, rewind } from './state.ts'
import './timeline.css'

const inWords = (epoch: number) => epoch.toLocaleString('en')

/** The run as a line, on which the user returns to earlier moments. */
export function Timeline() {
  const { epoch = 0, moment = 0, moments } = progress.value ?? {}
  const numbers = moments?.numbers ?? new Float64Array([0])
  const isRewound = laterEnd.value !== undefined
  return (
    <div class={`timeline ${isRewound ? 'timeline-rewound' : ''}`}>
      <label>
        <span>start</span>
        <input
          type="range"
          aria-label="Rewind"
          min={0}
          max={numbers.length - 1}
          value={numbers.indexOf(moment)}
          aria-valuetext={`epoch ${inWords(epoch)}`}
          onInput={({ currentTarget }) => {
            rewind(numbers[currentTarget.valueAsNumber] ?? 0)
          }}
        />
      </label>
      {laterRunQuestion.value ? <Question /> : <Hint />}
    </div>
  )
}

function Hint() {
  const { epoch = 0, moments } = progress.value ?? {}
  const end = laterEnd.value
  if (!end) return <span class="timeline-hint">now · drag back to see how it developed</span>
  return (
    <span class="timeline-hint">
      <span>
        epoch <b>{inWords(epoch)}</b> of {inWords(end.epoch)}
      </span>
      <button
        type="button"
        onClick={() => {
          rewind(moments!.numbers.at(-1)!)
        }}
      >
        Back to now
      </button>
    </span>
  )
}

/** Asks whether the later run may be discarded. */
function Question() {
  const { shown, latest } = laterRunQuestion.value!
  const first = useRef<HTMLButtonElement>(null)
  // Before the question is visible, so that no key goes elsewhere.
  useLayoutEffect(() => {
    first.current?.focus()
  }, [])
  const isLater = latest.epoch > shown.epoch || latest.step > shown.step
  const until =
    latest.epoch > shown.epoch ? ` until epoch ${inWords(latest.epoch)}` : ` of ${latest.step - shown.step} steps`
  return (
    <div
      class="timeline-question"
      role="alertdialog"
      aria-labelledby="timeline-question"
      onKeyDown={({ key }) => {
        if (key === 'Escape') answerLaterRun(false)
      }}
    >
      <span id="timeline-question">
        Train on from epoch {inWords(shown.epoch)}?{' '}
        {isLater ? `The later run${until} is discarded.` : 'The values that you set later are discarded.'}
      </span>
      <button
        type="button"
        class="main"
        ref={first}
        onClick={() => {
          answerLaterRun(true)
        }}
      >
        Train on
      </button>
      <button
        type="button"
        onClick={() => {
          answerLaterRun(false)
        }}
      >
        Keep the later run
      </button>
    </div>
  )
}
