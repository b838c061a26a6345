import { change, progress, rates, running, settings } from './state.ts'

const perSecond = (value: number) =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)} million` : Math.round(value).toLocaleString('en')
const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** What runs, how fast, and how well the network does. */
export function Status() {
  const backend = running.value
  const current = progress.value
  return (
    <section class="status" aria-label="State of the run">
      <dl>
        <div class="wide">
          <dt>Runs on</dt>
          <dd>{backend ? `${backend.name === 'webgpu' ? 'GPU' : 'CPU'}: ${backend.description}` : 'starting …'}</dd>
        </div>
        <div>
          <dt>Samples a second</dt>
          <dd>{current?.samplesPerSecond ? perSecond(current.samplesPerSecond) : '–'}</dd>
        </div>
        <div>
          <dt>Epochs a second</dt>
          <dd>{current?.epochsPerSecond ? perSecond(current.epochsPerSecond) : '–'}</dd>
        </div>
        <div>
          <dt>Training score</dt>
          <dd data-testid="train-score">{current ? percent(current.train.accuracy) : '–'}</dd>
        </div>
        <div>
          <dt>Test score</dt>
          <dd data-testid="test-score">{current?.test ? percent(current.test.accuracy) : '–'}</dd>
        </div>
        <div>
          <dt>Loss</dt>
          <dd>{current ? current.train.loss.toPrecision(3) : '–'}</dd>
        </div>
      </dl>
      <fieldset class="backend">
        <legend>Train on</legend>
        {(['auto', 'webgpu', 'cpu'] as const).map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="backend"
              checked={settings.value.backend === name}
              onChange={() => {
                change({ backend: name })
              }}
            />
            {name === 'auto' ? 'best' : name === 'webgpu' ? 'GPU' : 'CPU'}
            {rates.value[name] && <small> {perSecond(rates.value[name])}/s</small>}
          </label>
        ))}
      </fieldset>
    </section>
  )
}
