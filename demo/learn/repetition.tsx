import { formatNumber } from './formulas.ts'
import { defaults, isCorrect, xorSamples } from './lesson.ts'
import { NumberField, Rate, Suggestion } from './parts.tsx'
import { CostCurve, TruthTable } from './progress.tsx'
import { learnsXor, nextSeed } from './seeds.ts'
import { type Lesson, startLesson, trainSamples } from './training.ts'

interface LessonProps {
  lesson: Lesson
  change: (to: Lesson) => void
}

/** The number of samples after which the page explains why the network has not learned XOR. */
const PATIENCE = 1000

/** Explains why training sticks, and offers a start from which it does not. */
function Stuck({ lesson: { layers, seed, learningRate, history }, change }: LessonProps) {
  const { samples } = history.at(-1)!
  const solved = xorSamples.every((sample) => isCorrect(layers, sample))
  if (solved || samples < PATIENCE || learnsXor(seed, learningRate)) return null
  const better = nextSeed(seed, learningRate)
  if (better === undefined) {
    const { learningRate: usual } = defaults.layers
    return (
      <Suggestion
        text={`Start again with ${usual}`}
        act={() => {
          change(startLesson(seed, usual))
        }}
      >
        The learning rate {learningRate} is not suitable: the steps are too small to get anywhere, or so large that they
        jump over every solution.
      </Suggestion>
    )
  }
  return (
    <Suggestion
      text={`Start from seed ${better}`}
      act={() => {
        change(startLesson(better, learningRate))
      }}
    >
      Training from seed {seed} sticks. The cost has reached a <b>local minimum</b>: every small change of a weight
      would make it larger, so gradient descent stays there, although better weights exist farther away. Other initial
      weights lead to a solution. In a larger network this is rare.
    </Suggestion>
  )
}

/** Trains on many samples, and shows the cost and the predictions. */
export function Repetition({ lesson, change }: LessonProps) {
  const { layers, seed, learningRate, history, sample } = lesson
  const { cost, samples } = history.at(-1)!
  const correct = xorSamples.filter((one) => isCorrect(layers, one)).length
  const learned = correct === 4 && cost < 0.1
  return (
    <section class="panel repetition" aria-labelledby="repetition-title">
      <div>
        <h2 id="repetition-title">Training on many samples</h2>
        <p>
          Training repeats these seven stages, one sample after another. After a few hundred samples, the network has
          learned XOR.
        </p>
        <div class="row">
          <button
            type="button"
            class="main"
            onClick={() => {
              change(trainSamples(lesson, 100))
            }}
          >
            Train 100 samples
          </button>
          <button
            type="button"
            onClick={() => {
              change(startLesson(seed, learningRate))
            }}
          >
            Reset
          </button>
          <button
            type="button"
            onClick={() => {
              change(startLesson(nextSeed(seed, learningRate) ?? seed + 1, learningRate))
            }}
          >
            New start
          </button>
        </div>
        <div class="row">
          <Rate
            value={learningRate}
            change={(to) => {
              change({ ...lesson, learningRate: to })
            }}
          />
          <NumberField
            label="Seed"
            value={seed}
            min={0}
            max={4294967295}
            step={1}
            change={(to) => {
              change(startLesson(to, learningRate))
            }}
          />
        </div>
        <p class="hint">
          The seed is the number from which the random initial weights are computed. “New start” takes the next seed
          from which the network can learn XOR.
        </p>
        <p class="cost" aria-live="polite">
          After {samples.toLocaleString('en')} samples the cost over all four is <b>{formatNumber(cost)}</b>. {correct}{' '}
          of 4 predictions are correct. {learned && <b class="good">The network has learned XOR.</b>}
        </p>
        <Stuck lesson={lesson} change={change} />
      </div>
      <CostCurve history={history} />
      <TruthTable layers={layers} current={sample} />
    </section>
  )
}
