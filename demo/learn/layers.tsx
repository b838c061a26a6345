import { useState } from 'preact/hooks'
import { told } from './formulas.ts'
import { defaults, firstLayers, isRight, type Layers, totalCost, walk, xorSamples } from './lesson.ts'
import { NetworkDrawing } from './network.tsx'
import { Rate } from './parts.tsx'
import { CostCurve, type Moment, TruthTable } from './progress.tsx'
import { stages } from './stages.ts'
import { Tex } from './tex.tsx'

interface Lesson {
  layers: Layers
  /** Which of the four samples is walked through, and how far. */
  sample: number
  stage: number
  seed: number
  learningRate: number
  history: readonly Moment[]
}

function begun(seed: number, learningRate: number): Lesson {
  const layers = firstLayers(seed)
  const history = [{ samples: 0, cost: totalCost(layers) }]
  return { layers, sample: defaults.layers.first, stage: 0, seed, learningRate, history }
}

/** The lesson after so many more samples, each with its update. */
function trained(lesson: Lesson, count: number): Lesson {
  let { layers, sample } = lesson
  const history = [...lesson.history]
  for (let i = 0; i < count; i++) {
    layers = walk(layers, xorSamples[sample]!, lesson.learningRate).after
    sample = (sample + 1) % xorSamples.length
    history.push({ samples: history.at(-1)!.samples + 1, cost: totalCost(layers) })
  }
  return { ...lesson, layers, sample, history }
}

const last = stages.length - 1

/** The stages by number, and the way from one to the next. */
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
          if (stage === last) change({ ...trained(lesson, 1), stage: 0 })
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

/** What many samples bring: the cost falls, and the table comes right. */
function Repetition({ lesson, change }: { lesson: Lesson; change: (to: Lesson) => void }) {
  const { layers, seed, learningRate, history, sample } = lesson
  const { cost, samples } = history.at(-1)!
  const right = xorSamples.filter((one) => isRight(layers, one)).length
  const learned = right === 4 && cost < 0.1
  return (
    <section class="panel repetition" aria-labelledby="repetition-title">
      <div>
        <h2 id="repetition-title">Again and again</h2>
        <p>These seven stages, sample after sample, are all there is to it. After some hundreds XOR is learned.</p>
        <div class="row">
          <button
            type="button"
            class="main"
            onClick={() => {
              change(trained(lesson, 100))
            }}
          >
            Train 100 samples
          </button>
          <button
            type="button"
            onClick={() => {
              change(begun(seed, learningRate))
            }}
          >
            Begin again
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
              change(begun(to, learningRate))
            }}
          />
        </div>
        <p class="cost" aria-live="polite">
          After {samples.toLocaleString('en')} samples the cost over all four is <b>{told(cost)}</b>; {right} of 4 are
          right. {learned && <b class="good">XOR is learned.</b>}
        </p>
        <p class="hint">
          From some seeds it gets stuck: a network this small does not find the way from everywhere. More hidden neurons
          make that rare.
        </p>
      </div>
      <CostCurve history={history} />
      <TruthTable layers={layers} current={sample} />
    </section>
  )
}

/** A 2-2-2 network: one sample of XOR after another, stage by stage. */
export function TwoLayers() {
  const [lesson, change] = useState(() => begun(defaults.layers.seed, defaults.layers.learningRate))
  const { layers, sample, stage, learningRate } = lesson
  const steps = walk(layers, xorSamples[sample]!, learningRate)
  const { title, why, tex } = stages[stage]!
  return (
    <>
      <div class="lesson even">
        <section class="panel" aria-labelledby="layers-title">
          <h2 id="layers-title">
            A 2-2-2 network, sample {sample + 1} of 4: {steps.sample.x.join(' xor ')}
          </h2>
          <NetworkDrawing walk={steps} stage={stage} />
        </section>
        <section class="panel stage" aria-label="The present stage">
          <Stepper lesson={lesson} change={change} />
          <div aria-live="polite">
            <h3>
              <span class="number">Stage {stage + 1}</span> {title}
            </h3>
            <p>{why(steps)}</p>
          </div>
          <div class="equations">
            {tex(steps).map((formula, i) => (
              <Tex key={`${stage}-${i}`} tex={formula} label={`${title}, formula ${i + 1}`} />
            ))}
          </div>
          <p class="hint">Shown with three decimals, computed with all.</p>
        </section>
      </div>
      <Repetition lesson={lesson} change={change} />
    </>
  )
}
