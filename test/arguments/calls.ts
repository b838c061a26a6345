import * as library from '../../src/index.ts'
import * as files from '../../src/node/index.ts'
import { RawRows } from '../../src/core/raw-rows.ts'
import numpyFiles from '../numpy/files.json' with { type: 'json' }
import { endWorkerOf, remoteTrainer, workerFunctions, workerMethods, workerStatics } from './worker-calls.ts'

/** One function, constructor or method of the public API, and how to call it. */
export interface Call {
  readonly name: string
  readonly run: (...values: unknown[]) => unknown
  /** New valid arguments. */
  readonly valid: () => unknown[] | Promise<unknown[]>
  /** The names of the options, if the last argument is an options object. */
  readonly options: readonly string[]
}

const { circle, Dataset, DataStream, Ensemble, Matrix, Network, Neuron, Scaling, Trainer } = library

const data = () => circle({ samples: 6, seed: 1 })
const network = () => Network.create({ sizes: [2, 3, 2], seed: 1 })
const ensemble = () => Ensemble.from([network(), Network.create({ sizes: [2, 2], seed: 2 })])
const outputs = () => new Matrix(6, 2)
const raw = () => new RawRows(2, 2)
const prices = () => Dataset.from([[1], [2], [4]], [100, 200, 400])
const stream = () => DataStream.from({ samples: 6, chunks: () => [data()], example: data() })
const trainer = () => Trainer.create(network(), { backend: 'cpu', seed: 1 })
const idx = (shape: number[], values: number[]) =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((length) => [0, 0, 0, length]), ...values])
const images = () => idx([2, 1, 2], [1, 2, 3, 4])
const labels = () => idx([2], [0, 1])
const npz = () => new Uint8Array(Buffer.from(numpyFiles.archives.stored, 'base64'))
const text = 'a,b,kind\n1,2,x\n3,4,y\n5,6,x\n'
const parameters = () => ({ sizes: [1, 1], activations: ['linear'], weights: [[1]], biases: [[0]] })

async function checkpoint(): Promise<library.Checkpoint> {
  let made: library.Checkpoint | undefined
  const own = await trainer()
  const write = (one: library.Checkpoint) => void (made = one)
  await own.fit(data(), { epochs: 1, checkpoint: { write }, earlyStopping: { patience: 3 } })
  own.dispose()
  return made!
}

async function sweepCheckpoint(): Promise<library.SweepCheckpoint> {
  const run = library.sweep(data(), { sizes: [2, 3, 2], backend: 'cpu', epochs: 2 })
  await run
  return run.checkpoint()
}

const divergence = () => ({ epoch: 1, loss: NaN, weights: [], biases: [] })
const optimizer = () => [{ learningRate: 0.1 }]
const generated = () => [{ samples: 4, seed: 1 }]

/** Valid arguments of every function; for a class, those of its constructor. */
const functions: Record<string, Call['valid']> = {
  InputError: () => ['x'],
  BackendUnavailableError: () => ['x'],
  DeviceLostError: () => ['x'],
  GPUValidationError: () => ['x'],
  OutOfMemoryError: () => ['x'],
  DivergedError: () => [divergence()],
  Matrix: () => [1, 2, new Float32Array(2)],
  Neuron: () => [{ inputs: 2, epochs: 2 }],
  Scaling: () => ['normalize', [0, 0], [1, 1]],
  ClassificationTally: () => [2, {}],
  MultilabelTally: () => [{}],
  RegressionTally: () => [],
  multilabelReport: () => [outputs(), data(), {}],
  Encoding: () => [[{ kind: 'number' }], 'error'],
  standardizeTargets: () => [prices()],
  scaleTargets: () => [prices(), library.standardizeTargets(prices())],
  adagrad: optimizer,
  adam: optimizer,
  adamw: optimizer,
  nadam: optimizer,
  rmsprop: optimizer,
  sgd: optimizer,
  constant: () => [0.1],
  step: () => [{ learningRate: 0.1, every: 2 }],
  exponential: () => [{ learningRate: 0.1, factor: 0.5 }],
  cosine: () => [{ learningRate: 0.1, epochs: 3 }],
  warmup: () => [{ epochs: 2, then: 0.1 }],
  reduceOnPlateau: () => [{ learningRate: 0.1 }],
  balancedWeights: () => [[1, 2]],
  oneHot: () => [[0, 1], 2],
  circle: generated,
  linear: generated,
  xor: generated,
  moons: generated,
  spirals: generated,
  digits: () => [{ samples: 1, seed: 1 }],
  gate: () => ['and'],
  split: () => [data(), { test: 0.5, seed: 1 }],
  shuffle: () => [data(), { seed: 1 }],
  csvColumns: () => [text, {}],
  parseCsv: () => [text, { target: 'kind' }],
  parseCsvInputs: () => ['a,b\n1,2\n', {}],
  parseIdx: () => [images(), {}],
  datasetFromIdx: () => [images(), labels(), { classes: ['0', '1'] }],
  parseNpy: () => [library.toNpy([[1, 2]])],
  toNpy: () => [[[1, 2]]],
  parseNpz: () => [npz(), {}],
  datasetFromNpz: () => [npz(), {}],
  inputsFromNpy: () => [npz(), {}],
  datasetFromNpy: () => [library.toNpy([[1, 2]]), library.toNpy([[1]]), {}],
  normalize: () => [data()],
  standardize: () => [data()],
  scale: () => [data(), library.standardize(data())],
  checkName: () => ['name', 'cpu', library.backendNames],
  escapeControls: () => ['x'],
  toC: () => [network(), { prefix: 'model' }],
  toJavaScript: () => [network()],
  toOnnx: () => [network()],
  onnxInputs: () => [network()],
  toPyTorch: () => [network(), data(), { seed: 1 }],
  toSafetensors: () => [network()],
  fromOnnx: async () => [await library.toOnnx(network()), {}],
  fromSafetensors: () => [library.toSafetensors(network()), {}],
  classificationReport: () => [outputs(), data(), {}],
  confusionMatrix: () => [outputs(), data(), {}],
  predictedClasses: () => [outputs(), {}],
  precisionRecallF1: () => [[[1, 2], [3, 4]]], // prettier-ignore
  regressionReport: () => [outputs(), data()],
  rocAuc: () => [outputs(), data(), {}],
  topKAccuracy: () => [outputs(), data(), {}],
  decodeCheckpoint: async () => [library.encodeCheckpoint(await checkpoint())],
  encodeCheckpoint: async () => [await checkpoint()],
  taskOf: () => [network(), 'quadratic', data()],
  decisionBoundary: () => [network()],
  requiredActivation: () => ['crossEntropy'],
  cpu: () => [{}],
  wasm: () => [{ threads: 2 }],
  webgpu: () => [{}],
  fit: () => [network(), data(), { backend: 'cpu', epochs: 1, seed: 1 }],
  adviseBefore: () => [network(), data(), { loss: 'quadratic' }],
  adviseAfter: () => [network(), data(), { loss: 'quadratic', training: { loss: 1, accuracy: 0.2, samples: 6 } }],
  describeAutopsy: () => [
    {
      cause: 'learningRate',
      evidence: 'the loss grew',
      hint: 'lower the rate',
      fix: { learningRate: 1 },
      isTried: true,
    },
    {},
  ],
  adviseDiverged: () => [network(), data(), { loss: 'quadratic', optimizer: library.sgd() }],
  crossValidate: () => [{ sizes: [2, 3, 2] }, data(), { backend: 'cpu', epochs: 1, seed: 1, folds: 2 }],
  sweep: () => [data(), { sizes: [2, 3, 2], backend: 'cpu', epochs: 1, seeds: 2 }],
  liveSweep: () => [data(), { sizes: [2, 3, 2], backend: 'cpu', seeds: 2 }],
  evaluateEnsemble: () => [ensemble(), data(), {}],
  encodeSweepCheckpoint: async () => [await sweepCheckpoint()],
  decodeSweepCheckpoint: async () => [library.encodeSweepCheckpoint(await sweepCheckpoint())],
  mergeSweepCheckpoints: async () => [[await sweepCheckpoint()]],
  logspace: () => [0.01, 10, 4],
  verify: () => [network(), data(), { backend: 'cpu', seed: 1 }],
  ...workerFunctions,
  checkWritable: () => ['out/file', {}],
  readCheckpoint: async () => {
    await files.writeCheckpoint('run.checkpoint', await checkpoint())
    return ['run.checkpoint']
  },
  readCsvInputs: () => ['data.csv', { features: ['a', 'b'] }],
  readDataset: () => ['data.csv', {}],
  readModel: async () => {
    await files.writeModel('model.json', network())
    return ['model.json']
  },
  readEnsemble: async () => {
    await files.writeModel('ensemble.json', ensemble())
    return ['ensemble.json']
  },
  streamCsv: () => ['data.csv', { seed: 1 }],
  writeCheckpoint: async () => ['run.checkpoint', await checkpoint(), {}],
  writeFileAtomic: () => ['file', 'text', {}],
  writeModel: () => ['model.json', network(), {}],
}

/** Classes whose constructors TypeScript hides: they have no valid arguments. */
export const hidden = ['Network', 'Ensemble', 'Dataset', 'DataStream', 'Trainer', 'RemoteTrainer', 'LoadedData']

/** Valid arguments of static methods. */
const statics: Record<string, Call['valid']> = {
  'Network.create': () => [{ sizes: [2, 3, 2], seed: 1 }],
  'Network.from': () => [parameters()],
  'Network.fromJSON': () => [network().toJSON()],
  'Ensemble.from': () => [[network(), { network }]],
  'Ensemble.fromJSON': () => [ensemble().toJSON()],
  'Dataset.from': () => [[[1], [2]], [0, 1], {}],
  'Dataset.fromRaw': () => [raw(), undefined, [0, 1], {}],
  'Encoding.ofNumbers': () => [2],
  'DataStream.from': () => [{ samples: 6, chunks: () => [data()] }],
  'Matrix.from': () => [[[1, 2]], 'x'],
  'Trainer.create': () => [network(), { backend: 'cpu', seed: 1 }],
  ...workerStatics,
}

/** New objects for the methods. */
const instances: Record<string, () => unknown> = {
  Network: network,
  Ensemble: ensemble,
  Dataset: data,
  DataStream: stream,
  Matrix: outputs,
  Neuron: () => new Neuron({ inputs: 2, epochs: 2 }),
  Scaling: () => new Scaling('normalize', [0, 0], [1, 1]),
  'Dataset.withTargetScaling': prices,
  Encoding: () => library.Encoding.ofNumbers(2),
  MultilabelTally: () => {
    const tally = new library.MultilabelTally()
    tally.add(outputs(), data())
    return tally
  },
  RegressionTally: () => {
    const tally = new library.RegressionTally()
    tally.add([[1], [2], [4]], prices())
    return tally
  },
  Trainer: () => Trainer.create(network(), { backend: 'cpu', seed: 1, profile: true }),
  RemoteTrainer: remoteTrainer,
  LoadedData: async () => (await trainer()).load(data()),
  ClassificationTally: () => {
    const tally = new library.ClassificationTally(2)
    tally.add(outputs(), data())
    return tally
  },
}

/** Valid arguments of methods; getters have none. */
const methods: Record<string, Call['valid']> = {
  'Network.clone': () => [],
  'Network.toJSON': () => [],
  'Ensemble.predict': () => [[[0, 1]]],
  'Ensemble.predictWithSpread': () => [[[0, 1]]],
  'Ensemble.classify': () => [[[0, 1]]],
  'Ensemble.toJSON': () => [],
  'Dataset.take': () => [[0, 1]],
  'Dataset.slice': () => [0, 2],
  'Dataset.concat': () => [data(), data()],
  'Dataset.withInputs': () => [outputs()],
  'Dataset.withWeights': () => [[1, 1, 1, 1, 1, 2]],
  'Dataset.withClassWeights': () => [[1, 2]],
  'Dataset.labels': () => [0.5],
  'DataStream.map': () => [(chunk: library.Dataset) => chunk],
  'DataStream.take': () => [2],
  'DataStream.windows': () => [4],
  'Matrix.row': () => [0],
  'Matrix.get': () => [0, 1],
  'Matrix.take': () => [[0, 1]],
  'Matrix.argmax': () => [],
  'Matrix.toArray': () => [],
  'Neuron.fit': () => [[[0, 1]], [1]],
  'Neuron.predict': () => [[[0, 1]]],
  'Scaling.apply': () => [[[0, 1]]],
  'Scaling.equals': () => [new Scaling('normalize', [0, 0], [1, 1])],
  'Encoding.placeOf': () => [0, 'a'],
  'Encoding.inputNames': () => [['a', 'b']],
  'Encoding.equals': () => [library.Encoding.ofNumbers(2)],
  'Encoding.checkColumns': () => [undefined, 2, 'data', ['a', 'b']],
  'Encoding.translate': () => [raw(), library.Encoding.ofNumbers(2)],
  'MultilabelTally.add': () => [outputs(), data()],
  'MultilabelTally.score': () => [],
  'RegressionTally.add': () => [[[1], [2], [4]], prices()],
  'RegressionTally.report': () => [],
  'MultilabelTally.report': () => [],
  'Network.decode': () => [outputs()],
  'Network.predict': () => [[[0, 1]]],
  'Network.classify': () => [[[0, 1]]],
  'Dataset.withScaling': () => [new Scaling('normalize', [0, 0], [1, 1]), 'data'],
  'Dataset.withEncoding': () => [library.Encoding.ofNumbers(2), 'data'],
  'Dataset.withTargetScaling': () => [new Scaling('normalize', [0], [1]), 'data'],
  'Dataset.toOneColumn': () => [],
  'ClassificationTally.add': () => [outputs(), data()],
  'ClassificationTally.report': () => [],
  'Trainer.memoryFor': () => [data(), {}],
  'Trainer.load': () => [data()],
  'Trainer.fit': () => [data(), { epochs: 1 }],
  'Trainer.epochs': () => [data(), { epochs: 1 }],
  'Trainer.steps': () => [data(), {}],
  'Trainer.checkpoint': () => [],
  'Trainer.resume': async () => [await checkpoint()],
  'Trainer.evaluate': () => [data()],
  'Trainer.write': () => [],
  'Trainer.predict': () => [[[0, 1]]],
  'Trainer.gradients': () => [[[0, 1]], [[0, 1]]],
  'Trainer.profile': () => [],
  'Trainer.read': () => [],
  'Trainer.dispose': () => [],
  'LoadedData.dispose': () => [],
  ...workerMethods,
}

/** The name under which the options of a call are described; by default the name of the call. */
const schemaNames: Record<string, string> = {
  'Trainer.fit': 'trainer.fit',
  'Trainer.epochs': 'trainer.epochs',
  'Trainer.steps': 'trainer.steps',
  'RemoteTrainer.create': 'Trainer.create',
  'RemoteTrainer.fit': 'trainer.fit',
}

const optionsOf = (name: string): string[] => {
  const schemas = library.optionSchemas as Record<string, { fields: object } | undefined>
  return Object.keys(schemas[schemaNames[name] ?? name]?.fields ?? {})
}

const isClass = (value: unknown): value is new (...values: unknown[]) => object =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

/** All calls of the exports, and the names of those for which this file has no arguments. */
export function callsOf(exports: Readonly<Record<string, unknown>>): { list: Call[]; missing: string[] } {
  const list: Call[] = []
  const missing: string[] = []
  const add = (name: string, valid: Call['valid'] | undefined, run: Call['run']) => {
    if (valid) list.push({ name, run, valid, options: optionsOf(name) })
    else missing.push(name)
  }
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== 'function') continue
    if (!isClass(value)) {
      add(name, functions[name], value as Call['run'])
      continue
    }
    if (!hidden.includes(name)) add(name, functions[name], (...values) => new value(...values))
    for (const key of Object.getOwnPropertyNames(value)) {
      const method = (value as unknown as Record<string, unknown>)[key]
      if (typeof method !== 'function' || key === 'prototype') continue
      const own = `${name}.${key}`
      add(own, statics[own], (...values) => (method as Call['run']).apply(value, values))
    }
    for (const [key, { value: method }] of Object.entries(
      Object.getOwnPropertyDescriptors(value.prototype as object),
    )) {
      if (typeof method !== 'function' || key === 'constructor') continue
      const own = `${name}.${key}`
      const make = instances[own] ?? instances[name]
      add(own, make && methods[own], async (...values) => {
        const object = await make!()
        try {
          const result: unknown = (method as Call['run']).apply(object, values)
          return await finished(result)
        } finally {
          if (object instanceof Trainer) object.dispose()
          if (typeof object === 'object' && object !== null) endWorkerOf(object)
        }
      })
    }
  }
  return { list, missing }
}

/** The first value of an iterator, read before its trainer is disposed of. */
async function finished(result: unknown): Promise<unknown> {
  const value = await result
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return value
  const iterator = value as AsyncGenerator
  await iterator.next()
  await iterator.return(undefined)
  return undefined
}
