import type { LossName } from '../../../loss/loss.ts'
import { activationNumber, lossConstants } from './formulas.ts'
import type { Kernels } from './kernels.ts'
import { type DeviceLayer, packsOf } from './packs.ts'
import {
  type Drop,
  dropConstants,
  groupsInRows,
  type InputForm,
  layerConstants,
  productShapes,
  productStage,
  type Stage,
  type StageMaker,
} from './stage-kernels.ts'
import { divideUp } from './tiling.ts'

/*
 * The stages of the output layer. A narrow one is computed by one kernel (`output`), a wide one by a product and a kernel
 * over its rows (`softmax`, `outputDelta`).
 */

/** Whether the targets have a pack more, for the weights of the samples. */
export interface Weighted {
  readonly weighted: boolean
}

const weightConstants = ({ weighted }: Weighted): Record<string, number> => (weighted ? { WEIGHTED: 1 } : {})

/** The most packs of outputs of which one workgroup takes whole rows. */
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
