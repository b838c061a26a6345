import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { adam, circle, cosine, type Checkpoint, Dataset, DivergedError, Encoding, InputError, Matrix, Network, sgd, split, standardize, Trainer } from '../src/index.ts' // prettier-ignore
import { connect, type Remote, serve } from '../src/worker/index.ts'

/** Both ends in this process: messages are cloned as between threads. */
const ports: { close(): void }[] = []
function connected(): Remote {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  serve(port1)
  return connect(port2)
}
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

const { train, test } = split(circle({ samples: 60, seed: 1 }), { test: 0.2, seed: 1 })
const create = () => Network.create({ sizes: [2, 4, 2], hidden: 'tanh', output: 'softmax', seed: 1 })
const options = { backend: 'cpu', loss: 'crossEntropy', batchSize: 8, seed: 3 } as const
const numbers = ({ epochs }: { epochs: { epoch: number; loss: number; validation: unknown }[] }) =>
  epochs.map(({ epoch, loss, validation }) => ({ epoch, loss, validation }))

describe('a trainer in a worker', () => {
  it('trains as one in this thread does, to the bit, with progress', async () => {
    const settings = { ...options, optimizer: adam({ learningRate: cosine({ learningRate: 0.05, epochs: 6 }) }) }
    const [here, there] = [create(), create()]
    const local = await Trainer.create(here, settings)
    const want = [await local.fit(train, { epochs: 4, validation: test }), await local.fit(train, { epochs: 2 })]
    const trainer = await connected().Trainer.create(there, settings)
    const seen: number[] = []
    const onEpoch = async ({ epoch }: { epoch: number }) => {
      await Promise.resolve()
      seen.push(epoch)
    }
    const first = await trainer.fit(train, { epochs: 4, validation: test, onEpoch })
    const data = await trainer.load(train)
    const got = [first, await trainer.fit(data, { epochs: 2 })]
    expect(got.map(numbers)).toEqual(want.map(numbers))
    expect([seen, first.last.epoch, trainer.epoch, trainer.step]).toEqual([[1, 2, 3, 4], 4, 6, local.step])
    expect([data.length, trainer.backend, trainer.seed]).toEqual([48, { name: 'cpu', description: local.backend.description }, 3]) // prettier-ignore
    expect((await trainer.read()).parameters).toEqual((await local.read()).parameters)
    expect(JSON.stringify(there)).toBe(JSON.stringify(here))
    expect(await trainer.evaluate(test)).toEqual(await local.evaluate(test))
    expect(await trainer.predict(test.inputs)).toEqual(await local.predict(test.inputs))
    expect(await trainer.gradients([[0, 1]], [[1, 0]])).toEqual(await local.gradients([[0, 1]], [[1, 0]]))
    there.parameters.fill(0.25)
    await trainer.write()
    expect((await trainer.predict([[0, 1]])).toArray()).toEqual([[0.5, 0.5]])
    await data.dispose()
    await expect(trainer.evaluate(data)).rejects.toThrow('data: these data were disposed of')
    await trainer.dispose()
    await expect(trainer.predict([[0, 1]])).rejects.toThrow('predict() was called after dispose()')
  })

  it('steps through epochs and minibatches, and stops where the loop is left', async () => {
    const local = await Trainer.create(create(), options)
    const trainer = await connected().Trainer.create(create(), options)
    const want = []
    for await (const { loss, step } of local.steps(train)) if (want.push(loss) && step === 7) break
    const got = []
    for await (const { loss, step } of trainer.steps(train)) if (got.push(loss) && step === 7) break
    expect(got).toEqual(want)
    for await (const { epoch } of trainer.epochs(train, { epochs: 50, validation: test })) if (epoch === 3) break
    expect(trainer.epoch).toBe(3)
    const rest = trainer.epochs(train, { epochs: 1 })
    await rest.next()
    expect((await rest.next()).value).toEqual({ stopped: 'epochs', bestEpoch: null })
  })

  it('keeps names, encodings, scalings and weights, and puts them on the network', async () => {
    const encoding = new Encoding([{ kind: 'category', categories: ['oak', 'ash'] }, { kind: 'number', fill: 1.5 }], 'impute') // prettier-ignore
    const rows = { rows: 4, cols: 2, data: Float64Array.of(0, 1e9 + 0.5, 1, NaN, 0, 7, 1, 8) }
    const named = Dataset.fromRaw(rows, encoding, ['a', 'b', 'a', 'b'], { features: ['tree', 'size'] }).withWeights([1, 2, 1, 2]) // prettier-ignore
    const data = named.withScaling(standardize(named))
    const networks = [0, 1].map(() => Network.create({ sizes: [3, 2], output: 'softmax', seed: 1 }))
    const local = await Trainer.create(networks[0]!, options)
    await local.fit(data, { epochs: 2 })
    await local.read()
    const history = await connected().fit(networks[1]!, data, { ...options, epochs: 2 })
    expect(history.epochs).toHaveLength(2)
    expect(JSON.stringify(networks[1])).toBe(JSON.stringify(networks[0]))
    expect(networks[1]!.classify([['ash', null]])).toEqual(networks[0]!.classify([['ash', null]]))
    const trainer = await connected().Trainer.create(networks[1]!, options)
    // Inputs that were preprocessed are not preprocessed again.
    expect(await trainer.predict(data.inputs)).toEqual(await local.predict(data.inputs))
    expect(await trainer.predict([{ tree: 'oak', size: 3 }])).toEqual(await local.predict([{ tree: 'oak', size: 3 }]))
  })

  it('aborts with the reason of the signal, and goes on afterwards', async () => {
    const trainer = await connected().Trainer.create(create(), options)
    const controller = new AbortController()
    const reason = new Error('enough')
    const onEpoch = ({ epoch }: { epoch: number }) => (epoch === 2 ? controller.abort(reason) : undefined)
    const fitting = trainer.fit(train, { epochs: 100_000, onEpoch, signal: controller.signal })
    await expect(fitting).rejects.toBe(reason)
    const before = trainer.epoch
    await trainer.fit(train, { epochs: 1 })
    expect(trainer.epoch).toBe(before + 1)
    await expect(trainer.fit(train, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('reports errors of the same classes with their fields, and those of functions of this side', async () => {
    const remote = connected()
    const trainer = await remote.Trainer.create(create(), { ...options, loss: 'quadratic', optimizer: sgd({ learningRate: 1 }), l2: 10, batchSize: 1 }) // prettier-ignore
    const diverged = await trainer.fit(train, { epochs: 30 }).catch((error: unknown) => error)
    expect(diverged).toBeInstanceOf(DivergedError)
    const { epoch, weights, autopsy, message } = diverged as DivergedError
    expect([epoch > 0, weights[0] instanceof Float32Array, autopsy?.cause, message.includes('became')]).toEqual([true, true, 'penalty', true]) // prettier-ignore
    const refused = trainer.fit(train, { epochs: -1 })
    await expect(refused).rejects.toBeInstanceOf(InputError)
    await expect(refused).rejects.toThrow('epochs: expected a whole number from 0')
    await expect(remote.Trainer.create(create(), { ...options, batchSise: 3 } as never)).rejects.toThrow("unknown name 'batchSise' (did you mean 'batchSize'?)") // prettier-ignore
    await expect(remote.Trainer.create({} as never, options)).rejects.toThrow('network: expected a Network')
    await expect(remote.Trainer.create(create(), { backend: {} as never })).rejects.toThrow(
      'backend: a worker takes a name',
    )
    const own = new Error('of the page')
    const other = await remote.Trainer.create(create(), options)
    await expect(other.fit(train, { onEpoch: () => Promise.reject(own) })).rejects.toBe(own)
    await expect(other.predict([[() => 0]] as never)).rejects.toThrow('worker: a value cannot be sent to a worker')
    const waiting = other.fit(train, { epochs: 100_000 })
    remote.terminate()
    await expect(waiting).rejects.toThrow('worker: it was ended by terminate()')
    await expect(other.read()).rejects.toThrow('worker: it was ended by terminate()')
    expect(() => connect({} as never)).toThrow('worker: expected a Worker or a MessagePort')
    expect(() => serve()).toThrow('serve: expected to run in a worker')
  })

  it('writes checkpoints on this side, and resumes from them', async () => {
    const remote = connected()
    const whole = await remote.Trainer.create(create(), options)
    const kept: Checkpoint[] = []
    await whole.fit(train, { epochs: 4, checkpoint: { every: 2, write: (one) => void kept.push(one) } })
    expect(kept.map(({ epoch }) => epoch)).toEqual([2, 4])
    const resumed = await remote.Trainer.create(create(), options)
    expect(await resumed.resume(kept[0]!)).toMatchObject({ hasSameBits: true })
    await resumed.fit(train, { epochs: 2 })
    expect((await resumed.read()).parameters).toEqual((await whole.read()).parameters)
    expect(await resumed.predict(new Matrix(1, 2))).toBeInstanceOf(Matrix)
  })
})
