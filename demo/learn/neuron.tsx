import { useMemo, useState } from 'preact/hooks'
import { assignment, column, equation, factor, fixed, precise, short, symbols, term, formatNumber } from './formulas.ts'
import {
  evaluateNeuron,
  defaults,
  initialNeuron,
  gradientOf,
  type Point,
  pointsOf,
  sampleGradient,
  scoreOf,
  type SingleNeuron,
  descend,
} from './lesson.ts'
import { Rate, Steps } from './parts.tsx'
import { Plot } from './plot.tsx'

const { samples, seed, learningRate } = defaults.neuron

const nameOf = ({ y }: Point) => (y === 1 ? 'square' : 'circle')
const list = ({ weights, bias }: SingleNeuron) => [...weights, bias]

/** The formulas from the chosen sample to the update, with the current values. */
function equations(neuron: SingleNeuron, points: readonly Point[], chosen: number, rate: number) {
  const point = points[chosen]!
  const [x1, x2] = point.x
  const [w1, w2] = neuron.weights
  const { z, a } = evaluateNeuron(neuron, point.x)
  const sample = sampleGradient(neuron, point)
  const gradient = gradientOf(neuron, points)
  const parameters = symbols('w_1', 'w_2', 'b')
  return [
    {
      title: 'Weighted input',
      why: 'The neuron computes the weighted sum of its two inputs and its bias. On the line, z is 0.',
      tex: [
        equation(
          'z',
          'w_1 x_1 + w_2 x_2 + b',
          `${fixed(w1)} \\cdot ${factor(x1)} ${term(w2)} \\cdot ${factor(x2)} ${term(neuron.bias)}`,
          fixed(z),
        ),
      ],
    },
    {
      title: 'Activation',
      why: 'σ maps the sum to the range 0 to 1: the prediction is “square” above ½ and “circle” below.',
      tex: [equation('a', '\\sigma(z) = \\frac{1}{1 + e^{-z}}', fixed(a))],
    },
    {
      title: 'Error',
      why: `The point is a ${nameOf(point)}, so the target is ${point.y}. ${a > 0.5 === (point.y === 1) ? 'It is on the correct side of the line; the error can still become smaller.' : 'It is on the wrong side of the line.'}`,
      tex: [equation('y - a', `${point.y} - ${fixed(a)} = ${fixed(point.y - a)}`)],
    },
    {
      title: 'Gradient of this sample',
      why: 'The chain rule for the cost (y − a)² of this sample: the derivative of the cost with respect to a, times that of a with respect to z, times that of z with respect to each parameter.',
      tex: [
        equation(
          '\\delta = \\frac{\\partial C_i}{\\partial z}',
          '-2\\,(y - a) \\cdot a\\,(1 - a)',
          `-2 \\cdot ${factor(point.y - a)} \\cdot ${fixed(a)} \\cdot ${fixed(1 - a)} = ${precise(sample.delta)}`,
        ),
        equation(
          '\\nabla C_i',
          `\\delta ${symbols('x_1', 'x_2', '1')} = ${factor(sample.delta, precise(sample.delta))} ${column([x1, x2, 1])} = ${column(list(sample.gradient), precise)}`,
        ),
      ],
    },
    {
      title: 'Gradient over all samples',
      why: 'The cost C is the mean over all points, so its gradient ∇C is the mean of their gradients. It contains the derivatives with respect to w₁, w₂ and b.',
      tex: [equation('\\nabla C', `\\frac{1}{n} \\sum_{i=1}^{n} \\nabla C_i = ${column(list(gradient), precise)}`)],
    },
    {
      title: 'Update',
      why: 'Each parameter changes in the direction that reduces the cost, by η times its derivative.',
      tex: [
        assignment(
          parameters,
          `${parameters} - \\eta \\, \\nabla C`,
          `${column(list(neuron))} - ${short(rate)} ${column(list(gradient), precise)} = ${column(list(descend(neuron, points, rate)))}`,
        ),
      ],
    },
  ]
}

/** Chooses a sample by its number, as an alternative to clicking on the plot. */
function Chooser({
  points,
  chosen,
  choose,
}: {
  points: readonly Point[]
  chosen: number
  choose: (index: number) => void
}) {
  return (
    <div class="row" role="group" aria-label="Sample of the equations">
      <button
        type="button"
        onClick={() => {
          choose((chosen + points.length - 1) % points.length)
        }}
      >
        Previous
      </button>
      <label class="field grows">
        <span>Sample</span>
        <select
          value={chosen}
          onChange={({ currentTarget }) => {
            choose(Number(currentTarget.value))
          }}
        >
          {points.map((point, i) => (
            <option key={i} value={i}>
              {`${i + 1}: ${nameOf(point)} at (${point.x.map((value) => value.toFixed(2).replace('-', '−')).join(', ')})`}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        onClick={() => {
          choose((chosen + 1) % points.length)
        }}
      >
        Next
      </button>
    </div>
  )
}

/** One neuron with two inputs: training moves its line between the two classes. */
export function OneNeuron() {
  const points = useMemo(() => pointsOf(samples, seed), [])
  const [{ neuron, steps }, setState] = useState({ neuron: initialNeuron, steps: 0 })
  const [chosen, choose] = useState(0)
  const [rate, setRate] = useState<number>(learningRate)
  const { cost, accuracy } = scoreOf(neuron, points)
  const train = (count: number) => {
    setState((before) => {
      let { neuron } = before
      for (let i = 0; i < count; i++) neuron = descend(neuron, points, rate)
      return { neuron, steps: before.steps + count }
    })
  }
  return (
    <div class="lesson">
      <section class="panel" aria-labelledby="neuron-title">
        <h2 id="neuron-title">One neuron separates two classes</h2>
        <p>
          The target is 0 for blue circles and 1 for orange squares. All parameters start at 0.1. Every step moves the
          line to reduce the cost over all points.
        </p>
        <Plot neuron={neuron} points={points} chosen={chosen} choose={choose} />
        <p class="hint">
          The arrow points to the side that the neuron predicts as “square”. Click a point to see its values.
        </p>
        <div class="row">
          {[1, 10, 100].map((count) => (
            <button
              type="button"
              key={count}
              class={count === 1 ? 'main' : undefined}
              onClick={() => {
                train(count)
              }}
            >
              {count === 1 ? 'One step' : `${count} steps`}
            </button>
          ))}
          <button
            type="button"
            onClick={() => {
              setState({ neuron: initialNeuron, steps: 0 })
            }}
          >
            Reset
          </button>
          <Rate value={rate} change={setRate} />
        </div>
        <dl class="figures" aria-live="polite">
          <div>
            <dt>Steps</dt>
            <dd>{steps}</dd>
          </div>
          <div>
            <dt>Cost C = (1/n) Σ(y − a)²</dt>
            <dd>{formatNumber(cost)}</dd>
          </div>
          <div>
            <dt>Accuracy</dt>
            <dd>{(100 * accuracy).toFixed(1)} %</dd>
          </div>
        </dl>
      </section>
      <section class="panel" aria-labelledby="step-title">
        <h2 id="step-title">The computation of one step</h2>
        <Chooser points={points} chosen={chosen} choose={choose} />
        <Steps steps={equations(neuron, points, chosen, rate)} />
      </section>
    </div>
  )
}
