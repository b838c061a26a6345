import { useEffect, useRef } from 'preact/hooks'
import type { MultilabelReport } from '../src/index.ts'
import { css, palette } from './colours.ts'
import { drawMark } from './drawing.ts'
import { formatNumber, formatScore, percent } from './numbers.ts'
import type { RegressionError, ShownData } from './protocol.ts'

/** How many labels are correct, in total and of each label. */
export function LabelScores({ report, labels }: { report: MultilabelReport; labels: readonly string[] }) {
  return (
    <>
      <dl class="numbers">
        <div>
          <dt>Labels correct</dt>
          <dd data-testid="labels-correct">{percent(report.accuracy)}</dd>
        </div>
        <div>
          <dt>Rows with all labels correct</dt>
          <dd data-testid="exact-match">{percent(report.exactMatch)}</dd>
        </div>
      </dl>
      <Table
        name="Scores of each label"
        heads={['Label', 'Rows', 'Precision', 'Recall', 'F1']}
        rows={report.labels.map(({ support, precision, recall, f1 }, j) => [
          labels[j] ?? '',
          support.toLocaleString('en'),
          formatScore(precision),
          formatScore(recall),
          formatScore(f1),
        ])}
      />
      <p class="hint">
        Rows: how many have the label. Precision: the share of them among the predicted ones. Recall: the share of them
        that is predicted.
      </p>
    </>
  )
}

/** The errors of a regression, and predictions against true values of the target that the plane shows. */
export function Errors({ error, shown }: { error: RegressionError; shown: ShownData }) {
  const { targets, shownOutput } = shown
  const isSeveral = targets.length > 1
  return (
    <>
      <dl class="numbers">
        {!isSeveral && (
          <div>
            <dt>Mean error</dt>
            <dd data-testid="mean-error">{formatNumber(error.mean)}</dd>
          </div>
        )}
        <div>
          <dt>{isSeveral ? 'R², mean of the targets' : 'R²'}</dt>
          <dd data-testid="r2">{formatScore(error.r2)}</dd>
        </div>
      </dl>
      {isSeveral && (
        <Table
          name="Errors of each target"
          heads={['Target', 'R²', 'Mean error']}
          rows={error.each.map(({ r2, meanAbsoluteError }, j) => [
            targets[j] ?? '',
            formatScore(r2),
            formatNumber(meanAbsoluteError),
          ])}
        />
      )}
      <ErrorPlot error={error} target={targets[shownOutput] ?? ''} isSeveral={isSeveral} />
    </>
  )
}

/** A table of names and numbers. */
function Table({
  name,
  heads,
  rows,
}: {
  name: string
  heads: readonly string[]
  rows: readonly (readonly string[])[]
}) {
  return (
    <div class="scroll each" tabIndex={0} role="group" aria-label={name}>
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...numbers]) => (
            <tr key={first}>
              <th scope="row">{first}</th>
              {numbers.map((number, j) => (
                <td key={j}>{number}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface PlotProps {
  error: RegressionError
  target: string
  isSeveral: boolean
}

function ErrorPlot({ error: { targets, predictions }, target, isSeveral }: PlotProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = palette()
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const side = (context.canvas.width = context.canvas.height = 480)
    const low = Math.min(...targets, ...predictions)
    const high = Math.max(...targets, ...predictions)
    const at = (value: number) => 12 + ((value - low) / (high - low || 1)) * (side - 24)
    context.strokeStyle = context.fillStyle = colours.ink
    context.lineWidth = 1.5
    context.setLineDash([8, 6])
    context.beginPath()
    context.moveTo(at(low), side - at(low))
    context.lineTo(at(high), side - at(high))
    context.stroke()
    context.setLineDash([])
    context.strokeStyle = css(colours.middle)
    context.lineWidth = 1.5
    targets.forEach((truth, i) => {
      drawMark(context, at(truth), side - at(predictions[i]!), 5, 0)
    })
  }, [targets, predictions, colours])
  return (
    <figure class="plane error-plot">
      <figcaption>
        {isSeveral && `“${target}”: `}Predictions (upwards) and true values (to the right): on the dashed line they are
        equal
      </figcaption>
      <canvas ref={canvas} role="img" aria-label={`Predictions and true values of ${target}`} />
    </figure>
  )
}
