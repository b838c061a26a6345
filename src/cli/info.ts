import { Command } from 'commander'
import { version } from '../../package.json'
import { Ensemble, InputError, type Network } from '../index.ts'
import { readAnyModel } from '../node/files.ts'
import { diagnose } from '../node/diagnose.ts'
import { describeColumns } from './columns.ts'
import { addOwn, ownFlags } from './flags.ts'
import { count, print, table } from './output.ts'
import { fingerprint } from './report/record.ts'

export function infoCommand(): Command {
  const command = new Command('info').description('describe this program and machine, or a model file')
  command.argument('[file]', 'a model that train wrote')
  return addOwn(command, ownFlags.model, ownFlags.json).action(info)
}

async function info(file: string | undefined, options: { model?: string; json?: boolean }): Promise<void> {
  const { model = file, json } = options
  if (file !== undefined && options.model !== undefined) {
    throw new InputError(`--model: the model is given already: ${file}; give one of them`)
  }
  const facts = model === undefined ? await describeProgram() : await describeModel(model)
  if (json) print(JSON.stringify(facts))
  else print(table(Object.entries(facts).map(([name, value]) => [name, String(value)])))
}

async function describeProgram(): Promise<Record<string, string>> {
  const { node, platform, chosen } = await diagnose()
  return { version, node, platform, backend: `${chosen.backend}: ${chosen.reason}` }
}

async function describeModel(path: string): Promise<Record<string, string | number>> {
  const model = await readAnyModel(path)
  return model instanceof Ensemble ? describeEnsemble(model) : describeNetwork(model)
}

const names = (list: readonly string[] | undefined) =>
  list ? `${list.slice(0, 12).join(', ')}${list.length > 12 ? `, … (${list.length})` : ''}` : 'unnamed'

function describeEnsemble(ensemble: Ensemble): Record<string, string | number> {
  const { networks, features, classes, targetNames, encoding, task, loss } = ensemble
  const parameters = networks.reduce((sum, network) => sum + network.parameters.length, 0)
  return {
    networks: networks.length,
    sizes: names([...new Set(networks.map(({ sizes }) => sizes.join('-')))]),
    parameters: count(parameters),
    features: names(features),
    classes: names(classes),
    targetNames: names(targetNames),
    columns: encoding ? describeColumns({ encoding, features }) : 'numbers',
    task: task ?? 'unknown',
    loss: loss ?? 'unknown, or not the same for all networks',
  }
}

function describeNetwork(network: Network): Record<string, string | number> {
  const {
    sizes,
    activations,
    parameters,
    features,
    classes,
    targetNames,
    encoding,
    scaling,
    targetScaling,
    task,
    loss,
  } = network
  return {
    sizes: sizes.join('-'),
    activations: activations.join(', '),
    parameters: count(parameters.length),
    fingerprint: fingerprint(network),
    features: names(features),
    classes: names(classes),
    targetNames: names(targetNames),
    columns: encoding ? describeColumns(network) : 'numbers',
    scaling: scaling ? `${scaling.kind}, applied to the inputs before the network` : 'none',
    targets: targetScaling ? `${targetScaling.kind}, answers are in their own units` : 'not scaled',
    task: task ?? 'unknown',
    loss: loss ?? 'unknown',
  }
}
