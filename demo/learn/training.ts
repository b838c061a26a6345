import { computeStep, defaults, initialLayers, type Layers, totalCost, xorSamples } from './lesson.ts'
import type { CostPoint } from './progress.tsx'

/** The state of the page that trains a network on XOR. */
export interface Lesson {
  layers: Layers
  /** The index of the current sample, and the stage that is shown. */
  sample: number
  stage: number
  seed: number
  learningRate: number
  history: readonly CostPoint[]
}

export function startLesson(seed: number, learningRate: number): Lesson {
  const layers = initialLayers(seed)
  const history = [{ samples: 0, cost: totalCost(layers) }]
  return { layers, sample: defaults.layers.first, stage: 0, seed, learningRate, history }
}

/** The lesson after training on `count` more samples. */
export function trainSamples(lesson: Lesson, count: number): Lesson {
  let { layers, sample } = lesson
  const history = [...lesson.history]
  for (let i = 0; i < count; i++) {
    layers = computeStep(layers, xorSamples[sample]!, lesson.learningRate).after
    sample = (sample + 1) % xorSamples.length
    history.push({ samples: history.at(-1)!.samples + 1, cost: totalCost(layers) })
  }
  return { ...lesson, layers, sample, history }
}
