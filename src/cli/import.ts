import { Command } from 'commander'
import { activationNames, checkName, fromOnnx, fromSafetensors, InputError, Network } from '../index.ts'
import { readBytes } from '../node/bytes.ts'
import { readModel, writeModel } from '../node/files.ts'
import { withPath } from '../node/paths.ts'
import { addOwn, addRequired, ownFlags } from './flags.ts'
import { count, note } from './output.ts'
import { marks } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'

interface ImportOptions {
  out: string
  activation?: string
  features?: string
  classes?: string
  targetNames?: string
  force?: boolean
}

const help = `
Formats, by what the file contains:
  safetensors  dense layers, as in PyTorch: weights out × in, called fc1.weight, layers.0.weight, hidden.weight …;
               a layer without a bias has biases of 0
  onnx         MLPs of Gemm, or MatMul and Add, with activations and a scaling of inputs (PyTorch, tf2onnx, skl2onnx)
  json         a model of webgpu-mlp

Other files:
  .pt, .pth    from safetensors.torch import save_file; save_file(model.state_dict(), 'model.safetensors')`

export function importCommand(): Command {
  const command = new Command('import')
    .description('read a network from a file that export or another program wrote, and write a model file')
    .argument('<file>', 'a file that export or another program wrote')
  addRequired(command, ownFlags.imported)
  addOwn(command, ownFlags.importedActivation, ownFlags.importedFeatures, ownFlags.importedClasses)
  addOwn(command, ownFlags.importedTargets, ownFlags.force)
  return command.addHelpText('after', help).action(importModel)
}

async function importModel(file: string, options: ImportOptions): Promise<void> {
  const { out, force = false } = options
  const network = await readNetwork(file, options)
  const output = { option: '--out', path: out, mark: marks.model, force }
  await checkOutputs([output], [{ option: 'import', path: file }])
  await writeModel(out, network, { force })
  const { sizes, activations, parameters } = network
  note(`${out} written: ${sizes.join('-')}, ${activations.join(' · ')}, ${count(parameters.length)} parameters`)
}

const listOf = (text: string | undefined) => text?.split(',').map((part) => part.trim())

async function readNetwork(path: string, options: ImportOptions): Promise<Network> {
  const given = listOf(options.activation)?.map((name) => checkName('--activation', name, activationNames))
  const activations = given?.length === 1 ? given[0] : given
  const { features, classes, targetNames } = options
  const names = { features: listOf(features), classes: listOf(classes), targetNames: listOf(targetNames) }
  const bytes = await readBytes(path)
  const kind = kindOf(bytes)
  if (kind === 'safetensors') return withPath(path, () => fromSafetensors(bytes, { activations, ...names }))
  if (kind === 'json') {
    if (activations) throw new InputError(`--activation: ${path} names them itself; leave the option out`)
    return withNames(path, await readModel(path), names)
  }
  if (kind === 'onnx') {
    if (activations) throw new InputError(`--activation: ${path} names them itself; leave the option out`)
    return withPath(path, () => fromOnnx(bytes, names))
  }
  throw new InputError(`${path}: ${kind}`)
}

/** The format of a file, or why it is not read. */
function kindOf(bytes: Uint8Array): string {
  const beginning = Buffer.from(bytes.subarray(0, 64)).toString('latin1')
  if (/^(?:\xef\xbb\xbf)?\s*\{/.test(beginning)) return 'json'
  if (beginning.startsWith('PK\x03\x04') || /^\x80[\x02-\x05]/.test(beginning)) {
    return 'a file of PyTorch (.pt, .pth) or another archive; save the parameters with safetensors.torch.save_file(model.state_dict(), "model.safetensors")' // prettier-ignore
  }
  if (beginning.startsWith('\x89HDF')) {
    return 'an HDF5 file (Keras .h5); export the model with model.export("model.onnx", format="onnx")'
  }
  if (beginning[8] === '{' || bytes.length < 9) return 'safetensors'
  // A model of ONNX begins with its version, a field of type varint.
  return beginning.startsWith('\x08') ? 'onnx' : 'expected a safetensors or ONNX file, or a model (JSON)'
}

/** A model with names where it has none. */
function withNames(
  path: string,
  network: Network,
  names: Readonly<Record<'features' | 'classes' | 'targetNames', string[] | undefined>>,
): Network {
  // prettier-ignore
  for (const field of ['features', 'classes', 'targetNames'] as const) {
    const own = network[field]
    if (own === undefined || names[field] === undefined || own.join() === names[field].join()) continue
    const flag = field === 'targetNames' ? 'target-names' : field
    throw new InputError(`--${flag}: ${path} names others: ${own.join()}; leave the option out`)
  }
  const given = Object.entries(names).filter(([, list]) => list !== undefined)
  return Network.fromJSON({ ...network.toJSON(), ...Object.fromEntries(given) })
}
