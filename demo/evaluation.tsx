import { useEffect, useRef } from 'preact/hooks'
import { palette } from './colours.ts'
import { paintPicture } from './drawing.ts'
import { Errors, LabelScores } from './scores.tsx'
import type { Mistake } from './protocol.ts'
import { data, evaluation } from './state.ts'

/** The largest number of classes for which a confusion matrix is readable. */
const MAX_CLASSES = 20

/** The evaluation in detail: confusion matrix, errors, misclassified pictures. */
export function EvaluationPanel() {
  const current = evaluation.value
  const shown = data.value?.shown
  if (!current || !shown) return null
  const source = current.on === 'held-out' ? 'held-out' : 'training'
  return (
    <section class="panel" aria-labelledby="evaluation-title">
      <h2 id="evaluation-title">Evaluation</h2>
      <p class="hint">
        On the {current.samples.toLocaleString('en')} {source} samples.
      </p>
      {current.confusion && current.confusion.length <= MAX_CLASSES && (
        <Confusion counts={current.confusion} classes={shown.classes} />
      )}
      {current.labels && <LabelScores report={current.labels} labels={shown.classes} />}
      {current.error && <Errors error={current.error} shown={shown} />}
      {shown.picture && <Mistakes mistakes={current.mistakes} side={shown.picture.side} classes={shown.classes} />}
    </section>
  )
}

function Confusion({ counts, classes }: { counts: number[][]; classes: readonly string[] }) {
  const strongest = Math.max(1, ...counts.flat())
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Confusion matrix">
      <p class="hint">Rows are the true classes, columns the predicted classes.</p>
      <table class="confusion">
        <thead>
          <tr>
            <td />
            {classes.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.map((row, i) => (
            <tr key={i}>
              <th scope="row">{classes[i]}</th>
              {row.map((count, j) => (
                <td
                  key={j}
                  class={count === 0 ? 'none' : i === j ? 'correct' : 'incorrect'}
                  style={{ '--share': `${Math.round(10 + 35 * (count / strongest))}%` }}
                >
                  {count}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Mistakes({ mistakes, side, classes }: { mistakes: Mistake[]; side: number; classes: readonly string[] }) {
  if (mistakes.length === 0) return <p class="good">No sample is misclassified.</p>
  return (
    <>
      <h3>Misclassified</h3>
      <ul class="mistakes">
        {mistakes.map((mistake, i) => (
          <li key={i}>
            <Picture pixels={mistake.pixels} side={side} />
            <span>
              {classes[mistake.prediction]} instead of {classes[mistake.label]}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

/** A picture from the data. */
export function Picture({ pixels, side }: { pixels: Float32Array; side: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = palette()
  useEffect(() => {
    if (canvas.current) paintPicture(canvas.current, pixels, side, colours)
  }, [pixels, side, colours])
  return <canvas class="picture" ref={canvas} aria-hidden="true" />
}
