import { Command } from 'commander'
import { writeFileSync } from 'node:fs'
import { normalize, scale, standardize } from '../data/preprocessing.ts'
import type { Dataset } from '../data/dataset.ts'
import { checkInteger, checkName, checkNumber, InputError } from '../errors.ts'
import { initializerNames } from '../model/initializer.ts'
import { Network } from '../model/network.ts'
import { checkWritable, readCheckpoint, writeCheckpoint, writeModel } from '../node/files.ts'
import { drawSeed } from '../random.ts'
import { backendNames } from '../training/placement.ts'
import { isRegression, type Evaluation } from '../training/score.ts'
import type { Checkpoint } from '../training/checkpoint.ts'
import { type Epoch, type FitOptions, type Outcome, Trainer } from '../training/trainer.ts'
import { count, describeData, holdOut, loadData } from './data.ts'
import {
  addBackendOption,
  addDataOptions,
  addNetworkOptions,
  classWeights,
  number,
  numbers,
  parseActivations,
  parseLayers,
  parseLoss,
  parseOptimizer,
} from './options.ts'
import { bytes, decimal, exitCodes, note, percent, print } from './output.ts'
import { profileTable } from './profile.ts'
import { showProgress } from './progress.ts'
import { historyPath } from './report/history.ts'
import { writeReport } from './report/report.ts'
import { sayRate, scheduleHelp } from './schedules.ts'

interface TrainOptions {
  data: string
  target?: string
  samples?: number
  noise?: number
  layers: string
  activation: string
  loss: string
  init: string
  optimizer: string
  lr?: number
  momentum?: number
  weightDecay?: number
  clipNorm?: number
  schedule?: string
  warmup?: number
  l1?: number
  l2?: number
  dropout?: number[]
  classWeights?: 'balanced' | Record<string, number>
  earlyStopping?: number
  minDelta?: number
  checkpoint?: string
  checkpointEvery: number
  resume?: string
  batch: number
  epochs: number
  seed?: number
  backend: string
  test?: number
  standardize?: boolean
  normalize?: boolean
  shuffle: boolean
  out?: string
  report?: string
  json?: boolean
  profile?: boolean
}

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train a network and write it to a file')
    .requiredOption(
      '--data <name>',
      'circle, linear, xor, moons, spirals, digits, a CSV file, or a folder with IDX files',
    )
  addDataOptions(command)
  addNetworkOptions(command)
  addBackendOption(command)
  return command
    .option('--init <name>', initializerNames.join(', '), 'glorotUniform')
    .option('--optimizer <name>', 'sgd, rmsprop, adagrad, adam, adamw', 'sgd')
    .option('--lr <rate>', "learning rate (default: 0.1 for sgd, else PyTorch's)", number)
    .option('--momentum <share>', 'for sgd and rmsprop', number)
    .option('--weight-decay <factor>', 'how much of each parameter a step takes away', number)
    .option('--schedule <form>', `how the rate changes from epoch to epoch: ${scheduleHelp}`)
    .option('--warmup <epochs>', 'epochs in which the rate grows from a third', number)
    .option('--clip-norm <length>', 'shorten gradients that are longer than this', number)
    .option('--l1 <factor>', 'press weights to zero', number)
    .option('--l2 <factor>', 'keep weights small', number)
    .option(
      '--dropout <shares>',
      'drop this share of the hidden units in each step; or one a hidden layer: 0.2,0.5',
      numbers,
    )
    .option('--class-weights <weights>', "'balanced', or a weight a class: ill=20,healthy=1", classWeights)
    .option('--early-stopping <epochs>', 'stop after so many epochs without an improvement; keep the best', number)
    .option('--min-delta <amount>', 'what counts as an improvement of the loss', number)
    .option('--checkpoint <file>', 'write a checkpoint there as training goes on')
    .option('--checkpoint-every <epochs>', 'how often', number, 1)
    .option('--resume <file>', 'go on from a checkpoint, with the same data and options')
    .option('--batch <size>', 'samples per step', number, 32)
    .option('--epochs <count>', 'passes over the data', number, 10)
    .option('--test <share>', 'hold out this share of the samples for validation', number)
    .option('--standardize', 'scale inputs to mean 0 and deviation 1 (kept in the model)')
    .option('--normalize', 'scale inputs to 0–1 (kept in the model)')
    .option('--no-shuffle', 'take the samples in the order given')
    .option('--out <file>', 'where the trained model goes (JSON)')
    .option('--report <file>', 'where a report goes (one HTML file; history.csv beside it)')
    .option('--profile', 'say where the time went (training is slower by it)')
    .option('--json', 'print one JSON object instead of text')
    .action(train)
}

async function train(options: TrainOptions): Promise<void> {
  const say = options.json ? () => undefined : print
  const checkpoint = options.resume === undefined ? undefined : await readCheckpoint(options.resume)
  const seed = checkInteger('--seed', options.seed ?? checkpoint?.seed ?? drawSeed(), 0)
  checkInteger('--batch', options.batch)
  checkInteger('--epochs', options.epochs)
  const loss = parseLoss(options.loss)
  const optimizer = parseOptimizer(options)
  const backend = checkName('--backend', options.backend, backendNames)
  if (options.standardize && options.normalize)
    throw new InputError('--normalize: is the other of --standardize; take one')
  const history = options.report === undefined ? undefined : historyPath(options.report)
  for (const path of [options.out, options.report, options.checkpoint, history])
    if (path !== undefined) await checkWritable(path)

  const data = await prepareData(options, seed)
  const sizes = parseLayers(options.layers, { inputs: data.train.inputs.cols, outputs: data.train.targets.cols })
  const activations = parseActivations(options.activation, sizes.length - 1, loss)
  const init = checkName('--init', options.init, initializerNames)
  const network = Network.create({ sizes, activations, init, seed })
  Object.assign(network, { features: data.train.features, classes: data.train.classes, scaling: data.scaling })
  warnOfRange(network, data.train)

  const trainer = await Trainer.create(network, {
    backend,
    loss,
    optimizer,
    batchSize: options.batch,
    seed,
    profile: options.profile === true,
    ...(options.l1 !== undefined && { l1: options.l1 }),
    ...(options.l2 !== undefined && { l2: options.l2 }),
    ...(options.dropout && { dropout: options.dropout.length === 1 ? options.dropout[0]! : options.dropout }),
  })
  try {
    if (checkpoint) await goOn(trainer, checkpoint, options)
    const { name, description } = trainer.backend
    const architecture = `${sizes.join('-')}, ${activations.join(' · ')}, ${count(network.parameters.length)} parameters`
    say(`Backend  ${name}: ${description}`)
    say(`Network  ${architecture}`)
    say(`Data     ${options.data}: ${describeData(data.train, data.validation)}`)
    say(
      `Training ${loss}, ${optimizer.name}, learning rate ${sayRate(optimizer.learningRate)}, batch ${options.batch}, seed ${seed}`,
    )
    const validated = data.validation ? { validation: data.validation } : {}
    if (name === 'webgpu') say(`Memory   ${bytes(trainer.memoryFor(data.train, validated))} on the device`)

    const epochs: Epoch[] = []
    const { seconds, interrupted, stopped, bestEpoch } = await runEpochs(trainer, data, options, epochs)
    const result = await trainer.evaluate(data.train)
    const validation = data.validation ? await trainer.evaluate(data.validation) : null
    await trainer.read()
    if (options.out !== undefined) await writeModel(options.out, network)
    if (options.report !== undefined) {
      const settings = { ...options, seed, loss, optimizer, init }
      const run = {
        network,
        data,
        epochs,
        seconds,
        settings,
        backend: { name, description },
        result,
        validation,
        trainer,
      }
      await writeReport(options.report, run)
    }
    const samples = epochs.length * data.train.length
    const profile = options.profile ? trainer.profile() : undefined
    const outcome = {
      backend: { name, description },
      epochs: epochs.length,
      ...(bestEpoch != null && { bestEpoch, stoppedEarly: stopped === 'earlyStopping' }),
      steps: epochs.reduce((sum, { steps }) => sum + steps, 0),
      seconds,
      samplesPerSecond: samples / seconds,
      loss: result.loss,
      accuracy: result.accuracy,
      validation: validation && { loss: validation.loss, accuracy: validation.accuracy },
      model: options.out ?? null,
      ...(profile && { profile }),
    }
    if (options.json) print(JSON.stringify(outcome))
    else summarize(trainer, data, outcome, { result, validation }, options)
    if (profile && !options.json) print(`\nWhere the time went\n${profileTable(profile)}`)
    if (interrupted) process.exitCode = exitCodes.interrupted
  } finally {
    trainer.dispose()
  }
}

/** The data as they are trained on, with what they were scaled by. */
export interface PreparedData {
  train: Dataset
  validation: Dataset | undefined
  scaling: ReturnType<typeof standardize> | undefined
}

async function prepareData(options: TrainOptions, seed: number): Promise<PreparedData> {
  const { data, target, samples, noise, test } = options
  const loaded = await loadData({ data, target, samples, noise, seed })
  if (test !== undefined) checkNumber('--test', test, { min: 0, max: 0.99, exclusive: true })
  if (test !== undefined && loaded.validation) {
    throw new InputError(`--test: '${data}' brings its own validation set (t10k-*)`)
  }
  const { train, validation } = test === undefined ? loaded : holdOut(loaded.train, test, seed)
  const scaling = options.standardize ? standardize(train) : options.normalize ? normalize(train) : undefined
  if (!scaling) return { train, validation, scaling }
  return { train: scale(train, scaling), validation: validation && scale(validation, scaling), scaling }
}

/** Outputs that can only lie between bounds cannot meet targets beyond them. */
function warnOfRange(network: Network, { classes, targets }: Dataset): void {
  const output = network.activations.at(-1)
  if (classes || (output !== 'sigmoid' && output !== 'softmax' && output !== 'tanh')) return
  const low = targets.data.reduce((a, b) => Math.min(a, b))
  const high = targets.data.reduce((a, b) => Math.max(a, b))
  const floor = output === 'tanh' ? -1 : 0
  if (low >= floor && high <= 1) return
  note(
    `webgpu-mlp: note: the targets reach from ${decimal(low)} to ${decimal(high)}, ${output} outputs only from ${floor} ` +
      'to 1; for quantities take a linear output, such as --activation tanh,linear --loss meanSquaredError',
  )
}

/** Trains until the epochs are over or Ctrl-C is pressed; a second Ctrl-C ends the program at once. */
async function runEpochs(trainer: Trainer, data: PreparedData, options: TrainOptions, done: Epoch[]) {
  let interrupted = false
  const interrupt = () => {
    if (interrupted) {
      writeFileSync(2, '\x1b[?25h\n') // The bar had hidden the cursor.
      process.exit(exitCodes.interrupted)
    }
    interrupted = true
  }
  const { shuffle } = options
  const epochs = options.epochs - trainer.epoch
  const fitOptions = { epochs, shuffle, ...(data.validation && { validation: data.validation }), ...moreOf(options) }
  const running = trainer.epochs(data.train, fitOptions)
  const regression = isRegression(trainer.network.layers.at(-1)!, trainer.loss, data.train)
  const progress = showProgress(options.epochs, options.json === true, !regression)
  process.on('SIGINT', interrupt)
  const began = performance.now()
  let outcome: Outcome | undefined
  try {
    for (;;) {
      const result = await running.next()
      if (result.done) {
        outcome = result.value
        break
      }
      done.push(result.value)
      progress.update(result.value)
      if (interrupted) break
    }
  } finally {
    progress.stop()
    await running.return?.()
    process.off('SIGINT', interrupt)
  }
  return { seconds: (performance.now() - began) / 1000, interrupted, ...outcome }
}

/** What is told to `fit` where it is asked for. */
function moreOf({ classWeights, earlyStopping, minDelta, checkpoint, checkpointEvery }: TrainOptions): FitOptions {
  if (minDelta !== undefined && earlyStopping === undefined) {
    throw new InputError('--min-delta: is for --early-stopping; give that, too')
  }
  return {
    ...(classWeights && { classWeights }),
    ...(earlyStopping !== undefined && {
      earlyStopping: { patience: earlyStopping, ...(minDelta !== undefined && { minDelta }) },
    }),
    ...(checkpoint !== undefined && {
      checkpoint: { every: checkpointEvery, write: (made: Checkpoint) => writeCheckpoint(checkpoint, made) },
    }),
  }
}

/** Puts the trainer where a checkpoint was made. `--epochs` counts from the beginning of the run. */
async function goOn(trainer: Trainer, checkpoint: Checkpoint, { resume, epochs }: TrainOptions): Promise<void> {
  await trainer.resume(checkpoint)
  if (trainer.epoch >= epochs) {
    throw new InputError(`--epochs: ${resume} has ${trainer.epoch} epochs behind it; give more than these, in all`)
  }
}

interface Scores {
  result: Evaluation
  validation: Evaluation | null
}

interface Summary {
  epochs: number
  seconds: number
  samplesPerSecond: number
  bestEpoch?: number
  stoppedEarly?: boolean
}

function summarize(
  trainer: Trainer,
  data: PreparedData,
  { epochs, seconds, samplesPerSecond, bestEpoch, stoppedEarly }: Summary,
  { result, validation }: Scores,
  { out, report }: TrainOptions,
): void {
  const regression = isRegression(trainer.network.layers.at(-1)!, trainer.loss, data.train)
  const say = ({ loss, accuracy, r2 }: Evaluation) =>
    regression && r2 !== undefined
      ? `loss ${decimal(loss)}, R² ${decimal(r2)}`
      : `loss ${decimal(loss)}, score ${percent(accuracy)}`
  print()
  print(`Trained ${count(epochs)} epochs in ${seconds.toFixed(1)} s, ${count(Math.round(samplesPerSecond))} samples/s`)
  if (bestEpoch !== undefined) {
    print(
      `${stoppedEarly ? 'Stopped early: the' : 'The'} best epoch was ${count(bestEpoch)}, whose parameters are kept`,
    )
  }
  print(`Training data    ${say(result)}`)
  if (validation) print(`Validation data  ${say(validation)}`)
  if (out !== undefined) print(`Model            ${out}`)
  if (report !== undefined) print(`Report           ${report}`)
}
