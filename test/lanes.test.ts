import { describe, expect } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { deviceLayers } from '../src/backend/webgpu/kernels/packs.ts'
import { residentForm } from '../src/backend/webgpu/plans/choice.ts'
import { type Backend, Trainer, type TrainerOptions } from '../src/index.ts'
import { adagrad, adam, adamw, nadam, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { hiddenPairs, randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { covering, someLossPairs } from './covering.ts'
import { withDevice } from './device.ts'

/** Trains as on a hardware adapter: the samples of a minibatch on the invocations of one workgroup. */
function asHardware(gpu: GPUDevice): Backend {
  const { quads } = AdapterProfile.of(gpu)
  return webgpuWith(Device.from(gpu, new AdapterProfile({ software: false, quads })), 'resident')
}

interface Case extends TrainerOptions {
  sizes?: readonly number[]
  samples?: number
  epochs?: number
  hidden?: Parameters<typeof randomNetwork>[1]
  output?: Parameters<typeof randomNetwork>[2]
}

async function train(
  backend: Backend,
  { sizes = [3, 4, 3], samples = 34, epochs = 5, hidden = 'tanh', output = 'sigmoid', ...options }: Case,
) {
  // prettier-ignore
  const network = randomNetwork([...sizes], hidden, output, 1)
  const data = randomData(samples, sizes[0]!, sizes.at(-1)!, 2)
  const trainer = await Trainer.create(network, { backend, batchSize: 10, seed: 3, ...options })
  const history = await trainer.fit(data, { epochs })
  const { parameters } = await trainer.read()
  trainer.dispose()
  return {
    losses: history.epochs.map(({ loss }) => loss),
    accuracies: history.epochs.map(({ accuracy }) => accuracy ?? -1),
    parameters: parameters.slice(),
  }
}

/** Compares with the float64 reference. Optimizers that divide by a root magnify the rounding of small gradients. */
async function expectEqual(gpu: GPUDevice, options: Case, tolerance = 2e-5): Promise<void> {
  const [got, want] = [await train(asHardware(gpu), options), await train(cpu({ precision: 'float64' }), options)]
  expectClose(got.parameters, want.parameters, { name: 'parameters', rtol: tolerance, atol: tolerance })
  expectClose(got.losses, want.losses, { name: 'losses', rtol: tolerance, atol: tolerance })
  expectClose(got.accuracies, want.accuracies, { name: 'accuracies', rtol: 0, atol: 1.5 / (options.samples ?? 34) })
}

const optimizers: [string, Optimizer][] = [
  ['sgd with weight decay', sgd({ learningRate: 0.5, weightDecay: 0.01 })],
  ['sgd with nesterov momentum', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
  ['rmsprop, centered, with momentum', rmsprop({ learningRate: 0.003, momentum: 0.5, centered: true })],
  ['adagrad', adagrad({ learningRate: 0.05, learningRateDecay: 0.1 })],
  ['adam', adam({ learningRate: 0.01, weightDecay: 0.01 })],
  ['adamw', adamw({ learningRate: 0.01, weightDecay: 0.1 })],
  ['nadam', nadam({ learningRate: 0.01, weightDecay: 0.01 })],
]

describe('the resident plan with a sample on each invocation', () => {
  withDevice('is the rule for small networks on hardware adapters', ({ gpu, profile }) => {
    const { layers } = randomNetwork([2, 3, 2], 'sigmoid', 'sigmoid', 1)
    const settings = { batchSize: 10, optimizer: sgd(), loss: 'quadratic' } as const
    const form = (software: boolean) => {
      const device = Device.from(gpu, new AdapterProfile({ software, quads: profile.quads }))
      return residentForm(device, 'auto', deviceLayers(layers), settings)
    }
    expect(form(false)).toBe('lanes')
    expect(form(true)).toBe('straight')
    return Promise.resolve()
  })

  for (const [name, optimizer] of optimizers) {
    withDevice(`agrees with float64: ${name}`, ({ gpu }) => expectEqual(gpu, { optimizer, l1: 0.001, l2: 0.01 }, 1e-4))
  }

  for (const [loss, output] of someLossPairs) {
    withDevice(`agrees with float64: ${loss} with ${output}`, ({ gpu }) => expectEqual(gpu, { loss, output }))
  }

  for (const hidden of covering(hiddenPairs, (pair) => pair)) {
    withDevice(`agrees with float64: ${hidden.join(', ')}`, ({ gpu }) =>
      expectEqual(gpu, { sizes: [2, 3, 4, 1], hidden }),
    )
  }

  // Minibatches of one sample, of as many as there are invocations and one more, and of several for each.
  for (const batchSize of [1, 7, 32, 33, 70]) {
    withDevice(`agrees with float64 in minibatches of ${batchSize}`, ({ gpu }) =>
      expectEqual(gpu, { batchSize, samples: 101, optimizer: sgd({ learningRate: 0.3 }) }),
    )
  }

  withDevice('agrees with float64 if invocations own several parameters', ({ gpu }) =>
    expectEqual(gpu, { sizes: [4, 9, 7], optimizer: adam({ learningRate: 0.01 }) }, 1e-4),
  )
})
