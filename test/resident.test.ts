import { describe, expect, it } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { Crossover } from '../src/backend/webgpu/plans/choice.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { deviceLayers } from '../src/backend/webgpu/kernels/packs.ts'
import type { ActivationName } from '../src/model/activation.ts'
import { DivergedError } from '../src/core/errors.ts'
import type { LossName } from '../src/loss/loss.ts'
import { adagrad, adam, adamw, type Optimizer, rmsprop, sgd } from '../src/optimizer/optimizer.ts'
import { Trainer, type TrainerOptions } from '../src/index.ts'
import { hiddenPairs, randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { expectClose } from './close.ts'
import { withDevice } from './device.ts'

type Plan = 'layered' | 'resident' | 'auto'

/** Losses and parameters after five epochs in minibatches of 10, the last of them shorter. */
async function train(device: GPUDevice, plan: Plan, shape: Shape, epochs = 5) {
  const { sizes, hidden, output, ...options } = shape
  const network = randomNetwork([...sizes], hidden, output, 1)
  const data = randomData(34, sizes[0]!, sizes.at(-1)!, 2)
  const backend = webgpu({ device, plan })
  const trainer = await Trainer.create(network, { backend, batchSize: 10, seed: 3, ...options })
  const history = await trainer.fit(data, { epochs })
  await trainer.read()
  trainer.dispose()
  return { losses: history.epochs.map(({ loss, accuracy }) => [loss, accuracy]), parameters: [...network.parameters] }
}

interface Shape extends TrainerOptions {
  sizes: readonly number[]
  hidden: ActivationName | readonly ActivationName[]
  output: ActivationName
  loss: LossName
  optimizer: Optimizer
}

const quadratic = { output: 'sigmoid', loss: 'quadratic' } as const
const rate = { learningRate: 0.05 }
const shapes: Record<string, Shape> = {
  ...Object.fromEntries(
    hiddenPairs.map((hidden) => [
      hidden.join(', '),
      { sizes: [5, 13, 6, 3], hidden, ...quadratic, optimizer: sgd(rate) },
    ]),
  ),
  'softmax with crossEntropy, momentum': {
    sizes: [3, 17, 9],
    hidden: 'tanh',
    output: 'softmax',
    loss: 'crossEntropy',
    optimizer: sgd({ ...rate, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  },
  'softmax with quadratic, adam': {
    sizes: [4, 20, 4],
    hidden: 'relu',
    output: 'softmax',
    loss: 'quadratic',
    optimizer: adam(rate),
  },
  'binaryCrossEntropy, adamw': {
    sizes: [8, 16, 16, 1],
    hidden: 'silu',
    output: 'sigmoid',
    loss: 'binaryCrossEntropy',
    optimizer: adamw(rate),
  },
  'huber, rmsprop': {
    sizes: [7, 15, 2],
    hidden: 'tanh',
    output: 'linear',
    loss: 'huber',
    optimizer: rmsprop({ ...rate, centered: true, momentum: 0.5 }),
  },
  'meanAbsoluteError, adagrad': {
    sizes: [20, 70],
    hidden: 'tanh',
    output: 'tanh',
    loss: 'meanAbsoluteError',
    optimizer: adagrad(rate),
  },
}

describe('the resident plan in loops gives the same bits as the layered one', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    withDevice(name, async ({ gpu }) => {
      expect(await train(gpu, 'resident', shape)).toEqual(await train(gpu, 'layered', shape))
    })
  }

  withDevice('also if the plan changes during a run', async ({ gpu, profile }) => {
    const shape: Shape = { sizes: [5, 33, 16, 3], hidden: 'tanh', ...quadratic, optimizer: sgd(rate) }
    const changes: string[] = []
    const { learn } = Crossover.prototype
    Crossover.prototype.learn = function (steps) {
      changes.push(this.plan)
      learn.call(this, steps, 1500) // As if each call had taken long enough to be distinguished from noise.
    }
    try {
      const changing = await train(gpu, 'auto', shape, 60)
      // Where kernels compile when they first run, 'auto' takes no loops, and so has nothing to choose from.
      expect(new Set(changes)).toEqual(new Set(profile.compilesLate ? [] : ['resident', 'layered']))
      expect(changing).toEqual(await train(gpu, 'layered', shape, 60))
    } finally {
      Crossover.prototype.learn = learn
    }
  })

  withDevice('and stops at the first epoch that is not finite, with the parameters from before it', async ({ gpu }) => {
    const diverge = async (plan: Plan) => {
      const network = randomNetwork([4, 12, 9, 2], 'relu', 'linear', 1)
      const options = { loss: 'meanSquaredError', optimizer: sgd({ learningRate: 12 }), batchSize: 8, seed: 1 } as const
      const trainer = await Trainer.create(network, { backend: webgpu({ device: gpu, plan }), ...options })
      try {
        await trainer.fit(randomData(64, 4, 2, 1), { epochs: 50 })
        return undefined
      } catch (error) {
        return error
      } finally {
        trainer.dispose()
      }
    }
    const [resident, layered] = [await diverge('resident'), await diverge('layered')]
    expect(resident).toBeInstanceOf(DivergedError)
    expect(resident).toEqual(layered)
  })

  withDevice('and reports a minibatch that is too large for it', async ({ gpu }) => {
    const network = randomNetwork([30, 200, 3], 'relu', 'linear', 1)
    const backend = webgpu({ device: gpu, plan: 'resident' })
    await expect(Trainer.create(network, { backend, batchSize: 500 })).rejects.toThrow(
      /plan: 'resident' keeps [\d]+ bytes .* a minibatch of 500, more than the \d+ of a workgroup/,
    )
  })
})

withDevice(
  'a data set that is put into order first is trained as on the CPU, in the memory that was planned',
  async ({ gpu }) => {
    const data = randomData(70_000, 2, 2, 1)
    const losses = []
    for (const backend of [webgpu({ device: gpu }), wasmOnTwoThreads, cpu()]) {
      const network = randomNetwork([2, 3, 2], 'sigmoid', 'sigmoid', 1)
      const trainer = await Trainer.create(network, { backend, batchSize: 500, seed: 1 })
      const expected = trainer.memoryFor(data)
      for await (const { loss } of trainer.epochs(data, { epochs: 2 })) {
        losses.push(loss)
        expect(trainer.memory).toBe(expected)
      }
      trainer.dispose()
    }
    for (const first of [0, 2]) {
      expectClose(losses.slice(first, first + 2), losses.slice(4), { name: 'losses', rtol: 1e-4, atol: 0 })
    }
  },
)

describe('the crossover between the plans', () => {
  const newProfile = () => new AdapterProfile({ software: true, quads: false })
  const layers = (hidden: number) => deviceLayers(randomNetwork([8, hidden, 4], 'tanh', 'tanh', 1).layers)
  /** Trains in runs of 100 ms with the given steps each, and returns the plans of the runs. */
  const simulate = (
    hidden: number,
    stepsPerRun: Record<'resident' | 'layered', number>,
    runs = 30,
    profile = newProfile(),
  ) => {
    const crossover = new Crossover(profile, layers(hidden), 16)
    return Array.from({ length: runs }, () => {
      const { plan } = crossover
      crossover.learn(stepsPerRun[plan], 100)
      return plan
    })
  }

  it('is measured after a second, and the faster plan is kept', () => {
    const plans = simulate(40, { resident: 100, layered: 300 })
    expect(plans.slice(0, 12)).toEqual(Array(12).fill('resident'))
    expect(plans.slice(12)).toEqual(Array(18).fill('layered'))
  })

  it('returns to the first plan if the other is not clearly faster', () => {
    const plans = simulate(40, { resident: 100, layered: 105 })
    expect(plans.filter((plan) => plan === 'layered').length).toBe(3)
    expect(plans.at(-1)).toBe('resident')
  })

  it('is remembered in the profile for the shape', () => {
    const profile = newProfile()
    expect(simulate(40, { resident: 100, layered: 300 }, 30, profile).at(-1)).toBe('layered')
    expect(simulate(40, { resident: 1, layered: 1 }, 2, profile)).toEqual(['layered', 'layered'])
    expect(simulate(42, { resident: 1, layered: 1 }, 1, profile)).toEqual(['resident'])
    expect(simulate(40, { resident: 1, layered: 1 }, 1)).toEqual(['resident'])
  })

  it('is not measured for tiny networks, and large ones do not start with the resident plan', () => {
    expect(new Set(simulate(2, { resident: 1, layered: 100 }))).toEqual(new Set(['resident']))
    expect(simulate(300, { resident: 1, layered: 1 }, 1)).toEqual(['layered'])
  })
})
