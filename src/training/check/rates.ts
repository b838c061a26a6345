import { Device } from '../../backend/webgpu/device/device.ts'
import { measurePeak } from '../../backend/webgpu/device/peak.ts'
import { webgpu } from '../../backend/webgpu/backend.ts'
import { Matrix } from '../../core/matrix.ts'
import { Random } from '../../core/random.ts'
import { Dataset } from '../../data/dataset.ts'
import type { LossName } from '../../loss/loss.ts'
import type { ActivationName } from '../../model/activation.ts'
import { Network } from '../../model/network.ts'
import { sgd } from '../../optimizer/optimizer.ts'
import { Trainer } from '../trainer.ts'

/** A workload whose rate is measured; the names are those of bench/RESULTS.md. */
export interface Workload {
  readonly name: string
  readonly sizes: readonly number[]
  readonly hidden: ActivationName
  readonly output: ActivationName
  readonly loss: LossName
  readonly learningRate: number
  readonly batchSize: number
  readonly samples: number
}

/** The workloads of `npm run bench`. */
export const workloads: readonly Workload[] = [
  { name: 'W1', sizes: [2, 3, 2], hidden: 'sigmoid', output: 'sigmoid', loss: 'quadratic', learningRate: 0.5, batchSize: 10, samples: 500 }, // prettier-ignore
  { name: 'W2', sizes: [784, 30, 10], hidden: 'sigmoid', output: 'sigmoid', loss: 'quadratic', learningRate: 3, batchSize: 10, samples: 2000 }, // prettier-ignore
  { name: 'W3', sizes: [784, 128, 10], hidden: 'relu', output: 'softmax', loss: 'crossEntropy', learningRate: 0.1, batchSize: 64, samples: 2048 }, // prettier-ignore
  { name: 'W4', sizes: [1024, 1024, 1024, 1024], hidden: 'relu', output: 'linear', loss: 'meanSquaredError', learningRate: 0.01, batchSize: 256, samples: 512 }, // prettier-ignore
]

/** The measured rate of a workload. */
export interface Rate {
  readonly name: string
  readonly description: string
  /** The median of the rounds, their minimum and maximum. */
  readonly stepsPerSecond: number
  readonly least: number
  readonly most: number
  /** Floating-point operations per second: two for a multiply-add; the first layer propagates no δ. */
  readonly operationsPerSecond: number
}

/** Inputs in [0, 1); the target 1 for a random class of up to 10 outputs, else targets in [0, 1). */
function uniformData({ sizes, samples }: Pick<Workload, 'sizes' | 'samples'>): Dataset {
  const random = new Random(1, 'data')
  const x = new Matrix(samples, sizes[0]!)
  const y = new Matrix(samples, sizes.at(-1)!)
  for (let i = 0; i < x.data.length; i++) x.data[i] = random.uniform()
  for (let i = 0; i < samples; i++) {
    if (y.cols <= 10) y.data[i * y.cols + random.below(y.cols)] = 1
    else for (let j = 0; j < y.cols; j++) y.data[i * y.cols + j] = random.uniform()
  }
  return Dataset.from(x, y)
}

/** Floating-point operations of one step. */
function operationsOf({ sizes, batchSize }: Pick<Workload, 'sizes' | 'batchSize'>): number {
  const weights = sizes.slice(1).reduce((sum, size, l) => sum + size * sizes[l]!, 0)
  return batchSize * (6 * weights - 2 * sizes[0]! * sizes[1]!)
}

/** Seconds of the training before the first measurement: the library measures its tiles after one second. */
const WARM_UP = 1.3

/** Measures steps per second, as `npm run bench` does: several rounds of the same training, after warming up. */
export async function measureRate(gpu: GPUDevice, workload: Workload, rounds: number, seconds: number): Promise<Rate> {
  const { name, sizes, hidden, output, loss, learningRate, batchSize } = workload
  const network = Network.create({ sizes: [...sizes], hidden, output, seed: 1 })
  const optimizer = sgd({ learningRate })
  const trainer = await Trainer.create(network, {
    backend: webgpu({ device: gpu }),
    loss,
    optimizer,
    batchSize,
    seed: 1,
  })
  try {
    const data = await trainer.load(uniformData(workload))
    const run = makeRun((epochs) => trainer.fit(data, { epochs }))
    await run(WARM_UP)
    await trainer.fit(data, { epochs: 1 })
    const rates: number[] = []
    for (let round = 0; round < rounds; round++) rates.push(await run(seconds))
    rates.sort((a, b) => a - b)
    const stepsPerSecond = rates[Math.floor(rates.length / 2)]!
    return {
      name,
      description: `${sizes.join('-')}, minibatches of ${batchSize}`,
      stepsPerSecond,
      least: rates[0]!,
      most: rates.at(-1)!,
      operationsPerSecond: stepsPerSecond * operationsOf(workload),
    }
  } finally {
    trainer.dispose()
  }
}

/** Trains for about the given seconds, and returns steps per second. The first call does not know how many epochs that takes. */
function makeRun(fit: (epochs: number) => Promise<{ steps: number; seconds: number }>) {
  let epochsPerSecond = 0
  return async (seconds: number): Promise<number> => {
    let epochs = Math.max(1, Math.round(epochsPerSecond * seconds))
    for (;;) {
      const history = await fit(epochs)
      epochsPerSecond = epochs / history.seconds
      if (history.seconds > seconds / 2) return history.steps / history.seconds
      epochs = Math.max(epochs + 1, Math.round(epochsPerSecond * seconds))
    }
  }
}

/** The rate of large matrix products, next to the most that the device reached with multiply-adds alone. */
export interface ProductRate {
  /** Products of n × n matrices. */
  readonly size: number
  /** The measured peak of float32 multiply-adds in registers, in operations per second. */
  readonly peak: number
  /** A whole training step of a network n-n-n with a minibatch of n: five products, in operations per second. */
  readonly step: number
  /** Each kernel by the device's clock; empty where the device has none. */
  readonly kernels: readonly { readonly name: string; readonly operationsPerSecond: number }[]
}

const productSizes = [4096, 2048, 1024, 512, 256]
/** Seconds that a step may take at the measured peak: the largest size below is taken. */
const STEP_SECONDS = 0.15
const productKernels = /^(forward|hiddenDelta|gradient)/

/** Measures the peak, and the products of a training step at a size that the device computes in a fraction of a second. */
export async function measureProducts(gpu: GPUDevice): Promise<ProductRate> {
  const device = Device.from(gpu)
  const peak = await measurePeak(device)
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.limits
  const fits = (n: number) =>
    10 * n ** 3 <= peak * STEP_SECONDS && 4 * n * n <= Math.min(maxStorageBufferBindingSize, maxBufferSize)
  const size = productSizes.find(fits) ?? productSizes.at(-1)!
  return { size, peak, ...(await measureStep(gpu, size)) }
}

async function measureStep(gpu: GPUDevice, n: number) {
  const sizes = [n, n, n]
  const network = Network.create({ sizes, hidden: 'relu', output: 'linear', init: 'lecunNormal', seed: 1 })
  const data = uniformData({ sizes, samples: n })
  const train = async (profile: boolean, seconds: number) => {
    const optimizer = sgd({ learningRate: 1e-4 })
    const backend = webgpu({ device: gpu })
    const trainer = await Trainer.create(network, {
      backend,
      loss: 'meanSquaredError',
      optimizer,
      batchSize: n,
      profile,
    })
    try {
      const loaded = await trainer.load(data)
      const run = makeRun((epochs) => trainer.fit(loaded, { epochs, shuffle: false }))
      await run(seconds)
      const rate = profile ? 0 : await run(seconds / 2)
      return { rate, entries: profile ? trainer.profile().entries : [] }
    } finally {
      trainer.dispose()
    }
  }
  // The first training measures the tiles, which the second one takes.
  const { rate } = await train(false, WARM_UP)
  const { entries } = await train(true, 0.5)
  const kernels = entries
    .filter(({ part, name, seconds }) => part === 'kernel' && productKernels.test(name) && seconds > 0)
    .map(({ name, seconds, count }) => ({ name, operationsPerSecond: (2 * n ** 3 * count) / seconds }))
  return { step: rate * operationsOf({ sizes, batchSize: n }), kernels }
}
