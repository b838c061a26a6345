import { useMemo, useState } from 'preact/hooks'
import { assignment, column, equation, factor, fixed, precise, short, symbols, term, told } from './formulas.ts'
import {
  answer,
  defaults,
  firstSingle,
  gradientOf,
  type Point,
  pointsOf,
  sampleGradient,
  scoreOf,
  type Single,
  stepped,
} from './lesson.ts'
import { Rate, Steps } from './parts.tsx'
import { Plot } from './plot.tsx'

const { samples, seed, learningRate } = defaults.neuron

const nameOf = ({ y }: Point) => (y === 1 ? 'square' : 'circle')
const list = ({ weights, bias }: Single) => [...weights, bias]

/** From the chosen sample to the update, with the numbers of now. */
function equations(neuron: Single, points: readonly Point[], chosen: number, rate: number) {
  const point = points[chosen]!
  const [x1, x2] = point.x
  const [w1, w2] = neuron.weights
  const { z, a } = answer(neuron, point.x)
  const own = sampleGradient(neuron, point)
  const gradient = gradientOf(neuron, points)
  const parameters = symbols('w_1', 'w_2', 'b')
  return [
    {
      title: 'Weighted input',
      why: 'The neuron weighs its two inputs and adds its bias. Where z is 0, there is the line.',
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
      why: 'σ squeezes the sum into 0 to 1: the answer is “square” above ½, “circle” below.',
      tex: [equation('a', '\\sigma(z) = \\frac{1}{1 + e^{-z}}', fixed(a))],
    },
    {
      title: 'Error',
      why: `The point is a ${nameOf(point)}, so the answer should be ${point.y}. ${a > 0.5 === (point.y === 1) ? 'It is on the right side already; the answer can still come closer.' : 'It is on the wrong side.'}`,
      tex: [equation('y - a', `${point.y} - ${fixed(a)} = ${fixed(point.y - a)}`)],
    },
    {
      title: 'Gradient of this sample',
      why: 'By the chain rule, for the cost (y − a)² of this sample: how the cost changes with a, times how a changes with z, times how z changes with each parameter.',
      tex: [
        equation(
          '\\delta = \\frac{\\partial C_i}{\\partial z}',
          '-2\\,(y - a) \\cdot a\\,(1 - a)',
          `-2 \\cdot ${factor(point.y - a)} \\cdot ${fixed(a)} \\cdot ${fixed(1 - a)} = ${precise(own.delta)}`,
        ),
        equation(
          '\\nabla C_i',
          `\\delta ${symbols('x_1', 'x_2', '1')} = ${factor(own.delta, precise(own.delta))} ${column([x1, x2, 1])} = ${column(list(own.gradient), precise)}`,
        ),
      ],
    },
    {
      title: 'Gradient over all samples',
      why: 'The cost C is the mean over the points, so its gradient ∇C is the mean of their gradients. It lists how fast the cost rises with w₁, w₂ and b.',
      tex: [equation('\\nabla C', `\\frac{1}{n} \\sum_{i=1}^{n} \\nabla C_i = ${column(list(gradient), precise)}`)],
    },
    {
      title: 'Update',
      why: 'Where the cost rises with a parameter, it is made smaller, else larger: a step down the slope, η times as long as the slope is steep.',
      tex: [
        assignment(
          parameters,
          `${parameters} - \\eta \\, \\nabla C`,
          `${column(list(neuron))} - ${short(rate)} ${column(list(gradient), precise)} = ${column(list(stepped(neuron, points, rate)))}`,
        ),
      ],
    },
  ]
}

/** A sample by its number, for those who cannot or do not want to click on the plot. */
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
    <div class="row" role="group" aria-label="Which sample the equations are about">
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

/** One neuron, two inputs: a line is moved until it lies between two classes. */
export function OneNeuron() {
  const points = useMemo(() => pointsOf(samples, seed), [])
  const [{ neuron, steps }, setState] = useState({ neuron: firstSingle, steps: 0 })
  const [chosen, choose] = useState(0)
  const [rate, setRate] = useState<number>(learningRate)
  const { cost, right } = scoreOf(neuron, points)
  const descend = (count: number) => {
    setState((before) => {
      let { neuron } = before
      for (let i = 0; i < count; i++) neuron = stepped(neuron, points, rate)
      return { neuron, steps: before.steps + count }
    })
  }
  return (
    <div class="lesson">
      <section class="panel" aria-labelledby="neuron-title">
        <h2 id="neuron-title">One neuron divides the plane</h2>
        <p>
          Blue circles should be answered with 0, orange squares with 1. All parameters begin at 0.1; every step moves
          the line so that the cost over all points falls.
        </p>
        <Plot neuron={neuron} points={points} chosen={chosen} choose={choose} />
        <p class="hint">The arrow points to where the neuron says “square”. Click a point to see its numbers.</p>
        <div class="row">
          {[1, 10, 100].map((count) => (
            <button
              type="button"
              key={count}
              class={count === 1 ? 'main' : undefined}
              onClick={() => {
                descend(count)
              }}
            >
              {count === 1 ? 'One step' : `${count} steps`}
            </button>
          ))}
          <button
            type="button"
            onClick={() => {
              setState({ neuron: firstSingle, steps: 0 })
            }}
          >
            Begin again
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
            <dd>{told(cost)}</dd>
          </div>
          <div>
            <dt>Answered right</dt>
            <dd>{(100 * right).toFixed(1)} %</dd>
          </div>
        </dl>
      </section>
      <section class="panel" aria-labelledby="step-title">
        <h2 id="step-title">What one step computes</h2>
        <Chooser points={points} chosen={chosen} choose={choose} />
        <Steps steps={equations(neuron, points, chosen, rate)} />
      </section>
    </div>
  )
}
