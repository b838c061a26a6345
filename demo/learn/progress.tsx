import { formatNumber } from './formulas.ts'
import { forward, isCorrect, type Layers, xorSamples } from './lesson.ts'

/** The cost over the truth table after training on `samples` samples. */
export interface CostPoint {
  samples: number
  cost: number
}

/** Limits the number of points on the curve, and always includes the last one. */
function thin(history: readonly CostPoint[]): readonly CostPoint[] {
  const stride = Math.ceil(history.length / 800)
  return history.filter((_, i) => i % stride === 0 || i === history.length - 1)
}

/** The cost over the number of training samples. */
export function CostCurve({ history }: { history: readonly CostPoint[] }) {
  const [first, last] = [history[0]!, history.at(-1)!]
  const top = Math.max(1, ...history.map(({ cost }) => cost))
  const end = Math.max(100, last.samples)
  const points = thin(history).map(({ samples, cost }) => `${(200 * samples) / end},${80 - (76 * cost) / top}`)
  return (
    <figure class="cost-curve">
      <figcaption class="hint">Cost over the four samples</figcaption>
      <div class="axis-y" aria-hidden="true">
        <span>{top.toFixed(1)}</span>
        <span>0</span>
      </div>
      <svg
        viewBox="0 0 200 80"
        preserveAspectRatio="none"
        role="img"
        aria-label={`The cost started at ${formatNumber(first.cost)} and is ${formatNumber(last.cost)} after ${last.samples} samples`}
      >
        <path class="axis" d="M0 0 V80 H200" />
        <polyline points={points.join(' ')} />
        <path class="now" d={`M${points.at(-1)!} h0`} />
      </svg>
      <div class="axis-x" aria-hidden="true">
        <span>0</span>
        <span>{end} samples</span>
      </div>
    </figure>
  )
}

/** The outputs for the four samples, and whether the predictions are correct. */
export function TruthTable({ layers, current }: { layers: Layers; current: number }) {
  return (
    <table class="truth">
      <caption class="hint">Current outputs of the network</caption>
      <thead>
        <tr>
          <th scope="col">Sample</th>
          <th scope="col">XOR</th>
          <th scope="col">Outputs</th>
          <th scope="col">Correct</th>
        </tr>
      </thead>
      <tbody>
        {xorSamples.map((sample, i) => {
          const correct = isCorrect(layers, sample)
          return (
            <tr key={i} aria-current={i === current}>
              <th scope="row">{sample.x.join(' ')}</th>
              <td>{sample.y[1] === 1 ? 'true' : 'false'}</td>
              <td>{forward(layers, sample.x)[1].a.map(formatNumber).join('  ')}</td>
              <td class={correct ? 'good' : 'bad'}>{correct ? '✓ yes' : '✗ no'}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
