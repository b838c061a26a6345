import { describe, expect, it } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { cpu } from '../src/backend/host/backend.ts'
import { webgpu } from '../src/backend/webgpu/backend.ts'
import { webgpuWith } from '../src/backend/webgpu/opened-backend.ts'
import { findAdapter } from '../src/backend/webgpu/device/adapter.ts'
import { Buffers } from '../src/backend/webgpu/device/buffers.ts'
import { Device } from '../src/backend/webgpu/device/device.ts'
import { COMPUTE_STAGE, usage } from '../src/backend/webgpu/device/flags.ts'
import { AdapterProfile } from '../src/backend/webgpu/device/profile.ts'
import { readRanges } from '../src/backend/webgpu/device/readback.ts'
import { Kernels, STEP_BYTES } from '../src/backend/webgpu/kernels/kernels.ts'
import {
  deviceLayers,
  fitBytes,
  packBytes,
  packRows,
  toDevice,
  toHost,
  unpackRows,
} from '../src/backend/webgpu/kernels/packs.ts'
import {
  blocks,
  chooseFewTiling,
  chooseTiling,
  groupsOf,
  hasFewTerms,
  type ProductKind,
  type Tiling,
} from '../src/backend/webgpu/kernels/tiling.ts'
import { needsTuning, tilingFor } from '../src/backend/webgpu/kernels/tuning.ts'
import { compareBits } from '../src/backend/webgpu/plans/layered/tile-bits.ts'
import type { Recorded } from '../src/backend/webgpu/plans/recording.ts'
import { Network } from '../src/model/network.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import { Trainer } from '../src/training/trainer.ts'
import { verify } from '../src/training/verify.ts'
import { pixelData, randomData, randomNetwork } from './backends.ts'
import { expectClose } from './close.ts'
import { isExhaustive } from './covering.ts'
import { withDevice } from './device.ts'

/** Divides products as on a hardware adapter, with sums divided into slices, which withDevice's adapter may not do. */
function asHardware(gpu: GPUDevice): Backend {
  const { quads } = AdapterProfile.of(gpu)
  return webgpuWith(Device.from(gpu, new AdapterProfile({ software: false, quads })), 'layered')
}

/** Rows and columns of a block. */
const blockSize = ({ rowTiles, columnTiles, width, slices }: Tiling) => [4 * rowTiles * slices, 4 * columnTiles * width] as const // prettier-ignore

describe('products', () => {
  it('are divided so that every row and column is covered', () => {
    for (const software of [true, false]) {
      for (const rows of [1, 4, 5, 64, 300]) {
        for (const columns of [1, 3, 16, 17, 130, 1024]) {
          for (const terms of [1, 63, 64, 784]) {
            const tiling = chooseTiling({ rows, columns, terms }, { software })
            const { rowTiles, columnTiles, width, slices } = tiling
            const [x, y] = groupsOf({ rows, columns }, tiling)
            expect(x * width * columnTiles * 4).toBeGreaterThanOrEqual(columns)
            expect(y * rowTiles * 4).toBeGreaterThanOrEqual(rows)
            expect(width % 4).toBe(0)
            expect(width * slices).toBeLessThanOrEqual(256)
            // 64 bytes a partial sum, and WebGPU grants 16 KiB.
            expect(slices === 1 || width * slices * 64 <= 16384).toBe(true)
            expect(slices === 1 || (rowTiles === 1 && columnTiles === 1)).toBe(true)
          }
        }
      }
    }
  })

  it('of few terms are divided so that every row and column is covered', () => {
    for (const software of [true, false]) {
      for (const rows of [1, 4, 30, 784]) {
        for (const columns of [1, 3, 16, 17, 30, 130]) {
          const tiling = chooseFewTiling({ rows, columns, terms: 10 }, { software })
          const [x, y] = groupsOf({ rows, columns }, tiling)
          expect(x * tiling.width * tiling.columnTiles * 4).toBeGreaterThanOrEqual(columns)
          expect(y * tiling.rowTiles * 4).toBeGreaterThanOrEqual(rows)
          expect(tiling.width % 4).toBe(0)
        }
      }
    }
  })

  withDevice('of few terms are correct for every small minibatch, on wide layers and narrow ones', async ({ gpu }) => {
    for (const backend of [webgpu({ device: gpu, plan: 'layered' }), asHardware(gpu)]) {
      for (const batchSize of [1, 4, 5, 10, 16, 17]) {
        const network = randomNetwork([70, 37, 6], 'tanh', 'sigmoid', batchSize)
        const data = randomData(batchSize, 70, 6, 2)
        const { ok, layers } = await verify(network, data, { backend, batchSize })
        expect(ok, JSON.stringify(layers)).toBe(true)
        // A last, shorter minibatch, whose missing terms must add nothing.
        const trained = []
        for (const one of [backend, cpu({ precision: 'float64' })]) {
          const trainer = await Trainer.create(network.clone(), { backend: one, batchSize, seed: 1, optimizer: sgd() })
          await trainer.fit(randomData(2 * batchSize + 1, 70, 6, 3), { epochs: 3 })
          trained.push((await trainer.read()).parameters)
          trainer.dispose()
        }
        expectClose(trained[0]!, trained[1]!, { name: `batch ${batchSize}`, rtol: 1e-4, atol: 1e-5 })
      }
    }
  })

  withDevice('are correct if several invocations share each sum', async ({ gpu }) => {
    expect(chooseTiling({ rows: 10, columns: 30, terms: 784 }, { software: false }).slices).toBe(32)
    for (const [inputs, batch] of [
      [784, 10],
      [130, 7],
    ] as const) {
      const network = randomNetwork([inputs, 30, 200, 10], 'tanh', 'softmax', 1)
      const data = randomData(batch, inputs, 10, 2)
      const { ok, layers } = await verify(network, data, {
        backend: asHardware(gpu),
        loss: 'crossEntropy',
        batchSize: batch,
      })
      expect(ok, JSON.stringify(layers)).toBe(true)
    }
  })

  for (const plain of [false, true]) {
    withDevice(`are correct for pixels stored as bytes${plain ? ', without subgroups' : ''}`, async ({ gpu }) => {
      const device = plain ? await bareDevice() : gpu
      const network = randomNetwork([50, 20, 3], 'tanh', 'sigmoid', 1)
      const data = pixelData(21, 50, 3, 3)
      expect(fitBytes(data.inputs.data)).toBe(true)
      const backend = webgpu({ device, plan: 'layered' })
      const { ok, layers } = await verify(network, data, { backend, batchSize: 21 })
      expect(ok, JSON.stringify(layers)).toBe(true)
      if (plain) device.destroy()
    })
  }

  // Software adapters take seconds to compile a block, so `npm test` has one case: several workgroups and stages, none full.
  for (const tiling of isExhaustive ? blocks : blocks.slice(-1)) {
    const [rows, columns] = blockSize(tiling)
    const cases = [
      [2 * rows + 3, 50, 2 * columns + 5],
      tiling === blocks[0] ? [rows, 32, columns] : [rows - 1, 31, columns - 1],
    ] as const
    for (const [batch, inputs, hidden] of isExhaustive && rows <= 32 ? cases : cases.slice(0, 1)) {
      withDevice(
        `are correct in blocks of ${rows} × ${columns}: ${inputs}-${hidden}-70 in minibatches of ${batch}`,
        async ({ gpu }) => {
          const profile = new AdapterProfile({ software: false, quads: AdapterProfile.of(gpu).quads })
          profile.tilings.set(`forward ${batch} ${hidden} ${inputs}`, tiling)
          profile.tilings.set(`hiddenDelta ${batch} ${hidden} 70`, tiling)
          if (!hasFewTerms({ terms: batch })) profile.tilings.set(`gradient ${inputs} ${hidden} ${batch}`, tiling)
          const network = randomNetwork([inputs, hidden, 70], 'tanh', 'sigmoid', 1)
          const backend = webgpuWith(Device.from(gpu, profile), 'layered')
          const { ok, layers } = await verify(network, randomData(batch, inputs, 70, 2), { backend, batchSize: batch })
          expect(ok, JSON.stringify(layers)).toBe(true)
        },
        300_000,
      )
    }
  }

  it('are divided into blocks where the results are large, on hardware adapters', () => {
    const hardware = { software: false }
    const choose = (rows: number, columns: number, terms: number, kind: ProductKind = hardware) =>
      chooseTiling({ rows, columns, terms }, kind)
    expect(choose(1024, 4096, 4096)).toBe(blocks[0])
    expect(choose(1024, 1024, 256)).toBe(blocks[1])
    expect(choose(256, 1024, 1024, { ...hardware, columnsAlongTerms: true })).toBe(blocks.at(-1))
    expect(choose(256, 1024, 1024)).toMatchObject({ slices: 4, width: 32 })
    expect(choose(64, 128, 784)).toMatchObject({ slices: 32, width: 8 })
    expect(choose(4096, 4096, 4096, { software: true }).block).toBeUndefined()
    expect(choose(4096, 4096, 4096, { ...hardware, blocks: false }).block).toBeUndefined()
  })

  withDevice('that are measured during training do not change its bits', async ({ gpu, profile: { quads } }) => {
    const profile = new AdapterProfile({ software: true, quads })
    const device = Device.from(gpu, profile)
    const shape = { rows: 48, columns: 64, terms: 96 }
    const data = randomData(480, 96, 3, 1)
    const options = {
      backend: webgpuWith(device, 'layered'),
      optimizer: sgd(),
      batchSize: 48,
      seed: 1,
    }
    const make = () => randomNetwork([96, 64, 3], 'tanh', 'sigmoid', 1)
    expect(needsTuning(profile, 'forward', shape)).toBe(true)
    const trainer = await Trainer.create(make(), options)
    let epochs = 0
    for await (const _ of trainer.epochs(data, { epochs: 10_000 })) {
      epochs++
      if (!needsTuning(profile, 'forward', shape)) break
    }
    const { parameters } = await trainer.read()
    trainer.dispose()
    expect(epochs).toBeGreaterThan(1)
    expect(tilingFor(profile, 'forward', shape).slices).toBe(1)

    // Again, now with the measured tiles from the first step on.
    const again = await Trainer.create(make(), options)
    await again.fit(data, { epochs })
    expect((await again.read()).parameters).toEqual(parameters)
    again.dispose()
  })
})

describe('the comparison of tiles', () => {
  withDevice('finds kernels with other bits, and leaves the results as they were', async (device) => {
    const { gpu } = device
    const { stepLayout } = new Kernels(device)
    const values = Float32Array.of(1, 2, 3, 4, 0.1, 0.2, 0.3, 0.4)
    const buffer = gpu.createBuffer({ size: 32, usage: usage.storage | usage.copySource | usage.copyTarget })
    device.write(buffer, 0, values)
    const entries = [{ binding: 1, visibility: COMPUTE_STAGE, buffer: { type: 'storage' as const } }]
    const layout = gpu.createBindGroupLayout({ entries })
    const record = (term: string): Recorded => {
      const code = `@group(1) @binding(1) var<storage, read_write> result: array<f32>;
        @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { result[i + 4u] = ${term}; }`
      const pipeline = gpu.createComputePipeline({
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [stepLayout, layout] }),
        compute: { module: gpu.createShaderModule({ code }) },
      })
      const bindGroup = gpu.createBindGroup({ layout, entries: [{ binding: 1, resource: { buffer } }] })
      return { name: term, stage: { kernel: { name: term, pipeline, layout }, groups: () => [1, 1] }, bindGroup }
    }
    // Each would see the result of the one before if that were not taken back.
    const recorded = ['2.0 * result[i + 4u]', 'result[i + 4u] + result[i + 4u]', '2.0000002 * result[i + 4u]'].map(
      record,
    )
    const step = gpu.createBuffer({ size: STEP_BYTES, usage: usage.uniform })
    const stepGroup = gpu.createBindGroup({ layout: stepLayout, entries: [{ binding: 0, resource: { buffer: step } }] })
    const result = { buffer, offset: 16, size: 16 }
    expect(await compareBits(device, { recorded, step: stepGroup, rows: 4, result })).toEqual([true, true, false])
    const [after] = await readRanges(device, new Buffers(device), [{ buffer, offset: 0, size: 32 }])
    expect(after).toEqual(values)
    for (const made of [buffer, step]) made.destroy()
  })
})

/** A device that was granted no feature at all. */
async function bareDevice(): Promise<GPUDevice> {
  const adapter = await findAdapter()
  if (!adapter) throw new Error('no adapter')
  const device = await adapter.requestDevice()
  expect(device.features.has('subgroups')).toBe(false)
  return device
}

describe('packs', () => {
  it('preserve parameters in a round trip', () => {
    const network = Network.create({ sizes: [5, 7, 4, 3], seed: 1 })
    const layers = deviceLayers(network.layers)
    const there = toDevice(layers, network.parameters)
    expect(there.length % 4).toBe(0)
    expect(there.filter((value) => value !== 0).length).toBe(network.parameters.filter((value) => value !== 0).length)
    expect(toHost(layers, there)).toEqual(network.parameters)
  })

  it('pad rows with zeros, and remove the padding', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6)
    expect([...packRows(values, 2, 3)]).toEqual([1, 2, 3, 0, 4, 5, 6, 0])
    expect(unpackRows(packRows(values, 2, 3), 2, 3)).toEqual(values)
    const whole = Float32Array.of(1, 2, 3, 4)
    expect(packRows(whole, 1, 4)).toBe(whole)
  })

  it('store values as bytes only if that is lossless', () => {
    const exact = Float32Array.of(0, 1, 128 / 255)
    expect([...new Uint8Array(packBytes(exact, 1, 3).buffer)]).toEqual([0, 255, 128, 0])
    for (const value of [0.5, -1 / 255, 256 / 255, NaN, Infinity]) {
      expect(fitBytes(Float32Array.of(0, value)), String(value)).toBe(false)
    }
  })
})
