import { Random } from '../../../../core/random.ts'
import { initialize, type InitializerName } from '../../../../model/initializer.ts'
import { countParameters, splitParameters } from '../../../../model/layout.ts'
import type { Buffers } from '../../device/buffers.ts'
import type { Device } from '../../device/device.ts'
import type { Kernels } from '../../kernels/kernels.ts'
import { countPacks, type DeviceLayer, toDevice } from '../../kernels/packs.ts'
import { divideUp, MOST_GROUPS } from '../../kernels/tiling.ts'
import { DispatchRecords } from './records.ts'

/** The variance of weights that are uniform around 0, by their layer; as in src/model/initializer.ts. */
const variances: Partial<Record<InitializerName, (layer: DeviceLayer) => number>> = {
  glorotUniform: ({ inputs, outputs }) => 2 / (inputs + outputs),
  heUniform: ({ inputs }) => 2 / inputs,
}

/** Invocations of a workgroup. */
const WIDTH = { software: 4, hardware: 32 }

interface InitialParts {
  readonly device: Device
  readonly kernels: Kernels
  readonly buffers: Buffers
  readonly layers: readonly DeviceLayer[]
}

/**
 * Sets the parameters of all networks to those that `Network.create({ init, seed })` gives, to the bit. Uniform kinds are
 * made on the device; the others need logarithms in float64, and are made by the host.
 * @param parameters of all networks, one after another
 */
export async function initializeOnDevice(
  parts: InitialParts,
  parameters: GPUBuffer,
  seeds: Uint32Array,
  init: InitializerName,
): Promise<void> {
  const { device, layers } = parts
  if (init === 'uniform' || variances[init]) return makeOnDevice(parts, parameters, seeds, init)
  await device.checked('initial parameters', () => device.write(parameters, 0, makeOnHost(layers, seeds, init)))
}

function makeOnHost(layers: readonly DeviceLayer[], seeds: Uint32Array, init: InitializerName): Float32Array {
  const own = new Float32Array(countParameters(layers))
  const { weights, biases } = splitParameters(layers, own)
  const packed = 4 * countPacks(layers)
  const all = new Float32Array(packed * seeds.length)
  for (const [k, seed] of seeds.entries()) {
    const random = new Random(seed, 'initialization')
    for (let l = 0; l < layers.length; l++) initialize(init, weights[l]!, biases[l]!, random)
    all.set(toDevice(layers, own), k * packed)
  }
  return all
}

async function makeOnDevice(
  { device, kernels, buffers, layers }: InitialParts,
  parameters: GPUBuffer,
  seeds: Uint32Array,
  init: InitializerName,
): Promise<void> {
  const width = WIDTH[device.profile.software ? 'software' : 'hardware']
  const kernel = await kernels.compileInitial(initialSource(layers, init), width)
  await device.checked('initial parameters', () => {
    const seedBuffer = buffers.storage('seeds', seeds)
    const records = new DispatchRecords(device, kernels, buffers, 1)
    records.write([
      { networks: seeds.length, orderStride: 4 * countPacks(layers), samples: 0, orderStep: 0, epochs: 0 },
    ])
    const group = device.gpu.createBindGroup({
      label: 'webgpu-mlp initial parameters',
      layout: kernel.layout,
      entries: [seedBuffer, parameters].map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
    })
    const encoder = device.gpu.createCommandEncoder({ label: 'webgpu-mlp initial parameters' })
    const pass = encoder.beginComputePass({ label: 'webgpu-mlp initial parameters' })
    pass.setPipeline(kernel.pipeline)
    pass.setBindGroup(0, records.group(0))
    pass.setBindGroup(1, group)
    pass.dispatchWorkgroups(Math.min(divideUp(seeds.length, width), MOST_GROUPS))
    pass.end()
    device.gpu.queue.submit([encoder.finish()])
    buffers.free(seedBuffer, records.buffer)
  })
}

/** make_parameters of shaders/initial.wgsl for a network's layers. */
function initialSource(layers: readonly DeviceLayer[], init: InitializerName): string {
  const calls = layers.map((layer) => {
    const { inputs, outputs, weightPack, outputPacks, biasPack } = layer
    const variance = variances[init]?.(layer)
    const limit = variance === undefined ? 'Limit(0u, 0u, 0i)' : limitText(Math.sqrt(3 * variance))
    const places = [inputs, outputs, 4 * weightPack, 4 * outputPacks, 4 * biasPack].map((number) => `${number}u`)
    return `  make_layer(own, InitialLayer(${places.join(', ')}, ${limit}));`
  })
  return `fn make_parameters(own: u32) {\n${calls.join('\n')}\n}`
}

/** A positive, normal float64 as WGSL's Limit: its 53 bits, and the exponent of the last one. */
function limitText(value: number): string {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const high = bits.getUint32(0)
  return `Limit(${bits.getUint32(4)}u, ${(high & 0xfffff) | 0x100000}u, ${(high >>> 20) - 1075}i)`
}
