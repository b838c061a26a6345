import { cpu } from '../../backend/host/backend.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Network } from '../../model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../../optimizer/optimizer.ts'
import type { TrainerOptions } from '../options.ts'
import { Trainer } from '../trainer.ts'
import {
  backendFor,
  type CheckCase,
  compareValues,
  forms,
  type Form,
  randomData,
  randomNetwork,
  worstOf,
} from './case.ts'
import { lossOutputs } from './stages.ts'

export const trainedOptimizers: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ learningRate: 0.5 }),
  'sgd with momentum and weight decay': sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  'sgd with nesterov momentum': sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  rmsprop: rmsprop({ learningRate: 0.01 }),
  'rmsprop, centered, with momentum': rmsprop({ learningRate: 0.003, momentum: 0.5, centered: true }),
  adagrad: adagrad({ learningRate: 0.05, learningRateDecay: 0.1 }),
  adam: adam({ learningRate: 0.01 }),
  adamw: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
  nadam: nadam({ learningRate: 0.01, weightDecay: 0.1, decoupledWeightDecay: true }),
}

/** Sizes that are trained in a form. Up to 120 parameters, the resident plan's form is 'straight'. */
export const sizesFor: Readonly<Record<Form, readonly number[]>> = {
  layered: [6, 9, 4],
  straight: [3, 4, 3],
  loop: [6, 14, 4],
}

const STEPS = 10
/** Ten steps, each with about 100 roundings in the longest chain of operations of a value. */
export const lossTolerance = { rtol: 100 * STEPS * 2 ** -24, atol: 1e-7 }
export const parameterTolerance = { rtol: 1e-4, atol: 2e-5 }

/** The loss of each of ten steps on all samples, then the parameters. */
async function tenSteps(network: Network, data: Dataset, options: TrainerOptions) {
  const trainer = await Trainer.create(network.clone(), { batchSize: data.length, seed: 5, ...options })
  try {
    const { epochs } = await trainer.fit(data, { epochs: STEPS })
    return { losses: epochs.map(({ loss }) => loss), parameters: (await trainer.read()).parameters }
  } finally {
    trainer.dispose()
  }
}

function trainingCase(form: Form, name: string, network: Network, options: TrainerOptions): CheckCase {
  return {
    part: 'trainings',
    name: `${form}: ${name}`,
    async run(device) {
      const data = randomData(24, network.sizes[0]!, network.sizes.at(-1)!, 1)
      const want = await tenSteps(network, data, { ...options, backend: cpu({ precision: 'float64' }) })
      const got = await tenSteps(network, data, { ...options, backend: backendFor(device, form) })
      return worstOf([
        compareValues('loss', got.losses, want.losses, lossTolerance),
        compareValues('parameter', got.parameters, want.parameters, parameterTolerance),
      ])
    },
  }
}

/** Ten losses in a row and the parameters after them, for every form, optimizer and loss. */
export function trainingCases(): CheckCase[] {
  return forms.flatMap((form) => [
    ...Object.entries(trainedOptimizers).map(([name, optimizer]) =>
      trainingCase(form, name, randomNetwork(sizesFor[form], 'tanh', 'softmax', 2), {
        optimizer,
        loss: 'crossEntropy',
      }),
    ),
    ...lossOutputs.map(([loss, output]) =>
      trainingCase(form, `${loss} on ${output} outputs`, randomNetwork(sizesFor[form], 'sigmoid', output, 3), {
        optimizer: sgd({ learningRate: 0.2 }),
        loss,
      }),
    ),
  ])
}
