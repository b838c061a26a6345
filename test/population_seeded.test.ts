import { describe, expect, it } from 'vitest'
import type { EpochOrder, PlacementSettings, Population, PopulationSums, Sums } from '../src/backend/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Buffers } from '../src/backend/webgpu/device/buffers.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { readBack } from '../src/backend/webgpu/device/readback.ts'
import { Compiler } from '../src/backend/webgpu/kernels/compiler.ts'
import { Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { deviceLayers, toDevice } from '../src/backend/webgpu/kernels/packs.ts'
import { initializeOnDevice } from '../src/backend/webgpu/plans/resident/initial.ts'
import { OrderMaker, type OrderForm } from '../src/backend/webgpu/plans/resident/orders.ts'
import { DispatchRecords } from '../src/backend/webgpu/plans/resident/records.ts'
import { type PopulationChoices, WebGPUPopulation } from '../src/backend/webgpu/population.ts'
import { InputError } from '../src/core/errors.ts'
import { Random } from '../src/core/random.ts'
import { countMinibatches, epochOrder } from '../src/data/minibatch.ts'
import { initializerNames } from '../src/model/initializer.ts'
import { Network } from '../src/model/network.ts'
import { adam, type Optimizer, sgd } from '../src/optimizer/optimizer.ts'
import { step } from '../src/optimizer/schedule.ts'
import { randomData, randomNetwork } from './backends.ts'
import { countCalls } from './count-calls.ts'
import { withDevice } from './device.ts'
import { RecordingGPU } from './recording-gpu.ts'

interface OrderCase {
  readonly form: OrderForm
  readonly layout: 'by network' | 'by place'
  readonly samples: number
  readonly seeds: readonly number[]
  readonly first: number
  readonly epochs: number
}

/** The orders that the device makes: orders[epoch][network]. */
async function makeOrders(device: Device, { form, layout, samples, seeds, first, epochs }: OrderCase) {
  const buffers = new Buffers(device)
  const kernels = new Kernels(device)
  const networks = seeds.length
  const [orderStride, orderStep] = layout === 'by place' ? [1, networks] : [epochs * samples, 1]
  const maker = new OrderMaker(device, kernels, buffers, networks, form)
  const records = new DispatchRecords(device, kernels, buffers, 1)
  const orders = buffers.storage('orders', networks * samples * epochs)
  await maker.compile(samples)
  maker.write(Uint32Array.from(seeds))
  records.write([{ samples, networks, orderStride, orderStep, epochs, epoch: first }])
  const encoder = device.gpu.createCommandEncoder()
  const pass = encoder.beginComputePass()
  maker.encode(pass, records.group(0), orders, networks * epochs)
  pass.end()
  device.gpu.queue.submit([encoder.finish()])
  const [values] = await readBack(device, buffers, [orders])
  const entries = new Uint32Array(values!.buffer)
  buffers.dispose()
  const orderOf = (k: number, e: number) =>
    Array.from({ length: samples }, (_, i) => entries[k * orderStride + (e * samples + i) * orderStep]!)
  return Array.from({ length: epochs }, (_, e) => seeds.map((_, k) => orderOf(k, e)))
}

describe.each(['stored', 'shared'] as const)('orders that the device makes, %s', (form) => {
  withDevice('are those of the host, for any seeds, epochs and numbers of samples', async (device) => {
    const random = new Random(1, 'data')
    for (const samples of [1, 2, 3, 34, 401]) {
      for (const layout of ['by network', 'by place'] as const) {
        const seeds = [0, 1, 2 ** 31, 2 ** 32 - 1, ...Array.from({ length: 29 }, () => random.bits())]
        const first = 1 + random.below(5000)
        const made = await makeOrders(device, { form, layout, samples, seeds, first, epochs: 3 })
        const want = [0, 1, 2].map((e) => seeds.map((seed) => [...epochOrder(samples, seed, first + e, true)]))
        expect(made, `${samples} samples, ${layout}`).toEqual(want)
      }
    }
  })

  withDevice('are those of the host where numbers are rejected, because others would be likelier', async (device) => {
    // With these seeds one number is above the largest multiple of the number of places that are left.
    const seeds = [343847, 675329, 1848010]
    const made = await makeOrders(device, { form, layout: 'by network', samples: 300, seeds, first: 1, epochs: 1 })
    expect(made).toEqual([seeds.map((seed) => [...epochOrder(300, seed, 1, true)])])
  })
})

const SAMPLES = 34
const BATCH = 10
const STEPS = countMinibatches(SAMPLES, BATCH)
const EPOCHS = 7

interface Form {
  readonly sizes: readonly number[]
  readonly hardware: boolean
  /** Whether the host makes the orders. */
  readonly host?: boolean
  readonly choices?: PopulationChoices
}

const forms: Record<string, Form> = {
  straight: { sizes: [2, 3, 2], hardware: false, choices: { orders: { form: 'stored' } } },
  'straight, orders of the host': { sizes: [2, 3, 2], hardware: false, host: true },
  'straight, orders by place, made in workgroup memory': {
    sizes: [3, 4, 2],
    hardware: false,
    choices: { width: 8, orders: { form: 'shared', layout: 'by place' } },
  },
  lanes: { sizes: [3, 4, 2], hardware: true },
  loop: { sizes: [5, 20, 12, 3], hardware: false, choices: { orders: { form: 'stored' } } },
}

interface Member {
  readonly seed: number
  readonly network: ReturnType<typeof randomNetwork>
  readonly settings: PlacementSettings
}

const membersOf = (count: number, sizes: readonly number[], optimizerOf = (k: number): Optimizer => adam({ learningRate: 0.1 / (k + 1) })) =>
  Array.from({ length: count }, (_, k): Member => ({
    seed: new Random(k, 'data').bits(),
    network: randomNetwork([...sizes], 'tanh', 'linear', k + 1),
    settings: { loss: 'meanSquaredError', optimizer: optimizerOf(k), batchSize: BATCH },
  })) // prettier-ignore

/** One for each device, so that every kernel is compiled once. */
const compilers = new WeakMap<GPUDevice, Compiler>()

async function place({ gpu, profile }: Device, form: Form, members: readonly Member[], choices?: PopulationChoices) {
  const device = Device.from(gpu, new AdapterProfile({ software: !form.hardware, quads: profile.quads }))
  const compiler = compilers.get(gpu) ?? new Compiler(gpu)
  compilers.set(gpu, compiler)
  const population = await WebGPUPopulation.place(
    device,
    new Kernels(device, compiler),
    members.map(({ network }) => network),
    members.map(({ settings }) => settings),
    { ...form.choices, ...choices, orders: { ...form.choices?.orders, ...choices?.orders } },
  )
  return { population, seeds: Uint32Array.from(members, ({ seed }) => seed) }
}

/** The same epochs with orders that the host makes. */
const givenEpochs = (members: readonly Member[], first: number, count: number): EpochOrder[][] =>
  members.map(({ seed, settings: { optimizer: { learningRate } } }) =>
    Array.from({ length: count }, (_, e) => ({
      order: epochOrder(SAMPLES, seed, first + e, true),
      batchSize: BATCH,
      learningRate: typeof learningRate === 'number' ? learningRate : learningRate.rate(first + e - 1),
      stepsBefore: (first + e - 1) * STEPS,
    })),
  ) // prettier-ignore

const sumsOf = (all: PopulationSums): Sums[][] =>
  Array.from(all.trained, (count, k) =>
    Array.from({ length: count }, (_, e) => ({ loss: all.loss(k, e), right: all.right(k, e), samples: all.samples })),
  )

async function readAll(population: Population) {
  const all = []
  for (let k = 0; k < population.networks; k++) all.push(await population.read(k))
  return all
}

describe.each(Object.entries(forms))('seeded epochs of a population: %s', (_, form) => {
  const data = randomData(SAMPLES, form.sizes[0]!, form.sizes.at(-1)!, 1)

  /** Trains members with orders of the device and with orders of the host, in two calls each. */
  async function trainBoth(device: Device, members: readonly Member[], choices?: PopulationChoices) {
    const { population, seeds } = await place(device, form, members, choices)
    const handle = await population.upload(data)
    const seeded = { seeds, batchSize: BATCH }
    const results = [
      population.trainSeeded(handle, { ...seeded, first: 1, count: EPOCHS - 2 }).result,
      population.trainSeeded(handle, { ...seeded, first: EPOCHS - 1, count: 2 }).result,
    ]
    const [one, two] = await Promise.all(results)
    const device0 = {
      sums: sumsOf(one!).map((own, k) => [...own, ...sumsOf(two!)[k]!]),
      read: await readAll(population),
    }
    const faults = []
    for (const k of members.keys()) faults.push(await population.locateFault(k))
    population.dispose()
    expect(population.held).toBe(0)
    const { population: other } = await place(device, form, members, choices)
    const sums = await other.train(await other.upload(data), givenEpochs(members, 1, EPOCHS)).result
    const host = { sums, read: await readAll(other) }
    const otherFaults = []
    for (const k of members.keys()) otherFaults.push(await other.locateFault(k))
    other.dispose()
    expect(device0).toEqual(host)
    expect(faults).toEqual(otherFaults)
    return { sums, faults }
  }

  withDevice('give the bits of epochs with orders of the host', async (device) => {
    await trainBoth(device, membersOf(9, form.sizes))
    // Orders of two epochs at a time, of one, and of none but this.
    for (const epochs of [2, 1]) {
      await trainBoth(device, membersOf(3, form.sizes), { orders: { entries: epochs * 3 * SAMPLES } })
    }
    await trainBoth(
      device,
      membersOf(1, form.sizes, () => sgd({ learningRate: 0.1 })),
      { orders: { entries: 1 } },
    )
    // Networks with equal optimizers share what their steps need.
    await trainBoth(
      device,
      membersOf(7, form.sizes, (k) => adam({ learningRate: k % 3 === 0 ? 0.1 : 0.02 })),
    )
    const schedule = step({ learningRate: 0.1, every: 2, factor: 0.5 })
    await trainBoth(
      device,
      membersOf(2, form.sizes, () => sgd({ learningRate: schedule })),
    )
  })

  withDevice('leave out networks that diverge, or are stopped', async (device) => {
    const rates = [0.01, 1e30, 0.02, 40, 0.03]
    const members = membersOf(rates.length, form.sizes, (k) => sgd({ learningRate: rates[k]! }))
    const { sums, faults } = await trainBoth(device, members, { orders: { entries: 2 * rates.length * SAMPLES } })
    expect(faults[1]).toBeDefined()
    expect(sums.map(({ length }) => length === EPOCHS)).toEqual([true, false, true, false, true])

    const calm = [members[0]!, members[2]!, members[4]!]
    const { population, seeds } = await place(device, form, calm)
    const handle = await population.upload(data)
    const epochs = { seeds, batchSize: BATCH, count: 2 }
    await population.trainSeeded(handle, { ...epochs, first: 1 }).result
    const stopped = await population.read(1)
    await population.stop([1])
    const sums3 = await population.trainSeeded(handle, { ...epochs, first: 3 }).result
    expect([...sums3.trained]).toEqual([2, 0, 2])
    expect(() => sums3.loss(1, 0)).toThrow(RangeError)
    expect(await population.read(1)).toEqual(stopped)
    const others = [await population.read(0), await population.read(2)]
    population.dispose()
    const { population: whole } = await place(device, form, calm)
    await whole.trainSeeded(await whole.upload(data), { ...epochs, first: 1, count: 4 }).result
    expect([await whole.read(0), await whole.read(2)]).toEqual(others)
    whole.dispose()
  })

  it('take no more calls to the device with more networks', async () => {
    const { device: gpu } = await RecordingGPU.trusted({ software: !form.hardware, subgroups: false })
    const counts = { dispatches: 0, submits: 0, writes: 0, copies: 0 }
    countCalls(gpu, counts)
    const seen: (typeof counts)[] = []
    for (const count of [2, 40, 200]) {
      const members = membersOf(count, form.sizes, (k) => sgd({ learningRate: 1 / (k + 1) }))
      const { population, seeds } = await place(Device.from(gpu), form, members)
      const handle = await population.upload(data)
      const epochs = { seeds, batchSize: BATCH, count: 4 }
      // The first call writes the seeds.
      await population.trainSeeded(handle, { ...epochs, first: 1 }).result
      Object.assign(counts, { dispatches: 0, submits: 0, writes: 0, copies: 0 })
      await population.trainSeeded(handle, { ...epochs, first: 5 }).result
      seen.push({ ...counts, dispatches: counts.dispatches - counts.writes })
      population.dispose()
    }
    // Each submit of training has one record. One dispatch makes the orders of all epochs, or the host writes them before
    // the only submit.
    const [dispatches, submits] = form.host ? [-1, 1] : [1, 2]
    expect(seen.map((own) => own.dispatches)).toEqual(Array(3).fill(dispatches))
    expect(seen.map((own) => [own.submits - own.writes, own.copies])).toEqual(Array(3).fill([submits, 1]))
  })
})

it('networks with equal optimizers have the numbers of their steps in common', async () => {
  const { device: gpu } = await RecordingGPU.trusted({ software: true, subgroups: false })
  const write = gpu.queue.writeBuffer.bind(gpu.queue)
  let written = 0
  gpu.queue.writeBuffer = (buffer, offset, data, first, count) => {
    written += count!
    write(buffer, offset, data, first, count)
  }
  const seen: number[] = []
  const rates = [0.1, 0.01, 0.001]
  for (const count of [6, 600]) {
    const members = membersOf(count, [2, 3, 2], (k) => adam({ learningRate: rates[k % 3]! }))
    const { population, seeds } = await place(Device.from(gpu), forms.straight!, members)
    const handle = await population.upload(randomData(SAMPLES, 2, 2, 1))
    const epochs = { seeds, batchSize: BATCH, count: EPOCHS }
    // The first call writes the seeds, and which network has which numbers.
    await population.trainSeeded(handle, { ...epochs, first: 1 }).result
    written = 0
    await population.trainSeeded(handle, { ...epochs, first: EPOCHS + 1 }).result
    seen.push(written)
    population.dispose()
  }
  expect(seen[0]).toBeGreaterThanOrEqual(4 * rates.length * EPOCHS * STEPS)
  expect(seen[1]).toBe(seen[0])
})

describe('initial parameters that the device makes', () => {
  withDevice('have the bits of Network.create, for all kinds, sizes and seeds', async (device) => {
    const random = new Random(5, 'data')
    const buffers = new Buffers(device)
    const parts = { device, kernels: new Kernels(device), buffers }
    for (const sizes of [
      [2, 3, 2],
      [7, 5, 4, 1],
      [3, 17, 3],
    ]) {
      const layers = deviceLayers(Network.create({ sizes }).layers)
      for (const init of initializerNames) {
        const seeds = Uint32Array.from([0, 2 ** 32 - 1, ...Array.from({ length: 998 }, () => random.bits())])
        const want = Array.from(seeds, (seed) => toDevice(layers, Network.create({ sizes, init, seed }).parameters))
        const buffer = buffers.storage('parameters', new Float32Array(seeds.length * want[0]!.length))
        await initializeOnDevice({ ...parts, layers }, buffer, seeds, init)
        const [values] = await readBack(device, buffers, [buffer])
        buffers.free(buffer)
        const differing = want.flatMap((own, k) => {
          const made = values!.subarray(k * own.length, (k + 1) * own.length)
          return own.every((value, i) => Object.is(value, made[i])) ? [] : [{ seed: seeds[k], own, made }]
        })
        expect(differing, `${init}, ${sizes.join('-')}`).toEqual([])
      }
    }
    expect(buffers.bytes).toBe(0)
  })

  withDevice('are those of single networks, in populations', async (device) => {
    const members = membersOf(5, [2, 3, 2])
    const { population, seeds } = await place(device, forms.straight!, members)
    await population.initialize(seeds, 'heUniform')
    for (const [k, seed] of seeds.entries()) {
      const { parameters, state } = await population.read(k)
      const network = Network.create({ sizes: [2, 3, 2], init: 'heUniform', seed })
      expect(Array.from(parameters)).toEqual(Array.from(network.parameters))
      expect(state.every((value) => value === 0)).toBe(true)
    }
    await expect(async () => population.initialize(seeds.slice(1), 'uniform')).rejects.toThrow(InputError)
    population.dispose()
  })

  withDevice('begin a training anew, also of networks that diverged or were stopped', async (device) => {
    const rates = [0.01, 1e30, 0.02]
    const members = membersOf(rates.length, [2, 3, 2], (k) => sgd({ learningRate: rates[k]! }))
    const data = randomData(SAMPLES, 2, 2, 1)
    const { population, seeds } = await place(device, forms.straight!, members)
    const handle = await population.upload(data)
    const epochs = { seeds, batchSize: BATCH, first: 1, count: 2 }
    const run = async () => {
      await population.initialize(seeds, 'glorotUniform')
      return { sums: sumsOf(await population.trainSeeded(handle, epochs).result), read: await readAll(population) }
    }
    const first = await run()
    expect(first.sums.map(({ length }) => length)).toEqual([2, 1, 2])
    await population.stop([2])
    expect(await run()).toEqual(first)
    population.dispose()
  })
})

describe('seeded epochs are refused', () => {
  withDevice('without a seed for each network, without epochs, and with rates that follow the loss', async (device) => {
    const form = forms.straight!
    const { population, seeds } = await place(device, form, membersOf(2, form.sizes))
    const handle = await population.upload(randomData(SAMPLES, 2, 2, 1))
    const epochs = { seeds, batchSize: BATCH, first: 1, count: 1 }
    expect(() => population.trainSeeded(handle, { ...epochs, seeds: seeds.slice(1) })).toThrow(InputError)
    expect(() => population.trainSeeded(handle, { ...epochs, first: 0 })).toThrow(InputError)
    expect(() => population.trainSeeded(handle, { ...epochs, count: 0 })).toThrow(InputError)
    population.dispose()
  })

  it('by backends of which it is known that each network needs a workgroup, if they are too many', async () => {
    const { device } = await RecordingGPU.trusted({ software: true, subgroups: false })
    const [{ network, settings }] = membersOf(1, forms.loop!.sizes, () => sgd({ learningRate: 0.1 })) as [Member]
    const many = 65_536
    const placing = webgpuWith(Device.from(device)).populate!(Array(many).fill(network), Array(many).fill(settings))
    await expect(placing).rejects.toThrow(/at most 65535 networks of this size/)
  })
})
