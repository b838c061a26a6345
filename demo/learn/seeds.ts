import { computeStep, defaults, initialLayers, isCorrect, type Layers, xorSamples } from './lesson.ts'

/** How many samples to train on before the network is checked. */
const STRIDE = 100
/** The number of samples after which a network that still misclassifies one is considered stuck. */
const LIMIT = 4000
/** A good start needs no more samples than this. */
const GOOD = 800

const results = new Map<string, number>()

/** After how many samples, at most `limit`, the 2-2-2 network has learned XOR; Infinity if it has not. */
function samplesToLearn(seed: number, learningRate: number, limit: number): number {
  const key = `${seed} ${learningRate} ${limit}`
  const known = results.get(key)
  if (known !== undefined) return known
  const samples = trainUntilLearned(seed, learningRate, limit)
  results.set(key, samples)
  return samples
}

function trainUntilLearned(seed: number, learningRate: number, limit: number): number {
  let layers: Layers = initialLayers(seed)
  for (let i = 0; i < limit; i++) {
    layers = computeStep(layers, xorSamples[(defaults.layers.first + i) % xorSamples.length]!, learningRate).after
    if ((i + 1) % STRIDE === 0 && xorSamples.every((sample) => isCorrect(layers, sample))) return i + 1
  }
  return Infinity
}

/** Whether the 2-2-2 network learns XOR from a seed with a learning rate. */
export const learnsXor = (seed: number, learningRate: number): boolean =>
  samplesToLearn(seed, learningRate, LIMIT) < Infinity

/** The number of seeds that {@link nextSeed} tries; more would take too long if the learning rate is unsuitable. */
const MAX_TRIES = 20
/** Seeds are 32-bit integers. */
const SEEDS = 2 ** 32

/** The next seed from which the network learns XOR quickly; undefined if none of the next seeds does. */
export function nextSeed(seed: number, learningRate: number): number | undefined {
  for (let i = 1; i <= MAX_TRIES; i++) {
    const next = (seed + i) % SEEDS
    if (samplesToLearn(next, learningRate, GOOD) <= GOOD) return next
  }
  return undefined
}
