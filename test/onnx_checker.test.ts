import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { activationNames, Encoding, Ensemble, Network, Scaling, toOnnx } from '../src/index.ts'
import { encodeModel, type OnnxModel } from '../src/formats/onnx-file.ts'
import { namedNetwork } from './formats.ts'

/**
 * ONNX's own checker is a Python package (Debian: python3-onnx). One process checks all models. It reads them as
 * base64 and returns for each the error, or null, and the shape that it infers for the outputs, without a declared shape.
 */
const program = `
import base64, json, sys, onnx

def check(model):
    onnx.checker.check_model(model, full_check=True)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return [dim.dim_param or dim.dim_value for dim in inferred.graph.output[0].type.tensor_type.shape.dim]

answers = []
for text in json.load(sys.stdin):
    try:
        answers.append({"wrong": None, "shape": check(onnx.load_from_string(base64.b64decode(text)))})
    except Exception as error:
        answers.append({"wrong": str(error), "shape": None})
print(json.dumps(answers))
`

interface Answer {
  wrong: string | null
  shape: (string | number)[] | null
}

// Python must not load the libraries of the tests' software adapter.
const env = { ...process.env, LD_LIBRARY_PATH: undefined }
const run = (python: string, code: string, input = '') =>
  spawnSync(python, ['-c', code], { input, env, encoding: 'utf8', timeout: 50_000 })

const python = ['python3', '/usr/bin/python3'].find((name) => run(name, 'import onnx').status === 0)
const reason = python === undefined ? ' (skipped: python3 has no onnx)' : ''

function check(models: readonly Uint8Array[]): Answer[] {
  const { stdout, stderr } = run(python!, program, JSON.stringify(models.map((m) => Buffer.from(m).toString('base64'))))
  if (stdout === '') throw new Error(`${python}: ${stderr}`)
  return JSON.parse(stdout) as Answer[]
}

/** A network of numbers, words and truth values, with and without fills, for regression. */
function withWords(kind: Scaling['kind'] | undefined): Network {
  const network = Network.create({ sizes: [7, 3, 2], hidden: 'relu', output: 'linear', seed: 2 })
  network.features = ['time', 'a tree "x"', 'wet', 'size', '\ud800']
  network.encoding = new Encoding([
    { kind: 'number', fill: 3 },
    { kind: 'category', categories: ['ash', 'größe'], fill: 'ash' },
    { kind: 'boolean' },
    { kind: 'number' },
    { kind: 'category', categories: ['b', '"'] },
  ])
  if (kind) network.scaling = new Scaling(kind, [1.7e9, 0, 0, 0, 0, 0, 0], [60, 1, 1, 1, 1, 1, 1])
  network.targetScaling = new Scaling('normalize', [3, 4], [100, 0.1])
  return network
}

describe(`the official ONNX checker${reason}`, () => {
  it.skipIf(!python)(
    'passes every activation, with and without scaling, and infers the shape of the outputs',
    async () => {
      const networks = activationNames.flatMap((activation) => {
        const make = () => namedNetwork(activation === 'softmax' ? 'gelu' : activation, activation)
        const [scaled, even, plain] = [make(), make(), make()]
        // Offsets that float32 represents exactly: there is no remainder to subtract.
        even.scaling = new Scaling('normalize', [1, 0.5, -2], [2, 4, 1])
        plain.scaling = plain.features = plain.classes = undefined
        const near = make()
        near.scaling = new Scaling('standardize', [1.1, 0, -2], [30, 0.25, 1 / 3])
        return [scaled, even, near, plain]
      })
      networks.push(
        Network.create({ sizes: [1, 1], activation: 'linear', seed: 1 }),
        Network.create({ sizes: [7, 5, 4, 3, 6], hidden: 'silu', output: 'softmax', seed: 1 }),
      )
      networks.push(...['standardize' as const, undefined].map((kind) => withWords(kind)))
      const answers = check(await Promise.all(networks.map(toOnnx)))
      expect(answers).toEqual(networks.map(({ sizes }) => ({ wrong: null, shape: ['batch', sizes.at(-1)] })))
    },
  )

  it.skipIf(!python)('passes ensembles', async () => {
    const networks = [undefined, 'normalize' as const, 'standardize' as const].map(withWords)
    const plain = [1, 2].map((seed) => Network.create({ sizes: [2, seed, 3], hidden: 'mish', output: 'softmax', seed }))
    const ensembles = [Ensemble.from(networks), Ensemble.from(plain), Ensemble.from(plain.slice(0, 1))]
    const answers = check(await Promise.all(ensembles.map(toOnnx)))
    expect(answers).toEqual(ensembles.map(({ outputs }) => ({ wrong: null, shape: ['batch', outputs] })))
  })

  it.skipIf(!python)('refuses invalid models', async () => {
    const model = (change: Partial<OnnxModel['graph']>): OnnxModel => ({
      irVersion: 8,
      opset: 17,
      producer: { name: 'test', version: '1' },
      graph: {
        name: 'wrong',
        nodes: [{ operator: 'MatMul', inputs: ['inputs', 'weights'], output: 'outputs' }],
        initializers: [{ name: 'weights', shape: [3, 2], bytes: new Uint8Array(24) }],
        inputs: [{ name: 'inputs', shape: ['batch', 3] }],
        outputs: [{ name: 'outputs', shape: ['batch', 2] }],
        ...change,
      },
      metadata: {},
    })
    const node = (operator: string, ...inputs: string[]) => ({ nodes: [{ operator, inputs, output: 'outputs' }] })
    const wrong: [Partial<OnnxModel['graph']>, RegExp][] = [
      [node('Perceptron', 'inputs'), /No Op registered for Perceptron/],
      // An operator that exists from operator set 20 on.
      [node('Gelu', 'inputs'), /No Op registered for Gelu/],
      [node('MatMul', 'inputs', 'missing'), /missing/],
      [{ initializers: [{ name: 'weights', shape: [4, 2], bytes: new Uint8Array(32) }] }, /Incompatible dimensions/],
      [{ outputs: [{ name: 'outputs', shape: ['batch', 5] }] }, /differ in dimension 1/],
    ]
    const models = [{}, ...wrong.map(([change]) => change)].map((change) => encodeModel(model(change)))
    const [passed, ...refused] = check(await Promise.all(models))
    expect(passed).toEqual({ wrong: null, shape: ['batch', 2] })
    refused.forEach((answer, i) => expect(answer.wrong).toMatch(wrong[i]![1]))
  })
})
