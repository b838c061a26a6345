import { DigitsOutput } from '../digits.tsx'
import { MiniCurve } from '../mini-curve.tsx'
import { formatNumber, formatScore, percent } from '../numbers.ts'
import { Legend } from '../plane/legend.tsx'
import { Plane } from '../plane/plane.tsx'
import { PointControls } from '../plane/points.tsx'
import { data, evaluation, kind, progress } from '../state.ts'
import { Term } from '../terms/term.tsx'
import { Value } from '../value.tsx'
import './output.css'

/** The scores, and the predictions over the plane; for pictures a canvas to draw on. */
export function Output() {
  const pictures = kind() === 'images'
  return (
    <section class="part output" aria-labelledby="output-title">
      <h2 id="output-title">{pictures ? 'Draw a digit' : 'Output'}</h2>
      <div class="score-line">
        <Scores />
        <MiniCurve />
      </div>
      {pictures ? (
        <DigitsOutput />
      ) : (
        <>
          <Plane />
          <Legend />
          <PointControls />
        </>
      )}
    </section>
  )
}

function Scores() {
  const current = progress.value
  return (
    <dl class="scores">
      {kind() === 'regression' ? <RegressionScore /> : <ClassScores />}
      <div>
        <dt>
          <Term name="loss">loss</Term>
        </dt>
        <dd>
          <Value name="loss" number={current?.train.loss}>
            {current ? formatNumber(current.train.loss) : '–'}
          </Value>
        </dd>
      </div>
    </dl>
  )
}

function ClassScores() {
  const current = progress.value
  const what = kind() === 'labels' ? 'labels correct' : 'score'
  return (
    <>
      {(['test', 'training'] as const).map((which) => {
        const share = which === 'test' ? current?.test?.accuracy : current?.train.accuracy
        return (
          <div key={which}>
            <dt>
              <Term name={which === 'test' ? 'testScore' : 'trainingScore'}>
                {which} {what}
              </Term>
            </dt>
            <dd>
              <Value name={`${which}-score`} number={share}>
                {share === undefined ? '–' : percent(share)}
              </Value>
            </dd>
          </div>
        )
      })}
    </>
  )
}

/** For regression: R², and the mean absolute error where there is one target; several targets have different units. */
function RegressionScore() {
  const report = evaluation.value
  const error = report?.error
  const [target, ...others] = data.value?.shown.targets ?? []
  const which = report?.on === 'training' ? 'training' : 'test'
  return (
    <>
      <div>
        <dt>
          <Term name="r2">{which} R²</Term>
          {others.length > 0 && `, mean of ${others.length + 1}`}
        </dt>
        <dd>
          <Value name={`${which}-score`} number={error?.r2}>
            {error ? formatScore(error.r2) : '–'}
          </Value>
        </dd>
      </div>
      {others.length === 0 && (
        <div>
          <dt title={target && `mean absolute error of ${target}`}>
            <Term name="meanError">mean error</Term>
          </dt>
          <dd>{error ? formatNumber(error.mean) : '–'}</dd>
        </div>
      )}
    </>
  )
}
