import { useState } from 'preact/hooks'
import { stages } from './backpropagation.ts'
import { Ending } from './ending.tsx'
import { allZero } from './formulas.ts'
import { computeStep, defaults, type TrainingStep, xorSamples } from './lesson.ts'
import { NetworkDrawing } from './network.tsx'
import { Stepper, Suggestion } from './parts.tsx'
import { Repetition } from './repetition.tsx'
import { Tex } from './tex.tsx'
import { type Lesson, startLesson, trainSamples } from './training.ts'

/** The run of the other tab that trains this network: on points, of which each quadrant is a row of the truth table. */
const runFor = ({ seed, learningRate }: Lesson) => ({
  problem: 'xor' as const,
  samples: 200,
  seed,
  noise: 0,
  test: 0.2,
  hidden: [2],
  activations: ['sigmoid' as const, 'sigmoid' as const],
  loss: 'quadratic' as const,
  optimizer: 'sgd' as const,
  init: 'standardNormal' as const,
  learningRate,
  batch: 1,
})

/** Why most numbers of a stage are 0; undefined if they are not. */
function whyZero({ sample, deltas }: TrainingStep, stage: number): string | undefined {
  if (allZero(deltas.flat())) return 'The network has learned this sample: every δ is 0.000, so nothing changes.'
  const usesInputs = stage >= stages.findIndex(({ name }) => name === 'Gradients')
  if (usesInputs && sample.x.every((value) => value === 0))
    return 'Both inputs of this sample are 0, so all derivatives of W¹ are 0. Other samples show more.'
  return undefined
}

/** A 2-2-2 network that learns XOR, one sample after another, with every stage of the training step. */
export function TwoLayers() {
  const [lesson, change] = useState(() => startLesson(defaults.layers.seed, defaults.layers.learningRate))
  const { layers, sample, stage, learningRate } = lesson
  const step = computeStep(layers, xorSamples[sample]!, learningRate)
  const { title, why, tex } = stages[stage]!
  const zero = whyZero(step, stage)
  return (
    <>
      <div class="learn-columns even">
        <section class="panel" aria-labelledby="layers-title">
          <h2 id="layers-title">
            A 2-2-2 network, sample {sample + 1} of 4: {step.sample.x.join(' xor ')}
          </h2>
          <NetworkDrawing step={step} stage={stage} />
        </section>
        <section class="panel stage" aria-label="Current stage">
          <Stepper
            names={stages.map(({ name }) => name)}
            stage={stage}
            go={(to) => {
              change({ ...lesson, stage: to })
            }}
            finish={{
              text: 'Next sample',
              act: () => {
                change({ ...trainSamples(lesson, 1), stage: 0 })
              },
            }}
          />
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
          {zero && (
            <Suggestion
              text="Show the next sample"
              act={() => {
                change(trainSamples(lesson, 1))
              }}
            >
              {zero}
            </Suggestion>
          )}
          <p class="hint">Numbers are rounded for display.</p>
        </section>
      </div>
      <Repetition lesson={lesson} change={change} />
      <Ending page={3} run={runFor(lesson)}>
        The other tab trains the same network with the same learning rate. XOR is a picture there: the points of a
        quadrant belong to one row of the truth table. The two hidden neurons make two lines, which is enough for about
        9 of 10 points. How many more does it need for all of them?
      </Ending>
    </>
  )
}
