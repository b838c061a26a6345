import { useEffect, useRef } from 'preact/hooks'
import { css, palette } from './colours.ts'
import { drawMark, paintPicture } from './drawing.ts'
import { formatNumber } from './numbers.ts'
import type { Evaluation as EvaluationResult, Mistake } from './protocol.ts'
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
      {current.error && <ErrorPlot error={current.error} target={shown.target} />}
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

function ErrorPlot({ error, target }: { error: NonNullable<EvaluationResult['error']>; target: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = palette()
  const { targets, predictions } = error
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const side = (context.canvas.width = context.canvas.height = 480)
    const low = Math.min(...targets, ...predictions)
    const high = Math.max(...targets, ...predictions)
    const at = (value: number) => 12 + ((value - low) / (high - low || 1)) * (side - 24)
    context.strokeStyle = context.fillStyle = colours.ink
    context.lineWidth = 2
    context.beginPath()
    context.moveTo(at(low), side - at(low))
    context.lineTo(at(high), side - at(high))
    context.stroke()
    context.fillStyle = css(colours.high)
    context.strokeStyle = css(colours.middle)
    context.lineWidth = 1
    targets.forEach((truth, i) => {
      drawMark(context, at(truth), side - at(predictions[i]!), 5, 0)
    })
  }, [targets, predictions, colours])
  return (
    <>
      <dl class="numbers">
        <div>
          <dt>Mean error</dt>
          <dd data-testid="mean-error">{formatNumber(error.mean)}</dd>
        </div>
        <div>
          <dt>R²</dt>
          <dd data-testid="r2">{error.r2.toFixed(3).replace('-', '−')}</dd>
        </div>
      </dl>
      <figure class="plane error-plot">
        <figcaption>Predictions (vertical) and true values (horizontal); on the line they are equal</figcaption>
        <canvas ref={canvas} role="img" aria-label={`Predictions and true values of ${target}`} />
      </figure>
    </>
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
