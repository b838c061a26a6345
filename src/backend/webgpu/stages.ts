import { activationNames } from '../../model/activation.ts'
import type { Layer } from '../../model/layout.ts'
import { type LossName, lossNames, losses, outputShare } from '../../training/loss.ts'
import { type Optimizer, optimizerNames, stateSlots } from '../../training/optimizer.ts'
import type { Kernel, Kernels } from './kernels.ts'

/**
 * The stages of a training step on the GPU: which kernel with which constants, and how many workgroups a minibatch
 * takes. Each has a twin of the same name in the CPU's stages.ts.
 */
export interface Stage {
  readonly kernel: Kernel
  /** Workgroups for a minibatch of `rows` samples. */
  groups(rows: number): readonly [x: number, y: number]
}

/** How a matrix product is divided: an invocation sums 4·rowTiles rows by 4 columns, `width` of them a workgroup. */
interface Tiling {
  readonly rowTiles: number
  readonly width: number
}

const divideUp = (count: number, size: number) => Math.ceil(count / size)

/** At least so many workgroups keep the device busy, where the shape allows. */
const ENOUGH_GROUPS = 8

/**
 * The largest tile that still leaves enough workgroups, and no wider than the columns need. Large tiles read each value
 * fewer times; many workgroups keep more of the device at work.
 */
export function chooseTiling(rows: number, columns: number): Tiling {
  let width = 16
  while (width > 4 && width * 2 >= columns) width /= 2
  const across = divideUp(columns, 4 * width)
  let rowTiles = Math.min(4, divideUp(rows, 4))
  while (rowTiles > 1 && across * divideUp(rows, 4 * rowTiles) < ENOUGH_GROUPS) rowTiles--
  return { rowTiles, width }
}

function productStage(kernel: Kernel, { rowTiles, width }: Tiling, columns: number, fixedRows?: number): Stage {
  const x = divideUp(columns, 4 * width)
  return { kernel, groups: (rows) => [x, divideUp(fixedRows ?? rows, 4 * rowTiles)] }
}

const tilingConstants = ({ rowTiles, width }: Tiling) => ({ ROW_TILES: rowTiles, WIDTH: width })

/** Z = A Wᵀ + b, A′ = f(Z). @param first whether its inputs are the data set, gathered through the order */
export async function forward(kernels: Kernels, layer: Layer, first: boolean, batch: number): Promise<Stage> {
  const tiling = chooseTiling(batch, layer.outputs)
  const kernel = await kernels.compile('forward', {
    INPUTS: layer.inputs,
    OUTPUTS: layer.outputs,
    WEIGHTS: layer.weightOffset,
    BIASES: layer.biasOffset,
    ACTIVATION: activationNames.indexOf(layer.activation),
    GATHER: Number(first),
    ...tilingConstants(tiling),
  })
  return productStage(kernel, tiling, layer.outputs)
}

const ROW_WIDTH = 8

/** a = eᶻ / Σ eᶻ, row by row. */
export async function softmax(kernels: Kernels, layer: Layer): Promise<Stage> {
  const kernel = await kernels.compile('softmax', { OUTPUTS: layer.outputs, WIDTH: ROW_WIDTH })
  return { kernel, groups: (rows) => [divideUp(rows, ROW_WIDTH), 1] }
}

/** δ of the output layer, with loss and right answers. */
export async function outputDelta(kernels: Kernels, layer: Layer, loss: LossName): Promise<Stage> {
  const kernel = await kernels.compile('outputDelta', {
    OUTPUTS: layer.outputs,
    ACTIVATION: activationNames.indexOf(layer.activation),
    LOSS: lossNames.indexOf(loss),
    SHARE: outputShare(losses[loss], layer.outputs),
    BOUNDARY: layer.activation === 'tanh' ? 0 : 0.5,
    WIDTH: ROW_WIDTH,
  })
  return { kernel, groups: (rows) => [divideUp(rows, ROW_WIDTH), 1] }
}

/** δ of a hidden layer from the layer after it. */
export async function hiddenDelta(kernels: Kernels, layer: Layer, next: Layer, batch: number): Promise<Stage> {
  const tiling = chooseTiling(batch, layer.outputs)
  const kernel = await kernels.compile('hiddenDelta', {
    NEXT: next.outputs,
    OUTPUTS: layer.outputs,
    WEIGHTS: next.weightOffset,
    ACTIVATION: activationNames.indexOf(layer.activation),
    ...tilingConstants(tiling),
  })
  return productStage(kernel, tiling, layer.outputs)
}

/** ∂C/∂W and ∂C/∂b of a layer. */
export async function gradient(kernels: Kernels, layer: Layer, first: boolean): Promise<Stage> {
  const rows = layer.inputs + 1
  const tiling = chooseTiling(rows, layer.outputs)
  const kernel = await kernels.compile('gradient', {
    INPUTS: layer.inputs,
    OUTPUTS: layer.outputs,
    WEIGHTS: layer.weightOffset,
    GATHER: Number(first),
    ...tilingConstants(tiling),
  })
  return productStage(kernel, tiling, layer.outputs, rows)
}

/** The constants of shaders/optimizer.wgsl. */
export function optimizerConstants(optimizer: Optimizer): Record<string, number> {
  const { name, weightDecay, momentum, nesterov, centered, decay1, decay2, epsilon } = optimizer
  return {
    OPTIMIZER: optimizerNames.indexOf(name),
    WEIGHT_DECAY: name === 'adamw' ? 0 : weightDecay,
    MOMENTUM: momentum,
    NESTEROV: Number(nesterov),
    CENTERED: Number(centered),
    KEEP1: decay1,
    TAKE1: 1 - decay1,
    KEEP2: decay2,
    TAKE2: 1 - decay2,
    EPSILON: epsilon,
  }
}

const UPDATE_WIDTH = 256
const MOST_GROUPS = 65535

/** The optimizer's step over all parameters. */
export async function update(kernels: Kernels, optimizer: Optimizer, count: number): Promise<Stage> {
  const kernel = await kernels.compile('update', {
    COUNT: count,
    SLOTS: stateSlots(optimizer),
    WIDTH: UPDATE_WIDTH,
    ...optimizerConstants(optimizer),
  })
  const groups = divideUp(count, UPDATE_WIDTH)
  const down = divideUp(groups, MOST_GROUPS)
  return { kernel, groups: () => [divideUp(groups, down), down] }
}
