import { stateSlots } from '../../../optimizer/optimizer.ts'
import { dropoutKey, dropoutThreshold } from '../../../optimizer/dropout.ts'
import { activationNumber } from './formulas.ts'
import type { Kernel, Kernels, KernelName, Variant } from './kernels.ts'
import { type DeviceLayer, packsOf } from './packs.ts'
import { heldConstants, optimizerConstants, type StepRule } from './rule.ts'
import {
  divideUp,
  groupsOf,
  hasFewTerms,
  MOST_GROUPS,
  type ProductShape,
  rowTilesOf,
  type Tiling,
  tilingConstants,
  tilingVariant,
} from './tiling.ts'

/**
 * The stages of a training step on the GPU: which kernel with which constants, and how many workgroups a minibatch
 * takes. Each has a twin of the same name in the CPU's stages.ts.
 */
export interface Stage {
  readonly kernel: Kernel
  /** Workgroups for a minibatch of `rows` samples. */
  groups(rows: number): readonly [x: number, y: number]
}

/** What stages are made with: the device's kernels, and how each product is divided. */
export interface StageMaker {
  readonly kernels: Kernels
  /** Samples of the largest minibatch. */
  readonly batch: number
  tiling(stage: ProductName, shape: ProductShape): Tiling
}

export type ProductName = 'forward' | 'hiddenDelta' | 'gradient' | 'output'

export async function productStage(
  { kernels }: StageMaker,
  name: KernelName,
  constants: Record<string, number>,
  columns: number,
  tiling: Tiling,
  variant?: Variant,
): Promise<Stage> {
  const overrides = { ...constants, ...tilingConstants(tiling) }
  const kernel = await kernels.compile(name, overrides, { ...variant, ...tilingVariant(tiling) })
  return { kernel, groups: (rows) => groupsOf({ rows, columns }, tiling) }
}

/** The form of a layer's inputs: the first layer's are the data set's, gathered through the order, perhaps as bytes. */
export interface InputForm {
  readonly gather: boolean
  readonly bytes: boolean
}

export const layerConstants = (layer: DeviceLayer, { gather }: InputForm) => ({
  INPUTS: layer.inputPacks,
  OUTPUTS: layer.outputs,
  OUTPUT_PACKS: layer.outputPacks,
  WEIGHTS: layer.weightPack,
  BIASES: layer.biasPack,
  ACTIVATION: activationNumber(layer.activation),
  GATHER: Number(gather),
})

/** The shapes of a layer's products. Those of hiddenDelta are the layer's below, from the next one's δ. */
export const productShapes: Record<
  Exclude<ProductName, 'output'>,
  (layer: DeviceLayer, batch: number) => ProductShape
> = {
  forward: ({ inputs, outputs }, batch) => ({ rows: batch, columns: outputs, terms: inputs }),
  hiddenDelta: ({ inputs, outputs }, batch) => ({ rows: batch, columns: inputs, terms: outputs }),
  gradient: ({ inputs, outputs }, batch) => ({ rows: inputs, columns: outputs, terms: batch }),
}

const tilingOf = (maker: StageMaker, stage: keyof typeof productShapes, layer: DeviceLayer) =>
  maker.tiling(stage, productShapes[stage](layer, maker.batch))

/** Dropout of one layer: the share of its units that is dropped, and what its random choice of units follows from. */
export interface Drop {
  readonly share: number
  readonly seed: number
  readonly layer: number
}

/** The constants of dropout; none where nothing is dropped. */
export function dropConstants(drop: Drop | undefined, suffix = ''): Record<string, number> {
  if (!drop || drop.share === 0) return {}
  return {
    [`DROP${suffix}`]: dropoutThreshold(drop.share),
    [`DROP_KEY${suffix}`]: dropoutKey(drop.seed, drop.layer),
    [`DROP_SCALE${suffix}`]: 1 / (1 - drop.share),
  }
}

/** Z = A Wᵀ + b, A′ = f(Z). */
export function forward(maker: StageMaker, layer: DeviceLayer, form: InputForm, drop?: Drop): Promise<Stage> {
  const tiling = tilingOf(maker, 'forward', layer)
  const constants = { ...layerConstants(layer, form), ...dropConstants(drop) }
  return productStage(maker, 'forward', constants, layer.outputs, tiling, {
    bytes: form.bytes,
    activations: [layer.activation],
  })
}

/** Workgroups in as few rows of them as WebGPU allows. */
export const groupsInRows = (count: number): [number, number] => [
  Math.min(count, MOST_GROUPS),
  divideUp(count, MOST_GROUPS),
]

const GATHER_WIDTH = 64

/** A data set's rows in the epoch's order; `rows` are all samples. */
export async function gather({ kernels }: Pick<StageMaker, 'kernels'>, packs: number): Promise<Stage> {
  const kernel = await kernels.compile('gather', { PACKS: packs, WIDTH: GATHER_WIDTH })
  return { kernel, groups: (rows) => groupsInRows(divideUp(rows * packs, GATHER_WIDTH)) }
}

/** δ of a hidden layer from the layer after it. */
export function hiddenDelta(maker: StageMaker, layer: DeviceLayer, next: DeviceLayer, drop?: Drop): Promise<Stage> {
  const constants = {
    NEXT: next.outputPacks,
    OUTPUTS: layer.outputs,
    OUTPUT_PACKS: layer.outputPacks,
    WEIGHTS: next.weightPack,
    ACTIVATION: activationNumber(layer.activation),
    ...dropConstants(drop),
  }
  const variant = { activations: [layer.activation] }
  return productStage(maker, 'hiddenDelta', constants, layer.outputs, tilingOf(maker, 'hiddenDelta', next), variant)
}

/**
 * ∂C/∂W and ∂C/∂b of a layer, and the optimizer's step with them.
 * @param packs of all parameters
 * @param rule left out, the gradients are written down and no step is made
 * @param held with a rule: the gradients are written down all the same, with the penalty's part, to be clipped
 */
export async function gradient(
  maker: StageMaker,
  layer: DeviceLayer,
  packs: number,
  { gather, bytes }: InputForm,
  rule?: StepRule,
  held = false,
): Promise<Stage> {
  const { inputs, inputPacks, outputs, outputPacks, weightPack, biasPack } = layer
  const shape = productShapes.gradient(layer, maker.batch)
  const few = hasFewTerms(shape) && maker.kernels.allows('few')
  const tiling = maker.tiling('gradient', shape)
  const [x, y] = groupsOf({ rows: inputs, columns: outputs }, tiling)
  const constants = {
    INPUTS: inputPacks,
    INPUT_COUNT: inputs,
    OUTPUT_PACKS: outputPacks,
    WEIGHTS: weightPack,
    BIASES: biasPack,
    GATHER: Number(gather),
    BIAS_ROW: y,
    WHOLE_TILES: Number(inputs % (4 * rowTilesOf(tiling)) === 0),
    ...(rule && held && heldConstants(rule)),
    ...(rule && !held && { ...optimizerConstants(rule), PACKS: packs, SLOTS: stateSlots(rule.optimizer) }),
    ...tilingConstants(tiling),
    ...(few ? { TERM_STEPS: packsOf(maker.batch) } : {}),
  }
  const gradients = held ? 'hold' : rule ? 'step' : 'keep'
  const kernel = await maker.kernels.compile('gradient', constants, {
    bytes,
    gradients,
    few,
    ...tilingVariant(tiling),
    ...(rule && !held && { optimizer: rule.optimizer.name }),
  })
  return { kernel, groups: () => [x, y + 1] }
}

/** Parts of the sum of squares, and invocations of a workgroup that go through the parameters together. */
export const NORM_PARTS = 256
const CLIP_WIDTH = 64
/** The most workgroups that go through the parameters. */
const MOST_CLIP_GROUPS = 1024

/** The squares of all gradients, summed in {@link NORM_PARTS} parts. */
export async function norm({ kernels }: StageMaker, packs: number): Promise<Stage> {
  const kernel = await kernels.compile('norm', { PACKS: packs, PARTS: NORM_PARTS, WIDTH: CLIP_WIDTH })
  return { kernel, groups: () => [NORM_PARTS / CLIP_WIDTH, 1] }
}

/** The optimizer's step with gradients that are shortened together where they are longer than its `clipNorm`. */
export async function clipped({ kernels }: StageMaker, packs: number, rule: StepRule): Promise<Stage> {
  const constants = {
    PACKS: packs,
    PARTS: NORM_PARTS,
    CLIP_NORM: rule.optimizer.clipNorm,
    SLOTS: stateSlots(rule.optimizer),
    ...optimizerConstants(rule),
  }
  const kernel = await kernels.compile('clipped', constants, {
    literals: { WIDTH: CLIP_WIDTH },
    optimizer: rule.optimizer.name,
  })
  return { kernel, groups: () => [Math.min(MOST_CLIP_GROUPS, divideUp(packs, CLIP_WIDTH)), 1] }
}

const CHECK_WIDTH = 64
/** Packs that an invocation checks at least, where that does not take more workgroups than {@link MOST_CHECKS}. */
const CHECKED_PACKS = 16
/** The most workgroups that check the parameters. */
export const MOST_CHECKS = 64

/** Marks the scores of a workspace, the last {@link MOST_CHECKS} of them, where a parameter is infinite or NaN. */
export async function finite({ kernels }: StageMaker, packs: number): Promise<Stage> {
  const kernel = await kernels.compile('finite', { PACKS: packs, CHECKS: MOST_CHECKS, WIDTH: CHECK_WIDTH })
  return { kernel, groups: () => [Math.min(MOST_CHECKS, divideUp(packs, CHECK_WIDTH * CHECKED_PACKS)), 1] }
}
