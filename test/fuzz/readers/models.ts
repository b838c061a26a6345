import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import fc from 'fast-check'
import {
  Dataset,
  Encoding,
  Ensemble,
  fromOnnx,
  fromSafetensors,
  Matrix,
  Network,
  Scaling,
  standardize,
  toC,
  toJavaScript,
  toOnnx,
  toPyTorch,
  toSafetensors,
} from '../../../src/index.ts'
import { readAnyModel, readModel } from '../../../src/node/files.ts'
import onnx from '../../onnx/models.json' with { type: 'json' }
import { bytes, choice, json, pair, text, toText } from '../mutate.ts'
import { type Reader, reader } from './reader.ts'

export const network = Network.create({ sizes: [2, 3, 2], hidden: 'relu', output: 'softmax', seed: 1 })
network.features = ['width', 'length']
network.classes = ['a', 'b']
export const data = Dataset.from([[0, 1], [1, 0], [1, 1], [0, 0]], ['a', 'b', 'a', 'b'], { features: network.features }) // prettier-ignore
network.scaling = standardize(data)

/** With columns of all kinds and scaled regression targets. */
const described = Network.create({ sizes: [4, 3, 2], hidden: 'tanh', output: 'linear', seed: 3 })
const tree = { kind: 'category', categories: ['oak', 'elm'], fill: 'elm' } as const
described.encoding = new Encoding([{ kind: 'number', fill: 2 }, tree, { kind: 'boolean', fill: 1 }], 'impute')
described.features = ['age', 'tree', 'old']
described.scaling = new Scaling('standardize', [1, 2, 3, 4], [1, 2, 3, 4])
described.task = 'regression'
described.targetNames = ['height', 'weight']
described.targetScaling = new Scaling('standardize', [10, 20], [3, 4])

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown
const jsons = [plain(network), plain(described), plain(Network.create({ sizes: [1, 1], seed: 1 }))]
const ensemble = plain(Ensemble.from([network, network.clone()]))
const tensors = [network, described].map((one) => toSafetensors(one))
/** Of other programs: no metadata, names and types of their own. */
const foreign = foreignTensors()
const models = await Promise.all([network, described].map((one) => toOnnx(one)))
const others = Object.values(onnx.models).map(({ file }) => new Uint8Array(Buffer.from(file, 'base64')))

function foreignTensors(): Uint8Array {
  const header = {
    'net.0.weight': { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] },
    'net.0.bias': { dtype: 'F64', shape: [1], data_offsets: [8, 16] },
    'net.2.weight': { dtype: 'F16', shape: [2, 1], data_offsets: [16, 20] },
    'net.2.bias': { dtype: 'BF16', shape: [2], data_offsets: [20, 24] },
  }
  return withHeader(new Uint8Array(8 + 2 + 24).fill(2, 0, 1).fill(0, 1, 8), header)
}

/** Names of layers of several programs, among them ones whose order has to be found out. */
const layerNames = [
  { 'a.kernel': [2, 3], 'a.bias': [3], 'b.kernel': [3, 3], 'out.kernel': [3, 1] },
  { 'encoder.0.weight': [3, 2], 'head.weight': [1, 3], 'norm.weight': [3], 'encoder.0.bias': [3] },
  { W1: [3, 2], b1: [3], W2: [1, 3], embedding: [4, 4], 'conv.weight': [2, 2, 3] },
].map((shapes) => {
  let at = 0
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const start = at
    at += 4 * shape.reduce((product, length) => product * length, 1)
    return [name, { dtype: 'F32', shape, data_offsets: [start, at] }]
  })
  return withHeader(new Uint8Array(10 + at).fill(2, 0, 1), Object.fromEntries(entries))
})

function headerOf(file: Uint8Array): unknown {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  return JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))
}

/** The file with another header. */
function withHeader(file: Uint8Array, header: unknown): Uint8Array {
  const before = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  const content = Buffer.from(toText(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(content.length))
  return new Uint8Array(Buffer.concat([length, content, file.subarray(8 + before)]))
}

/**
 * What was read is a network that computes and can be written in every format; what is written as a program is one of its
 * language, and nothing in it ends the script of a page.
 */
function useModel(model: Network | Ensemble): void {
  const code = toJavaScript(model)
  if (/<\/script|<!--/i.test(code)) throw new Error('the JavaScript could end the script of a page')
  new Script(code.replaceAll(/^export /gm, ''))
  const c = toC(model)
  if (!/^[^\0]*$/.test(c.header + c.source)) throw new Error('the source in C contains a character that ends texts')
  if (model instanceof Ensemble) return
  const again = Network.fromJSON(plain(model))
  if (JSON.stringify(again) !== JSON.stringify(model)) throw new Error('written and read again, it is another network')
  toSafetensors(model)
  if (model.parameters.length < 1000) model.predict(new Matrix(1, model.sizes[0]!))
}

const formats = [
  'src/model/json',
  'src/model/description',
  'src/model/encoding',
  'src/model/scaling',
  'src/core/base64',
]
const safetensors = ['src/formats/safetensors', 'src/formats/layer-names', 'src/formats/floats', 'src/formats/imported-names'] // prettier-ignore
const onnxFiles = ['src/formats/onnx-', 'src/formats/from-onnx']
const names = choice(
  fc.constantFrom({}, { features: ['a'] }, { classes: ['x', 'y'] }, { activations: 'tanh' as const }, { targetNames: ['t'] }), // prettier-ignore
  {},
)

/** Readers of networks. @param folder for temporary files */
export function modelReaders(folder: string): Reader<unknown>[] {
  const path = join(folder, 'model.json')
  const source = json(jsons)
  return [
    reader('model', source, formats, (value) => { useModel(Network.fromJSON(JSON.parse(toText(value)))) }), // prettier-ignore
    reader('model file', text(jsons.map((one) => JSON.stringify(one))), [...formats, 'src/node/files'], async (content) => {
      writeFileSync(path, content)
      useModel(await readModel(path))
    }), // prettier-ignore
    reader('ensemble', json([ensemble, ...jsons]), ['src/model/ensemble', ...formats], async (value) => {
      writeFileSync(path, toText(value))
      useModel(await readAnyModel(path))
    }),
    reader(
      'safetensors',
      pair(bytes([...tensors, foreign, ...layerNames]), names),
      [...safetensors, ...formats],
      ([file, how]) => {
        useModel(fromSafetensors(file, how))
      },
    ),
    reader('safetensors header', pair(json([...tensors, foreign].map(headerOf)), choice(fc.constantFrom(0, 1, 2), 0)), [...safetensors, ...formats], ([header, which]) => {
      useModel(fromSafetensors(withHeader([...tensors, foreign][which]!, header)))
    }), // prettier-ignore
    reader('ONNX', bytes([...models, ...others]), [...onnxFiles, ...formats], (file) => {
      useModel(fromOnnx(file))
    }),
    reader('program for PyTorch', source, [], (value) => {
      const files = toPyTorch(Network.fromJSON(JSON.parse(toText(value))), data)
      for (const name of Object.keys(files)) if (!/^[\w.-]+$/.test(name)) throw new Error(`it names a file ${name}`)
    }),
  ]
}
