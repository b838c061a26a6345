import { sgd } from '../../../../optimizer/optimizer.ts'
import type { WebGPUData } from '../../data.ts'
import { countPacks } from '../../kernels/packs.ts'
import * as stages from '../../kernels/stage-kernels.ts'
import type { ProductName, Stage, StageMaker } from '../../kernels/stage-kernels.ts'
import type { ProductShape, Tiling } from '../../kernels/tiling.ts'
import { candidateTilings, needsTuning, tune } from '../../kernels/tuning.ts'
import { bindStage, type Recorded } from '../recording.ts'
import { noUpdate } from '../steps.ts'
import type { Workspace } from '../workspace.ts'
import { inputFormOf, inputsOf, type PassParts } from './passes.ts'

/** A product whose tile is to be measured. */
interface Product {
  readonly stage: ProductName
  readonly l: number
  readonly shape: ProductShape
}

/** Whether there is a product whose tile is worth a measurement. */
export function hasTilesToMeasure(parts: PassParts, space: Workspace): boolean {
  return productsOf(parts, space.rows).length > 0
}

/** Compiles what {@link measureTiles} will measure, so that training can go on meanwhile. */
export async function compileTiles(parts: PassParts, data: WebGPUData, space: Workspace): Promise<void> {
  const { profile } = parts.device
  await Promise.all(
    productsOf(parts, space.rows).flatMap((product) =>
      candidateTilings(profile, product.shape).map((tiling) => makeWith(parts, product, tiling, data)),
    ),
  )
}

/**
 * Measures the tiles of the large products on the buffers of training, without changing a parameter. Every tile gives the
 * same bits.
 */
export async function measureTiles(parts: PassParts, data: WebGPUData, space: Workspace): Promise<void> {
  const { device, store } = parts
  const rows = Math.min(space.rows, data.samples)
  const step = store.steps.set(0, { start: 0, rows, number: 0, scalars: noUpdate })
  store.steps.upload(1)
  const products = productsOf(parts, space.rows)
  for (const product of products) {
    // Layers of the same shape need only one measurement.
    if (!needsTuning(device.profile, product.stage, product.shape)) continue
    const record = (tiling: Tiling) => recordWith(parts, product, tiling, data, space)
    await tune(device, product.stage, product.shape, step, space.rows, record)
  }
}

/** The products that training computes, and that are worth a measurement. */
function productsOf({ device, layers, maker, passedOn }: PassParts, rows: number): Product[] {
  const last = layers.length - 1
  return layers.flatMap((layer, l) =>
    (['forward', 'hiddenDelta', 'gradient'] as const).flatMap((stage) => {
      // The forward pass of a narrow output layer is part of the stage `output`, and there is no δ below the first layer.
      if (stage === 'hiddenDelta' && (l === 0 || (l === last && passedOn))) return []
      if (stage === 'forward' && l === last && stages.outputFits(maker, layer)) return []
      const shape = stages.productShapes[stage](layer, rows)
      return needsTuning(device.profile, stage, shape) ? [{ stage, l, shape }] : []
    }),
  )
}

/** Compiles a product with a tile. */
function makeWith(parts: PassParts, { stage, l }: Product, tiling: Tiling, data: WebGPUData): Promise<Stage> {
  const maker: StageMaker = { ...parts.maker, tiling: () => tiling }
  const { layers } = parts
  const layer = layers[l]!
  if (stage === 'forward') return stages.forward(maker, layer, inputFormOf(l, data))
  if (stage === 'hiddenDelta') return stages.hiddenDelta(maker, layers[l - 1]!, layer)
  return stages.gradient(maker, layer, countPacks(layers), inputFormOf(l, data), { optimizer: sgd() })
}

async function recordWith(
  parts: PassParts,
  product: Product,
  tiling: Tiling,
  data: WebGPUData,
  space: Workspace,
): Promise<Recorded> {
  const { stage, l } = product
  const made = await makeWith(parts, product, tiling, data)
  const { device, store } = parts
  const { activations, deltas } = space
  const { parameters, state } = store
  const inputs = inputsOf(l, data, space)
  const buffers: Record<ProductName, () => readonly GPUBuffer[]> = {
    forward: () => [inputs, data.order, parameters, deltas[l]!, activations[l]!],
    hiddenDelta: () => [deltas[l]!, parameters, activations[l - 1]!, deltas[l - 1]!],
    gradient: () => [inputs, data.order, deltas[l]!, parameters, state],
  }
  return device.checked('tuning', () => {
    // Steps of size 0 along gradients of 0, without state: no parameter changes.
    if (stage === 'gradient') clear(parts, deltas[l]!)
    return bindStage(device, stage, made, buffers[stage]())
  })
}

function clear({ device: { gpu } }: PassParts, buffer: GPUBuffer): void {
  const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp tuning' })
  encoder.clearBuffer(buffer)
  gpu.queue.submit([encoder.finish()])
}
