/**
 * A plain program that uses the library: `node script.js BACKEND WAY`. It does what the way says, writes MARK when its own
 * work is over, and calls no process.exit: test/ends.test.ts measures how long the process takes to end after that.
 */

import { writeSync } from 'node:fs'
import { circle, cpu, crossValidate, DataStream, Network, sweep, Trainer, wasm, webgpu } from 'webgpu-mlp'

const [, , backendName, way] = process.argv
const data = circle({ samples: 400, seed: 1 })
/** Large enough for all threads of the backend wasm. */
const network = () => Network.create({ sizes: [2, 64, 32, 2], hidden: 'relu', seed: 1 })

/** A device that the program opens itself, as it would for other work on the GPU. */
async function ownDevice() {
  gpu = globalThis.navigator?.gpu ?? (await import('webgpu')).create([])
  const adapter = await gpu.requestAdapter()
  return adapter.requestDevice()
}

async function makeBackend() {
  if (backendName === 'cpu') return cpu()
  if (backendName === 'wasm') return wasm({ threads: 2 })
  if (!way.startsWith('lost')) return webgpu()
  const device = await ownDevice()
  lose = () => device.destroy()
  return webgpu({ device })
}
let lose = () => undefined
/** Kept, because Dawn's devices fail once their instance is collected. */
let gpu

const create = async (options = {}) =>
  Trainer.create(network(), { backend: await makeBackend(), batchSize: 200, seed: 1, ...options })
const stream = () =>
  DataStream.from({
    samples: data.length,
    example: data,
    async *chunks() {
      for (let i = 0; i < 10; i++) yield data.take(Uint32Array.from({ length: 40 }, (_, k) => 40 * i + k))
    },
  })
const forEver = { epochs: 1e6 }

/** The error that a promise rejects with. */
const failureOf = (promise) => promise.then(() => { throw new Error('did not fail') }, (error) => error) // prettier-ignore
const expectName = (error, name) => {
  if (error.name !== name) throw error
}

/** What a program does until it has finished. */
const ways = {
  async disposed() {
    const trainer = await create()
    await trainer.fit(data, { epochs: 2, validation: data })
    trainer.dispose()
  },
  async 'not disposed'() {
    const trainer = await create()
    await trainer.fit(data, { epochs: 2, validation: data })
    await trainer.evaluate(data)
    await trainer.predict(data.inputs)
    await trainer.load(data)
  },
  async 'two trainers, not disposed'() {
    for (const trainer of [await create(), await create()]) await trainer.fit(data, { epochs: 1 })
  },
  async 'disposed during a run'() {
    const trainer = await create()
    // Once its kernels are compiled: no call stops a driver that compiles.
    const onEpoch = ({ epoch }) => void (epoch === 3 && setTimeout(() => trainer.dispose()))
    expectName(await failureOf(trainer.fit(data, { ...forEver, onEpoch })), 'InputError')
  },
  async aborted() {
    const trainer = await create()
    const abort = new AbortController()
    const onEpoch = ({ epoch }) => void (epoch === 3 && abort.abort())
    expectName(await failureOf(trainer.fit(data, { ...forEver, signal: abort.signal, onEpoch })), 'AbortError')
  },
  async 'aborted by a timer'() {
    const trainer = await create()
    expectName(await failureOf(trainer.fit(data, { ...forEver, signal: AbortSignal.timeout(100) })), 'TimeoutError')
  },
  async 'left the loop of epochs'() {
    const trainer = await create()
    for await (const { epoch } of trainer.epochs(data, forEver)) if (epoch === 3) break
  },
  async 'left the loop of steps'() {
    const trainer = await create()
    for await (const { step } of trainer.steps(data)) if (step === 3) break
  },
  async 'a loop that is not read on'() {
    const epochs = (await create()).epochs(data, { ...forEver, atOnce: 10 })
    await epochs.next()
  },
  async stream() {
    await (await create()).fit(stream(), { epochs: 2 })
  },
  async 'left a stream'() {
    const trainer = await create()
    for await (const { epoch } of trainer.epochs(stream(), forEver)) if (epoch === 2) break
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 30)
    expectName(await failureOf(trainer.fit(stream(), { ...forEver, signal: abort.signal })), 'AbortError')
  },
  async windows() {
    // With all kernels compiled before the first step: no call stops a driver that compiles.
    const trainer = await create({ backend: backendName, deterministic: true, dataMemory: 6000, batchSize: 80 })
    await trainer.fit(data, { epochs: 2 })
    for await (const { epoch } of trainer.epochs(data, forEver)) if (epoch === 4) break
  },
  async sweep() {
    const backend = await makeBackend()
    await sweep(data, { ...sweepOptions, epochs: 2, backend })
    for await (const { networks } of sweep(data, { ...sweepOptions, epochs: 300, backend })) if (networks > 0) break
  },
  async 'a sweep that is aborted'() {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 200)
    const backend = await makeBackend()
    const run = sweep(data, { ...sweepOptions, ...forEver, backend, signal: abort.signal })
    expectName(await failureOf(Promise.resolve(run)), 'AbortError')
  },
  async 'cross-validation'() {
    await crossValidate({ sizes: [2, 8, 2] }, data, { folds: 3, epochs: 2, backend: await makeBackend() })
  },
  async 'lost before a run'() {
    const trainer = await create()
    lose()
    await trainer.fit(data, { epochs: 2 }).catch((error) => expectName(error, 'DeviceLostError'))
  },
  async 'lost during a run'() {
    const trainer = await create()
    setTimeout(lose, 30)
    await trainer.fit(data, { epochs: 300 }).catch((error) => expectName(error, 'DeviceLostError'))
  },
  async 'lost in a sweep'() {
    const backend = await makeBackend()
    setTimeout(lose, 100)
    const run = sweep(data, { ...sweepOptions, epochs: 300, backend })
    await Promise.resolve(run).catch((error) => expectName(error, 'DeviceLostError'))
  },
  // The exit code of these three is 1.
  async 'an error in a callback, exit 1'() {
    const trainer = await create()
    const onEpoch = ({ epoch }) => {
      if (epoch < 3) return
      writeSync(1, 'MARK')
      throw new Error('the program’s own')
    }
    await trainer.fit(data, { ...forEver, onEpoch })
  },
  async 'an error during a run, exit 1'() {
    const trainer = await create()
    void trainer.fit(data, forEver)
    await new Promise((resolve) => setTimeout(resolve, 50))
    writeSync(1, 'MARK')
    throw new Error('the program’s own')
  },
  async 'a wrong argument, exit 1'() {
    await create()
    writeSync(1, 'MARK')
    await create({ batchSize: -1 })
  },
}
const sweepOptions = { sizes: [2, 6, 2], learningRate: [0.1, 0.3], seeds: [1, 2, 3], batchSize: 50 }

await ways[way]()
writeSync(1, 'MARK')
