import { describe, expect, it } from 'vitest'
import { version } from '../package.json'
import {
  activationNames,
  cpu,
  Encoding,
  type Matrix,
  Network,
  onnxInputs,
  Scaling,
  standardize,
  toOnnx,
  Trainer,
} from '../src/index.ts'
import { Dataset } from '../src/data/dataset.ts'
import { Random } from '../src/core/random.ts'
import { expectClose } from './close.ts'
import { namedNetwork } from './formats.ts'
import { checkModel, decodeModel } from './onnx-model.ts'
import { runOnnx } from './onnx-session.ts'

/** The outputs of the library in float64, after scaling the inputs. */
async function predict(network: Network, inputs: number[][]): Promise<Matrix> {
  const trainer = await Trainer.create(network, { backend: cpu({ precision: 'float64' }) })
  const answers = await trainer.predict(network.scaling ? network.scaling.apply(inputs) : inputs)
  trainer.dispose()
  return answers
}

/** Rows near the mean and spread of each column, and a few outliers. */
function drawInputs(rows: number, centre: ArrayLike<number>, spread: ArrayLike<number>): number[][] {
  const random = new Random(3, 'data')
  return Array.from({ length: rows }, (_, i) =>
    Array.from(centre, (c, j) => Math.fround(c + (i === 0 ? 20 : 1) * spread[j]! * random.normal())),
  )
}

describe('toOnnx in ONNX Runtime', () => {
  it.each(activationNames)('%s gives the outputs of the library, with and without scaling', async (activation) => {
    const hidden = activation === 'softmax' ? 'sigmoid' : activation
    const network = Network.create({ sizes: [3, 8, 5, 4], hidden, output: activation, init: 'lecunNormal', seed: 4 })
    const plain = drawInputs(13, [0, 0, 0], [1, 1, 1])
    expectClose(await runOnnx(network, plain), (await predict(network, plain)).data, {
      name: 'outputs',
      atol: 1e-5,
      rtol: 1e-5,
    })
    const centre = [1000.4, -3, 0]
    const raw = drawInputs(9, centre, [20, 0.01, 1])
    network.scaling = standardize(Dataset.from(raw, raw.map((_, i) => i % 2))) // prettier-ignore
    expectClose(await runOnnx(network, raw), (await predict(network, raw)).data, {
      name: 'outputs',
      atol: 1e-5,
      rtol: 1e-5,
    })
  })

  it('accepts any batch size', async () => {
    const network = Network.create({ sizes: [1, 1], activation: 'linear', seed: 1 })
    for (const rows of [1, 2, 257]) {
      const inputs = drawInputs(rows, [0], [1])
      expectClose(await runOnnx(network, inputs), (await predict(network, inputs)).data, {
        name: 'outputs',
        atol: 1e-6,
        rtol: 1e-6,
      })
    }
  })

  it('keeps precision if a column is far from 0', async () => {
    const network = Network.from({ sizes: [1, 1], activations: ['linear'], weights: [[1]], biases: [[0]] })
    network.scaling = new Scaling('standardize', [1_000_000.03], [0.1])
    const inputs = drawInputs(20, [1_000_000], [0.2])
    expectClose(await runOnnx(network, inputs), (await predict(network, inputs)).data, {
      name: 'outputs',
      atol: 1e-6,
      rtol: 1e-6,
    })
  })
})

describe('toOnnx', () => {
  it.each(activationNames)('%s: keeps the rules of ONNX', async (activation) => {
    const network = namedNetwork(activation === 'softmax' ? 'gelu' : activation, activation)
    const model = decodeModel(await toOnnx(network))
    checkModel(model)
    network.scaling = undefined
    checkModel(decodeModel(await toOnnx(network)))
    network.scaling = new Scaling('standardize', [1.1, 0, -2], [30, 0.25, 1 / 3])
    checkModel(decodeModel(await toOnnx(network)))
  })

  it('contains the producer, and the names of inputs and classes', async () => {
    const network = namedNetwork()
    const model = decodeModel(await toOnnx(network))
    expect([model.producerName, model.producerVersion]).toEqual(['webgpu-mlp', version])
    expect(model.metadataProps.map(({ key, value }): unknown => [key, JSON.parse(value)])).toEqual([
      ['features', network.features],
      ['classes', network.classes],
      ['scaling', network.toJSON().scaling],
    ])
    const [input] = model.graph.input
    const [output] = model.graph.output
    expect([input?.name, input?.type.tensorType.shape.dim]).toEqual([
      'inputs',
      [{ dimParam: 'batch' }, { dimValue: 3 }],
    ])
    expect([output?.name, output?.type.tensorType.shape.dim]).toEqual([
      'outputs',
      [{ dimParam: 'batch' }, { dimValue: 2 }],
    ])
    const layers = ['Gemm', 'Tanh', 'Gemm', 'Softmax']
    // |offset| / scale is 33 in the first column: float64 until it is scaled.
    expect(input?.type.tensorType.elemType).toBe(11)
    expect(model.graph.node.map(({ opType }) => opType)).toEqual(['Sub', 'Div', 'Cast', ...layers])
    network.scaling = new Scaling('standardize', [1.1, 0, -2], [30, 0.25, 1 / 3])
    const near = decodeModel(await toOnnx(network))
    expect(near.graph.input[0]?.type.tensorType.elemType).toBe(1)
    expect(near.graph.node.map(({ opType }) => opType)).toEqual(['Sub', 'Sub', 'Div', ...layers])
    network.features = network.classes = network.scaling = undefined
    expect(decodeModel(await toOnnx(network)).metadataProps).toEqual([])
  })

  it('writes the same bytes for the same network', async () => {
    expect(Buffer.from(await toOnnx(namedNetwork()))).toEqual(Buffer.from(await toOnnx(namedNetwork())))
  })

  it('takes float64 where float32 cannot represent the scaling', async () => {
    const network = namedNetwork()
    network.scaling = new Scaling('normalize', [0, 0.5, 0], [1, 2, 1e-60])
    const rows = [[0.5, 1.2, 2e-60]]
    expectClose(await runOnnx(network, rows), network.predict(rows).data, { name: 'outputs', atol: 1e-6 })
  })

  it('has one input per column, named after it, where there are categories', async () => {
    const network = Network.create({ sizes: [4, 1], output: 'linear', seed: 1 })
    network.encoding = new Encoding([{ kind: 'number' }, { kind: 'category', categories: ['a', 'b'], fill: 'b' }, { kind: 'boolean' }]) // prettier-ignore
    const types = { float32: 1, string: 8, float64: 11 }
    const inputs = async () => {
      const found = decodeModel(await toOnnx(network)).graph.input.map(({ name, type }) => [name, type.tensorType.elemType]) // prettier-ignore
      expect(onnxInputs(network).map(({ name, type }) => [name, types[type]])).toEqual(found)
      return found
    }
    expect(await inputs()).toEqual([['x0', 1], ['x1', 8], ['x2', 1]]) // prettier-ignore
    // Names of other values of the graph, repeated names, and text that UTF-8 cannot hold.
    network.features = ['outputs', 'encoded', 'outputs_']
    network.scaling = new Scaling('standardize', [1.7e9, 0, 0, 0], [60, 1, 1, 1])
    expect(await inputs()).toEqual([['outputs_', 11], ['encoded_', 8], ['outputs__', 11]]) // prettier-ignore
    network.features = ['größe (cm)', '', 'a\ud800']
    expect(await inputs()).toEqual([['größe (cm)', 11], ['_', 8], ['a\ufffd', 11]]) // prettier-ignore
  })

  it('refuses a scaling of targets outside of float32, and parameters that are not finite', async () => {
    const network = Network.create({ sizes: [1, 2], output: 'linear', seed: 1 })
    network.targetScaling = new Scaling('normalize', [0, 0], [1, 1e-60])
    await expect(toOnnx(network)).rejects.toThrow('targetScaling of output 1 (offset 0, scale 1e-60) is outside of float32') // prettier-ignore
    network.parameters[0] = NaN
    await expect(toOnnx(network)).rejects.toThrow('network: parameter 0 is NaN')
  })
})
