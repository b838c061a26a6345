import { useMemo, useState } from 'preact/hooks'
import { Ending } from './ending.tsx'
import { allZero, formatNumber, largest } from './formulas.ts'
import { defaults, descend, initialNeuron, type Point, pointsOf, sampleGradient, scoreOf } from './lesson.ts'
import { list, nameOf, NeuronSteps } from './neuron-steps.tsx'
import { Chooser, Rate, Suggestion } from './parts.tsx'
import { Plot } from './plot.tsx'

const { samples, seed, learningRate } = defaults.neuron

const describe = (point: Point, i: number) =>
  `${i + 1}: ${nameOf(point)} at (${point.x.map((value) => value.toFixed(2).replace('-', '−')).join(', ')})`

/**
 * The run of the other tab that trains this neuron. Its cost has a factor ½, which the cost of this page does not have,
 * so the same steps need twice the learning rate.
 */
const runFor = (rate: number) => ({
  problem: 'linear' as const,
  samples,
  seed,
  noise: 0,
  test: 0,
  hidden: [],
  activations: ['sigmoid' as const],
  loss: 'quadratic' as const,
  optimizer: 'sgd' as const,
  learningRate: 2 * rate,
  batch: samples,
})

/** One neuron with two inputs: training moves its line between the two classes. */
export function OneNeuron() {
  const points = useMemo(() => pointsOf(samples, seed), [])
  const [{ neuron, steps }, setState] = useState({ neuron: initialNeuron, steps: 0 })
  const [chosen, choose] = useState(0)
  const [rate, setRate] = useState<number>(learningRate)
  const { cost, accuracy } = scoreOf(neuron, points)
  const train = (count: number) => {
    let next = neuron
    for (let i = 0; i < count; i++) next = descend(next, points, rate)
    setState({ neuron: next, steps: steps + count })
    // A point that is learned has derivatives of 0.000, which show nothing; another point still has an error.
    const sizes = points.map((point) => sampleGradient(next, point).delta)
    if (allZero([sizes[chosen]!])) choose(largest(sizes) ?? chosen)
  }
  const reset = () => {
    setState({ neuron: initialNeuron, steps: 0 })
  }
  return (
    <>
      <div class="learn-columns">
        <section class="panel" aria-labelledby="neuron-title">
          <h2 id="neuron-title">One neuron separates two classes</h2>
          <p>
            The neuron should answer 0 for blue circles and 1 for orange squares. Training changes its three{' '}
            <b>parameters</b>, two weights and a bias, which start at 0.1. Each step moves the black line a little, so
            that the neuron makes smaller errors.
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
            <button type="button" onClick={reset}>
              Reset
            </button>
            <Rate value={rate} change={setRate} />
          </div>
          <Plot neuron={neuron} points={points} chosen={chosen} choose={choose} />
          <p class="hint">
            The arrow points to the side that the neuron predicts as “square”. Click a point to see its numbers.
          </p>
          <dl class="learn-figures" aria-live="polite">
            <div>
              <dt>Steps</dt>
              <dd>{steps}</dd>
            </div>
            <div>
              <dt>Cost: mean of (y − a)²</dt>
              <dd>{formatNumber(cost)}</dd>
            </div>
            <div>
              <dt>Accuracy</dt>
              <dd>{(100 * accuracy).toFixed(1)} %</dd>
            </div>
          </dl>
        </section>
        <section class="panel" aria-labelledby="step-title">
          <h2 id="step-title">One step of training, in numbers</h2>
          <Chooser names={points.map(describe)} chosen={chosen} choose={choose} label="Sample of the equations" />
          <LearnedPoint
            sizes={points.map((point) => list(sampleGradient(neuron, point).gradient))}
            chosen={chosen}
            choose={choose}
            reset={reset}
          />
          <NeuronSteps neuron={neuron} points={points} chosen={chosen} rate={rate} />
        </section>
      </div>
      <Ending page={1} run={runFor(rate)}>
        A single neuron draws a single line. Most problems need more: the next page connects neurons to a network. Or
        train this neuron in the other tab, on the same points. It starts from random weights there, and its cost is ½(y
        − a)², so it takes twice the learning rate.
      </Ending>
    </>
  )
}

/** Leads to another point if all derivatives of the chosen one are shown as 0. */
function LearnedPoint({ sizes, chosen, choose, reset }: LearnedProps) {
  if (!allZero(sizes[chosen]!)) return null
  const better = largest(sizes.map((derivatives) => derivatives.at(-1)!))
  if (better === undefined) {
    return (
      <Suggestion text="Start again" act={reset}>
        The neuron has learned every point: all derivatives are 0.000.
      </Suggestion>
    )
  }
  return (
    <Suggestion
      text={`Show sample ${better + 1}`}
      act={() => {
        choose(better)
      }}
    >
      The neuron has learned this point: all of its derivatives are 0.000. Sample {better + 1} has the largest ones.
    </Suggestion>
  )
}

interface LearnedProps {
  /** For each point, its derivatives with respect to w₁, w₂ and b. */
  sizes: readonly (readonly number[])[]
  chosen: number
  choose: (index: number) => void
  reset: () => void
}
