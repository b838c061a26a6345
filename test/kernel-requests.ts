import { webgpu } from '../src/backend/webgpu/backend.ts'
import type { PlanChoice } from '../src/backend/webgpu/options.ts'
import type { Dataset } from '../src/data/dataset.ts'
import type { Network } from '../src/model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { hiddenNames, lossPairs, pixelData, randomData, randomNetwork } from './backends.ts'
import { type AdapterKind, RecordingGPU, type RequestedPipeline } from './recording-gpu.ts'

/**
 * Every kernel that the library requests for all classes of shapes and options, found by training on a device that only
 * records requests. This file names no kernel and no constant, so a new variant needs no change here.
 */

const kinds: readonly AdapterKind[] = [true, false].flatMap((software) =>
  [true, false].map((subgroups) => ({ software, subgroups })),
)

/** Narrow, too wide for the one-pass output layer, and wide enough that sums are divided into slices. */
const widths = [3, 70, 130]
/** One sample, few terms, more than few, and many: gradient sums and the size of a step depend on it. */
const batches = [1, 17, 300]

const optimizers: readonly Optimizer[] = [
  sgd(),
  sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  rmsprop(),
  rmsprop({ centered: true }),
  rmsprop({ centered: true, momentum: 0.5 }),
  adagrad(),
  adam(),
  adamw(),
  nadam({ weightDecay: 0.01 }),
  nadam({ weightDecay: 0.01, decoupledWeightDecay: true }),
]

/** Trains, scores, predicts and computes gradients, on data of each form. */
async function useEverything(
  gpu: RecordingGPU,
  network: Network,
  data: readonly Dataset[],
  options: TrainerOptions,
  plan: PlanChoice = 'auto',
): Promise<void> {
  const trainer = await Trainer.create(network, { seed: 1, ...options, backend: webgpu({ device: gpu.device, plan }) })
  for (const one of data) {
    await trainer.fit(one, { epochs: 1 })
    if (one.weights) continue
    await trainer.predict(one.inputs)
    await trainer.gradients(one.inputs, one.targets)
  }
  await trainer.evaluate(data[0]!)
  trainer.dispose()
}

const dataOf = (network: Network, forms: readonly ((inputs: number, outputs: number) => Dataset)[]) =>
  forms.map((form) => form(network.sizes[0]!, network.sizes.at(-1)!))

const floats = (inputs: number, outputs: number) => randomData(2, inputs, outputs, 1)
const bytes = (inputs: number, outputs: number) => pixelData(2, inputs, outputs, 1)
const weighted = (inputs: number, outputs: number) => floats(inputs, outputs).withWeights([1, 2])
const weightedBytes = (inputs: number, outputs: number) => bytes(inputs, outputs).withWeights([1, 2])

/** Shapes that the plans treat differently, with dropout and clipping on and off. */
async function collectShapes(gpu: RecordingGPU): Promise<void> {
  const pairs = widths.flatMap((inputs) => widths.map((outputs) => [inputs, outputs]))
  const shapes = [...pairs, ...pairs.flatMap((pair) => widths.map((outputs) => [...pair, outputs]))]
  for (const sizes of shapes) {
    const network = randomNetwork(sizes, 'tanh', 'softmax', 1)
    // The first layer reads bytes and the last one reads weights; only in the first shapes are they the same layer.
    const data = dataOf(network, [floats, bytes, weighted, ...(sizes.length === 2 ? [weightedBytes] : [])])
    for (const batchSize of batches) {
      for (const dropout of [0, 0.5]) {
        for (const optimizer of [sgd(), sgd({ clipNorm: 1 })]) {
          const options = { loss: 'crossEntropy', batchSize, dropout, optimizer } as const
          await useEverything(gpu, network, data, options)
        }
      }
    }
  }
}

/** Every activation, loss and optimizer rule, with both plans and each form of the resident plan. */
async function collectFormulas(gpu: RecordingGPU): Promise<void> {
  const train = (network: Network, options: TrainerOptions, plan: PlanChoice) =>
    useEverything(gpu, network, dataOf(network, [floats]), { batchSize: 4, ...options }, plan)
  for (const sizes of [
    [2, 3, 2],
    [4, 17, 9],
  ]) {
    for (const plan of ['layered', 'resident'] as const) {
      for (const hidden of hiddenNames) await train(randomNetwork(sizes, hidden, 'sigmoid', 1), {}, plan)
      for (const [loss, output] of lossPairs) await train(randomNetwork(sizes, 'tanh', output, 1), { loss }, plan)
      for (const optimizer of optimizers) {
        for (const l1 of [0, 0.1]) await train(randomNetwork(sizes, 'tanh', 'tanh', 1), { optimizer, l1 }, plan)
      }
    }
  }
}

/** The distinct requests. */
export async function requestedKernels(): Promise<RequestedPipeline[]> {
  const requests = new Map<string, RequestedPipeline>()
  for (const kind of kinds) {
    const gpu = await RecordingGPU.trusted(kind)
    await collectShapes(gpu)
    if (!kind.software) await collectFormulas(gpu)
    for (const request of gpu.pipelines) requests.set(`${request.code} ${JSON.stringify(request.constants)}`, request)
  }
  return [...requests.values()]
}
