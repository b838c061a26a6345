import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import {
  adagrad,
  adam,
  adamw,
  nadam,
  type Checkpoint,
  cosine,
  decodeCheckpoint,
  encodeCheckpoint,
  type FitOptions,
  type LearningRate,
  InputError,
  type Network,
  type Optimizer,
  reduceOnPlateau,
  rmsprop,
  sgd,
  split,
  step,
  Trainer,
  type TrainerOptions,
} from '../src/index.ts'
import { hostBackends, randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { covering } from './covering.ts'
import { withDevice } from './device.ts'

const optimizers: Record<string, Optimizer> = {
  'sgd, cosine': sgd({ learningRate: cosine({ learningRate: 0.5, epochs: 9 }) }),
  'momentum, plateau': sgd({
    learningRate: reduceOnPlateau({ learningRate: 0.3, patience: 0, threshold: 0.05 }),
    momentum: 0.9,
  }),
  rmsprop: rmsprop({ learningRate: 0.01, centered: true, momentum: 0.5 }),
  adagrad: adagrad({ learningRate: 0.05, learningRateDecay: 0.1 }),
  'adam, clipped': adam({ learningRate: 0.02, clipNorm: 0.2 }),
  adamw: adamw({ learningRate: 0.02, weightDecay: 0.1 }),
  nadam: nadam({ learningRate: 0.02, momentumDecay: 0.1 }),
}

/** Compares ten uninterrupted epochs with the same run interrupted after each checkpoint and resumed by a new trainer. */
async function expectResumed(network: Network, backend: () => Backend, options: TrainerOptions, fit: FitOptions) {
  const { train, test: validation } = split(randomData(40, network.sizes[0]!, network.sizes.at(-1)!, 2), { seed: 1 })
  const create = () => Trainer.create(network.clone(), { ...options, backend: backend(), batchSize: 7, seed: 6 })
  const uninterrupted = await create()
  const texts: string[] = []
  const whole = await uninterrupted.fit(train, {
    ...fit,
    validation,
    epochs: 10,
    checkpoint: { every: 3, write: (made) => void texts.push(encodeCheckpoint(made)) },
  })
  const parameters = [...(await uninterrupted.read()).parameters]
  uninterrupted.dispose()
  // Every three epochs, and at the end.
  expect(texts.length).toBe(Math.ceil(whole.epochs.length / 3))
  for (const text of texts) {
    const checkpoint = decodeCheckpoint(text)
    expect(encodeCheckpoint(checkpoint)).toBe(text)
    if (checkpoint.epoch === 10) continue
    const resumed = await create()
    await resumed.resume(checkpoint)
    const rest = await resumed.fit(train, { ...fit, validation, epochs: 10 - resumed.epoch })
    expect([...(await resumed.read()).parameters]).toEqual(parameters)
    const remaining = whole.epochs.slice(checkpoint.epoch)
    expect(rest.epochs.map(({ epoch, loss, learningRate }) => [epoch, loss, learningRate])).toEqual(
      remaining.map(({ epoch, loss, learningRate }) => [epoch, loss, learningRate]),
    )
    expect([rest.stopped, rest.bestEpoch]).toEqual([whole.stopped, whole.bestEpoch])
    resumed.dispose()
  }
  return whole
}

describe('an interrupted and resumed run gives the same bits as an uninterrupted run', () => {
  const network = randomNetwork([4, 6, 3], 'tanh', 'sigmoid', 1)
  for (const [name, optimizer] of Object.entries(optimizers)) {
    for (const [backend, make] of hostBackends) {
      it(`${backend}, ${name}`, async () => {
        await expectResumed(network, make, { optimizer }, {})
      })
    }
  }
  const runs = Object.keys(optimizers).flatMap((name) =>
    (['layered', 'resident'] as const).map((plan) => ({ name, optimizer: optimizers[name]!, plan })),
  )
  const possible = runs.filter(({ optimizer, plan }) => plan === 'layered' || optimizer.clipNorm === 0)
  for (const { name, optimizer, plan } of covering(possible, (one) => [one.name, one.plan])) {
    withDevice(`webgpu, ${plan}, ${name}`, async ({ gpu }) => {
      await expectResumed(network, () => webgpu({ device: gpu, plan }), { optimizer }, {})
    })
  }
  withDevice('webgpu, resident in loops', async ({ gpu }) => {
    const wider = randomNetwork([6, 20, 6], 'tanh', 'sigmoid', 1)
    const backend = () => webgpu({ device: gpu, plan: 'resident' })
    await expectResumed(wider, backend, { optimizer: adam({ learningRate: 0.02 }) }, {})
  })
  withDevice('with dropout, penalties and early stopping', async ({ gpu }) => {
    const options: TrainerOptions = { optimizer: adam({ learningRate: 0.05 }), dropout: 0.3, l1: 0.001, l2: 0.001 }
    for (const backend of [() => webgpu({ device: gpu }), () => cpu(), () => wasmOnTwoThreads]) {
      await expectResumed(network, backend, options, { earlyStopping: { patience: 2 } })
    }
  })
})

describe('checkpoints', () => {
  const network = randomNetwork([4, 6, 3], 'tanh', 'sigmoid', 1)
  const data = randomData(40, 4, 3, 3)

  withDevice(
    'are written at the given interval of epochs, and at the end of the loop or when it is left',
    async ({ gpu }) => {
      for (const backend of [cpu(), wasmOnTwoThreads, webgpu({ device: gpu })]) {
        const trainer = await Trainer.create(network.clone(), { backend, seed: 1 })
        const written: number[] = []
        const checkpoint = { every: 4, write: ({ epoch }: Checkpoint) => void written.push(epoch) }
        await trainer.fit(data, { epochs: 10, checkpoint })
        for await (const { epoch } of trainer.epochs(data, { epochs: 10, checkpoint })) if (epoch === 15) break
        await trainer.fit(data, { epochs: 1, checkpoint })
        expect(written).toEqual([4, 8, 10, 12, 15, 16])
        const onEpoch = () => {
          throw new Error('no more')
        }
        await expect(trainer.fit(data, { epochs: 1, checkpoint, onEpoch })).rejects.toThrow('no more')
        expect(written).toHaveLength(6)
        trainer.dispose()
      }
    },
  )
})

describe('early stopping', () => {
  const network = randomNetwork([4, 12, 3], 'tanh', 'softmax', 1)
  const { train, test: validation } = split(randomData(40, 4, 3, 3), { seed: 1 })
  const options: TrainerOptions = {
    loss: 'crossEntropy',
    optimizer: adam({ learningRate: 0.05 }),
    seed: 1,
    batchSize: 8,
  }

  withDevice('ends when the loss no longer improves, with the best parameters', async ({ gpu }) => {
    for (const backend of [cpu(), wasmOnTwoThreads, webgpu({ device: gpu })]) {
      const trainer = await Trainer.create(network.clone(), { ...options, backend })
      const history = await trainer.fit(train, { epochs: 200, validation, earlyStopping: { patience: 4 } })
      const losses = history.epochs.map((epoch) => epoch.validation.loss)
      const best = losses.indexOf(Math.min(...losses))
      expect(history.stopped).toBe('earlyStopping')
      expect(history.bestEpoch).toBe(best + 1)
      expect(history.epochs).toHaveLength(best + 1 + 4)
      expect((await trainer.evaluate(validation)).loss).toBeCloseTo(losses[best]!, 6)
      trainer.dispose()
    }
  })

  it('keeps the last parameters on request, and can monitor accuracy', async () => {
    const trainer = await Trainer.create(network.clone(), { ...options, backend: 'cpu' })
    const earlyStopping = { patience: 3, monitor: 'accuracy', restoreBest: false } as const
    const history = await trainer.fit(train, { epochs: 200, validation, earlyStopping })
    const accuracies = history.epochs.map((epoch) => epoch.validation.accuracy!)
    expect(history.bestEpoch).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1)
    expect((await trainer.evaluate(validation)).loss).toBeCloseTo(history.epochs.at(-1)!.validation.loss, 6)
  })

  it('restores the best parameters after the last epoch, too, and counts only improvements of at least minDelta', async () => {
    const trainer = await Trainer.create(network.clone(), { ...options, backend: 'cpu' })
    const history = await trainer.fit(train, { epochs: 3, earlyStopping: { patience: 5, minDelta: 100 } })
    expect([history.stopped, history.bestEpoch]).toEqual(['epochs', 1])
    const one = await Trainer.create(network.clone(), { ...options, backend: 'cpu' })
    expect((await one.fit(train, { epochs: 1 })).bestEpoch).toBeNull()
    expect([...(await trainer.read()).parameters]).toEqual([...(await one.read()).parameters])
  })

  it('reports invalid options', async () => {
    const trainer = await Trainer.create(network.clone(), { ...options, backend: 'cpu' })
    const fit = (earlyStopping: object) => trainer.fit(train, { earlyStopping: earlyStopping as { patience: number } })
    await expect(fit({})).rejects.toThrow('earlyStopping: patience: expected a whole number')
    await expect(fit({ patience: 0 })).rejects.toThrow('earlyStopping: patience: expected a whole number from 1')
    await expect(fit({ patience: 1, monitor: 'f1' })).rejects.toThrow("earlyStopping: monitor: unknown name 'f1'")
    await expect(trainer.fit(train, { checkpoint: {} as never })).rejects.toThrow(
      'checkpoint: write: expected a function',
    )
  })
})

describe('a checkpoint', () => {
  const network = randomNetwork([2, 3, 2], 'tanh', 'sigmoid', 1)
  const data = randomData(20, 2, 2, 2)
  const make = async () => {
    const made: Checkpoint[] = []
    const trainer = await Trainer.create(network.clone(), { backend: 'cpu', optimizer: adam(), seed: 3 })
    await trainer.fit(data, { epochs: 2, checkpoint: { write: (one) => void made.push(one) } })
    return made[1]!
  }

  it('of another run is refused with the name of the option that differs', async () => {
    const checkpoint = await make()
    const resume = async (options: TrainerOptions, of = network) => {
      const trainer = await Trainer.create(of.clone(), { backend: 'cpu', optimizer: adam(), seed: 3, ...options })
      await trainer.resume(checkpoint)
    }
    await resume({})
    await expect(resume({ loss: 'huber' })).rejects.toThrow('loss: the checkpoint was trained with "quadratic"')
    await expect(resume({ optimizer: sgd() })).rejects.toThrow(/^optimizer\.\w+: the checkpoint was trained with/)
    await expect(resume({ batchSize: 5 })).rejects.toThrow('batchSize: the checkpoint was trained with 32')
    await expect(resume({ seed: 4 })).rejects.toThrow('seed: the checkpoint was trained with 3, this trainer has 4')
    const other = randomNetwork([2, 4, 2], 'tanh', 'sigmoid', 1)
    await expect(resume({}, other)).rejects.toThrow('sizes: the checkpoint was trained with [2,3,2]')
  })

  it.each(['cpu', 'wasm'] as const)('goes on with options that may change between steps, %s', async (backend) => {
    const options = (learningRate: LearningRate, more: TrainerOptions = {}): TrainerOptions =>
      ({ backend, seed: 3, batchSize: 7, optimizer: sgd({ learningRate, momentum: 0.9 }), ...more }) // prettier-ignore
    const whole = await Trainer.create(network.clone(), options(step({ learningRate: 0.5, every: 2, factor: 0.1 })))
    await whole.fit(data, { epochs: 4 })
    let made: Checkpoint | undefined
    const first = await Trainer.create(network.clone(), options(0.5))
    await first.fit(data, { epochs: 2, checkpoint: { write: (one) => void (made = one) } })
    // The same steps as with a schedule that has these rates.
    const second = await Trainer.create(network.clone(), options(0.05))
    const resumed = await second.resume(made!, { changed: ['learningRate', 'l2'] })
    expect(resumed).toEqual({ hasSameBits: false, difference: undefined, changes: [{ option: 'learningRate', before: 0.5, after: 0.05 }] }) // prettier-ignore
    const { epochs } = await second.fit(data, { epochs: 2 })
    expect(epochs.map(({ epoch, learningRate }) => [epoch, learningRate])).toEqual([[3, 0.05], [4, 0.05]]) // prettier-ignore
    expect([...(await second.read()).parameters]).toEqual([...(await whole.read()).parameters])

    const go = async (more: TrainerOptions, changed: string[]) => {
      const trainer = await Trainer.create(network.clone(), options(0.5, more))
      const { changes } = await trainer.resume(made!, { changed: changed as never })
      await trainer.fit(data, { epochs: 1 })
      return changes.map(({ option, after }) => [option, after])
    }
    const all = ['learningRate', 'l1', 'l2', 'dropout', 'weightDecay', 'clipNorm']
    expect(await go({}, all)).toEqual([])
    expect(await go({ l1: 0.125, l2: 0.25, dropout: 0.5 }, all)).toEqual([['l1', 0.125], ['l2', 0.25], ['dropout', [0.5]]]) // prettier-ignore
    const optimizer = sgd({ learningRate: 0.5, momentum: 0.9, weightDecay: 0.5, clipNorm: 1 })
    expect(await go({ optimizer }, all)).toEqual([['weightDecay', 0.5], ['clipNorm', 1]]) // prettier-ignore
    await expect(go({ l2: 1 }, ['l1'])).rejects.toThrow("l2: the checkpoint was trained with 0, this trainer has 1; to change it, name it: changed: ['l2']") // prettier-ignore
    await expect(go({ optimizer: adam() }, all)).rejects.toThrow(/^optimizer\.\w+: .*the optimizer's state in the checkpoint belongs to its rule/) // prettier-ignore
    await expect(go({ batchSize: 5 }, all)).rejects.toThrow(/steps are counted in minibatches of its size; .*--from/)
    await expect(go({}, ['batchSize'])).rejects.toThrow("changed[0]: unknown name 'batchSize'")
  })

  it('starts a plateau again with a new rate', async () => {
    const options = (learningRate: number): TrainerOptions => ({
      backend: 'cpu',
      seed: 3,
      optimizer: sgd({ learningRate: reduceOnPlateau({ learningRate, patience: 0, threshold: 1 }) }),
    })
    let made: Checkpoint | undefined
    const first = await Trainer.create(network.clone(), options(0.5))
    await first.fit(data, { epochs: 4, checkpoint: { write: (one) => void (made = one) } })
    expect(made!.plateau.scale).toBeLessThan(1)
    const second = await Trainer.create(network.clone(), options(0.25))
    await second.resume(made!, { changed: ['learningRate'] })
    expect((await second.fit(data, { epochs: 1 })).epochs[0]!.learningRate).toBe(0.25)
  })

  it('of other data is refused when training starts', async () => {
    const trainer = await Trainer.create(network.clone(), { backend: 'cpu', optimizer: adam(), seed: 3 })
    await trainer.resume(await make())
    const fit = (of: typeof data) => trainer.fit(of, { epochs: 1 })
    await expect(fit(randomData(20, 2, 2, 7))).rejects.toThrow(
      'train: these are other data than those that the checkpoint',
    )
    await expect(fit(data.withWeights(new Float32Array(20).fill(2)))).rejects.toThrow('other data')
    expect((await fit(data)).epochs[0]!.epoch).toBe(3)
  })

  it('of a run that had just stopped early stops at the same epoch', async () => {
    const made: Checkpoint[] = []
    const create = () => Trainer.create(network.clone(), { backend: 'cpu', seed: 3 })
    const earlyStopping = { patience: 2, minDelta: 100 }
    const whole = await create()
    const history = await whole.fit(data, {
      epochs: 9,
      earlyStopping,
      checkpoint: { write: (one) => void made.push(one) },
    })
    expect(history.epochs).toHaveLength(3)
    const resumed = await create()
    await resumed.resume(made.at(-1)!)
    const rest = await resumed.fit(data, { epochs: 9, earlyStopping })
    expect([rest.epochs.length, rest.stopped, rest.bestEpoch]).toEqual([0, 'earlyStopping', 1])
    expect([...(await resumed.read()).parameters]).toEqual([...(await whole.read()).parameters])
  })

  it('that is damaged is refused with the name of the field, and so is one truncated at any length', async () => {
    const text = encodeCheckpoint(await make())
    for (let length = 0; length < text.length - 1; length += 37) {
      expect(() => decodeCheckpoint(text.slice(0, length))).toThrow('checkpoint: this is not JSON, or it is cut short')
    }
    const changed = (change: (json: Record<string, unknown>) => void) => {
      const json = JSON.parse(text) as Record<string, unknown>
      change(json)
      return () => decodeCheckpoint(JSON.stringify(json))
    }
    expect(changed((json) => delete json.epoch)).toThrow('checkpoint: "epoch" is undefined, expected a whole number')
    expect(changed((json) => (json.version = 2))).toThrow('checkpoint: version 2 is not known here')
    expect(changed((json) => (json.format = 'x'))).toThrow('checkpoint: its "format" is \'x\'')
    expect(changed((json) => (json.snapshot = {}))).toThrow('checkpoint: "precision" is undefined')
    expect(changed((json) => ((json.snapshot as Record<string, unknown>).state = '?'))).toThrow(
      'checkpoint: "snapshot.state" is not base64',
    )
    expect(changed((json) => ((json.snapshot as Record<string, unknown>).state = 'AAAA'))).toThrow(
      'checkpoint: "snapshot.state" is cut short (3 bytes)',
    )
    expect(changed((json) => ((json.plateau as Record<string, unknown>).bad = -1))).toThrow('"plateau.bad" is -1')
  })

  it('with impossible numbers is refused, and so is one that is nested too deeply', async () => {
    const trainer = await Trainer.create(network.clone(), { backend: 'cpu', optimizer: adam(), seed: 3 })
    const texts: string[] = []
    const write = (one: Checkpoint) => void texts.push(encodeCheckpoint({ ...one, notes: { any: ['thing'] } }))
    await trainer.fit(data, { epochs: 2, earlyStopping: { patience: 9 }, checkpoint: { write } })
    const text = texts[1]!
    expect(decodeCheckpoint(text).notes).toEqual({ any: ['thing'] })
    const changedTo = (path: string, value: string) => () => {
      const keys = path.split('.')
      const json = JSON.parse(text) as Record<string, unknown>
      const holder = keys.slice(0, -1).reduce((one, key) => one[key] as Record<string, unknown>, json)
      holder[keys.at(-1)!] = '§'
      return decodeCheckpoint(JSON.stringify(json).replace('"§"', value))
    }
    const floats = (...values: number[]) => `"${Buffer.from(Float32Array.from(values).buffer).toString('base64')}"`
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    for (const [path, value, message] of [
      ['epoch', '1e300', '"epoch" is 1e+300, expected a whole number up to 4294967295'],
      ['epoch', '4', '"step" is 2, expected at least one for each of the 4 epochs'],
      ['step', '1e300', '"step" is 1e+300, expected a whole number up to 9007199254740991'],
      ['seed', '4294967296', '"seed" is 4294967296, expected a whole number up to 4294967295'],
      ['plateau.scale', '-5', '"plateau.scale" is -5, expected a number from 0 to 1'],
      ['plateau.scale', '1.5', '"plateau.scale" is 1.5, expected a number from 0 to 1'],
      ['plateau.scale', 'null', '"plateau.scale" is null, expected a number from 0 to 1'],
      ['plateau.best', '-1e999', '"plateau.best" is -Infinity, expected a finite number'],
      ['plateau.cooldown', '1e10', '"plateau.cooldown" is 10000000000, expected a whole number'],
      ['stopping.bestEpoch', '3', '"stopping.bestEpoch" is 3, expected a whole number up to 2'],
      ['snapshot.parameters', floats(1, NaN), '"snapshot.parameters": value 1 is NaN, expected a finite number'],
      [
        'snapshot.parameters',
        floats(-Infinity),
        '"snapshot.parameters": value 0 is -Infinity, expected a finite number',
      ],
      ['snapshot.state', floats(0, 0, NaN), '"snapshot.state": value 2 is NaN, expected a number'],
      ['stopping.snapshot.parameters', floats(NaN), '"stopping.snapshot.parameters": value 0 is NaN'],
      ['settings.sizes', deep, '"settings" is nested more than 100 deep'],
      ['notes', deep, '"notes" is nested more than 100 deep'],
      ['snapshot', '{"constructor":{"name":{"toString":1}}}', '"precision" is undefined'],
      ['epoch', '{"constructor":{"name":{"toString":1}}}', '"epoch" is an object, expected a whole number'],
    ] as const) {
      expect(changedTo(path, value), `${path} ${value.slice(0, 40)}`).toThrow(InputError)
      expect(changedTo(path, value)).toThrow(`checkpoint: ${message}`)
    }
    expect(decodeCheckpoint(text).stopping?.bestEpoch).toBe(changedTo('epoch', '2')().stopping?.bestEpoch)
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    const checkpoint = decodeCheckpoint(text)
    expect(() => encodeCheckpoint({ ...checkpoint, notes: cyclic })).toThrow('"notes" is nested more than 100 deep')
    await expect(
      trainer.resume({ ...checkpoint, settings: { ...checkpoint.settings, constructor: 1 } }),
    ).rejects.toThrow('constructor: the checkpoint was trained with 1, this trainer has none')
  })
})
