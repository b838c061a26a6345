import { InferenceSession, Tensor, env } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { version } from '../package.json'
import { activationNames, cpu, type Matrix, Network, Scaling, standardize, toOnnx, Trainer } from '../src/index.ts'
import { Dataset } from '../src/data/dataset.ts'
import { Random } from '../src/core/random.ts'
import { expectClose } from './close.ts'
import { namedNetwork } from './formats.ts'
import { checkModel, decodeModel } from './onnx-model.ts'

env.wasm.numThreads = 1
env.logLevel = 'error'

/** The outputs of ONNX Runtime for rows of inputs. */
async function runOnnx(network: Network, inputs: readonly (readonly number[])[]): Promise<Float32Array> {
  const session = await InferenceSession.create(await toOnnx(network))
  expect([session.inputNames, session.outputNames]).toEqual([['inputs'], ['outputs']])
  const feeds = { inputs: new Tensor('float32', Float32Array.from(inputs.flat()), [inputs.length, network.sizes[0]!]) }
  const { outputs } = await session.run(feeds)
  expect(outputs!.dims).toEqual([inputs.length, network.sizes.at(-1)])
  await session.release()
  return outputs!.data as Float32Array
}

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
  })

  it('contains the producer, and the names of inputs and classes', async () => {
    const network = namedNetwork()
    const model = decodeModel(await toOnnx(network))
    expect([model.producerName, model.producerVersion]).toEqual(['webgpu-mlp', version])
    expect(model.metadataProps.map(({ key, value }): unknown => [key, JSON.parse(value)])).toEqual([
      ['features', network.features],
      ['classes', network.classes],
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
    expect(model.graph.node.map(({ opType }) => opType)).toEqual([
      'Sub',
      'Sub',
      'Div',
      'Gemm',
      'Tanh',
      'Gemm',
      'Softmax',
    ])
    network.features = network.classes = undefined
    expect(decodeModel(await toOnnx(network)).metadataProps).toEqual([])
  })

  it('writes the same bytes for the same network', async () => {
    expect(Buffer.from(await toOnnx(namedNetwork()))).toEqual(Buffer.from(await toOnnx(namedNetwork())))
  })

  it('refuses values that float32 cannot represent', async () => {
    const network = namedNetwork()
    network.scaling = new Scaling('normalize', [0, 0, 0], [1, 1e-60, 1])
    await expect(toOnnx(network)).rejects.toThrow('scaling of column 1 (offset 0, scale 1e-60) is outside of float32')
    network.parameters[0] = NaN
    await expect(toOnnx(network)).rejects.toThrow('network: parameter 0 is NaN')
  })
})
