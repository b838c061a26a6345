import type { Command } from 'commander'
import { join } from 'node:path'
import { type Checkpoint, DataStream, InputError, type PyTorchFiles, toPyTorch } from '../index.ts'
import { writeFileAtomic } from '../node/write.ts'
import { dataFiles } from './data.ts'
import { addFlag, addOwn, libraryFlags, numbers, ownFlags } from './flags.ts'
import { addColumnOptions, addDataOptions, classWeights, parseOptimizer, randomSeed } from './options.ts'
import { count, note } from './output.ts'
import { headerMark, type Mark, marks } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'
import { prepareData } from './train/data.ts'
import { readStart, type Start } from './train/from.ts'
import { makeNetwork } from './train/network.ts'
import { parseTrain, type TrainOptions } from './train/options.ts'
import { resume } from './train/resume.ts'

/** The options of `export --to pytorch`. */
export interface PyTorchExport {
  readonly model: string | undefined
  readonly checkpoint: string | undefined
  readonly out: string
  readonly force: boolean
  /** The options of a training that the command line gives. */
  readonly training: Partial<TrainOptions>
}

/** The flags that say how the program trains, and on which data. */
export function addTrainingOptions(command: Command): Command {
  command.optionsGroup('For pytorch:')
  addOwn(command, ownFlags.continued, ownFlags.data)
  addColumnOptions(addDataOptions(command))
  addFlag(command, libraryFlags.test)
  addFlag(command, libraryFlags.usualLoss)
  addOwn(command, ownFlags.anyOptimizer)
  const { lr, batch, epochs, momentum, weightDecay, clipNorm, shuffle, seed, l1, l2, warmup } = libraryFlags
  for (const option of [lr, batch, epochs, momentum, weightDecay, clipNorm, shuffle, seed, l1, l2, warmup]) {
    addFlag(command, option)
  }
  addOwn(command, ownFlags.schedule)
  addFlag(command, libraryFlags.dropout, { read: numbers })
  return addFlag(command, libraryFlags.classWeights, { read: classWeights })
}

/** A run to continue: one that a checkpoint is of, or a new one from a model. */
interface Run {
  readonly options: TrainOptions
  readonly start: Start | undefined
  readonly checkpoint: Checkpoint | undefined
}

/** @throws InputError for no run, or two, and for options that the checkpoint decides */
async function readRun({ model, checkpoint: path, training }: PyTorchExport): Promise<Run> {
  if (path === undefined) {
    if (model === undefined) throw new InputError('--model: expected the model to train on, or --checkpoint')
    const words = ['--from', model, ...(training.loss === undefined ? [] : ['--loss', training.loss])]
    const options = { ...parseTrain(words), ...training }
    return { options, start: await readStart(options, words, '--model'), checkpoint: undefined }
  }
  if (model !== undefined) throw new InputError('--model: the checkpoint has its own network; give one of them')
  const [other] = Object.keys(training).filter((name) => name !== 'epochs')
  if (other !== undefined)
    throw new InputError(`${flagOf(other)}: the checkpoint has the options of its run; leave the option out`)
  const { options, checkpoint, words } = await resume(path, [])
  const rest = Math.max(1, options.epochs - checkpoint.epoch)
  return {
    options: { ...options, epochs: training.epochs ?? rest },
    start: await readStart(options, words),
    checkpoint,
  }
}

/** The flag of an option of the command line. */
export const flagOf = (name: string): string =>
  `--${name === 'shuffle' ? 'no-' : ''}${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Writes a folder with a program for PyTorch. */
export async function exportPyTorch(given: PyTorchExport): Promise<void> {
  const { model, checkpoint: path, out, force } = given
  const { options, start, checkpoint } = await readRun(given)
  if (options.data === undefined) throw new InputError('--data: expected the data to train on')
  const seed = options.seed ?? checkpoint?.seed ?? randomSeed()
  const all = { ...options, data: options.data }
  const files = await makeFiles(all, seed, start, checkpoint)
  const outputs = Object.entries(files).map(([name, content]) => {
    return { option: '--out', path: join(out, name), mark: markOf(name, content), force, content }
  })
  await checkOutputs(outputs, [
    ...(model === undefined ? [] : [{ option: '--model', path: model }]),
    ...(path === undefined ? [] : [{ option: '--checkpoint', path }]),
    ...(await dataFiles(all)).map((file) => ({ option: '--data', path: file })),
  ])
  for (const { path: file, content } of outputs) await writeFileAtomic(file, content, { force })
  note(`${out} written: pytorch, ${Object.keys(files).join(', ')}`)
  note(`run it with: python3 ${join(out, 'train.py')}, or torchrun --nproc_per_node=2 ${join(out, 'train.py')}`)
}

async function makeFiles(
  options: TrainOptions & { data: string },
  seed: number,
  start: Start | undefined,
  checkpoint: Checkpoint | undefined,
): Promise<PyTorchFiles> {
  const loss = start?.loss ?? options.loss
  const data = await prepareData(options, seed, start)
  try {
    const { weighted } = data
    if (weighted instanceof DataStream) {
      throw new InputError(`--data: ${options.data} is read a part at a time (${count(weighted.length)} samples); pytorch needs all samples in memory`) // prettier-ignore
    }
    const network = makeNetwork(data, { options, loss, init: options.init, seed, start })
    return toPyTorch(network, weighted, {
      loss,
      optimizer: parseOptimizer(options),
      batchSize: options.batch,
      seed,
      l1: options.l1,
      l2: options.l2,
      dropout: options.dropout?.length === 1 ? options.dropout[0] : options.dropout,
      epochs: options.epochs,
      shuffle: options.shuffle,
      checkpoint,
    })
  } finally {
    data.close()
  }
}

function markOf(name: string, content: string | Uint8Array): Mark {
  if (name.endsWith('.py')) return marks.python
  if (name.endsWith('.safetensors')) return marks.safetensors
  // NumPy's files say no program, so they may be replaced by arrays of the same shape.
  const bytes = Buffer.from(content as Uint8Array)
  return headerMark('an array', bytes.subarray(0, 10 + bytes.readUInt16LE(8)), 'is not an array of the same shape')
}
