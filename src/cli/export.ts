import { Command } from 'commander'
import { basename, dirname, extname, join } from 'node:path'
import {
  checkName,
  Ensemble,
  InputError,
  type Network,
  onnxInputs,
  toC,
  toJavaScript,
  toNpy,
  toOnnx,
  toSafetensors,
} from '../index.ts'
import { readAnyModel } from '../node/files.ts'
import { writeFileAtomic } from '../node/write.ts'
import { addTrainingOptions, exportPyTorch, flagOf } from './export-pytorch.ts'
import { addFlag, addOwn, addRequired, libraryFlags, ownFlags } from './flags.ts'
import { bytes, note } from './output.ts'
import { headerMark, type Mark, marks } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'
import type { TrainOptions } from './train/options.ts'

interface ExportOptions extends Partial<TrainOptions> {
  model?: string
  to?: string
  out: string
  prefix?: string
}

const writers = {
  onnx: toOnnx,
  safetensors: toSafetensors,
  npy: ({ parameters }: Network) => toNpy({ shape: [parameters.length], data: parameters }),
  javascript: toJavaScript,
}
/** The formats of one file. */
type FormatName = keyof typeof writers
const formatNames = [...(Object.keys(writers) as FormatName[]), 'c', 'pytorch'] as const

const formatOf: ReadonlyMap<string, FormatName | 'c'> = new Map([
  ['.onnx', 'onnx'],
  ['.safetensors', 'safetensors'],
  ['.npy', 'npy'],
  ['.js', 'javascript'],
  ['.mjs', 'javascript'],
  ['.c', 'c'],
])

const help = `
All formats but npy and pytorch hold everything between a row of the data and an answer: one-hot encoding, fills of missing values,
scaling, classes, and the units of regression targets.
Formats:
  onnx         runs in ONNX Runtime and others: one input of all columns, or one per column where some are words; numbers
               are float64 where float32 would lose too much (the line that is printed says so)
  safetensors  the parameters by name, as PyTorch's nn.Sequential has them; the rest in its metadata; 'import' reads it back
  npy          all parameters as one float32 vector: layer by layer the weights (out × in, row by row), then the
               biases; nothing else is in it
  javascript   a module that needs nothing: import { predict, classify } from './model.js'
  c            a source in C99 and its header for microcontrollers, model.c and model.h, without allocation, in float32; no
               library but math.h; about 13 bytes of source and 4 bytes of flash per parameter. --prefix names the functions
  pytorch      a folder with a program that continues the training under python3 or torchrun, with the same loss and
               optimizer: --checkpoint run.checkpoint, or --model model.json --data data.csv --optimizer adam --lr 0.01
An ensemble is written as onnx (outputs: the mean, and deviation), javascript or c (predictWithSpread, predict_with_spread too).`

export function exportCommand(): Command {
  const command = new Command('export').description(
    'write a trained model for other programs: ONNX, safetensors, NumPy, JavaScript, C, PyTorch',
  )
  addOwn(command, ownFlags.model)
  addRequired(command, ownFlags.exported)
  addOwn(command, ownFlags.format, ownFlags.force)
  addFlag(command, libraryFlags.prefix)
  return addTrainingOptions(command).addHelpText('after', help).action(exportModel)
}

async function exportModel(
  { model, to, out, force = false, prefix, ...given }: ExportOptions,
  command: Command,
): Promise<void> {
  const format = to === undefined ? formatByEnd(out) : checkName('--to', to, formatNames)
  const { checkpoint, ...others } = given
  // Those that have defaults are not given.
  const isGiven = ([name]: [string, unknown]) => command.getOptionValueSource(name) === 'cli'
  const training = Object.fromEntries(Object.entries(others).filter(isGiven)) as Partial<TrainOptions>
  if (prefix !== undefined && format !== 'c') throw new InputError(`--prefix: is for --to c, not for ${format}`)
  if (format === 'pytorch') return exportPyTorch({ model, checkpoint, out, force, training })
  const [other] = checkpoint === undefined ? Object.keys(training) : ['checkpoint']
  if (other !== undefined) throw new InputError(`${flagOf(other)}: is for --to pytorch, not for ${format}`)
  if (model === undefined) throw new InputError("required option '--model <file>' not specified")
  const network = await readAnyModel(model)
  if (format === 'c') return exportC(network, { model, out, prefix, force })
  const content = await contentOf(network, format)
  const output = { option: '--out', path: out, mark: markOf(format, content), force }
  await checkOutputs([output], [{ option: '--model', path: model }])
  await writeFileAtomic(out, content, { force })
  note(`${out} written: ${format}, ${bytes(Buffer.byteLength(content))}`)
  const remark = remarkOn(format, network)
  if (remark) note(remark)
}

/** Writes a source, and its header next to it. */
async function exportC(
  network: Network | Ensemble,
  { model, out, prefix, force }: { model: string; out: string; prefix: string | undefined; force: boolean },
): Promise<void> {
  if (extname(out) !== '.c') throw new InputError(`--out: of c a source and its header are written; expected a name that ends with .c, got '${out}'`) // prettier-ignore
  // The source includes the header by its name, which is that of the functions.
  const name =
    prefix ??
    basename(out, '.c')
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_|_$/g, '')
  const { header, source } = toC(network, { prefix: name })
  const outputs = [
    { option: '--out', path: join(dirname(out), `${name}.h`), mark: marks.cHeader, force, content: header },
    { option: '--out', path: out, mark: marks.c, force, content: source },
  ]
  await checkOutputs(outputs, [{ option: '--model', path: model }])
  for (const { path, content } of outputs) {
    await writeFileAtomic(path, content, { force })
    note(`${path} written: c, ${bytes(Buffer.byteLength(content))}`)
  }
}

function contentOf(network: Network | Ensemble, format: FormatName): Promise<Uint8Array> | Uint8Array | string {
  if (!(network instanceof Ensemble)) return writers[format](network)
  if (format === 'onnx') return toOnnx(network)
  if (format === 'javascript') return toJavaScript(network)
  throw new InputError(`--to: ${format} holds one network, the model is an ensemble of ${network.networks.length}; expected onnx, javascript, c`) // prettier-ignore
}

/** What a user of the file has to know; undefined where the file alone gives the answers for rows of numbers. */
function remarkOn(format: FormatName, network: Network | Ensemble): string | undefined {
  if (format === 'onnx') return describeOnnxInputs(network)
  if (network instanceof Ensemble) return undefined
  const { encoding, scaling, targetScaling } = network
  const missing = [
    ...(encoding ? ['one-hot encoding and fills'] : []),
    ...(scaling ? ['the scaling of inputs'] : []),
    ...(targetScaling ? ['the scaling of targets'] : []),
  ]
  if (format !== 'npy' || missing.length === 0) return undefined
  return `npy holds the parameters only: ${missing.join(', ')} are not in it; onnx, safetensors and javascript have them`
}

/** How a file of a format is recognised; NumPy's by its header, which says no program. */
function markOf(format: FormatName, content: string | Uint8Array): Mark {
  if (format !== 'npy') return marks[format]
  const bytes = Buffer.from(content as Uint8Array)
  const header = bytes.subarray(0, 10 + bytes.readUInt16LE(8))
  return headerMark('an array of parameters', header, 'is not an array of as many parameters')
}

function formatByEnd(path: string): FormatName | 'c' {
  const format = formatOf.get(extname(path).toLowerCase())
  if (format) return format
  throw new InputError(
    `--out: unknown format of '${path}', expected a name that ends with ${[...formatOf.keys()].join(', ')}; or give --to`,
  )
}

/** How the inputs of the model are given; undefined for one float32 input of all columns. */
function describeOnnxInputs(network: Network | Ensemble): string | undefined {
  const inputs = onnxInputs(network)
  const hasWords = inputs.some(({ type }) => type === 'string')
  const isDouble = inputs.some(({ type }) => type === 'float64')
  if (hasWords) {
    const numbers = isDouble ? 'float64' : 'float32'
    return `onnx: one input per column, named after it, batch × 1; words are strings, numbers ${numbers}`
  }
  return isDouble ? 'onnx: the input is float64; float32 would lose too much of a column far from 0' : undefined
}
