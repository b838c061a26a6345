import { Command } from 'commander'
import { extname } from 'node:path'
import { checkName, InputError, type Network, toJavaScript, toNpy, toOnnx, toSafetensors } from '../index.ts'
import { readModel } from '../node/files.ts'
import { writeFileAtomic } from '../node/write.ts'
import { addOwn, addRequired, ownFlags } from './flags.ts'
import { bytes, note } from './output.ts'
import { headerMark, type Mark, marks } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'

interface ExportOptions {
  model: string
  to?: string
  out: string
  force?: boolean
}

const writers = {
  onnx: toOnnx,
  safetensors: toSafetensors,
  npy: ({ parameters }: Network) => toNpy({ shape: [parameters.length], data: parameters }),
  javascript: toJavaScript,
}
type FormatName = keyof typeof writers
const formatNames = Object.keys(writers) as FormatName[]

const formatOf: ReadonlyMap<string, FormatName> = new Map([
  ['.onnx', 'onnx'],
  ['.safetensors', 'safetensors'],
  ['.npy', 'npy'],
  ['.js', 'javascript'],
  ['.mjs', 'javascript'],
])

const help = `
Formats:
  onnx         runs in ONNX Runtime and others: inputs as they are (scaled within), outputs, any batch
  safetensors  the parameters by name, as PyTorch's nn.Sequential has them; 'import' reads it back
  npy          all parameters as one float32 vector: layer by layer the weights (out × in, row by row), then the
               biases; scaling, activations and names are not in it
  javascript   a module that needs nothing: import { predict } from './model.js'`

export function exportCommand(): Command {
  const command = new Command('export').description(
    'write a trained model for other programs: ONNX, safetensors, NumPy, JavaScript',
  )
  addRequired(command, ownFlags.model)
  addRequired(command, ownFlags.exported)
  return addOwn(command, ownFlags.format, ownFlags.force).addHelpText('after', help).action(exportModel)
}

async function exportModel({ model, to, out, force = false }: ExportOptions): Promise<void> {
  const format = to === undefined ? formatByEnd(out) : checkName('--to', to, formatNames)
  const network = await readModel(model)
  const content = await writers[format](network)
  const output = { option: '--out', path: out, mark: markOf(format, content), force }
  await checkOutputs([output], [{ option: '--model', path: model }])
  await writeFileAtomic(out, content, { force })
  note(`${out} written: ${format}, ${bytes(Buffer.byteLength(content))}`)
}

/** How a file of a format is recognised; NumPy's by its header, which says no program. */
function markOf(format: FormatName, content: string | Uint8Array): Mark {
  if (format !== 'npy') return marks[format]
  const bytes = Buffer.from(content as Uint8Array)
  const header = bytes.subarray(0, 10 + bytes.readUInt16LE(8))
  return headerMark('an array of parameters', header, 'is not an array of as many parameters')
}

function formatByEnd(path: string): FormatName {
  const format = formatOf.get(extname(path).toLowerCase())
  if (format) return format
  throw new InputError(
    `--out: unknown format of '${path}', expected a name that ends with ${[...formatOf.keys()].join(', ')}; or give --to`,
  )
}
