import { Command } from 'commander'
import { Encoding, type LossName, Network, type StageCheck, verify as verifyBackend } from '../index.ts'
import { readModel } from '../node/files.ts'
import { type ArrayOptions, isGenerated, loadData, type TextOptions } from './data.ts'
import { fitOutputs, outputsOf, readingFor, readingOf } from './target.ts'
import { usualLoss } from './evaluate.ts'
import {
  addBackendOptions,
  addDataOptions,
  type BackendOptions,
  checkBackend,
  addNetworkOptions,
  parseActivations,
  parseLayers,
  randomSeed,
} from './options.ts'
import { addFlag, addOwn, libraryFlags, ownFlags } from './flags.ts'
import { exitCodes, print, table } from './output.ts'

interface VerifyOptions extends BackendOptions, TextOptions, ArrayOptions {
  model?: string
  data?: string
  target?: string[]
  samples?: number
  noise?: number
  layers: string
  activation: string
  loss: LossName
  seed?: number
  batch: number
  json?: boolean
}

export function verifyCommand(): Command {
  const command = new Command('verify').description(
    "compare this machine's backend with float64, stage by stage; exits 1 where a stage differs",
  )
  addOwn(command, ownFlags.optionalModel, ownFlags.optionalData)
  addDataOptions(command)
  addNetworkOptions(command)
  addBackendOptions(command)
  addFlag(command, libraryFlags.batchOfVerify, { isDefaultShown: true })
  return addOwn(command, ownFlags.json).action(verify)
}

async function verify(options: VerifyOptions): Promise<void> {
  const { seed = randomSeed() } = options
  const { network, data, loss } = await makeCase(options, seed)
  const result = await verifyBackend(network, data, { ...checkBackend(options), loss, batchSize: options.batch, seed })
  if (options.json) print(JSON.stringify({ ...result, seed }))
  else {
    print(`${result.backend.name}: ${result.backend.description}`)
    print(
      `${network.sizes.join('-')}, ${network.activations.join(' · ')}, ${loss}, ${result.samples} samples, seed ${seed}`,
    )
    print(['Largest relative error of each stage, and in brackets what float32 rounding may cost there:', ''])
    const head = ['layer', 'forward', 'activation', 'delta', 'weight gradient', 'bias gradient', 'update']
    const rows = result.layers.map(
      ({ layer, forward, activation, delta, weightGradient, biasGradient, update }) =>
      [String(layer), ...[forward, activation, delta, weightGradient, biasGradient, update].map(say)], // prettier-ignore
    )
    print(table([head, ...rows]))
    print(['', result.ok ? 'Every stage holds.' : 'NOT every stage holds: results of this backend cannot be trusted.'])
  }
  if (!result.ok) process.exitCode = exitCodes.failed
}

const say = ({ error, bound, ok }: StageCheck) =>
  `${error.toExponential(1)} (${bound.toExponential(1)})${ok ? '' : ' FAILS'}`

async function makeCase(options: VerifyOptions, seed: number) {
  const model = options.model === undefined ? undefined : await readModel(options.model)
  const { data: name } = options
  const { features, classes, targetNames } = model ?? {}
  const columns = model && (model.encoding ?? Encoding.ofNumbers(model.sizes[0]!))
  const { task, numbers } = model
    ? readingFor(model)
    : name === undefined || isGenerated(name)
      ? {}
      : readingOf(options)
  const loaded = name === undefined ? undefined : await loadData({ ...options, data: name, seed, features, classes, targetNames, columns, task, numbers }) // prettier-ignore
  const given = loaded && fitOutputs(loaded.train, model ? model.sizes.at(-1) : outputsOf(options.layers))
  const ends = given && { inputs: given.inputs.cols, outputs: given.targets.cols }
  const loss = options.loss === 'quadratic' && model ? usualLoss(model) : options.loss
  let network = model
  if (!network) {
    const text = options.layers === '-,3,-' && !ends ? '784,30,10' : options.layers
    const sizes = parseLayers(text, ends)
    const activations = parseActivations(options.activation, sizes.length - 1, loss)
    network = Network.create({ sizes, activations, seed })
  }
  return { network, loss, data: given }
}
