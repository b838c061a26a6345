import { deviceLayers, packRows, toDevice, unpackRows } from '../webgpu/kernels/packs.ts'
import { layoutLayers } from '../../model/layout.ts'
import type { OptionalForm } from '../webgpu/device/forms.ts'
import * as kernels from '../webgpu/kernels/output-kernels.ts'
import { MOST_CHECKS } from '../webgpu/kernels/stage-kernels.ts'
import type { Tiling } from '../webgpu/kernels/tiling.ts'
import * as reference from '../host/reference/stages.ts'
import { faultOf, firstFault, layerOf, someValues, type TestBench, type TestCase } from './bench.ts'
import { checkActivations, checkHiddenDelta, checkOutputDelta, EPSILON } from './stage-checks.ts'

const LOSS = 'crossEntropy'
/** Inputs of the output layer: more than a panel of a product has. */
const INPUTS = 259
/** Minibatches of two workgroups, and of less than one. */
const ROWS = [5, 3]
/** The relative error of a loss, which is a logarithm of a sum. */
const LOSS_ERROR = 1e-5

/** A class for each row, one-hot, and the row's own order. */
function targetsOn(bench: TestBench, rows: number, columns: number) {
  const targets = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) targets[i * columns + ((7 * i + 3) % columns)] = 1
  const order = bench.storage(Uint32Array.from({ length: rows }, (_, i) => i))
  return { exact: Float64Array.from(targets), targets: bench.storage(packRows(targets, rows, columns)), order }
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

/**
 * The kernel of a whole output layer, with as many outputs as make its workgroups as wide as those of the network's, the last
 * of its packs not full; with the form passOn, also the δ of the layer below.
 * @param tiling of the network's output layer
 */
export function outputCase(tiling: Tiling, forms: readonly OptionalForm[]): TestCase {
  const { width, slices } = tiling
  const passOn = forms.includes('passOn')
  const run = async (bench: TestBench) => {
    const runs = ROWS.map((rows) => runOutput(bench, tiling, INPUTS, 4 * width - 1, rows, passOn))
    return firstFault(await Promise.all(runs))
  }
  return { key: ['output', width, slices, ...forms].join(' '), stage: 'output', forms, run }
}

async function runOutput(
  bench: TestBench,
  tiling: Tiling,
  inputs: number,
  outputs: number,
  rows: number,
  passOn: boolean,
) {
  const layers = deviceLayers(layoutLayers([1, inputs, outputs], ['tanh', 'softmax']))
  const [below, layer] = [layers[0]!, layers[1]!]
  const values = someValues(layer.biasOffset + outputs, 2)
  const [zBelow, { exact, targets, order }] = [someValues(rows * inputs, 3), targetsOn(bench, rows, outputs)]
  const aBelow = zBelow.map(Math.tanh)
  const form = { gather: false, bytes: false, weighted: false }
  const stage = await kernels.output(bench.maker(rows, tiling), layer, LOSS, form, ...(passOn ? [below] : []))
  const space = () => bench.space(rows, outputs)
  const [deltas, activations, scores] = [space(), space(), bench.storage(2 * (rows + MOST_CHECKS))]
  const deltasBelow = bench.rows(zBelow, rows, inputs)
  const source = bench.rows(aBelow, rows, inputs)
  const parameters = bench.storage(toDevice(layers, values))
  const buffers = [source, order, parameters, deltas, activations, targets, scores, passOn ? deltasBelow : undefined]
  const read = await bench.run([[stage, buffers]], { rows }, [deltas, activations, scores, deltasBelow])
  const [delta, a] = [unpackRows(read[0]!, rows, outputs), unpackRows(read[1]!, rows, outputs)]
  const [weights, aBelowExact] = [Float64Array.from(values), Float64Array.from(aBelow)]
  const [z, aWanted, scrap] = [0, 0, 0].map(() => new Float64Array(rows * outputs)) as [Float64Array, Float64Array, Float64Array] // prettier-ignore
  reference.forward(layer, weights, aBelowExact, rows, z, aWanted)
  // z is not stored, so the error of the sum is part of the activation's: |w| and |a| are at most 1.
  const slack = 8 * (inputs + 3) * EPSILON * Math.sqrt(inputs)
  const aExact = Float64Array.from(a)
  const want = reference.outputDelta(layer, LOSS, z, aWanted, exact, rows, scrap)
  const deltaExact = Float64Array.from(delta)
  return firstFault([
    faultOf('the activation', checkActivations(layer, rows, z, a, slack)),
    faultOf('δ', checkOutputDelta(layer, LOSS, z, aExact, exact, rows, delta)),
    scoreFault(read[2]!, rows, want),
    passOn
      ? faultOf('δ of the layer below', checkHiddenDelta(below, layer, weights, deltaExact, rows, Float64Array.from(zBelow), aBelowExact, unpackRows(read[3]!, rows, inputs))) // prettier-ignore
      : '',
  ])
}

/** The separate kernels of a wide output layer, after the product: softmax and outputDelta. */
export function outputDeltaCase(forms: readonly OptionalForm[]): TestCase {
  const run = async (bench: TestBench) => {
    const runs = (forms.includes('sharedRows') ? [259, 256] : [70, 5]).map(async (outputs, i) => {
      const rows = 9 - 2 * i
      const layer = layerOf(1, outputs, 'softmax')
      const z = someValues(rows * outputs, 2).map((value) => 4 * value)
      const { exact, targets, order } = targetsOn(bench, rows, outputs)
      const [softmax, outputDelta] = await Promise.all([
        kernels.softmax(bench.maker(rows), layer),
        kernels.outputDelta(bench.maker(rows), layer, LOSS, { weighted: false }),
      ])
      const deltas = bench.rows(z, rows, outputs)
      const [activations, scores] = [bench.storage(deltas.size / 4), bench.storage(2 * (rows + MOST_CHECKS))]
      const bound = [
        [softmax, [deltas, activations]],
        [outputDelta, [deltas, activations, targets, order, scores]],
      ] as const
      const read = await bench.run(bound, { rows }, [deltas, activations, scores])
      const [delta, a] = [unpackRows(read[0]!, rows, outputs), unpackRows(read[1]!, rows, outputs)]
      const [zExact, aExact, scrap] = [Float64Array.from(z), Float64Array.from(a), new Float64Array(a.length)]
      const want = reference.outputDelta(layer, LOSS, zExact, aExact, exact, rows, scrap)
      return firstFault([
        faultOf('softmax', checkActivations(layer, rows, zExact, a)),
        faultOf('δ', checkOutputDelta(layer, LOSS, zExact, aExact, exact, rows, delta)),
        scoreFault(read[2]!, rows, want),
      ])
    })
    return firstFault(await Promise.all(runs))
  }
  return { key: ['softmax outputDelta', ...forms].join(' '), stage: 'outputDelta', forms, run }
}
