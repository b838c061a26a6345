import { sgd, type StepScalars } from '../../../../optimizer/optimizer.ts'
import type { WebGPUData } from '../../data.ts'
import type { BufferRange } from '../../device/readback.ts'
import { countPacks, PACK_BYTES } from '../../kernels/packs.ts'
import { outputFits } from '../../kernels/output-kernels.ts'
import * as stages from '../../kernels/stage-kernels.ts'
import type { ProductName, Stage, StageMaker } from '../../kernels/stage-kernels.ts'
import type { ProductShape, Tiling } from '../../kernels/tiling.ts'
import { candidateTilings, needsTuning, tune } from '../../kernels/tuning.ts'
import { bindStage, type Recorded } from '../recording.ts'
import { noUpdate } from '../steps.ts'
import type { Workspace } from '../workspace.ts'
import { inputFormOf, inputsOf, type PassParts } from './passes.ts'
import { compareBits } from './tile-bits.ts'

type MeasuredProduct = Exclude<ProductName, 'output'>

/** A product whose tile is to be measured. */
interface Product {
  readonly stage: MeasuredProduct
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
      candidateTilings(profile, product.stage, product.shape).map((tiling) => makeWith(parts, product, tiling, data)),
    ),
  )
}

/** A step whose update of a parameter without a penalty is its gradient. */
const unitStep: StepScalars = { stepSize: 1, decay: 0, correction: 1, gradientStep: 0 }

/**
 * Measures the tiles of the large products on the buffers of training, without changing a parameter: those that give the
 * same bits as the rule's.
 */
export async function measureTiles(parts: PassParts, data: WebGPUData, space: Workspace): Promise<void> {
  const { device, store } = parts
  const rows = Math.min(space.rows, data.samples)
  const step = store.steps.set(0, { start: 0, rows, number: 0, scalars: noUpdate })
  const comparedStep = store.steps.set(1, { start: 0, rows, number: 0, scalars: unitStep })
  store.steps.upload(2)
  const products = productsOf(parts, space.rows)
  for (const product of products) {
    // Layers of the same shape need only one measurement.
    if (!needsTuning(device.profile, product.stage, product.shape)) continue
    const { stage, l, shape } = product
    const tilings = candidateTilings(device.profile, stage, shape)
    const recorded = await Promise.all(tilings.map((tiling) => recordWith(parts, product, tiling, data, space)))
    const result = resultOf(parts, product, space)
    const same = await compareBits(device, { recorded, step: comparedStep, rows, result })
    // Steps of size 0 along gradients of 0, without state: no parameter changes.
    if (stage === 'gradient') clear(parts, space.deltas[l]!)
    const usable = tilings.flatMap((tiling, i) => (same[i] ? [{ tiling, recorded: recorded[i]! }] : []))
    await tune(device, stage, shape, step, space.rows, usable)
  }
}

/** The products that training computes, and that are worth a measurement. */
function productsOf({ device, layers, maker, passedOn }: PassParts, rows: number): Product[] {
  const last = layers.length - 1
  return layers.flatMap((layer, l) =>
    (['forward', 'hiddenDelta', 'gradient'] as const).flatMap((stage) => {
      // The forward pass of a narrow output layer is part of the stage `output`, and there is no δ below the first layer.
      if (stage === 'hiddenDelta' && (l === 0 || (l === last && passedOn))) return []
      if (stage === 'forward' && l === last && outputFits(maker, layer)) return []
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
  const buffers: Record<MeasuredProduct, () => readonly GPUBuffer[]> = {
    forward: () => [inputs, data.order, parameters, deltas[l]!, activations[l]!],
    hiddenDelta: () => [deltas[l]!, parameters, activations[l - 1]!, deltas[l - 1]!],
    gradient: () => [inputs, data.order, deltas[l]!, parameters, state],
  }
  return device.checked('tuning', () => bindStage(device, stage, made, buffers[stage]()))
}

/** What a product changes: Z, the δ that replace it, or the weights, and the biases that follow them. */
function resultOf({ layers, store }: PassParts, { stage, l }: Product, { deltas }: Workspace): BufferRange {
  if (stage === 'gradient') {
    const { weightPack, biasPack, outputPacks } = layers[l]!
    const packs = biasPack + outputPacks - weightPack
    return { buffer: store.parameters, offset: PACK_BYTES * weightPack, size: PACK_BYTES * packs }
  }
  const buffer = deltas[stage === 'forward' ? l : l - 1]!
  return { buffer, offset: 0, size: buffer.size }
}

function clear({ device: { gpu } }: PassParts, buffer: GPUBuffer): void {
  const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp tuning' })
  encoder.clearBuffer(buffer)
  gpu.queue.submit([encoder.finish()])
}
