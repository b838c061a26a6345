import { type DeviceLayer, deviceLayers, toDevice, unpackRows } from '../webgpu/kernels/packs.ts'
import { Matrix } from '../../core/matrix.ts'
import { layoutLayers } from '../../model/layout.ts'
import { packTargets } from '../webgpu/data.ts'
import type { OptionalForm } from '../webgpu/device/forms.ts'
import * as kernels from '../webgpu/kernels/output-kernels.ts'
import { type Drop, MOST_CHECKS } from '../webgpu/kernels/stage-kernels.ts'
import type { Tiling } from '../webgpu/kernels/tiling.ts'
import * as reference from '../host/reference/stages.ts'
import { faultOf, firstFault, layerOf, someValues, type TestBench, type TestCase } from './bench.ts'
import { DROP_STEP, dropFactors, testedDrop } from './dropped.ts'
import { dataOf } from './products.ts'
import { checkActivations, checkHiddenDelta, checkOutputDelta, EPSILON } from './stage-checks.ts'

const LOSS = 'crossEntropy'
/** Inputs of the output layer: more than a panel of a product has. */
const INPUTS = 259
/** A minibatch of two workgroups, and one of less than one. */
const ROWS = { whole: 5, part: 3 }
/** Weights of samples. */
const WEIGHTS = [0.5, 3, 0, 1, 1.25, 2, 0.1, 4, 1]
/** The relative error of a loss, which is a logarithm of a sum. */
const LOSS_ERROR = 1e-5

/** A class for each row, one-hot, and perhaps a weight; the rows are visited in reverse order. */
function targetsOn(bench: TestBench, rows: number, columns: number, weighted: boolean) {
  const targets = new Matrix(rows, columns)
  const exact = new Float64Array(rows * columns)
  const weights = Float32Array.from({ length: rows }, (_, i) => WEIGHTS[i]!)
  for (let i = 0; i < rows; i++) {
    const place = (7 * i + 3) % columns
    exact[i * columns + place] = 1
    targets.data[(rows - 1 - i) * columns + place] = 1
  }
  const packed = packTargets(targets, weighted ? Float32Array.from(weights).reverse() : undefined)
  const order = Uint32Array.from({ length: rows }, (_, i) => rows - 1 - i)
  return {
    exact,
    weights: weighted ? Float64Array.from(weights) : undefined,
    targets: bench.storage(packed),
    order: bench.storage(order),
  }
}

/** What is wrong with the sums of loss and correct predictions; empty if nothing is. */
function scoreFault(scores: Float32Array, rows: number, want: { loss: number; right: number }): string {
  let [loss, right] = [0, 0]
  for (let i = 0; i < rows; i++) {
    loss += scores[2 * i]!
    right += scores[2 * i + 1]!
  }
  if (right !== want.right) return `${right} predictions count as correct, where ${want.right} are`
  const isClose = Math.abs(loss - want.loss) <= LOSS_ERROR * Math.abs(want.loss)
  return isClose ? '' : `the loss is ${loss}, where it should be ${want.loss}`
}

/** What an output layer's kernel is tested with. */
export interface OutputOptions {
  /** It is the first layer, too: its inputs are rows of a data set, as bytes with that form. */
  readonly first?: boolean
  /** The layer below has dropout; only with the form passOn. */
  readonly drops?: boolean
}

/** One minibatch through an output layer's kernel. */
interface OutputRun extends OutputOptions {
  readonly tiling: Tiling
  readonly rows: number
  readonly passOn: boolean
  readonly bytes: boolean
  readonly weighted: boolean
  /** Whether correct labels are counted, and not correct samples. */
  readonly countsLabels: boolean
}

/**
 * The kernel of a whole output layer, with as many outputs as make its workgroups as wide as those of the network's, the last
 * of its packs not full; with the form passOn, also the δ of the layer below. Samples have weights, and labels are
 * counted, in one of two minibatches.
 * @param tiling of the network's output layer
 */
export function outputCase(
  tiling: Tiling,
  forms: readonly OptionalForm[],
  { first = false, drops = false }: OutputOptions = {},
): TestCase {
  const { width, slices } = tiling
  const [passOn, bytes] = [forms.includes('passOn'), forms.includes('bytes')]
  const run = async (bench: TestBench) => {
    const own = { tiling, passOn, bytes, first, drops }
    const whole = runOutput(bench, { ...own, rows: ROWS.whole, weighted: false, countsLabels: false })
    // Other kernels: what drops units, or reads bytes, does not depend on weights.
    const weighted = !drops && !bytes
    const part = runOutput(bench, { ...own, rows: ROWS.part, weighted, countsLabels: true })
    return firstFault(await Promise.all([whole, part]))
  }
  const words = [...(first ? ['first'] : []), ...(drops ? ['dropout'] : [])]
  return { key: ['output', width, slices, ...forms, ...words].join(' '), stage: 'output', forms, run }
}

/** The inputs of an output layer: activations below, or rows of a data set. */
function inputsOf(bench: TestBench, { rows, first = false, bytes, drops = false }: OutputRun) {
  const zBelow = someValues(rows * INPUTS, 3)
  const factors = drops ? dropFactors(rows, INPUTS) : undefined
  if (first) {
    const { inputs, visited } = dataOf(bench, rows, INPUTS, bytes)
    return { zBelow, aBelow: visited, source: inputs, values: visited, factors }
  }
  const aBelow = zBelow.map(Math.tanh)
  const values = factors ? aBelow.map((value, i) => value * factors[i]!) : aBelow
  const source = bench.rows(values, rows, INPUTS)
  return { zBelow, aBelow: Float64Array.from(aBelow), source, values: Float64Array.from(values), factors }
}

async function runOutput(bench: TestBench, options: OutputRun): Promise<string> {
  const { tiling, rows, passOn, bytes, first = false, drops, weighted, countsLabels } = options
  const outputs = 4 * tiling.width - 1
  const layers = deviceLayers(layoutLayers([1, INPUTS, outputs], ['tanh', 'softmax']))
  const [below, layer] = [layers[0]!, layers[1]!]
  const values = someValues(layer.biasOffset + outputs, 2)
  const { zBelow, aBelow, source, values: inputs, factors } = inputsOf(bench, options)
  const { exact, targets, order, weights } = targetsOn(bench, rows, outputs, weighted)
  const form = { gather: first, bytes, weighted }
  const passed: [below?: DeviceLayer, drop?: Drop | undefined] = passOn ? [below, drops ? testedDrop : undefined] : []
  const stage = await kernels.output(bench.maker(rows, tiling), layer, LOSS, form, ...passed)
  const space = () => bench.space(rows, outputs)
  const [deltas, activations, scores] = [space(), space(), bench.storage(2 * (rows + MOST_CHECKS))]
  const deltasBelow = bench.rows(zBelow, rows, INPUTS)
  const parameters = bench.storage(toDevice(layers, values))
  const buffers = [source, order, parameters, deltas, activations, targets, scores, passOn ? deltasBelow : undefined]
  const read = await bench.run([[stage, buffers]], { rows, number: DROP_STEP, countsLabels }, [
    deltas,
    activations,
    scores,
    deltasBelow,
  ])
  const [delta, a] = [unpackRows(read[0]!, rows, outputs), unpackRows(read[1]!, rows, outputs)]
  const parametersExact = Float64Array.from(values)
  const [z, aWanted, scrap] = [0, 0, 0].map(() => new Float64Array(rows * outputs)) as [Float64Array, Float64Array, Float64Array] // prettier-ignore
  reference.forward(layer, parametersExact, inputs, rows, z, aWanted)
  // z is not stored, so the error of the sum is part of the activation's: |w| is at most 1, and |a| 1 or, with dropout, 4/3.
  const slack = (drops ? 4 / 3 : 1) * 8 * (INPUTS + 3) * EPSILON * Math.sqrt(INPUTS)
  const aExact = Float64Array.from(a)
  const want = reference.outputDelta(layer, LOSS, z, aWanted, exact, rows, scrap, weights, countsLabels)
  const deltaExact = Float64Array.from(delta)
  const got = unpackRows(read[3]!, rows, INPUTS)
  return firstFault([
    faultOf('the activation', checkActivations(layer, rows, z, a, slack)),
    faultOf('δ', checkOutputDelta(layer, LOSS, z, aExact, exact, rows, delta, weights)),
    scoreFault(read[2]!, rows, want),
    passOn
      ? faultOf('δ of the layer below', checkHiddenDelta(below, layer, parametersExact, deltaExact, rows, Float64Array.from(zBelow), aBelow, got, factors)) // prettier-ignore
      : '',
  ])
}

/**
 * The separate kernels of a wide output layer, after the product: softmax and outputDelta. Samples have weights, and
 * labels are counted, in one of two minibatches.
 */
export function outputDeltaCase(forms: readonly OptionalForm[]): TestCase {
  const run = async (bench: TestBench) => {
    const runs = (forms.includes('sharedRows') ? [259, 256] : [70, 5]).map(async (outputs, i) => {
      const rows = 9 - 2 * i
      const layer = layerOf(1, outputs, 'softmax')
      const z = someValues(rows * outputs, 2).map((value) => 4 * value)
      const [weighted, countsLabels] = [i === 1, i === 1]
      const { exact, targets, order, weights } = targetsOn(bench, rows, outputs, weighted)
      const [softmax, outputDelta] = await Promise.all([
        kernels.softmax(bench.maker(rows), layer),
        kernels.outputDelta(bench.maker(rows), layer, LOSS, { weighted }),
      ])
      const deltas = bench.rows(z, rows, outputs)
      const [activations, scores] = [bench.storage(deltas.size / 4), bench.storage(2 * (rows + MOST_CHECKS))]
      const bound = [
        [softmax, [deltas, activations]],
        [outputDelta, [deltas, activations, targets, order, scores]],
      ] as const
      const read = await bench.run(bound, { rows, countsLabels }, [deltas, activations, scores])
      const [delta, a] = [unpackRows(read[0]!, rows, outputs), unpackRows(read[1]!, rows, outputs)]
      const [zExact, aExact, scrap] = [Float64Array.from(z), Float64Array.from(a), new Float64Array(a.length)]
      const want = reference.outputDelta(layer, LOSS, zExact, aExact, exact, rows, scrap, weights, countsLabels)
      return firstFault([
        faultOf('softmax', checkActivations(layer, rows, zExact, a)),
        faultOf('δ', checkOutputDelta(layer, LOSS, zExact, aExact, exact, rows, delta, weights)),
        scoreFault(read[2]!, rows, want),
      ])
    })
    return firstFault(await Promise.all(runs))
  }
  return { key: ['softmax outputDelta', ...forms].join(' '), stage: 'outputDelta', forms, run }
}
