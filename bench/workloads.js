// The four benchmark workloads: shapes, settings and random data for this library and for others.

/** A linear congruential generator, so that the data do not depend on the library under test. */
function randomNumbers(seed) {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** @typedef {{ name: string, sizes: number[], hidden: string, output: string, loss: string, optimizer: 'sgd' | 'adam',
 *   learningRate: number, batchSize: number, samples: number }} Workload */

/** @type {Record<string, Workload>} */
export const workloads = {
  W1: { name: '2-3-2 sigmoid, quadratic, batch 10', sizes: [2, 3, 2], hidden: 'sigmoid', output: 'sigmoid', loss: 'quadratic', optimizer: 'sgd', learningRate: 0.5, batchSize: 10, samples: 500 }, // prettier-ignore
  W2: { name: '784-30-10 sigmoid, quadratic, batch 10', sizes: [784, 30, 10], hidden: 'sigmoid', output: 'sigmoid', loss: 'quadratic', optimizer: 'sgd', learningRate: 3, batchSize: 10, samples: 2000 }, // prettier-ignore
  W3: { name: '784-128-10 relu, softmax + crossEntropy, batch 64', sizes: [784, 128, 10], hidden: 'relu', output: 'softmax', loss: 'crossEntropy', optimizer: 'sgd', learningRate: 0.1, batchSize: 64, samples: 2048 }, // prettier-ignore
  W4: { name: '1024-1024-1024-1024 relu, meanSquaredError, batch 256', sizes: [1024, 1024, 1024, 1024], hidden: 'relu', output: 'linear', loss: 'meanSquaredError', optimizer: 'sgd', learningRate: 0.01, batchSize: 256, samples: 512 }, // prettier-ignore
}

/** Inputs in [0, 1); one-hot targets for up to 10 outputs, else targets in [0, 1). Row-major float32. */
export function makeData({ sizes, samples }, seed = 1) {
  const random = randomNumbers(seed)
  const inputs = sizes[0]
  const outputs = sizes.at(-1)
  const x = new Float32Array(samples * inputs)
  for (let i = 0; i < x.length; i++) x[i] = random()
  const y = new Float32Array(samples * outputs)
  for (let i = 0; i < samples; i++) {
    if (outputs <= 10) y[i * outputs + Math.floor(random() * outputs)] = 1
    else for (let j = 0; j < outputs; j++) y[i * outputs + j] = random()
  }
  return { x, y }
}

/** Floating-point operations of one step: two per multiply-add; the first layer propagates no delta. */
export function flopsPerStep({ sizes, batchSize }) {
  const weights = sizes.slice(1).reduce((sum, size, l) => sum + size * sizes[l], 0)
  return batchSize * (6 * weights - 2 * sizes[0] * sizes[1])
}

/** The number of weights and biases. */
export function countParameters({ sizes }) {
  return sizes.slice(1).reduce((sum, size, l) => sum + size * (sizes[l] + 1), 0)
}

/**
 * The minimum number of bytes that a step with sgd moves if caches serve all intermediate values: each parameter read and
 * written once, and the inputs and targets of the minibatch read once, all float32.
 */
export function bytesPerStep(workload) {
  const { sizes, batchSize } = workload
  return 4 * (2 * countParameters(workload) + batchSize * (sizes[0] + sizes.at(-1)))
}
