import { cpu } from '../../backend/host/backend.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Network } from '../../model/network.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../../optimizer/optimizer.ts'
import type { TrainerOptions } from '../options.ts'
import { Trainer } from '../trainer.ts'
import {
  backendFor,
  casesOfForms,
  type CheckCase,
  compareValues,
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

/** Sizes that are trained in a form. Up to 120 parameters, the resident plan has no loops. */
export const sizesFor: Readonly<Record<Form, readonly number[]>> = {
  layered: [6, 9, 4],
  straight: [3, 4, 3],
  lanes: [3, 4, 3],
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

function tenStepCases(name: string, networkOf: (form: Form) => Network, options: TrainerOptions): CheckCase[] {
  return casesOfForms('trainings', name, async (device, form, batchOf) => {
    const network = networkOf(form)
    const data = randomData(batchOf(24), network.sizes[0]!, network.sizes.at(-1)!, 1)
    const want = await tenSteps(network, data, { ...options, backend: cpu({ precision: 'float64' }) })
    const got = await tenSteps(network, data, { ...options, backend: backendFor(device, form) })
    return worstOf([
      compareValues('loss', got.losses, want.losses, lossTolerance),
      compareValues('parameter', got.parameters, want.parameters, parameterTolerance),
    ])
  })
}

/** Ten losses in a row and the parameters after them, for every form, optimizer and loss. */
export function trainingCases(): CheckCase[] {
  const ofOptimizers = Object.entries(trainedOptimizers).flatMap(([name, optimizer]) =>
    tenStepCases(name, (form) => randomNetwork(sizesFor[form], 'tanh', 'softmax', 2), {
      optimizer,
      loss: 'crossEntropy',
    }),
  )
  const ofLosses = lossOutputs.flatMap(([loss, output]) =>
    tenStepCases(`${loss} on ${output} outputs`, (form) => randomNetwork(sizesFor[form], 'sigmoid', output, 3), {
      optimizer: sgd({ learningRate: 0.2 }),
      loss,
    }),
  )
  return [...ofOptimizers, ...ofLosses]
}
