import { Command } from 'commander'
import { extname } from 'node:path'
import { activationNames, checkName, fromSafetensors, InputError, Network } from '../index.ts'
import { readBytes, readModel, writeModel } from '../node/files.ts'
import { withPath } from '../node/paths.ts'
import { addOwn, addRequired, ownFlags } from './flags.ts'
import { count, note } from './output.ts'
import { marks } from './outputs/marks.ts'
import { checkOutputs } from './outputs/plan.ts'

interface ImportOptions {
  out: string
  activation?: string
  force?: boolean
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('read a network from a .safetensors or .json file; a model file comes out')
    .argument('<file>', 'a file that export or another program wrote')
  addRequired(command, ownFlags.imported)
  return addOwn(command, ownFlags.importedActivation, ownFlags.force).action(importModel)
}

async function importModel(file: string, { out, activation, force = false }: ImportOptions): Promise<void> {
  const network = await readNetwork(file, activation)
  const output = { option: '--out', path: out, mark: marks.model, force }
  await checkOutputs([output], [{ option: 'import', path: file }])
  await writeModel(out, network, { force })
  const { sizes, activations, parameters } = network
  note(`${out} written: ${sizes.join('-')}, ${activations.join(' · ')}, ${count(parameters.length)} parameters`)
}

async function readNetwork(path: string, activation: string | undefined): Promise<Network> {
  const kind = extname(path).toLowerCase()
  const names = activation?.split(',').map((name) => checkName('--activation', name.trim(), activationNames))
  if (kind === '.json') {
    if (names) throw new InputError(`--activation: ${path} names them itself; leave the option out`)
    return readModel(path)
  }
  if (kind !== '.safetensors') throw new InputError(`${path}: expected a .safetensors or .json file`)
  const bytes = await readBytes(path)
  return withPath(path, () => fromSafetensors(bytes, { activations: names?.length === 1 ? names[0] : names }))
}
