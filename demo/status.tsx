import { Notices } from './notices.tsx'
import { percent, perSecond, told } from './numbers.ts'
import { change, data, examination, kind, progress, rates, running, settings } from './state.ts'

/** What runs, how fast, and how well the network does. */
export function Status() {
  const backend = running.value
  const current = progress.value
  return (
    <section class="status" aria-label="State of the run">
      <dl>
        <div class="wide">
          <dt>Runs on</dt>
          <dd>{backend ? `${backend.name === 'webgpu' ? 'GPU: ' : ''}${backend.description}` : 'starting …'}</dd>
        </div>
        <div>
          <dt>Samples a second</dt>
          <dd>{current?.samplesPerSecond ? perSecond(current.samplesPerSecond) : '–'}</dd>
        </div>
        <div>
          <dt>Epochs a second</dt>
          <dd>{current?.epochsPerSecond ? perSecond(current.epochsPerSecond) : '–'}</dd>
        </div>
        {kind() === 'quantities' ? <Error /> : <Scores />}
        <div>
          <dt>Loss</dt>
          <dd>{current ? told(current.train.loss) : '–'}</dd>
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
        <Notices about="backend" />
      </fieldset>
    </section>
  )
}

function Scores() {
  const current = progress.value
  return (
    <>
      <div>
        <dt>Training score</dt>
        <dd data-testid="train-score">{current ? percent(current.train.accuracy) : '–'}</dd>
      </div>
      <div>
        <dt>Test score</dt>
        <dd data-testid="test-score">{current?.test ? percent(current.test.accuracy) : '–'}</dd>
      </div>
    </>
  )
}

/** For quantities there is no right or wrong, but a distance. */
function Error() {
  const error = examination.value?.error
  const unit = data.value?.shown.target
  return (
    <div>
      <dt>Mean error{unit && ` of ${unit}`}</dt>
      <dd>{error ? told(error.mean) : '–'}</dd>
    </div>
  )
}
