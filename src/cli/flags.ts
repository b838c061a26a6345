import { type Command, InvalidArgumentError } from 'commander'
import { escapeControls, type Option, optimizerNames, optionSchemas } from '../index.ts'
import { scheduleHelp } from './schedules.ts'

/** A flag that the command line has and the library has not. */
export interface OwnFlag {
  readonly flag: string
  readonly help: string
  readonly default?: string
}

const { fields: network } = optionSchemas['Network.create']
const { fields: trainer } = optionSchemas['Trainer.create']
const { fields: fit } = optionSchemas['trainer.fit']
const { fields: generated } = optionSchemas.circle
const { fields: csv } = optionSchemas.parseCsv
const { fields: stopping } = optionSchemas.earlyStopping
const { fields: sgd } = optionSchemas.sgd

/** The options of the library that the command line takes; their flags, helps, defaults and checks are in its schemas. */
export const libraryFlags = {
  target: csv.target,
  features: csv.features,
  drop: csv.drop,
  missing: csv.missing,
  delimiter: csv.delimiter,
  header: csv.header,
  decimal: csv.decimal,
  comment: csv.comment,
  encoding: csv.encoding,
  samples: generated.samples,
  noise: generated.noise,
  maxUnpackedBytes: csv.maxUnpackedBytes,
  test: optionSchemas.split.fields.test,
  folds: optionSchemas.crossValidate.fields.folds,
  init: network.init,
  loss: trainer.loss,
  batch: trainer.batchSize,
  seed: trainer.seed,
  backend: trainer.backend,
  threads: trainer.threads,
  deterministic: trainer.deterministic,
  dropout: trainer.dropout,
  l1: trainer.l1,
  l2: trainer.l2,
  profile: trainer.profile,
  epochs: fit.epochs,
  shuffle: fit.shuffle,
  classWeights: fit.classWeights,
  checkpointEvery: optionSchemas.checkpoint.fields.every,
  earlyStopping: stopping.patience,
  minDelta: stopping.minDelta,
  lr: sgd.learningRate,
  momentum: sgd.momentum,
  weightDecay: sgd.weightDecay,
  clipNorm: sgd.clipNorm,
  prefix: optionSchemas.toC.fields.prefix,
  warmup: optionSchemas.warmup.fields.epochs,
  dataSeed: generated.seed,
  /** Its default differs: a model is scored with the loss that goes with its outputs. */
  usualLoss: {
    ...trainer.loss,
    help: `${trainer.loss.help} (default: crossEntropy for softmax outputs, else quadratic)`,
  },
  batchOfVerify: optionSchemas.verify.fields.batchSize,
  topK: optionSchemas.classificationReport.fields.topK,
}

/** The flags that only the command line has. */
export const ownFlags = {
  data: {
    flag: '--data <name>',
    help: 'circle, linear, xor, moons, spirals, digits, a CSV file, an .npy or .npz file, or a folder with IDX files',
  },
  inputFile: { flag: '--data <file>', help: 'a CSV, .npy or .npz file with the inputs that the model was trained on' },
  targets: { flag: '--targets <file>', help: 'with --data x.npy: the .npy file with the targets' },
  arrays: {
    flag: '--arrays <names>',
    help: 'with --data file.npz: the arrays to take as inputs and targets: x,y (and two more for validation)',
  },
  inputArray: { flag: '--arrays <name>', help: 'with --data file.npz: the array to take as inputs' },
  dataSeed: {
    flag: '--data-seed <number>',
    help: 'seed of generated data, and of the samples that --test holds out (default: the seed of the run; of a sweep: 1)',
  },
  optionalData: { flag: '--data <name>', help: 'data as for train (default: random)' },
  task: {
    flag: '--task <name>',
    help: 'auto, classification, multilabel, regression; auto looks at target, loss and last layer (default: auto)',
  },
  stream: { flag: '--stream', help: 'read a CSV file a part at a time (automatic from 256 MB on)' },
  standardize: { flag: '--standardize', help: 'scale inputs to mean 0 and deviation 1 (kept in the model)' },
  standardizeTargets: {
    flag: '--standardize-targets',
    help: 'scale regression targets to mean 0 and deviation 1 (automatic with --standardize and linear outputs)',
  },
  validation: {
    flag: '--validation <file>',
    help: 'a file of validation samples, with the columns of --data',
  },
  validationTargets: {
    flag: '--validation-targets <file>',
    help: 'with --validation x.npy: the .npy file with the targets',
  },
  keep: { flag: '--keep <columns>', help: 'columns of the file to carry over into the predictions, such as ids' },
  normalize: { flag: '--normalize', help: 'scale inputs to 0–1 (kept in the model)' },
  layers: {
    flag: '--layers <sizes>',
    help: "neurons per layer, inputs first; '-' takes a size from the data",
    default: '-,3,-',
  },
  activation: {
    flag: '--activation <names>',
    help: `one for all layers, or one for each: ${network.activation.names!.join(', ')}`,
    default: 'sigmoid',
  },
  importedActivation: {
    flag: '--activation <names>',
    help: `where the file has none: one for all layers, or one for each: ${network.activation.names!.join(', ')}`,
  },
  importedFeatures: { flag: '--features <names>', help: 'where the file has none: the names of the input columns' },
  importedClasses: { flag: '--classes <names>', help: 'where the file has none: the names of the classes, in order' },
  importedTargets: {
    flag: '--target-names <names>',
    help: 'where the file has none: the names of the regression targets',
  },
  optimizer: { flag: '--optimizer <name>', help: optimizerNames.join(', '), default: 'sgd' },
  schedule: { flag: '--schedule <form>', help: `how the rate changes from epoch to epoch:\n${scheduleHelp}` },
  model: { flag: '--model <file>', help: 'a model that train wrote' },
  optionalModel: { flag: '--model <file>', help: 'a trained model (default: a random network)' },
  out: { flag: '--out <file>', help: 'where the trained model goes (JSON)' },
  predictions: { flag: '--out <file>', help: 'where the predictions go (default: standard output)' },
  exported: {
    flag: '--out <file>',
    help: 'the file to write; of c the source, next to which its header goes; of pytorch the folder',
  },
  continued: {
    flag: '--checkpoint <file>',
    help: 'the run that the program continues; its options are those of the run',
  },
  anyOptimizer: { flag: '--optimizer <name>', help: `${optimizerNames.join(', ')} (default: sgd)` },
  imported: { flag: '--out <file>', help: 'the model to write (JSON)' },
  comparison: { flag: '--out <file>', help: 'where the page goes (one HTML file)', default: 'comparison.html' },
  format: {
    flag: '--to <format>',
    help: 'onnx, safetensors, npy, javascript, c, pytorch (default: by the ending of --out)',
  },
  check: {
    flag: '--check',
    help: 'compare this GPU with float64 in all that training uses, and measure it; takes a minute or two',
  },
  checked: {
    flag: '--out <file>',
    help: 'with --check: the file for the report (JSON; default: webgpu-mlp-check.json)',
  },
  report: { flag: '--report <file>', help: 'the file for a report (HTML; history.csv is written next to it)' },
  checkpoint: { flag: '--checkpoint <file>', help: 'write a checkpoint there during training' },
  resume: {
    flag: '--resume <file>',
    help: 'continue from a checkpoint; options that are not given are those of its run',
  },
  from: {
    flag: '--from <file>',
    help: 'begin from a model: its layers, parameters, preprocessing and classes, on new data',
  },
  force: { flag: '--force', help: 'replace files that this program did not write, or that are write-protected' },
  json: { flag: '--json', help: 'print one JSON object instead of text' },
  runsAsJson: { flag: '--json', help: 'print the runs as one JSON array; a page is written only with --out' },
} satisfies Record<string, OwnFlag>

/** `--batch` of `--batch <size>`. */
export const longName = (flag: string): string => flag.split(' ', 1)[0]!

/** How a flag is added: whether it shows the default of the library, and what reads its text. */
export interface FlagUse {
  readonly isDefaultShown?: boolean
  readonly read?: (text: string) => unknown
}

/** Adds the flag of a library's option; its value is checked as the library checks it. */
export function addFlag(command: Command, option: Option<unknown, unknown>, use: FlagUse = {}): Command {
  const { flag = '', help = '', isNumber, check } = option
  const read = use.read ?? (isNumber ? number : (text: string) => text)
  const fallback = use.isDefaultShown ? option.default : undefined
  if (!flag.includes('<')) return command.option(flag, help)
  return command.option(flag, help, (text: string) => check(longName(flag), read(text)), fallback)
}

/** Adds flags of the command line itself. */
export function addOwn(command: Command, ...flags: readonly OwnFlag[]): Command {
  for (const { flag, help, default: value } of flags) command.option(flag, help, value)
  return command
}

/** Adds a flag that must be given. */
export const addRequired = (command: Command, { flag, help }: OwnFlag): Command => command.requiredOption(flag, help)

/** The beginning of a value, as errors show it. */
export const quote = (text: string): string => `'${escapeControls(text.length > 40 ? `${text.slice(0, 40)}…` : text)}'`

/** A number in an option's value. */
export function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value))
    throw new InvalidArgumentError(`expected a number, got ${quote(text)}.`)
  return value
}

/** Numbers with commas between them. */
export const numbers = (text: string): number[] => text.split(',').map(number)
