import { useState } from 'preact/hooks'
import { formatNumber } from './formulas.ts'
import { defaults, initialLayers, isCorrect, type Layers, totalCost, computeStep, xorSamples } from './lesson.ts'
import { NetworkDrawing } from './network.tsx'
import { Rate } from './parts.tsx'
import { CostCurve, type CostPoint, TruthTable } from './progress.tsx'
import { stages } from './backpropagation.ts'
import { Tex } from './tex.tsx'

interface Lesson {
  layers: Layers
  /** The index of the current sample, and the stage that is shown. */
  sample: number
  stage: number
  seed: number
  learningRate: number
  history: readonly CostPoint[]
}

function startLesson(seed: number, learningRate: number): Lesson {
  const layers = initialLayers(seed)
  const history = [{ samples: 0, cost: totalCost(layers) }]
  return { layers, sample: defaults.layers.first, stage: 0, seed, learningRate, history }
}

/** The lesson after training on `count` more samples. */
function trainSamples(lesson: Lesson, count: number): Lesson {
  let { layers, sample } = lesson
  const history = [...lesson.history]
  for (let i = 0; i < count; i++) {
    layers = computeStep(layers, xorSamples[sample]!, lesson.learningRate).after
    sample = (sample + 1) % xorSamples.length
    history.push({ samples: history.at(-1)!.samples + 1, cost: totalCost(layers) })
  }
  return { ...lesson, layers, sample, history }
}

const last = stages.length - 1

/** Buttons for every stage, and for the previous and the next one. */
function Stepper({ lesson, change }: { lesson: Lesson; change: (to: Lesson) => void }) {
  const { stage } = lesson
  const go = (to: number) => {
    change({ ...lesson, stage: to })
  }
  return (
    <div class="stepper">
      <button
        type="button"
        disabled={stage === 0}
        onClick={() => {
          go(stage - 1)
        }}
      >
        Back
      </button>
      <ol aria-label="Stages">
        {stages.map(({ name }, i) => (
          <li key={name}>
            <button
              type="button"
              class={i < stage ? 'done' : undefined}
              aria-label={`Stage ${i + 1}: ${name}`}
              aria-current={i === stage ? 'step' : undefined}
              title={name}
              onClick={() => {
                go(i)
              }}
            >
              {i + 1}
            </button>
          </li>
        ))}
      </ol>
      <button
        type="button"
        class="main"
        onClick={() => {
          if (stage === last) change({ ...trainSamples(lesson, 1), stage: 0 })
          else go(stage + 1)
        }}
      >
        {stage === last ? 'Next sample' : 'Next'}
      </button>
    </div>
  )
}

function SeedField({ value, change }: { value: number; change: (value: number) => void }) {
  return (
    <label class="field small">
      <span>Seed</span>
      <input
        type="number"
        value={value}
        min={0}
        max={4294967295}
        step={1}
        onChange={({ currentTarget }) => {
          if (currentTarget.reportValidity() && currentTarget.value !== '') change(currentTarget.valueAsNumber)
        }}
      />
    </label>
  )
}

/** Trains on many samples, and shows the cost and the predictions. */
function Repetition({ lesson, change }: { lesson: Lesson; change: (to: Lesson) => void }) {
  const { layers, seed, learningRate, history, sample } = lesson
  const { cost, samples } = history.at(-1)!
  const correct = xorSamples.filter((one) => isCorrect(layers, one)).length
  const learned = correct === 4 && cost < 0.1
  return (
    <section class="panel repetition" aria-labelledby="repetition-title">
      <div>
        <h2 id="repetition-title">Training on many samples</h2>
        <p>
          Training repeats these seven stages for every sample. After a few hundred samples the network has learned XOR.
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
        </div>
        <div class="row">
          <Rate
            value={learningRate}
            change={(to) => {
              change({ ...lesson, learningRate: to })
            }}
          />
          <SeedField
            value={seed}
            change={(to) => {
              change(startLesson(to, learningRate))
            }}
          />
        </div>
        <p class="cost" aria-live="polite">
          After {samples.toLocaleString('en')} samples the cost over all four is <b>{formatNumber(cost)}</b>. {correct}{' '}
          of 4 predictions are correct. {learned && <b class="good">The network has learned XOR.</b>}
        </p>
        <p class="hint">
          With some seeds training does not converge to a solution, because the network is very small. With more hidden
          neurons this is rare.
        </p>
      </div>
      <CostCurve history={history} />
      <TruthTable layers={layers} current={sample} />
    </section>
  )
}

/** A 2-2-2 network that learns XOR, one sample after another, with every stage of the training step. */
export function TwoLayers() {
  const [lesson, change] = useState(() => startLesson(defaults.layers.seed, defaults.layers.learningRate))
  const { layers, sample, stage, learningRate } = lesson
  const step = computeStep(layers, xorSamples[sample]!, learningRate)
  const { title, why, tex } = stages[stage]!
  return (
    <>
      <div class="lesson even">
        <section class="panel" aria-labelledby="layers-title">
          <h2 id="layers-title">
            A 2-2-2 network, sample {sample + 1} of 4: {step.sample.x.join(' xor ')}
          </h2>
          <NetworkDrawing step={step} stage={stage} />
        </section>
        <section class="panel stage" aria-label="Current stage">
          <Stepper lesson={lesson} change={change} />
          <div aria-live="polite">
            <h3>
              <span class="number">Stage {stage + 1}</span> {title}
            </h3>
            <p>{why(step)}</p>
          </div>
          <div class="equations">
            {tex(step).map((formula, i) => (
              <Tex key={`${stage}-${i}`} tex={formula} label={`${title}, formula ${i + 1}`} />
            ))}
          </div>
          <p class="hint">Values are rounded to three decimals for display.</p>
        </section>
      </div>
      <Repetition lesson={lesson} change={change} />
    </>
  )
}
