import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Comment, type DeclarationReflection, type ProjectReflection, ReflectionKind } from 'typedoc'
import { site } from './paths.ts'

/** All classes, functions and lists of names, by what they are for. */
const topics: Readonly<Record<string, readonly string[]>> = {
  'Networks and training': ['Network', 'fit', 'Trainer', 'Neuron', 'LoadedData'],
  Data: [
    ...['Dataset', 'parseCsv', 'parseCsvInputs', 'csvColumns', 'DataStream', 'Matrix', 'split', 'shuffle'],
    ...['parseIdx', 'datasetFromIdx', 'parseNpy', 'parseNpz', 'datasetFromNpy', 'datasetFromNpz', 'inputsFromNpy'],
  ],
  'Generated data': ['circle', 'linear', 'gate', 'xor', 'moons', 'spirals', 'digits'],
  Preprocessing: [
    ...['standardize', 'normalize', 'scale', 'standardizeTargets', 'scaleTargets', 'oneHot', 'Scaling', 'Encoding'],
    'balancedWeights',
  ],
  'Optimizers and learning rates': [
    ...['sgd', 'adam', 'adamw', 'nadam', 'rmsprop', 'adagrad'],
    ...['constant', 'step', 'exponential', 'cosine', 'warmup', 'reduceOnPlateau'],
  ],
  Backends: ['webgpu', 'wasm', 'cpu', 'verify'],
  Evaluation: [
    ...['classificationReport', 'confusionMatrix', 'precisionRecallF1', 'rocAuc', 'topKAccuracy', 'predictedClasses'],
    ...['regressionReport', 'multilabelReport', 'crossValidate', 'decisionBoundary'],
    ...['ClassificationTally', 'RegressionTally', 'MultilabelTally'],
  ],
  'Sweeps and ensembles': [
    ...['sweep', 'liveSweep', 'logspace', 'Ensemble', 'evaluateEnsemble'],
    ...['encodeSweepCheckpoint', 'decodeSweepCheckpoint', 'mergeSweepCheckpoints'],
  ],
  'Saving and other formats': [
    ...['encodeCheckpoint', 'decodeCheckpoint', 'toJavaScript', 'toOnnx', 'fromOnnx', 'onnxInputs'],
    ...['toSafetensors', 'fromSafetensors', 'toNpy', 'toC', 'toPyTorch'],
  ],
  'Advice and errors': [
    ...['adviseBefore', 'adviseAfter', 'adviseDiverged', 'describeAutopsy', 'taskOf', 'requiredActivation'],
    ...['InputError', 'DivergedError', 'OutOfMemoryError', 'DeviceLostError', 'BackendUnavailableError'],
    'GPUValidationError',
  ],
  'Options and names': [
    ...['activationNames', 'initializerNames', 'lossNames', 'optimizerNames', 'backendNames', 'optionSchemas'],
    ...['checkName', 'escapeControls'],
  ],
  'In Node: webgpu-mlp/node': [
    ...['readDataset', 'readCsvInputs', 'streamCsv', 'readModel', 'writeModel', 'readEnsemble'],
    ...['readCheckpoint', 'writeCheckpoint', 'writeFileAtomic', 'checkWritable'],
  ],
  'In a worker: webgpu-mlp/worker': ['connect', 'serve', 'RemoteTrainer'],
}

const folders = new Map([
  [ReflectionKind.Class, 'classes'],
  [ReflectionKind.Function, 'functions'],
  [ReflectionKind.Variable, 'variables'],
])

const start = `# Reference

Names of functions, classes and lists by topic, each with its page. Their options and results are interfaces, which the
pages lead to. The [command line](command-line.md), [all errors and messages](errors.md) and the
[names of other libraries](names.md) have pages of their own.
`

const commentOf = ({ comment, signatures }: DeclarationReflection) => comment ?? signatures?.[0]?.comment

/** The first sentence of a doc comment, for a cell of a table. */
function firstSentence(reflection: DeclarationReflection): string {
  const text = Comment.combineDisplayParts(commentOf(reflection)?.summary).replaceAll(/\s+/g, ' ')
  const plain = text.replaceAll(/\{@link\s+([^\s}|]+)[^}]*\}/g, '`$1`').replaceAll('|', '\\|')
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, '.') ?? plain
}

/** The address of a page, seen from the overview: reference/webgpu-mlp/functions/fit.md. */
function pageOf({ name, kind, parent }: DeclarationReflection): string {
  const entry = parent?.name ?? ''
  return `${entry}/${folders.get(kind)}/${name}.md`
}

/** Writes the first page of the reference. @throws Error for a name without a topic, and for a topic's name that is not exported */
export function writeOverview(project: ProjectReflection): void {
  const exported = new Map(
    (project.children ?? [])
      .flatMap(({ children = [] }) => children)
      .filter(({ kind }) => folders.has(kind))
      .map((one) => [one.name, one]),
  )
  const listed = new Set(Object.values(topics).flat())
  const wrong = [...listed].filter((name) => !exported.has(name))
  const missing = [...exported.keys()].filter((name) => !listed.has(name))
  if (wrong.length + missing.length > 0)
    throw new Error(`docs/generate/overview.ts: not exported: ${wrong.join()}; without a topic: ${missing.join()}`)
  const tables = Object.entries(topics).map(([topic, names]) => {
    const rows = names.map((name) => {
      const reflection = exported.get(name)!
      return `| [\`${name}\`](${pageOf(reflection)}) | ${firstSentence(reflection)} |`
    })
    return `## ${topic}\n\n| Name | What it is |\n| --- | --- |\n${rows.join('\n')}\n`
  })
  writeFileSync(join(site, 'reference/index.md'), [start, ...tables].join('\n'))
}
