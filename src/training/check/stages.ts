import type { ActivationName } from '../../model/activation.ts'
import { type LossName } from '../../loss/loss.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../../optimizer/optimizer.ts'
import { verify, type VerifyOptions } from '../verify.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Network } from '../../model/network.ts'
import { backendFor, type CheckCase, type CheckPart, type Finding, randomData, randomNetwork, worstOf } from './case.ts'

/** Every loss, with the output activations that need separate kernels. */
export const lossOutputs: readonly [LossName, ActivationName][] = [
  ['quadratic', 'sigmoid'],
  ['quadratic', 'softmax'],
  ['meanSquaredError', 'linear'],
  ['meanAbsoluteError', 'tanh'],
  ['huber', 'linear'],
  ['binaryCrossEntropy', 'sigmoid'],
  ['crossEntropy', 'softmax'],
]

/** Every activation of hidden layers, two at a time. */
export const hiddenPairs: readonly (readonly [ActivationName, ActivationName])[] = [
  ['sigmoid', 'tanh'],
  ['relu', 'leakyRelu'],
  ['elu', 'gelu'],
  ['silu', 'softplus'],
  ['mish', 'linear'],
]

/** Every optimizer, and the options that change its kernel. */
export const stageOptimizers: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ learningRate: 0.3, weightDecay: 0.1 }),
  'sgd with momentum': sgd({ learningRate: 0.3, momentum: 0.9 }),
  'sgd with nesterov momentum': sgd({ learningRate: 0.3, momentum: 0.9, nesterov: true }),
  rmsprop: rmsprop({ momentum: 0.9, centered: true, weightDecay: 0.01 }),
  adagrad: adagrad({ initialAccumulator: 0.1, learningRateDecay: 0.1 }),
  adam: adam({ weightDecay: 0.01 }),
  adamw: adamw({ weightDecay: 0.1 }),
  nadam: nadam({ weightDecay: 0.01 }),
}

/** Sizes around that of a tile: 1, tile − 1, tile, tile + 1, several tiles; and one minibatch of each kind. */
const shapes: readonly (readonly [sizes: number[], batch: number])[] = [
  [[1, 1], 1],
  [[3, 15, 16, 17], 15],
  [[16, 17, 1], 16],
  [[63, 64, 65, 3], 17],
  [[5, 130, 7, 33, 2], 1],
  [[31, 4, 2], 65],
  [[784, 30, 10], 10],
]

/** The four networks of `webgpu-mlp verify` that people know: tiny, small, of digits, and wide. */
const known: readonly (readonly [sizes: number[], hidden: ActivationName, output: ActivationName])[] = [
  [[2, 3, 2], 'sigmoid', 'sigmoid'],
  [[64, 32, 10], 'tanh', 'sigmoid'],
  [[784, 128, 10], 'relu', 'softmax'],
  [[1024, 1024, 1024], 'relu', 'linear'],
]

async function verifyStages(
  device: GPUDevice,
  network: Network,
  data: Dataset,
  options: Omit<VerifyOptions, 'backend'> = {},
): Promise<Finding> {
  const backend = backendFor(device, 'layered')
  const { layers } = await verify(network, data, { batchSize: data.length, ...options, backend })
  const findings = layers.flatMap(({ layer, ...stages }) =>
    Object.entries(stages).map(([stage, { ok, error, bound }]): Finding => {
      const [was, may] = [error, bound].map((value) => value.toExponential(1))
      return { ok, share: error / bound, detail: `layer ${layer}, ${stage}: relative error ${was}, at most ${may}` }
    }),
  )
  return worstOf(findings)
}

const caseOf = (part: CheckPart, name: string, run: CheckCase['run']): CheckCase => ({ part, name, run })

/** `verify` of four networks. */
export function verifyCases(): CheckCase[] {
  return known.map(([sizes, hidden, output]) =>
    caseOf('verify', `${sizes.join('-')}, ${hidden}, ${output}`, (device) => {
      const network = randomNetwork(sizes, hidden, output, 1)
      const loss = output === 'softmax' ? 'crossEntropy' : 'quadratic'
      return verifyStages(device, network, randomData(32, sizes[0]!, sizes.at(-1)!, 2), { loss })
    }),
  )
}

/** Each stage on the same inputs as the float64 reference: losses, activations, optimizers, sizes, large values. */
export function stageCases(): CheckCase[] {
  return [
    ...lossOutputs.map(([loss, output]) =>
      caseOf('stages', `${loss} on ${output} outputs`, (device) =>
        verifyStages(device, randomNetwork([9, 18, 5], 'tanh', output, 1), randomData(19, 9, 5, 2), { loss }),
      ),
    ),
    ...hiddenPairs.map((hidden) =>
      caseOf('stages', `hidden layers of ${hidden.join(' and ')}`, (device) =>
        verifyStages(device, randomNetwork([6, 20, 13, 3], hidden, 'sigmoid', 3), randomData(33, 6, 3, 4)),
      ),
    ),
    ...Object.entries(stageOptimizers).map(([name, optimizer]) =>
      caseOf('stages', `one step of ${name}`, (device) =>
        verifyStages(device, randomNetwork([7, 12, 3], 'sigmoid', 'linear', 5), randomData(21, 7, 3, 6), { optimizer }),
      ),
    ),
    ...shapes.map(([sizes, batch]) =>
      caseOf('stages', `sizes ${sizes.join('-')}, minibatch of ${batch}`, (device) =>
        verifyStages(
          device,
          randomNetwork(sizes, 'tanh', 'sigmoid', 7),
          randomData(batch, sizes[0]!, sizes.at(-1)!, 8),
        ),
      ),
    ),
    ...(['sigmoid', 'tanh', 'gelu', 'mish'] as const).map((hidden) =>
      // In both tails exp, tanh and the logarithms overflow unless they are guarded.
      caseOf('stages', `large weights, ${hidden}`, (device) => {
        const network = randomNetwork([4, 9, 3], hidden, 'softmax', 9)
        for (let i = 0; i < network.parameters.length; i++) network.parameters[i] = network.parameters[i]! * 40
        return verifyStages(device, network, randomData(16, 4, 3, 10), { loss: 'crossEntropy' })
      }),
    ),
  ]
}
