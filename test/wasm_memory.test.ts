import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Heap } from '../src/backend/host/wasm/heap.ts'
import { InputError } from '../src/core/errors.ts'
import { adam, sgd, Trainer, type TrainerOptions, wasm } from '../src/index.ts'
import { randomData, randomNetwork, wasmOnTwoThreads } from './backends.ts'
import { isExhaustive } from './covering.ts'

const PAGE = 65536

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('the heap', () => {
  it('gives zeros at multiples of a cache line, and the space of freed blocks again', () => {
    const heap = new Heap(16)
    const blocks = [10, 1000, 64, 1].map((length) => heap.floats(length))
    const addresses = blocks.map(({ byteOffset }) => byteOffset)
    for (const address of addresses) expect(address % 64).toBe(0)
    expect(addresses[0]).toBeGreaterThan(0)
    blocks.forEach((block) => block.fill(7))
    const used = heap.bytes
    // The second and the third one are one free block, whichever is freed first.
    heap.free(addresses[2]!)
    heap.free(addresses[1]!)
    expect(heap.bytes).toBeLessThan(used)
    const again = heap.floats(1064)
    expect(again.byteOffset).toBe(addresses[1])
    expect(again.every((value) => value === 0)).toBe(true)
    expect([blocks[0]!, blocks[3]!].every((block) => block.every((value) => value === 7))).toBe(true)
    for (const address of [addresses[0]!, again.byteOffset, addresses[3]!]) heap.free(address)
    expect(heap.bytes).toBe(0)
    // What is not a block, or not one any more, is not freed.
    heap.free(addresses[0]!)
    heap.free(3)
    expect(heap.bytes).toBe(0)
    expect(heap.doubles(4).byteOffset).toBe(addresses[0])
    expect(heap.integers(4).byteOffset).not.toBe(addresses[0])
  })

  it('grows, and views of it stay valid', () => {
    const heap = new Heap(64)
    const first = heap.floats(100).fill(3)
    const large = heap.floats((20 * PAGE) / 4)
    expect(heap.memory.buffer.byteLength).toBeGreaterThan(20 * PAGE)
    large.fill(5)
    expect(new Float32Array(heap.memory.buffer, first.byteOffset, 100).every((value) => value === 3)).toBe(true)
    first.fill(4)
    expect(new Float32Array(heap.memory.buffer, first.byteOffset, 100)[99]).toBe(4)
  })

  it('that cannot grow says how many bytes it has and would need, and stays usable', () => {
    const heap = new Heap(3)
    const first = heap.floats(10).fill(1)
    const used = heap.bytes
    expect(() => heap.allocate(4 * PAGE)).toThrow(InputError)
    expect(() => heap.allocate(4 * PAGE)).toThrow(
      /^the memory of WebAssembly, 64\.0 KiB, cannot grow by 192\.\d KiB: it may have 192\.0 KiB; use less data, a smaller batchSize .*'cpu'$/,
    )
    expect(heap.bytes).toBe(used)
    expect(heap.floats(PAGE / 4)).toHaveLength(PAGE / 4)
    expect(first.every((value) => value === 1)).toBe(true)
  })
})

/** Replaces the class of memories. @param change changes how each is made */
function replaceMemory(change: (given: WebAssembly.MemoryDescriptor) => WebAssembly.MemoryDescriptor): void {
  const { Memory } = WebAssembly
  const parts = Object.getOwnPropertyNames(WebAssembly).map((name) => [name, WebAssembly[name as 'Memory']])
  class Changed extends Memory {
    constructor(given: WebAssembly.MemoryDescriptor) {
      super(change(given))
    }
  }
  vi.stubGlobal('WebAssembly', { ...Object.fromEntries(parts), Memory: Changed })
}

/** @returns how many memories were made since */
function countMemories(): () => number {
  let made = 0
  replaceMemory((given) => {
    made++
    return given
  })
  return () => made
}

const options: TrainerOptions = { batchSize: 50, seed: 3, optimizer: adam() }

describe('memory before a run', () => {
  it.each([
    ['a small network', [3, 4, 2]],
    ['a network in stages', [30, 80, 5]],
  ])('is exact where the validation data are the training data, or absent: %s', async (_, sizes) => {
    const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!]
    const network = randomNetwork(sizes, 'tanh', 'sigmoid', 1)
    const trainer = await Trainer.create(network, { ...options, backend: wasmOnTwoThreads })
    for (const samples of [90, 400, 400, 77, 900]) {
      const data = randomData(samples, inputs, outputs, samples)
      for (const train of [data, data.withWeights(data.inputs.data.subarray(0, samples).map(Math.abs))]) {
        for (const validation of [{}, { validation: train }]) {
          const expected = trainer.memoryFor(train, validation)
          const held: number[] = []
          for await (const { epoch } of trainer.epochs(train, { epochs: 3, ...validation })) {
            if (epoch > 0) held.push(trainer.memory)
          }
          expect(held).toEqual([expected, expected, expected])
        }
      }
    }
    trainer.dispose()
  })
})

describe('memory is used again', () => {
  it.each([
    ['a small network', [3, 4, 2]],
    ['a network in stages', [30, 80, 5]],
  ])('of data that are disposed of, and of predictions and gradients: %s', async (_, sizes) => {
    const trainer = await Trainer.create(randomNetwork(sizes, 'tanh', 'sigmoid', 1), {
      ...options,
      backend: wasmOnTwoThreads,
    })
    const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!]
    const held = new Set<number>()
    const most = randomData(400, inputs, outputs, 1)
    await trainer.evaluate(most)
    for (let round = 0; round < 50; round++) {
      const data = randomData(300 + round, inputs, outputs, round)
      const loaded = await trainer.load(data.withClassWeights(Array.from({ length: outputs }, (_, i) => 1 + i)))
      await trainer.fit(loaded, { epochs: 1, validation: data })
      loaded.dispose()
      await trainer.predict(data.inputs)
      await trainer.gradients(data.inputs, data.targets)
      expect(trainer.memoryFor(data)).toBeGreaterThan(0)
      if (round > 0) held.add(trainer.memory)
    }
    // But for the order of the last epoch, four bytes a sample, in blocks of 64.
    expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(4 * 50 + 64)
    trainer.dispose()
  })

  it('of networks that are disposed of: the memory of a hundred does not add up', async () => {
    const backend = wasm({ threads: 2 })
    const made = countMemories()
    const data = randomData(200, 100, 5, 1)
    const losses = new Set<number>()
    for (let i = 0; i < 100; i++) {
      const sizes = i % 2 === 0 ? [100, 200, 5] : [100, 7, 5]
      const network = randomNetwork(sizes, 'tanh', 'sigmoid', i % 2)
      const trainer = await Trainer.create(network, { ...options, backend })
      losses.add((await trainer.fit(data, { epochs: 2 })).last.loss)
      trainer.dispose()
      trainer.dispose()
    }
    // The networks that came before left nothing behind.
    expect(losses.size).toBe(2)
    expect(made()).toBeLessThanOrEqual(1)
    backend.dispose()
  })

  it('but not while a network is trained in it', async () => {
    const data = randomData(60, 30, 5, 1)
    const train = async (count: number) => {
      const create = () => Trainer.create(randomNetwork([30, 80, 5], 'tanh', 'sigmoid', 1), { ...options, backend: wasmOnTwoThreads }) // prettier-ignore
      const trainers = await Promise.all(Array.from({ length: count }, create))
      // One is disposed of during the training of the others, and one begins then.
      const runs = trainers.map((trainer) => trainer.fit(data, { epochs: 30 }).catch(() => undefined))
      if (count > 1) {
        trainers[0]!.dispose()
        const late = await create()
        runs.push(late.fit(data, { epochs: 30 }))
        trainers.push(late)
      }
      const results = await Promise.all(runs)
      for (const trainer of trainers) trainer.dispose()
      return results.slice(count > 1 ? 1 : 0).map((history) => history?.last.loss)
    }
    const [alone] = await train(1)
    expect(alone).toBeGreaterThan(0)
    expect(await train(4)).toEqual([alone, alone, alone, alone])
  })
})

/** Bits of a NaN in the bytes between the blocks of a heap. */
const PATTERN = 0x7fc0dead

/** Fills the bytes that belong to no block with the pattern. @returns checks that they still hold it */
function guardHeaps(): () => number {
  const heaps = new Map<Heap, Map<number, number>>()
  const { allocate, free } = Heap.prototype
  const gapOf = (heap: Heap, address: number, bytes: number) => {
    const first = Math.ceil((address + bytes) / 4) * 4
    const end = Math.ceil((address + bytes + 64) / 64) * 64
    return new Uint32Array(heap.memory.buffer, first, (end - first) / 4)
  }
  vi.spyOn(Heap.prototype, 'allocate').mockImplementation(function (this: Heap, bytes: number) {
    const address = allocate.call(this, bytes)
    const blocks = heaps.get(this) ?? new Map<number, number>()
    if (blocks.size === 0) new Uint32Array(this.memory.buffer, 0, 16).fill(PATTERN)
    heaps.set(this, blocks.set(address, bytes))
    gapOf(this, address, bytes).fill(PATTERN)
    return address
  })
  vi.spyOn(Heap.prototype, 'free').mockImplementation(function (this: Heap, address: number) {
    heaps.get(this)?.delete(address)
    free.call(this, address)
  })
  return () => {
    let checked = 0
    for (const [heap, blocks] of heaps) {
      expect(new Set(new Uint32Array(heap.memory.buffer, 0, 16))).toEqual(new Set([PATTERN]))
      for (const [address, bytes] of blocks) {
        const changed = gapOf(heap, address, bytes).findIndex((word) => word !== PATTERN)
        if (changed >= 0) throw new Error(`written at ${4 * changed} bytes after a block of ${bytes} at ${address}`)
        checked++
      }
    }
    return checked
  }
}

/** Each is trained on one thread and on two, in minibatches of which the last one is smaller. */
const guarded: [sizes: number[], batchSize: number, samples: number, options: TrainerOptions][] = [
  [[1, 1], 1, 3, {}],
  [[3, 5, 2], 4, 11, { optimizer: adam() }],
  [[5, 40, 7, 3], 31, 70, { optimizer: sgd({ momentum: 0.9 }), l1: 1e-3, l2: 1e-3 }],
  [[9, 65, 1], 33, 100, { optimizer: sgd({ clipNorm: 0.01 }) }],
  [[17, 63, 15], 64, 127, { dropout: 0.5 }],
  [[30, 131, 66, 9], 65, 200, { optimizer: adam({ clipNorm: 1 }), dropout: [0.2, 0.4], loss: 'crossEntropy' }],
]

describe('nothing is written outside of the blocks of memory', () => {
  it.each(guarded)('sizes %j, minibatches of %d', async (sizes, batchSize, samples, more) => {
    for (const threads of [1, 2]) {
      const check = guardHeaps()
      const backend = wasm({ threads })
      const output = more.loss === 'crossEntropy' ? 'softmax' : 'sigmoid'
      const network = randomNetwork(sizes, 'gelu', output, 1)
      const trainer = await Trainer.create(network, { batchSize, seed: 1, ...more, backend })
      const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!]
      const data = randomData(samples, inputs, outputs, 2)
      const weighted = data.withWeights(data.inputs.data.subarray(0, samples).map(Math.abs))
      for (const set of [data, weighted]) {
        const { epochs } = await trainer.fit(set, { epochs: isExhaustive ? 20 : 3, validation: data })
        expect(epochs.every(({ loss }) => Number.isFinite(loss))).toBe(true)
      }
      await trainer.predict(randomData(2 * samples + 1, inputs, outputs, 3).inputs)
      await trainer.gradients(data.inputs, data.targets)
      expect(check()).toBeGreaterThan(10)
      trainer.dispose()
      backend.dispose()
      vi.restoreAllMocks()
    }
  })
})

describe('a memory that cannot grow', () => {
  // Memories of networks that were disposed of are used again.
  beforeEach(() => vi.resetModules())

  it.each([1, 2])(
    'fails where a network or its data do not fit, and the trainer stays usable, %d threads',
    async (threads) => {
      replaceMemory((given) => ({ ...given, maximum: 40 }))
      const library = await import('../src/index.ts')
      const backend = library.wasm({ threads })
      const create = (hidden: number, batchSize: number) => {
        const network = library.Network.create({ sizes: [20, hidden, 2], seed: 1 })
        return library.Trainer.create(network, { backend, batchSize, seed: 1 })
      }
      await expect(create(4000, 100)).rejects.toThrow(
        /^the memory of WebAssembly, \d+\.\d [KM]iB, cannot grow by \d+\.\d [KM]iB: this process has no memory left/,
      )
      await expect(create(30, 100_000)).rejects.toThrow(
        /^the memory of WebAssembly, \d+\.\d [KM]iB, cannot grow by \d+\.\d [KM]iB: this process has no memory left/,
      )
      const trainer = await create(60, 100)
      const dataOf = (samples: number) =>
        library.Dataset.from(
          Array.from({ length: samples }, (_, i) => Array.from({ length: 20 }, (_, j) => Math.sin(i + j))),
          Array.from({ length: samples }, (_, i) => [i % 2, 1 - (i % 2)]),
        )
      const small = dataOf(300)
      const first = await trainer.fit(small, { epochs: 2 })
      const held = trainer.memory
      // The inputs fit, the targets do not; then not even the inputs.
      for (const samples of [26_500, 60_000]) {
        await expect(trainer.fit(dataOf(samples), { epochs: 1 })).rejects.toThrow(
          /^the memory of WebAssembly, \d+\.\d [KM]iB/,
        )
        // The order of the last epoch may be freed, too.
        expect(trainer.memory).toBeLessThanOrEqual(held)
      }
      const rest = await trainer.fit(small, { epochs: 2 })
      expect(rest.last.loss).toBeLessThan(first.last.loss)
      trainer.dispose()
      backend.dispose()
    },
  )
})
