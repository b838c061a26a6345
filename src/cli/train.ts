import type { Command } from 'commander'
import {
  DataStream,
  type Epoch,
  type InitializerName,
  InputError,
  type LossName,
  type Optimizer,
  Trainer,
} from '../index.ts'
import { writeModel } from '../node/files.ts'
import { writeFileAtomic } from '../node/write.ts'
import { describeColumns } from './columns.ts'
import { describeData } from './data.ts'
import { checkBackend, parseOptimizer, randomSeed } from './options.ts'
import { bytes, count, exitCodes, note, print } from './output.ts'
import { KeptOutputs } from './outputs/keep.ts'
import { historyCsv } from './report/history.ts'
import { makeReport } from './report/report.ts'
import { sayRate } from './schedules.ts'
import { describeTask } from './target.ts'
import { explainDivergence, noteAfter, noteBefore } from './train/advice.ts'
import { prepareData, type PreparedData } from './train/data.ts'
import { runEpochs } from './train/epochs.ts'
import { runFolds } from './train/folds.ts'
import { loadSets, scoreTraining } from './train/loaded.ts'
import { reportDivergence } from './train/diverged.ts'
import { readStart, type Start } from './train/from.ts'
import { makeNetwork } from './train/network.ts'
import { defineTrain, type TrainOptions } from './train/options.ts'
import { printJson, summarize } from './train/outcome.ts'
import { describeOutputs, keepNetwork, planTrain, type TrainOutputs } from './train/outputs.ts'
import { describeChange, type Earlier, keptArguments, resume } from './train/resume.ts'

export function trainCommand(): Command {
  return defineTrain().action(async (options: TrainOptions) => {
    const given = process.argv.slice(3)
    if (options.resume === undefined) return train(options, given)
    const { options: all, ...earlier } = await resume(options.resume, given)
    return train(all, given, earlier)
  })
}

/** The options, checked as far as possible without the data. */
interface Checked {
  readonly options: TrainOptions & { data: string }
  readonly seed: number
  readonly backend: ReturnType<typeof checkBackend>
  readonly loss: LossName
  readonly optimizer: Optimizer
  readonly init: InitializerName
  /** The model that training begins from. */
  readonly start: Start | undefined
  /** Of the command. */
  readonly words: readonly string[]
}

function checkOptions(
  options: TrainOptions,
  earlier: Earlier | undefined,
  start: Start | undefined,
): Omit<Checked, 'words'> {
  const { data } = options
  if (data === undefined) throw new InputError("required option '--data <name>' not specified")
  const seed = options.seed ?? earlier?.checkpoint.seed ?? randomSeed()
  if (options.minDelta !== undefined && options.earlyStopping === undefined) {
    throw new InputError('--min-delta: is for --early-stopping; give that, too')
  }
  const done = earlier?.checkpoint.epoch ?? 0
  if (done > options.epochs) {
    throw new InputError(`--epochs: ${options.resume} has trained ${done} epochs; give at least as many, in all`)
  }
  return {
    options: { ...options, data },
    seed,
    backend: checkBackend(options),
    loss: start?.loss ?? options.loss,
    optimizer: parseOptimizer(options),
    init: options.init,
    start,
  }
}

async function train(given: TrainOptions, words: readonly string[], earlier?: Earlier): Promise<void> {
  const all = [...(earlier?.words ?? []), ...words]
  const start = await readStart(given, all)
  const checked = { ...checkOptions(given, earlier, start), words: all }
  const { options, seed } = checked
  const outputs = await planTrain(options, earlier)
  const data = await prepareData(options, options.dataSeed ?? seed, start)
  try {
    await trainOn(data, checked, outputs, keptArguments(all, seed), earlier)
  } finally {
    data.close()
  }
}

async function trainOn(
  data: PreparedData,
  checked: Checked,
  outputs: TrainOutputs,
  words: readonly string[],
  earlier?: Earlier,
): Promise<void> {
  const { options, seed, loss, optimizer, init } = checked
  const kept = new KeptOutputs()
  const say = options.json ? () => undefined : print
  const network = makeNetwork(data, checked)
  const trainer = await Trainer.create(network, {
    ...checked.backend,
    deterministic: options.deterministic === true,
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
    const resumed = earlier && (await trainer.resume(earlier.checkpoint, { changed: earlier.changed }))
    const changed = resumed?.changes.map((change) => describeChange(change, trainer.epoch)) ?? []
    const changes = [...(earlier?.changes ?? []), ...changed]
    const { name, description } = trainer.backend
    const { sizes, activations, parameters } = network
    say(`Backend  ${name}: ${description}`)
    say(`Network  ${sizes.join('-')}, ${activations.join(' · ')}, ${count(parameters.length)} parameters`)
    say(`Data     ${options.data}: ${describeData(data.train, data.validation)}`)
    if (network.encoding) say(`Columns  ${describeColumns(network)}`)
    if (data.reading) say(`Task     ${describeTask(network, loss, data.train, data.reading)}`)
    say(
      `Training ${loss}, ${optimizer.name}, learning rate ${sayRate(optimizer.learningRate)}, batch ${options.batch}, seed ${seed}`,
    )
    const validated = data.validation ? { validation: data.validation } : {}
    const isStream = [data.train, data.validation].some((one) => one instanceof DataStream)
    if (name === 'webgpu') {
      say(`Memory   ${isStream ? 'at most ' : ''}${bytes(trainer.memoryFor(data.weighted, validated))} on the device`)
    }
    if (options.from !== undefined && !earlier) say(`From     ${options.from}`)
    if (earlier) {
      const rest = trainer.epoch === options.epochs ? ', its last; the run is finished from it' : ''
      say(`Resumed  ${options.resume}, after epoch ${count(trainer.epoch)}${rest}`)
      for (const change of changed) say(`Changed  ${change}`)
      // Not all of it is said on this command line, so it is shown in any case.
      const remark = options.json ? note : print
      remark(`Writes   ${describeOutputs(outputs)}`)
      if (resumed?.difference !== undefined) note(`webgpu-mlp: note: ${resumed.difference}`)
    }

    const advised = { network, data, loss, optimizer, options }
    const noted = noteBefore(advised)
    const done: Epoch[] = []
    const settings = {
      ...options,
      seed,
      loss,
      optimizer,
      init,
      ...(changes.length > 0 && { changes: changes.join('; ') }),
    }
    const untrained = {
      network,
      data,
      epochs: done,
      seconds: 0,
      settings,
      backend: { name, description },
      trainer,
    }
    const reported = <T>(train: () => Promise<T>) =>
      reportDivergence({ run: untrained, outputs, kept, words, isJson: options.json === true }, () =>
        explainDivergence(advised, train),
      )
    const folds = earlier ? undefined : await reported(() => runFolds({ trainer, data, options, init, say }))
    if (folds === 'interrupted') return
    if (earlier && options.folds !== undefined) note('webgpu-mlp: note: --folds: only the run that is resumed scored folds; this one does not') // prettier-ignore
    const loaded = await loadSets(trainer, data)
    const starting = {
      trainer,
      data,
      loaded,
      options,
      checkpoint: outputs.checkpoint,
      kept,
      words,
      earlier,
      changes,
      done,
    }
    const trained = { ...untrained, loaded, crossValidation: folds }
    const run = await reported(() => runEpochs(starting))
    const { epochs, seconds } = run
    // The model first: what comes after it may fail, or be killed.
    await trainer.read()
    const model = outputs.model && (await kept.write(outputs.model, (path, how) => writeModel(path, network, how)))
    const training = await scoreTraining(trainer, data, loaded)
    const validation = loaded.validation ? await trainer.evaluate(loaded.validation) : null
    // The CPU, where a GPU was lost.
    const backend = { name: trainer.backend.name, description: trainer.backend.description }
    let report: string | undefined
    if (outputs.report) {
      const page = await makeReport({ ...trained, backend, epochs, seconds, result: training, validation })
      report = await kept.write(outputs.report, (path, how) => writeFileAtomic(path, page, how))
      const history = historyCsv(epochs)
      if (outputs.history) await kept.write(outputs.history, (path, how) => writeFileAtomic(path, history, how))
    }
    const profile = options.profile ? trainer.profile() : undefined
    const result = {
      ...run,
      backend,
      samples: data.train.length,
      training,
      validation,
      model,
      report,
      profile,
      crossValidation: folds,
    }
    if (options.json) printJson(result)
    else summarize(result)
    if (!run.interrupted) noteAfter(advised, result, noted, earlier || checked.start ? undefined : checked.words)
    if (run.interrupted) process.exitCode = exitCodes.interrupted
    if (kept.isBehind) process.exitCode = exitCodes.failed
    await keepNetwork(kept, network, model)
    kept.finish()
  } finally {
    trainer.dispose()
  }
}
