import { type BackendName, backendNames } from '../../src/index.ts'
import { perSecond, shortRate } from '../numbers.ts'
import { activeBackend, change, notices, progress, rates, settings, wallBackend } from '../state.ts'
import { Term } from '../terms/term.tsx'
import { Value, type ValueName } from '../value.tsx'

const backendLabels: Readonly<Record<BackendName, string>> = {
  auto: 'Automatic',
  webgpu: 'GPU (WebGPU)',
  wasm: 'CPU (WebAssembly)',
  cpu: 'CPU (JavaScript)',
}
const shortLabels: Readonly<Record<string, string>> = { webgpu: 'GPU', wasm: 'CPU', cpu: 'CPU' }

/** A description of the backend; advice in parentheses about the browser is left out, since a notice gives it where it is needed. */
const describeBackend = ({ name, description }: { name: string; description: string }) =>
  `${name === 'webgpu' ? 'GPU: ' : ''}${description.replace(/ \(in Chrome[^)]*\)/, '')}`

/** What the networks of the tab run on and how fast; opens the details, where another backend can be chosen. */
export function BackendChip() {
  const isWall = settings.value.tab === 'wall'
  const backend = (isWall && wallBackend.value) || activeBackend.value
  // The wall shows its own rate.
  const current = isWall ? undefined : progress.value
  const refused = notices.value.backend?.length
  return (
    <div class="chip">
      <button type="button" popovertarget="backend-details" class={refused ? 'bad' : undefined}>
        <Value name="backend" number={backend?.name}>
          {backend ? (shortLabels[backend.name] ?? backend.name) : 'starting …'}
        </Value>
        {current && current.samplesPerSecond > 0 && (
          <span class="rate"> · {shortRate(current.samplesPerSecond)}/s</span>
        )}
        <span aria-hidden="true"> ▾</span>
      </button>
      <section popover="auto" id="backend-details" class="popover status" aria-label="What the network runs on">
        <p>
          <b>Runs on</b> {backend ? describeBackend(backend) : 'starting …'}
        </p>
        <dl>
          <Rate name="samples-per-second" title="Samples per second" rate={current?.samplesPerSecond} />
          <Rate name="epochs-per-second" title="Epochs per second" rate={current?.epochsPerSecond} />
        </dl>
        <fieldset class="backend">
          <legend>
            <Term name="backend">Train on</Term>
          </legend>
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
        </fieldset>
      </section>
    </div>
  )
}

function Rate({ name, title, rate }: { name: ValueName; title: string; rate: number | undefined }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <Value name={name} number={rate}>
          {rate ? perSecond(rate) : '–'}
        </Value>
      </dd>
    </div>
  )
}
