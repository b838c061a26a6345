import type { LossName } from '../../../loss/loss.ts'
import { stateSlots } from '../../../optimizer/optimizer.ts'
import { dropoutKey, dropoutThreshold } from '../../../optimizer/dropout.ts'
import { activationNumber, lossConstants } from './formulas.ts'
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

async function productStage(
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

const layerConstants = (layer: DeviceLayer, { gather }: InputForm) => ({
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
function dropConstants(drop: Drop | undefined, suffix = ''): Record<string, number> {
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

/** Whether the targets have a pack more, for the weights of the samples. */
export interface Weighted {
  readonly weighted: boolean
}

const weightConstants = ({ weighted }: Weighted): Record<string, number> => (weighted ? { WEIGHTED: 1 } : {})

/** So many packs of outputs one workgroup takes whole rows of. */
const MOST_OUTPUT_PACKS = 16

/** Whether {@link output} takes this output layer. */
export const outputFits = ({ kernels }: Pick<StageMaker, 'kernels'>, layer: DeviceLayer) =>
  layer.outputPacks <= MOST_OUTPUT_PACKS && kernels.allows('output')

/** Passing δ on costs a dispatch; with fewer multiplications than this, output does it in its own few workgroups. */
const MOST_PASSED_ON = 30_000

/** Whether {@link output} passes δ on to the layer below. */
export const passesOn = (maker: StageMaker, layer: DeviceLayer, below: DeviceLayer | undefined) =>
  below !== undefined &&
  outputFits(maker, layer) &&
  maker.kernels.allows('passOn') &&
  maker.batch * layer.inputs * layer.outputs < MOST_PASSED_ON

/**
 * forward of the output layer, softmax and output delta in one.
 * @param below the layer whose δ is computed in the same pass; left out, none
 * @param dropBelow dropout of that layer; has no effect without `below`
 */
export function output(
  maker: StageMaker,
  layer: DeviceLayer,
  loss: LossName,
  form: InputForm & Weighted,
  below?: DeviceLayer,
  dropBelow?: Drop,
): Promise<Stage> {
  const tiling = maker.tiling('output', productShapes.forward(layer, maker.batch))
  const constants = {
    ...layerConstants(layer, form),
    ...lossConstants(layer, loss),
    ...weightConstants(form),
    ...(below && {
      INPUT_COUNT: below.outputs,
      ACTIVATION_BELOW: activationNumber(below.activation),
      ...dropConstants(dropBelow, '_BELOW'),
    }),
  }
  const activations = [layer.activation, ...(below ? [below.activation] : [])]
  const variant = { bytes: form.bytes, passOn: below !== undefined, activations, loss }
  return productStage(maker, 'output', constants, layer.outputs, tiling, variant)
}

/** Rows of a workgroup, each of one invocation. */
const ROW_WIDTH = 8
/** Invocations that share a row. */
const ROW_LANES = 64

/** Workgroups in as few rows of them as WebGPU allows. */
const groupsInRows = (count: number): [number, number] => [Math.min(count, MOST_GROUPS), divideUp(count, MOST_GROUPS)]

/** Whether the invocations of a workgroup share each row of a wide output layer. */
export const sharesRows = ({ kernels }: Pick<StageMaker, 'kernels'>, { outputPacks }: DeviceLayer) =>
  outputPacks >= ROW_LANES && kernels.allows('sharedRows')

/** How the rows of a wide output layer are divided: the invocations of a workgroup share each row, or have one each. */
function rowStage(kernels: Kernels, layer: DeviceLayer) {
  if (!sharesRows({ kernels }, layer)) {
    const groups = (rows: number) => groupsInRows(divideUp(rows, ROW_WIDTH))
    return { width: ROW_WIDTH, variant: {}, groups }
  }
  // Rows of zeros that fill the minibatch are cleared, too.
  const groups = (rows: number) => groupsInRows(4 * packsOf(rows))
  return { width: ROW_LANES, variant: { sharedRows: true, literals: { ROW_LANES } }, groups }
}

const GATHER_WIDTH = 64

/** A data set's rows in the epoch's order; `rows` are all samples. */
export async function gather({ kernels }: Pick<StageMaker, 'kernels'>, packs: number): Promise<Stage> {
  const kernel = await kernels.compile('gather', { PACKS: packs, WIDTH: GATHER_WIDTH })
  return { kernel, groups: (rows) => groupsInRows(divideUp(rows * packs, GATHER_WIDTH)) }
}

/** a = eᶻ / Σ eᶻ, row by row. */
export async function softmax({ kernels }: StageMaker, layer: DeviceLayer): Promise<Stage> {
  const { outputs, outputPacks } = layer
  const { width, variant, groups } = rowStage(kernels, layer)
  const constants = { OUTPUTS: outputs, OUTPUT_PACKS: outputPacks, WIDTH: width }
  return { kernel: await kernels.compile('softmax', constants, variant), groups }
}

/** δ of the output layer, with loss and correct predictions. */
export async function outputDelta(
  { kernels }: StageMaker,
  layer: DeviceLayer,
  loss: LossName,
  form: Weighted,
): Promise<Stage> {
  const { width, variant, groups } = rowStage(kernels, layer)
  const constants = {
    OUTPUTS: layer.outputs,
    OUTPUT_PACKS: layer.outputPacks,
    ACTIVATION: activationNumber(layer.activation),
    ...lossConstants(layer, loss),
    ...weightConstants(form),
    WIDTH: width,
  }
  const formulas = { activations: [layer.activation], loss }
  return { kernel: await kernels.compile('outputDelta', constants, { ...variant, ...formulas }), groups }
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
/** So many workgroups at most go through the parameters. */
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
/** So many workgroups at most check the parameters. */
export const MOST_CHECKS = 64

/** Marks the scores of a workspace, the last {@link MOST_CHECKS} of them, where a parameter is infinite or NaN. */
export async function finite({ kernels }: StageMaker, packs: number): Promise<Stage> {
  const kernel = await kernels.compile('finite', { PACKS: packs, CHECKS: MOST_CHECKS, WIDTH: CHECK_WIDTH })
  return { kernel, groups: () => [Math.min(MOST_CHECKS, divideUp(packs, CHECK_WIDTH * CHECKED_PACKS)), 1] }
}
