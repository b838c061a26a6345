import { useEffect, useRef } from 'preact/hooks'
import { palette } from './colours.ts'
import { paintPicture } from './drawing.ts'
import { Errors, LabelScores } from './scores.tsx'
import { paintSoon } from './paint-queue.ts'
import type { Mistake } from './protocol.ts'
import { data, evaluation } from './state.ts'
import { Term } from './terms/term.tsx'
import './evaluation.css'

/** The largest number of classes for which a confusion matrix is readable. */
const MAX_CLASSES = 20

/** The evaluation in detail: confusion matrix, errors, misclassified pictures. */
export function EvaluationPanel() {
  const current = evaluation.value
  const shown = data.value?.shown
  if (!current || !shown) return null
  const source = current.on === 'held-out' ? 'test' : 'training'
  return (
    <section class="panel evaluation" aria-labelledby="evaluation-title">
      <h2 id="evaluation-title">Evaluation</h2>
      <p class="hint">
        On the {current.samples.toLocaleString('en')} {source} samples.
      </p>
      <div class="evaluation-parts">
        {current.confusion && current.confusion.length <= MAX_CLASSES && (
          <Confusion counts={current.confusion} classes={shown.classes} />
        )}
        {shown.picture && <Mistakes mistakes={current.mistakes} side={shown.picture.side} classes={shown.classes} />}
        {current.labels && <LabelScores report={current.labels} labels={shown.classes} />}
        {current.error && <Errors error={current.error} shown={shown} />}
      </div>
    </section>
  )
}

/** The confusion matrix: correct samples are on the diagonal, errors are in rings. */
function Confusion({ counts, classes }: { counts: number[][]; classes: readonly string[] }) {
  const strongest = Math.max(1, ...counts.flat())
  return (
    <div class="evaluation-confusion">
      <h3>
        <Term name="confusion">Confusion matrix</Term>
      </h3>
      <p class="hint">Each row is a true class, each column a prediction. Rings mark errors.</p>
      <div class="scroll" tabIndex={0} role="group" aria-label="Confusion matrix">
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
                    style={{ '--share': `${Math.round(6 + 26 * (count / strongest))}%` }}
                  >
                    <span>{count}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

interface MistakesProps {
  mistakes: readonly Mistake[]
  side: number
  classes: readonly string[]
}

function Mistakes({ mistakes, side, classes }: MistakesProps) {
  return (
    <div class="evaluation-mistakes">
      <h3>Mistakes</h3>
      {mistakes.length === 0 ? (
        <p class="good">Every sample is classified correctly.</p>
      ) : (
        <>
          <p class="hint">
            What the network predicted, what is correct, and how certain it was. The most certain mistakes come first.
          </p>
          <ul class="mistakes">
            {mistakes.map((mistake, i) => (
              <li key={i}>
                <Picture pixels={mistake.pixels} side={side} />
                <span>{describeMistake(mistake, classes)}</span>
                <small>{describeCertainty(mistake)}</small>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

/** For example: 3, not 5. */
const describeMistake = ({ prediction, label }: Mistake, classes: readonly string[]) =>
  `${classes[prediction] ?? ''}, not ${classes[label] ?? ''}`

/** For example: 92 % sure. Outputs of some activations exceed 1, or are below 0. */
const describeCertainty = ({ certainty }: Mistake) => `${Math.round(100 * Math.min(1, Math.max(0, certainty)))} % sure`

/** A picture from the data: side × side values from 0 to `scale`. */
export function Picture({ pixels, side, scale = 1 }: { pixels: ArrayLike<number>; side: number; scale?: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = palette()
  useEffect(() => {
    const { current } = canvas
    if (!current) return
    paintSoon(current, () => {
      paintPicture(current, pixels, side, colours, scale)
    })
  }, [pixels, side, colours])
  return <canvas class="picture" ref={canvas} aria-hidden="true" />
}
