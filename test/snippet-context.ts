/**
 * Code for the names that the snippets of the documentation use and do not declare. Entries may use
 * each other, and everything that the library exports.
 */
const common: Record<string, string> = {
  data: 'circle({ samples: 60, seed: 1 })',
  parts: 'split(data, { test: 0.2, seed: 1 })',
  train: 'parts.train',
  test: 'parts.test',
  validation: 'parts.test',
  network: "Network.create({ sizes: [2, 3, 2], output: 'softmax', seed: 1 })",
  options: '{ seed: 1 }',
  trainer: 'await Trainer.create(network, options)',
  answers: 'await trainer.predict(test.inputs)',
  x: 'test.inputs',
  html: "'<!doctype html>'",
  device: 'await openDevice()',
  localStorage:
    '{ setItem: (_key: string, _text: string): void => undefined, getItem: (_key: string): string | null => null }',
}

/** Other code for the examples of a file. */
const special: Record<string, Record<string, string>> = {
  'src/data/columns.ts': { text: "'length,width,kind\\n5.1,3.5,setosa\\n6.2,2.9,virginica\\n'" },
  'src/data/csv-inputs.ts': {
    text: "'length,width\\n5.1,3.5\\n6.2,2.9\\n'",
  },
  'src/data/dataset.ts': {
    data: "Dataset.from([[36.6], [39.2], [37]], ['healthy', 'ill', 'healthy'])",
    confidences: '[1, 0.5, 0.8]',
  },
  'src/data/idx.ts': {
    response: "new Response(await readFile('data/mnist/train-images-idx3-ubyte'))",
    images: "await readFile('data/mnist/train-images-idx3-ubyte')",
    labels: "await readFile('data/mnist/train-labels-idx1-ubyte')",
  },
  'src/data/preprocessing.ts': {
    data: 'Dataset.from(Array.from({ length: 30 }, (_, i) => [i, i % 7, -i, 3]), Array.from({ length: 30 }, (_, i) => String(i % 3)))',
    raw: 'parts.test',
  },
  'src/data/stream.ts': {
    stream: 'DataStream.from({ samples: 60, chunks: async function* () { yield await Promise.resolve(data) } })',
  },
  'src/formats/safetensors.ts': {
    bytes: "toSafetensors(Network.create({ sizes: [2, 3, 2], activations: ['relu', 'softmax'], seed: 1 }))",
  },
  'src/training/checkpoint.ts': {
    store: '{ put: async (_key: string, _text: string) => { await Promise.resolve() } }',
  },
  'src/training/metrics.ts': {
    data: 'digits({ samples: 60, seed: 1 })',
    network: "Network.create({ sizes: [784, 10], output: 'softmax', seed: 1 })",
    stream: 'DataStream.from({ samples: 60, chunks: () => [data] })',
  },
  'src/training/class-scores.ts': {
    data: 'digits({ samples: 60, seed: 1 })',
    network: "Network.create({ sizes: [784, 10], output: 'softmax', seed: 1 })",
  },
  'src/training/trainer.ts': {
    text: "await readFile('run.checkpoint', 'utf8')",
  },
}

/** The area under the ROC curve is defined for two classes. */
const twoClasses = { data: common.data!, network: common.network! }

export const contextFor = ({ file, code }: { file: string; code: string }): Record<string, string> => ({
  ...common,
  ...special[file],
  ...(code.includes('rocAuc(') ? twoClasses : {}),
})
