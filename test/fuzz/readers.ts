import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { libraryFlags } from '../../src/cli/flags.ts'
import { classWeights, number, numbers, parseActivations, parseLayers, parseOptimizer } from '../../src/cli/options.ts' // prettier-ignore
import { makeComparison } from '../../src/cli/report/comparison.ts'
import { payloadStart } from '../../src/cli/report/html.ts'
import { historyCsv } from '../../src/cli/report/history.ts'
import { readRecord } from '../../src/cli/report/record.ts'
import { parseSchedule } from '../../src/cli/schedules.ts'
import { resume } from '../../src/cli/train/resume.ts'
import { readCsv } from '../../src/data/csv.ts'
import {
  cpu,
  csvColumns,
  type CsvOptions,
  Dataset,
  datasetFromIdx,
  datasetFromNpy,
  datasetFromNpz,
  encodeCheckpoint,
  fromOnnx,
  fromSafetensors,
  InputError,
  inputsFromNpy,
  Network,
  parseCsv,
  parseCsvInputs,
  parseIdx,
  parseNpy,
  parseNpz,
  standardize,
  toNpy,
  toOnnx,
  toSafetensors,
  Trainer,
} from '../../src/index.ts'
import { readModel, streamCsv } from '../../src/node/index.ts'
import { fromHash, toHash } from '../../demo/link.ts'
import { defaultsFor } from '../../demo/presets.ts'
import { encodePoints } from '../../demo/points.ts'
import numpyFiles from '../numpy/files.json' with { type: 'json' }
import onnxModels from '../onnx/models.json' with { type: 'json' }
import { mutatedBytes, mutatedJson, mutatedText, toText } from './mutate.ts'

/** A reader and its inputs: for any input it returns a value or throws an InputError. */
export interface Reader<T> {
  name: string
  inputs: fc.Arbitrary<T>
  read: (input: T) => unknown
}

/** Hides the type of a reader's inputs. */
const reader = <T>(name: string, inputs: fc.Arbitrary<T>, read: (input: T) => unknown): Reader<unknown> =>
  ({ name, inputs, read }) as Reader<unknown>

const network = Network.create({ sizes: [2, 3, 2], hidden: 'relu', output: 'softmax', seed: 1 })
network.features = ['width', 'length']
network.classes = ['a', 'b']
const data = Dataset.from([[0, 1], [1, 0], [1, 1], [0, 0]], ['a', 'b', 'a', 'b'], { features: network.features }) // prettier-ignore
network.scaling = standardize(data)
const options = { backend: cpu(), seed: 1, batchSize: 2 } as const

/** Checkpoints of a short run, one of them with notes as the command line writes them. */
async function makeCheckpoints(): Promise<string[]> {
  const trainer = await Trainer.create(network.clone(), options)
  const texts: string[] = []
  const earlyStopping = { patience: 5 }
  const notes = { arguments: ['--data', 'circle'], epochs: [[0.5, 0.5, null, null, 2, 0.1, 0.1, 40]] }
  await trainer.fit(data, {
    epochs: 1,
    earlyStopping,
    checkpoint: { write: (made) => void texts.push(encodeCheckpoint(made), encodeCheckpoint({ ...made, notes })) },
  })
  trainer.dispose()
  return texts
}

const csvTexts = [
  'width,length,kind\n1,2.5,a\n3,4e2,b\n5,-6,a\n7,.8,b\n',
  '"width";"the ""length""";y\r\n1;2;0.5\r\n3;4;1.5\r\n',
  '1\t2\t3\n4\t5\t6\n',
  'x,no,yes\n0.5,1,0\n0.7,0,1\n',
  historyCsv([
    {
      epoch: 1,
      loss: 0.5,
      accuracy: 0.5,
      validation: null,
      steps: 2,
      learningRate: 0.1,
      seconds: 1,
      samplesPerSecond: 4,
    },
  ]),
]
const csvOptions: fc.Arbitrary<CsvOptions> = fc.record(
  {
    delimiter: fc.constantFrom(',', ';', '\t', 'a', ' ', '|'),
    header: fc.boolean(),
    target: fc.constantFrom('kind', 'length', 'constructor', 0, -1, 1, 5, ['no', 'yes'], [1, 2], '1', 'lenght'),
    task: fc.constantFrom('classification' as const, 'regression' as const),
    classes: fc.constantFrom(['a', 'b'], ['toString', '__proto__'], ['0', '1']),
    features: fc.constantFrom(['width'], ['length', 'width'], ['constructor']),
  },
  { requiredKeys: [] },
)

const idxImages = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 255, 1, 2, 3, 4, 5])
const idxLabels = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 0])
const idxWords = Uint8Array.from([0, 0, 12, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0])
const zipped = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))

const npyFile = toNpy([[1, 2], [3, 4]]) // prettier-ignore
const npyLabels = toNpy({ shape: [2], data: [0, 1] })
const onnxFile = await toOnnx(network)
const otherOnnx = new Uint8Array(Buffer.from(onnxModels.models['skl2onnx classifier'].file, 'base64'))
const npyTexts = new Uint8Array(Buffer.from(numpyFiles.arrays.texts.file, 'base64'))
const npzFile = new Uint8Array(Buffer.from(numpyFiles.archives.stored, 'base64'))

const record = {
  format: 'webgpu-mlp run',
  version: 1,
  title: '2-3-2 on circle',
  settings: [['layers', '2-3-2']],
  environment: [['node', 'v20']],
  fingerprint: '0123456789abcdef',
  scoreName: 'accuracy',
  epochs: 2,
  seconds: 1.5,
  samplesPerSecond: 100,
  training: { loss: 0.5, score: 0.9 },
  validation: null,
  curves: { epoch: [1, 2], loss: [0.6, 0.5], score: [80, 90], validationLoss: null, validationScore: null },
}

const link = (hash: string) => hash
const points = encodePoints([{ x: 0.5, y: -0.25, second: true }])
const links = [
  toHash({ ...defaultsFor('spirals'), hidden: [4, 5], activations: ['tanh', 'relu', 'sigmoid'], seed: 7 }),
  link(`problem=own&points=${points}`),
  'problem=file&file=a.csv&target=kind&across=x&up=y',
]

const words = [
  ...[
    '2,3,2',
    '-,3,-',
    '2,-,2',
    '0,1',
    '2,1e99,2',
    'relu',
    'relu,softmax',
    'crossEntropy',
    'cosine:epochs=100,minimum=0',
  ],
  ...[
    'step:every=3,factor=0.5',
    'reduceOnPlateau:patience=3',
    'balanced',
    'ill=20,healthy=1',
    '__proto__=3',
    '0.5',
    'adam',
  ],
]
const optionReaders: readonly ((text: string) => unknown)[] = [
  number,
  numbers,
  classWeights,
  (text) => parseLayers(text, { inputs: 2, outputs: 2 }),
  (text) => parseActivations(text, 2, 'quadratic'),
  (text) => libraryFlags.loss.check('--loss', text),
  (text) => parseSchedule(text, 0.1, 2),
  (text) => parseOptimizer({ optimizer: text }),
  (text) => data.withClassWeights(classWeights(text)),
]

/** Text in pieces of any length. */
function* piecesOf(text: string, lengths: readonly number[]): Generator<string> {
  for (let at = 0, i = 0; at < text.length; i++) {
    const length = lengths[i % lengths.length] ?? text.length
    yield text.slice(at, at + length)
    at += length
  }
}

async function* delayed(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) yield await Promise.resolve(piece)
}

const outcome = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
}

/** All readers of external input. @param folder for temporary files */
export async function makeReaders(folder: string): Promise<Reader<unknown>[]> {
  const checkpoints = await makeCheckpoints()
  const fileOf = (name: string, content: string | Uint8Array) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  const trainer = await Trainer.create(network.clone(), options)
  const safetensors = toSafetensors(network)
  const json = JSON.parse(JSON.stringify(network)) as unknown
  const { decodeCheckpoint } = await import('../../src/index.ts')
  const resumeFrom = async (text: string) => {
    await outcome(() => resume(fileOf('run.checkpoint', text), []))
    await trainer.resume(decodeCheckpoint(text))
  }
  return [
    reader('CSV text', fc.tuple(mutatedText(csvTexts), csvOptions), ([text, given]) => parseCsv(text, given)),
    reader('CSV columns', mutatedText(csvTexts), (text) => csvColumns(text)),
    reader('CSV inputs', mutatedText(csvTexts), (text) => parseCsvInputs(text, { features: ['width'] })),
    reader(
      'CSV in pieces, as the whole',
      fc.tuple(mutatedText(csvTexts), csvOptions, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 })),
      async ([text, given, lengths]) => {
        const whole = await outcome(() => parseCsv(text, given))
        const pieces = await outcome(() => readCsv(delayed(piecesOf(text, lengths)), given))
        // Of several errors, the one in an earlier piece is reported first.
        if (typeof whole === 'string' && typeof pieces === 'string') return
        if (JSON.stringify(whole) !== JSON.stringify(pieces)) {
          throw new Error(`in pieces it is ${JSON.stringify(pieces)}, as a whole ${JSON.stringify(whole)}`)
        }
      },
    ),
    reader('CSV stream', fc.tuple(mutatedBytes(csvTexts.map((text) => Buffer.from(text))), csvOptions), async ([bytes, given]) => {
      const stream = await streamCsv(fileOf('stream.csv', bytes), { ...given, folder, seed: 1, test: 0.5 })
      try {
        await stream.train.take(10)
      } finally {
        stream.close()
      }
    }), // prettier-ignore
    reader('IDX', mutatedBytes([idxImages, idxLabels, zipped(idxImages)]), (bytes) => parseIdx(bytes)),
    reader(
      'IDX data set',
      fc.tuple(mutatedBytes([idxImages, zipped(idxImages)]), mutatedBytes([idxLabels, idxWords, zipped(idxLabels)])),
      ([images, labels]) => datasetFromIdx(images, labels),
    ),
    reader('NPY', mutatedBytes([npyFile, npyLabels, npyTexts]), (bytes) => parseNpy(bytes)),
    reader('NPZ', mutatedBytes([npzFile]), (bytes) => parseNpz(bytes)),
    reader('NPZ data', mutatedBytes([npzFile]), (bytes) => datasetFromNpz(bytes)),
    reader('NPZ inputs', mutatedBytes([npzFile, npyFile, npyTexts]), (bytes) => inputsFromNpy(bytes)),
    reader('NPY data set', fc.tuple(mutatedBytes([npyFile]), mutatedBytes([npyLabels])), ([x, y]) =>
      datasetFromNpy(x, y),
    ),
    reader('ONNX', mutatedBytes([onnxFile, otherOnnx]), (bytes) => fromOnnx(bytes)),
    reader('safetensors', mutatedBytes([safetensors]), (bytes) => fromSafetensors(bytes)),
    reader('safetensors header', mutatedJson([headerOf(safetensors)]), (header) =>
      fromSafetensors(withHeader(safetensors, header)),
    ),
    reader('model', mutatedJson([json]), (value) => Network.fromJSON(JSON.parse(toText(value)))),
    reader('model file', mutatedText([JSON.stringify(json)]), (text) => readModel(fileOf('model.json', text))),
    reader('checkpoint', mutatedJson(checkpoints.map((text) => JSON.parse(text) as unknown)), (value) =>
      resumeFrom(toText(value)),
    ),
    reader('checkpoint file', mutatedText(checkpoints), resumeFrom),
    reader('record of a run', mutatedJson([record, JSON.parse(JSON.stringify(record))]), (value) => {
      const text = toText({ record: value }).replaceAll('<', '\\u003c')
      const found = readRecord(`<p>${payloadStart}${text}</script>`, 'report.html')
      if (found) makeComparison([{ name: 'a', record: found }, { name: 'b', record: found }]) // prettier-ignore
    }),
    reader('options', fc.tuple(mutatedText(words), fc.nat(optionReaders.length - 1)), ([text, i]) =>
      optionReaders[i]!(text),
    ),
    reader('link', mutatedText(links), (hash) => {
      const { settings, problems } = fromHash(hash)
      if (problems.length > 20 || problems.some((problem) => problem.length > 500)) throw new Error('too many problems')
      const again = fromHash(toHash(settings))
      if (again.problems.length > 0 || toHash(again.settings) !== toHash(settings))
        throw new Error('does not come back')
    }),
  ]
}

function headerOf(bytes: Uint8Array): unknown {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
}

function withHeader(bytes: Uint8Array, header: unknown): Uint8Array {
  const before = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const text = Buffer.from(toText(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return new Uint8Array(Buffer.concat([length, text, bytes.subarray(8 + before)]))
}

/** A temporary folder for the readers of files. */
export function makeFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-mlp-fuzz-'))
  return { folder, remove: () => { rmSync(folder, { recursive: true, force: true }) } } // prettier-ignore
}
