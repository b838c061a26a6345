import { describe, expect, it } from 'vitest'
import { cpu } from '../src/backend/host/backend.ts'
import { Dataset } from '../src/data/dataset.ts'
import { Matrix } from '../src/core/matrix.ts'
import { type ActivationName, activationNames } from '../src/model/activation.ts'
import { layoutLayers } from '../src/model/layout.ts'
import { Network } from '../src/model/network.ts'
import { Random } from '../src/core/random.ts'
import { type LossName, lossNames, losses } from '../src/loss/loss.ts'
import { sgd } from '../src/optimizer/optimizer.ts'
import * as stages from '../src/backend/host/reference/stages.ts'

const SIZES = [3, 5, 4, 3]
const ROWS = 6

/** Mean loss over the minibatch as a function of the parameters, in float64, by the stages of the reference. */
function meanLoss(names: ActivationName[], loss: LossName, parameters: Float64Array, x: Float64Array, y: Float64Array) {
  const layers = layoutLayers(SIZES, names)
  let below = x
  let z = below
  let a = below
  for (const layer of layers) {
    z = new Float64Array(ROWS * layer.outputs)
    a = new Float64Array(ROWS * layer.outputs)
    stages.forward(layer, parameters, below, ROWS, z, a)
    below = a
  }
  const scrap = new Float64Array(z.length)
  return stages.outputDelta(layers.at(-1)!, loss, z, a, y, ROWS, scrap).loss / ROWS
}

function makeTargets(loss: LossName, random: Random): Float64Array {
  const y = Float64Array.from({ length: ROWS * 3 }, () => random.uniform())
  // Targets are far from the network's outputs, away from the points where meanAbsoluteError and huber are not smooth.
  if (loss === 'meanAbsoluteError') return y.map((value, i) => (i % 2 ? value + 3 : value - 3))
  if (loss === 'huber') return y.map((value, i) => (i % 3 ? value + 3 : value))
  if (loss !== 'crossEntropy') return y
  return y.map((value, i) => value / (y[i - (i % 3)]! + y[i - (i % 3) + 1]! + y[i - (i % 3) + 2]!))
}

const pairs = lossNames.flatMap((loss) => {
  const { requires } = losses[loss]
  return activationNames
    .filter((name) => requires === undefined || name === requires)
    .map((name) => [loss, name] as const)
})
const hiddenNames = activationNames.filter((name) => name !== 'softmax')

async function checkGradients(names: ActivationName[], loss: LossName, seed: number): Promise<void> {
  const random = new Random(seed, 'data')
  const network = Network.create({ sizes: SIZES, activations: names, init: 'standardNormal', seed })
  // Float32 data, so that the float64 backend and this test use the same numbers.
  const x = Float64Array.from({ length: ROWS * 3 }, () => Math.fround(random.normal()))
  const y = makeTargets(loss, random).map(Math.fround)
  const data = Dataset.from(new Matrix(ROWS, 3, Float32Array.from(x)), new Matrix(ROWS, 3, Float32Array.from(y)))
  const placed = await cpu({ precision: 'float64' }).place(network, { loss, optimizer: sgd(), batchSize: ROWS })
  const { gradient, loss: value } = await placed.trace(data)
  const parameters = Float64Array.from(network.parameters)
  expect(value).toBeCloseTo(meanLoss(names, loss, parameters, x, y), 12)
  // Fourth-order central differences: their error is about h⁴ and 1e-16 / h.
  const h = 1e-3
  const at = (i: number, offset: number) => {
    const moved = parameters.slice()
    moved[i] = moved[i]! + offset
    return meanLoss(names, loss, moved, x, y)
  }
  const scale = Math.max(...gradient.map(Math.abs))
  for (let i = 0; i < parameters.length; i++) {
    const numeric = (8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h)
    const bound = 1e-6 * Math.max(Math.abs(numeric), 1e-3 * scale)
    const distance = Math.abs(numeric - gradient[i]!)
    if (!(distance <= bound)) throw new Error(`parameter ${i}: ${gradient[i]} but numerically ${numeric}`)
  }
}

describe('back-propagation agrees with central differences in float64 to 1e-6', () => {
  it.each(pairs)('%s on %s outputs', async (loss, output) => {
    await checkGradients(['tanh', 'sigmoid', output], loss, 3)
  })
  it.each(hiddenNames)('hidden layers of %s', async (name) => {
    await checkGradients([name, name, 'sigmoid'], 'quadratic', 5)
  })
})
