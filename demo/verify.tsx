import type { Verification } from '../src/index.ts'
import { Notices } from './notices.tsx'
import { verification, verifyNow } from './state.ts'

/** Compares each stage of a training step on the GPU with float64 on the CPU, for the current network and data. */
export function Verify() {
  const state = verification.value
  return (
    <section class="panel" aria-labelledby="verify-title">
      <h2 id="verify-title">Verify this GPU</h2>
      <p class="hint">
        Runs every stage of a training step on this GPU and in a float64 reference, and compares the results.
      </p>
      <button type="button" disabled={state === 'running'} onClick={verifyNow}>
        {state === 'running' ? 'Comparing …' : 'Verify on this GPU'}
      </button>
      <Notices about="verify" />
      <div aria-live="polite">{state && state !== 'running' && <Table result={state} />}</div>
    </section>
  )
}

/** The display names of the stages. */
const stageNames = {
  forward: 'weighted sums',
  activation: 'activations',
  delta: 'deltas',
  weightGradient: 'gradients of the weights',
  biasGradient: 'gradients of the biases',
  update: 'update',
}

function Table({ result: { ok, layers } }: { result: Verification }) {
  return (
    <>
      <p class={ok ? 'good' : 'bad'}>{ok ? 'Every stage agrees.' : 'Some results are incorrect, see below.'}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Stage</th>
            <th scope="col">Largest relative error</th>
            <th scope="col">Agrees</th>
          </tr>
        </thead>
        <tbody>
          {layers.flatMap(({ layer, ...checks }) =>
            Object.entries(checks).map(([stage, check]) => (
              <tr key={`${layer}-${stage}`}>
                <td>{layer}</td>
                <td>{stageNames[stage as keyof typeof stageNames]}</td>
                <td>{check.error.toExponential(1)}</td>
                <td>{check.ok ? 'yes' : 'no'}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </>
  )
}
