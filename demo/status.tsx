import { type BackendName, backendNames } from '../src/index.ts'
import { Notices } from './notices.tsx'
import { formatScore, percent, perSecond, formatNumber } from './numbers.ts'
import { change, data, evaluation, kind, progress, rates, activeBackend, settings } from './state.ts'

const backendLabels: Readonly<Record<BackendName, string>> = {
  auto: 'best',
  webgpu: 'GPU',
  wasm: 'WebAssembly',
  cpu: 'JavaScript',
}

/** The backend, its speed, and the current scores. */
export function Status() {
  const backend = activeBackend.value
  const current = progress.value
  return (
    <section class="status" aria-label="Status of the run">
      <dl>
        <div class="wide">
          <dt>Runs on</dt>
          <dd>{backend ? `${backend.name === 'webgpu' ? 'GPU: ' : ''}${backend.description}` : 'starting …'}</dd>
        </div>
        <div>
          <dt>Samples per second</dt>
          <dd>{current?.samplesPerSecond ? perSecond(current.samplesPerSecond) : '–'}</dd>
        </div>
        <div>
          <dt>Epochs per second</dt>
          <dd>{current?.epochsPerSecond ? perSecond(current.epochsPerSecond) : '–'}</dd>
        </div>
        {kind() === 'regression' ? <RegressionScore /> : <Scores />}
        <div>
          <dt>Loss</dt>
          <dd>{current ? formatNumber(current.train.loss) : '–'}</dd>
        </div>
      </dl>
      <fieldset class="backend">
        <legend>Train on</legend>
        {backendNames.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="backend"
              checked={settings.value.backend === name}
              onChange={() => {
                change({ backend: name })
              }}
            />
            {backendLabels[name]}
            {rates.value[name] && <small> {perSecond(rates.value[name])}/s</small>}
          </label>
        ))}
        <Notices about="backend" />
      </fieldset>
    </section>
  )
}

function Scores() {
  const current = progress.value
  const score = (of: { accuracy?: number } | null | undefined) =>
    of?.accuracy === undefined ? '–' : percent(of.accuracy)
  const what = kind() === 'labels' ? 'labels correct' : 'score'
  return (
    <>
      <div>
        <dt>Training {what}</dt>
        <dd data-testid="train-score">{score(current?.train)}</dd>
      </div>
      <div>
        <dt>Test {what}</dt>
        <dd data-testid="test-score">{score(current?.test)}</dd>
      </div>
    </>
  )
}

/** The mean absolute error, which replaces the scores for regression; R² for several targets, whose units differ. */
function RegressionScore() {
  const error = evaluation.value?.error
  const [target, ...others] = data.value?.shown.targets ?? []
  if (others.length > 0) {
    return (
      <div>
        <dt>R², mean of {others.length + 1} targets</dt>
        <dd>{error ? formatScore(error.r2) : '–'}</dd>
      </div>
    )
  }
  return (
    <div>
      <dt>Mean error{target && ` of ${target}`}</dt>
      <dd>{error ? formatNumber(error.mean) : '–'}</dd>
    </div>
  )
}
