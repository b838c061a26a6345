import { told } from './formulas.ts'
import { forward, isRight, type Layers, xorSamples } from './lesson.ts'

/** The cost over the whole table after so many samples. */
export interface Moment {
  samples: number
  cost: number
}

/** No more points than the curve is wide, and always the last. */
function thinned(history: readonly Moment[]): readonly Moment[] {
  const stride = Math.ceil(history.length / 800)
  return history.filter((_, i) => i % stride === 0 || i === history.length - 1)
}

/** The cost over the samples so far, as a line that falls when it is learned. */
export function CostCurve({ history }: { history: readonly Moment[] }) {
  const [first, last] = [history[0]!, history.at(-1)!]
  const top = Math.max(1, ...history.map(({ cost }) => cost))
  const end = Math.max(100, last.samples)
  const points = thinned(history).map(({ samples, cost }) => `${(200 * samples) / end},${80 - (76 * cost) / top}`)
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
        aria-label={`The cost was ${told(first.cost)} at first and is ${told(last.cost)} after ${last.samples} samples`}
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

/** What the network answers to the four samples, and whether that is right. */
export function TruthTable({ layers, current }: { layers: Layers; current: number }) {
  return (
    <table class="truth">
      <caption class="hint">What the network answers now</caption>
      <thead>
        <tr>
          <th scope="col">Sample</th>
          <th scope="col">XOR</th>
          <th scope="col">Outputs</th>
          <th scope="col">Right</th>
        </tr>
      </thead>
      <tbody>
        {xorSamples.map((sample, i) => {
          const right = isRight(layers, sample)
          return (
            <tr key={i} aria-current={i === current}>
              <th scope="row">{sample.x.join(' ')}</th>
              <td>{sample.y[1] === 1 ? 'true' : 'false'}</td>
              <td>{forward(layers, sample.x)[1].a.map(told).join('  ')}</td>
              <td class={right ? 'good' : 'bad'}>{right ? '✓ yes' : '✗ no'}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
