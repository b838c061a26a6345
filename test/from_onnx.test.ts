import { InferenceSession, Tensor } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { Random } from '../src/core/random.ts'
import { activationNames, Encoding, fromOnnx, InputError, Network, Scaling, toOnnx } from '../src/index.ts'
import { expectClose } from './close.ts'
import { expectInputErrors, expectSame, namedNetwork } from './formats.ts'
import files from './onnx/models.json' with { type: 'json' }

/** Models of other programs (onnx/models.py); ONNX Runtime gives the answers. */
interface Model {
  file: string
  activations?: string[]
  /** Whose values are those of the network; of the first output without it. */
  output?: string
  run?: boolean
}
const models = files.models as Record<string, Model>
const bytesOf = (name: string) => new Uint8Array(Buffer.from(models[name]!.file, 'base64'))

const random = new Random(3, 'data')
const rows = Array.from({ length: 9 }, () => Array.from({ length: 4 }, () => Math.fround(2 * random.normal())))

async function runModel(name: string): Promise<Float32Array> {
  const session = await InferenceSession.create(bytesOf(name))
  const shape = name === 'PyTorch images' ? [rows.length, 2, 2] : [rows.length, 4]
  const answers = await session.run({ x: new Tensor('float32', Float32Array.from(rows.flat()), shape) })
  const { output = session.outputNames[0]! } = models[name]!
  // Of two classes there is the share of each.
  const values = (answers[output] ?? answers.probabilities!).data as Float32Array
  return name === 'skl2onnx two classes' ? values.filter((_, i) => i % 2 === 1) : values
}

const readable = Object.keys(models).filter((name) => models[name]!.activations !== undefined)

describe('fromOnnx', () => {
  it.each(readable)('reads %s', async (name) => {
    const { activations, run = true } = models[name]!
    const network = fromOnnx(bytesOf(name))
    expect(network.activations).toEqual(activations)
    if (!run) return
    expectClose(network.predict(rows).data, await runModel(name), { name, atol: 2e-5, rtol: 2e-5 })
  })

  it('makes a leading scaling the scaling of the network, and knows the classes of ZipMap', () => {
    const scaled = fromOnnx(bytesOf('PyTorch scaled'))
    expect([...scaled.scaling!.offset]).toEqual([1, -2, 300, 0.5])
    expect([...scaled.scaling!.scale]).toEqual([0.5, 4, 50, 2])
    expect(scaled.biases[1]).toEqual(Float32Array.of(3, 3))
    const classifier = fromOnnx(bytesOf('skl2onnx classifier'))
    expect(classifier.classes).toEqual(['3', '5', '9'])
    expect(classifier.scaling!.offset[1]).toBe(-2)
    expect(fromOnnx(bytesOf('a column that is turned, and one that is left out')).scaling).toBeUndefined()
  })

  it('makes batch normalization of the inputs the scaling, and of anything else a part of the layers', () => {
    const network = fromOnnx(bytesOf('PyTorch batch normalization'))
    expect(network.sizes).toEqual([4, 6, 5, 3])
    expect(fromOnnx(bytesOf('batch normalization of the outputs')).scaling).toBeUndefined()
    expect(fromOnnx(bytesOf('skl2onnx texts')).classes).toEqual(['oak', 'elm', 'ash'])
  })

  it('names columns and classes', () => {
    const names = { features: ['a', 'b', 'c', 'd'], classes: ['no', 'yes'] }
    expect(fromOnnx(bytesOf('skl2onnx two classes'), names)).toMatchObject(names)
    expect(() => fromOnnx(bytesOf('PyTorch relu'), { classes: ['a', 'b'] })).toThrow('classes: expected 3 names for 3 outputs') // prettier-ignore
    expect(() => fromOnnx(bytesOf('PyTorch relu'), { features: ['a'] })).toThrow('features: expected 4 names')
  })

  it.each(activationNames)('returns what toOnnx wrote: %s', async (activation) => {
    const network = namedNetwork(activation === 'softmax' ? 'gelu' : activation, activation)
    network.task = 'classification'
    network.loss = 'quadratic'
    expectSame(fromOnnx(await toOnnx(network)), network)
    expectSame(fromOnnx(await toOnnx(Network.create({ sizes: [1, 1], activation, seed: 2 }))), Network.create({ sizes: [1, 1], activation, seed: 2 })) // prettier-ignore
  })

  it('returns encodings and scalings of targets that toOnnx wrote', async () => {
    const network = Network.create({ sizes: [3, 4, 2], hidden: 'relu', output: 'linear', seed: 5 })
    network.features = ['size', 'kind']
    network.encoding = new Encoding([{ kind: 'number', fill: 2 }, { kind: 'category', categories: ['a', 'b'] }], 'impute') // prettier-ignore
    network.scaling = new Scaling('standardize', [1.6e9, 0, 0], [10, 1, 1])
    network.targetScaling = new Scaling('standardize', [1e5, 3], [200, 4])
    expectSame(fromOnnx(await toOnnx(network)), network)
  })

  it.each<[string, RegExp]>([
    ['PyTorch convolution', /^onnx: node '\S*Conv\S*' \(Conv\) is no part of an MLP; read are Gemm, or MatMul and Add/],
    ['PyTorch LogSoftmax', /^onnx: node '\S*LogSoftmax\S*' \(LogSoftmax\) is no part of an MLP/],
    [
      'PyTorch slope 0.2',
      /^onnx: node '\S*LeakyRelu\S*' \(LeakyRelu\): its slope is 0\.2\d*, leakyRelu here has 0\.01/,
    ],
    ['external data', /^onnx: 'W' is in another file \(external data\); save the model as one file/],
    ['attention', /^onnx: node 'MatMul_0' \(MatMul\): its weights are no constants/],
    ['PyTorch gelu by tanh', /^onnx: node '\S*Mul\S*' \(Mul\): approximates gelu by tanh; gelu here has the erf form/],
    ['Gelu by tanh', /^onnx: node 'Gelu_1' \(Gelu\): approximates gelu by tanh/],
    ['samples in columns', /^onnx: node 'Gemm_0' \(Gemm\): transA is set/],
    ['layer normalization', /^onnx: node 'LayerNormalization_1' \(LayerNormalization\) is no part of an MLP/],
    [
      'batch normalization in training',
      /^onnx: node 'BatchNormalization_1' \(BatchNormalization\): is in training mode/,
    ],
    ['batch normalization of another size', /^onnx: node 'BatchNormalization_1' \(BatchNormalization\): expected 5 constants, one an input, got 3/], // prettier-ignore
    ['batch normalization with a negative variance', /^onnx: node 'BatchNormalization_1' \(BatchNormalization\): its variance 2 is -2/], // prettier-ignore
    ['skl2onnx pipeline with words', /^onnx: node 'OneHotEncoder_0' \(OneHotEncoder\) is no part of an MLP/],
  ])('refuses %s, with the name of the node', (name, message) => {
    expect(() => fromOnnx(bytesOf(name))).toThrow(InputError)
    expect(() => fromOnnx(bytesOf(name))).toThrow(message)
  })

  it('refuses what is no model, and truncated or modified files, only with an InputError', async () => {
    expect(() => fromOnnx(new Uint8Array(0))).toThrow('onnx: damaged, or not such a file: it has no graph')
    expect(() => fromOnnx(Buffer.from('text'))).toThrow(/^onnx: damaged, or not such a file/)
    expect(() => fromOnnx([1] as never)).toThrow("onnx: expected the file's bytes as a Uint8Array")
    expectInputErrors(await toOnnx(namedNetwork('gelu')), fromOnnx, 1500)
  })
})
