import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { TestBench, type TestCase } from '../src/backend/self-test/bench.ts'
import { casesFor } from '../src/backend/self-test/cases.ts'
import { outputCase, outputDeltaCase } from '../src/backend/self-test/outputs.ts'
import { forwardCase, gradientCase, hiddenDeltaCase } from '../src/backend/self-test/products.ts'
import { residentCase } from '../src/backend/self-test/resident.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { type OptionalForm, optionalForms } from '../src/backend/webgpu/device/forms.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { AdapterRecord } from '../src/backend/webgpu/device/record.ts'
import { Kernels } from '../src/backend/webgpu/kernels/kernels.ts'
import { deviceLayers } from '../src/backend/webgpu/kernels/packs.ts'
import { blocks, type Tiling } from '../src/backend/webgpu/kernels/tiling.ts'
import type { PlanChoice } from '../src/backend/webgpu/options.ts'
import { BackendUnavailableError } from '../src/core/errors.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { BackendWithFallback } from '../src/training/fallback.ts'
import { Trainer } from '../src/training/trainer.ts'
import { pixelData, randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { isExhaustive } from './covering.ts'
import { withNewDevice } from './device.ts'

/** Changes the text of kernels on their way to the device. */
type Edit = (code: string, label: string) => string

const replace =
  (from: string | RegExp, to: string): Edit =>
  (code) =>
    code.replaceAll(from, to)

/** @returns the number of texts that were changed, and of all texts */
function sabotage(gpu: GPUDevice, edits: readonly Edit[]): { changed: number; made: number } {
  const counts = { changed: 0, made: 0 }
  const original = gpu.createShaderModule.bind(gpu)
  gpu.createShaderModule = (descriptor) => {
    const { label = '' } = descriptor
    const code = edits.reduce((text, edit) => edit(text, label), descriptor.code)
    counts.made++
    if (code !== descriptor.code) counts.changed++
    return original({ ...descriptor, code })
  }
  return counts
}

/** What is wrong in a case, with the network that shows it, and what the device has to be used without. */
interface Case {
  readonly name: string
  readonly edits: readonly Edit[]
  readonly excluded: readonly OptionalForm[]
  readonly sizes?: readonly number[]
  readonly plan?: PlanChoice
  /** Uses the device as if it were no software adapter. */
  readonly hardware?: boolean
  readonly pixels?: boolean
}

/** Makes the dropped units of every kernel those of another step. */
const tile: Tiling = { rowTiles: 1, columnTiles: 1, width: 4, slices: 1 }
const otherBytes = replace('>> (8u * i)', '>> (4u * i)')
const otherUnits = replace('key + step.number *', 'key + 5u + step.number *')

const quads = replace('quadBroadcast(values, 2u)', 'quadBroadcast(values, 1u)')
const straight = replace(/(\bg\d+) \+= /g, '$1 += 0.0 * ')
const loop = replace('sums += values_at(layer.z + first * packs + pack, packs) * rows', 'sums -= mat4x4f()')
const slices = replace('var other = 1u; other < SLICES', 'var other = 2u; other < SLICES')
const few = replace('a += a1 * rows;', 'a -= a1 * rows;')

const cases: Case[] = [
  { name: 'quads', edits: [quads], excluded: ['quads'], plan: 'layered' },
  { name: 'quads that do not compile', edits: [replace('quadBroadcast', 'quad_broadcast')], excluded: ['quads'], plan: 'layered' }, // prettier-ignore
  { name: 'slices', edits: [slices], excluded: ['slices'], sizes: [300, 20, 3], plan: 'layered', hardware: true },
  { name: 'sums of few terms', edits: [few], excluded: ['few'], plan: 'layered' },
  { name: 'quads and sums of few terms', edits: [quads, few], excluded: ['quads', 'few'], plan: 'layered' },
  { name: 'bytes', edits: [otherBytes], excluded: ['bytes'], plan: 'layered', pixels: true },
  {
    name: 'the δ below the output layer',
    edits: [replace('sums += columns * mat4x4f(weighted_inputs', 'sums -= columns * mat4x4f(weighted_inputs')],
    excluded: ['passOn'],
    plan: 'layered',
  },
  {
    name: 'the joined output layer',
    edits: [(code) => (code.includes('fn pass_on') ? code.replace('      delta_row(row);\n', '\n') : code)],
    excluded: ['output'],
    plan: 'layered',
  },
  { name: 'the order of rows', edits: [replace('* PACKS + place % PACKS]', '* PACKS]')], excluded: ['sorted'], sizes: [5, 6, 3] }, // prettier-ignore
  { name: 'gradients of the straight form, all zero', edits: [straight], excluded: ['straight'], sizes: [5, 6, 3] },
  {
    name: 'sums over lanes',
    edits: [replace(/partial\[first(\d+) \+ 1u\]/g, 'partial[first$1]')],
    excluded: ['lanes'],
    sizes: [5, 6, 3],
    hardware: true,
  },
  { name: 'gradients of the loop form, all zero', edits: [loop], excluded: ['loop'] },
  { name: 'both resident forms', edits: [straight, loop], excluded: ['straight', 'loop'], sizes: [5, 6, 3] },
]

/** Each case compiles many kernels, so that `npm test` runs only two of them. */
const inShortRun = /^(quads|gradients of the straight form, all zero)$/
const chosen = isExhaustive ? cases : cases.filter(({ name }) => inShortRun.test(name))

function view({ gpu, profile }: Device, hardware: boolean): Device {
  return Device.from(gpu, new AdapterProfile({ name: profile.name, software: !hardware, quads: profile.quads }))
}

/** Trains a few epochs on a backend. */
async function train(backend: Backend, { sizes = [5, 18, 3], pixels = false }: Partial<Case>) {
  const network = randomNetwork([...sizes], 'tanh', 'softmax', 1)
  const [inputs, outputs] = [sizes[0]!, sizes.at(-1)!]
  const data = pixels ? pixelData(23, inputs, outputs, 2) : randomData(23, inputs, outputs, 2)
  const options = { backend, loss: 'crossEntropy', batchSize: 10, seed: 1, optimizer: sgd({ learningRate: 0.2 }) } as const // prettier-ignore
  const trainer = await Trainer.create(network, options)
  try {
    await trainer.fit(data, { epochs: 3 })
    return { parameters: (await trainer.read()).parameters, backend: trainer.backend }
  } finally {
    trainer.dispose()
  }
}

describe('an adapter that computes correctly', () => {
  withNewDevice('passes, and each kernel is tested once', async (device) => {
    const small = { sizes: [5, 6, 3] }
    const record = new AdapterRecord()
    const counts = sabotage(device.gpu, [])
    const tested = await train(webgpuWith(device, 'auto', undefined, record), small)
    const { made } = counts
    const { size } = record.tests
    expect([...record.tests.values()].filter((fault) => fault !== '')).toEqual([])
    expect(size).toBeGreaterThan(5)
    const kind = device.profile.software ? ' (software adapter)' : ''
    expect(tested.backend.description).toBe(`${device.name}${kind}`)
    // With what is known about the adapter, only the kernels of the network itself are compiled.
    counts.made = 0
    const again = await train(webgpuWith(device, 'auto', undefined, record), small)
    expect(record.tests.size).toBe(size)
    expect(counts.made).toBeLessThan(made / 2)
    expect(again.parameters).toEqual(tested.parameters)
    // The self-test changes nothing.
    expect((await train(webgpuWith(device), small)).parameters).toEqual(tested.parameters)
  })
})

describe('an adapter that is wrong in', () => {
  for (const one of chosen) {
    const { name, edits, excluded, plan = 'auto', hardware = false } = one
    withNewDevice(`${name} is used without ${excluded.join(', ')}, and trains correctly`, async (device) => {
      const counts = sabotage(device.gpu, edits)
      const used = view(device, hardware)
      const backend = webgpuWith(used, plan, undefined, new AdapterRecord())
      const { parameters } = await train(backend, one)
      expect(counts.changed).toBeGreaterThan(0)
      const wanted = await train(cpu({ precision: 'float64' }), one)
      expectClose(parameters, wanted.parameters, { name: 'parameters', rtol: 1e-4, atol: 1e-5 })
      const named = Object.entries(optionalForms).filter(([, twin]) => backend.description.includes(twin))
      expect(named.map(([form]) => form).sort()).toEqual([...excluded].sort())
      // The same bits as on an adapter that is known to do without these forms.
      const known = used.withProfile(used.profile.excluding(excluded.map((form) => [form, 'known'] as const)))
      expect((await train(webgpuWith(known, plan), one)).parameters).toEqual(parameters)
    })
  }
})

/** Cases of kernels that only some networks and data need, each with an error of its kernel and what is found. */
const special: [name: string, edit: Edit, made: TestCase, found: RegExp][] = [
  ['dropout, forward', otherUnits, forwardCase(tile, [], true), /^the activation differs/],
  ['the scale of dropout', replace('a *= DROP_SCALE * kept', 'a *= kept'), forwardCase(tile, [], true), /^the activation differs/], // prettier-ignore
  ['dropout, hiddenDelta', otherUnits, hiddenDeltaCase(tile, [], true), /^δ differs/],
  ['dropout below the output layer', otherUnits, outputCase(tile, ['passOn', 'output'], { drops: true }), /^δ of the layer below differs/], // prettier-ignore
  ['δ of samples with weights', replace('if (WEIGHTED) { delta *= weight; }', ''), outputCase(tile, ['output']), /^δ differs/], // prettier-ignore
  ['losses of samples with weights', replace('if (WEIGHTED) { loss *= weight; }', ''), outputDeltaCase([]), /^the loss is/], // prettier-ignore
  [
    'correct labels',
    replace('right += dot(existing(select', 'right = dot(existing(select'),
    outputCase(tile, ['output']),
    /predictions count as correct/,
  ],
  ['correct labels of the straight form', replace('if (COUNTS_LABELS) {', 'if (false) {'), residentCase('straight'), /predictions count as correct/], // prettier-ignore
  ['gradients from bytes', otherBytes, gradientCase(tile, ['bytes'], { batch: 10, held: false }), /^∂C\/∂W differs/],
  ['one layer alone, from bytes', otherBytes, outputCase(tile, ['bytes', 'output'], { first: true }), /^the activation differs/], // prettier-ignore
]

describe('kernels that only some networks and data need', () => {
  withNewDevice('are tested, and found to be wrong where they are', async (device) => {
    const edits: Edit[] = []
    const counts = sabotage(device.gpu, edits)
    const run = async (made: TestCase) => {
      const bench = new TestBench(device, new Kernels(device))
      const fault = await made.run(bench)
      bench.dispose()
      return fault
    }
    for (const [name, edit, made, found] of special) {
      expect(await run(made), name).toBe('')
      counts.changed = 0
      edits.push(edit)
      expect(await run(made), name).toMatch(found)
      expect(counts.changed).toBeGreaterThan(0)
      edits.length = 0
    }
  })

  withNewDevice('are those with dropout where a network has it, and the CPU takes its place', async (device) => {
    sabotage(device.gpu, [otherUnits])
    const { layers } = randomNetwork([5, 18, 7, 3], 'tanh', 'softmax', 1)
    const keysOf = (dropout: readonly number[]) => {
      const settings = { loss: 'crossEntropy', optimizer: sgd(), batchSize: 10, dropout } as const
      const needed = { layers: deviceLayers(layers), settings, plan: 'auto', population: undefined } as const
      return casesFor(device, new Kernels(device), needed).map(({ key }) => key)
    }
    const dropping = keysOf([0.5, 0.1]).filter((key) => key.includes('dropout'))
    // On hardware, the forward stage has two cases.
    const stages = new Set(dropping.map((key) => key.split(' ')[0]))
    expect([...stages]).toEqual(['forward', 'hiddenDelta', 'output'])
    expect(keysOf([]).filter((key) => key.includes('dropout'))).toEqual([])
    expect(keysOf([0, 0])).toEqual(keysOf([]))
    // Without forms that might be to blame, so that fewer kernels are compiled.
    const forms = ['quads', 'few', 'bytes', 'output'] as const
    const plain = device.withProfile(device.profile.excluding(forms.map((form) => [form, 'a test'])))
    const backend = new BackendWithFallback([webgpuWith(plain, 'layered', undefined, new AdapterRecord()), cpu()])
    const network = randomNetwork([5, 18, 3], 'tanh', 'softmax', 1)
    const trainer = await Trainer.create(network, {
      backend,
      loss: 'crossEntropy',
      batchSize: 10,
      dropout: 0.5,
      seed: 1,
    })
    trainer.dispose()
    expect(backend.description).toMatch(/^CPU, float32: .*fails the self-test: .*differs from float64/)
  })
})

describe('blocks', () => {
  const [smallest] = blocks.slice(-1) as [Tiling]

  withNewDevice('are tested, and found to be wrong where they are', async (device) => {
    const run = async (gpu: Device) => {
      const bench = new TestBench(gpu, new Kernels(gpu))
      const fault = await hiddenDeltaCase(smallest, ['blocks']).run(bench)
      bench.dispose()
      return fault
    }
    expect(await run(device)).toBe('')
    sabotage(device.gpu, [replace('sum += columns[3] * row.w', 'sum += columns[3] * row.z')])
    expect(await run(device)).toMatch(/^δ differs from float64/)
  })

  withNewDevice('are tested before large networks are placed on hardware', ({ gpu }) => {
    const device = Device.from(gpu, new AdapterProfile({ software: false, quads: true }))
    const { layers } = randomNetwork([1024, 1024, 1024], 'relu', 'linear', 1)
    const settings = { loss: 'quadratic', optimizer: sgd(), batchSize: 256 } as const
    const needed = { layers: deviceLayers(layers), settings, plan: 'layered', population: undefined } as const
    const cases = casesFor(device, new Kernels(device), needed)
    const stages = cases.filter(({ forms }) => forms.includes('blocks')).map(({ stage }) => stage)
    expect(stages).toEqual(['gradient', 'hiddenDelta'])
  })
})

describe('an adapter on which nothing is correct', () => {
  const edit = replace('part += deltas[m * OUTPUT_PACKS + min', 'part += deltas[min')

  withNewDevice("is refused by name, with the stage, and replaced by the CPU where 'auto' found it", async (device) => {
    sabotage(device.gpu, [edit])
    const record = new AdapterRecord()
    const backend = webgpuWith(device, 'layered', undefined, record)
    const training = train(backend, {})
    await expect(training).rejects.toThrow(BackendUnavailableError)
    await expect(training).rejects.toThrow(/fails the self-test: gradient: ∂C\/∂b differs from float64 by .*'cpu'/)
    const fallingBack = new BackendWithFallback([webgpuWith(device, 'layered', undefined, record), cpu()])
    expect(fallingBack.name).toBe('webgpu')
    const { parameters } = await train(fallingBack, {})
    expect(fallingBack.name).toBe('cpu')
    expect(fallingBack.description).toMatch(/^CPU, float32: .*fails the self-test: gradient/)
    expect(fallingBack.populate).toBeUndefined()
    expect(parameters).toEqual((await train(cpu(), {})).parameters)
  })

  withNewDevice('is refused if infinite parameters are not found', async (device) => {
    sabotage(device.gpu, [replace('if (any(largest >= vec4u(INFINITE))) { atomicStore', 'if (false) { atomicStore')])
    const backend = webgpuWith(device, 'layered', undefined, new AdapterRecord())
    await expect(train(backend, {})).rejects.toThrow(/finite: a parameter that is NaN is not found/)
  })

  if (!isExhaustive) return
  withNewDevice('is refused as a resident plan, where that was asked for and no form of it works', async (device) => {
    sabotage(device.gpu, [straight, loop])
    const backend = webgpuWith(device, 'resident', undefined, new AdapterRecord())
    await expect(train(backend, { sizes: [5, 6, 3] })).rejects.toThrow(/plan: 'resident' fails the self-test.*loop/)
  })

  withNewDevice('is only tested with what a network needs', async (device) => {
    sabotage(device.gpu, [replace('factor * gradients[place]', 'gradients[place]')])
    const record = new AdapterRecord()
    const backend = webgpuWith(device, 'layered', undefined, record)
    await train(backend, {})
    const network = randomNetwork([5, 18, 3], 'tanh', 'sigmoid', 1)
    const clipped = Trainer.create(network, { backend, batchSize: 10, optimizer: sgd({ clipNorm: 1 }) })
    await expect(clipped).rejects.toThrow(/fails the self-test: clipping: the clipped gradient differs/)
  })
})

describe('the fallback to the CPU', () => {
  it('is for adapters that fail the self-test, not for other errors', async () => {
    const failing: Backend = {
      name: 'webgpu',
      description: '',
      software: false,
      place: () => Promise.reject(new Error('something else')),
      dispose: () => undefined,
    }
    const backend = new BackendWithFallback([failing, cpu()])
    await expect(train(backend, {})).rejects.toThrow('something else')
    expect(backend.name).toBe('webgpu')
  })
})
