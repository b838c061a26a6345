import { sgd } from '../../../../optimizer/optimizer.ts'
import type { WebGPUData } from '../../data.ts'
import { countPacks } from '../../kernels/packs.ts'
import * as stages from '../../kernels/stage-kernels.ts'
import type { ProductName, Stage, StageMaker } from '../../kernels/stage-kernels.ts'
import type { ProductShape, Tiling } from '../../kernels/tiling.ts'
import { needsTuning, tune } from '../../kernels/tuning.ts'
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

/**
 * Measures the tiles of the large products on the buffers of training, without changing a parameter. Every tile gives the
 * same bits.
 * @returns whether anything was measured, so that the passes have to be bound again
 */
export async function measureTiles(parts: PassParts, data: WebGPUData, space: Workspace): Promise<boolean> {
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
  return products.length > 0
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

async function recordWith(
  parts: PassParts,
  { stage, l }: Product,
  tiling: Tiling,
  data: WebGPUData,
  space: Workspace,
): Promise<Recorded> {
  const maker: StageMaker = { ...parts.maker, tiling: () => tiling }
  const { device, layers, store } = parts
  const { activations, deltas } = space
  const { parameters, state } = store
  const layer = layers[l]!
  const inputs = inputsOf(l, data, space)
  const bind: Record<ProductName, () => Promise<readonly [Stage, readonly GPUBuffer[]]>> = {
    forward: async () => {
      const made = await stages.forward(maker, layer, inputFormOf(l, data))
      return [made, [inputs, data.order, parameters, deltas[l]!, activations[l]!]]
    },
    hiddenDelta: async () => {
      const made = await stages.hiddenDelta(maker, layers[l - 1]!, layer)
      return [made, [deltas[l]!, parameters, activations[l - 1]!, deltas[l - 1]!]]
    },
    gradient: async () => {
      const made = await stages.gradient(maker, layer, countPacks(layers), inputFormOf(l, data), { optimizer: sgd() })
      return [made, [inputs, data.order, deltas[l]!, parameters, state]]
    },
  }
  const [made, buffers] = await bind[stage]()
  return device.checked('tuning', () => {
    // Steps of size 0 along gradients of 0, without state: no parameter changes.
    if (stage === 'gradient') clear(parts, deltas[l]!)
    return bindStage(device, stage, made, buffers)
  })
}

function clear({ device: { gpu } }: PassParts, buffer: GPUBuffer): void {
  const encoder = gpu.createCommandEncoder({ label: 'webgpu-mlp tuning' })
  encoder.clearBuffer(buffer)
  gpu.queue.submit([encoder.finish()])
}
