import type { ActivationName, LiveNetwork, LiveSweepOptions } from '../../../src/index.ts'
import type { Settings } from '../../settings.ts'
import { optimizerOf } from '../optimizers.ts'
import type { Prepared } from '../prepare.ts'

/** What the networks of the wall differ in. */
interface Differing {
  readonly sizes: readonly number[]
  readonly activations: readonly ActivationName[]
  readonly optimizer: string
  readonly learningRate: number
  readonly batchSize: number
  readonly l2: number
  readonly init: string
  readonly seed: number
}

const unique = <T>(all: readonly T[]): T[] => [...new Map(all.map((value) => [JSON.stringify(value), value])).values()]

function differingOf(settings: Settings, { train }: Prepared): Differing {
  const { hidden, activations, optimizer, learningRate, batch, l2, init, seed } = settings
  const sizes = [train.inputs.cols, ...hidden, train.targets.cols]
  return { sizes, activations, optimizer, learningRate, batchSize: batch, l2, init, seed }
}

const isUniform = ({ activations }: Differing) => new Set(activations.slice(0, -1)).size <= 1

/** The sweep in which there is a network for each of these settings. */
export function sweepOptions(tiles: readonly Settings[], prepared: Prepared): LiveSweepOptions {
  const all = tiles.map((settings) => differingOf(settings, prepared))
  const [base] = tiles as [Settings, ...Settings[]]
  const values = <K extends keyof Differing>(name: K) => unique(all.map((one) => one[name]))
  const hidden = unique(all.flatMap(({ activations }) => activations.slice(0, -1)))
  const output = base.activations.at(-1)!
  // Lists of activations have the length of the layers; one for all hidden layers goes with any number of them.
  const layers = all.every(isUniform)
    ? { output, ...(hidden.length > 0 && { hidden }) }
    : { activations: values('activations') }
  return {
    ...layers,
    sizes: values('sizes'),
    init: unique(tiles.map(({ init }) => init)),
    optimizer: unique(tiles.map(({ optimizer }) => optimizer)).map((optimizer) => optimizerOf({ ...base, optimizer })),
    learningRate: values('learningRate'),
    batchSize: values('batchSize'),
    l1: base.l1,
    l2: values('l2'),
    dropout: base.dropout,
    loss: base.loss,
    seeds: values('seed'),
    validation: prepared.test,
    backend: base.backend,
  }
}

/** What identifies a network: without hidden layers, their activation does not matter. */
function keyOf({ sizes, activations, optimizer, learningRate, batchSize, l2, init, seed }: Differing): string {
  return JSON.stringify([sizes, activations, optimizer, learningRate, batchSize, l2, init, seed])
}

function differingIn({ settings, seed }: LiveNetwork): Differing {
  const { sizes, activations, hidden, output, optimizer, learningRate, batchSize, l2, init } = settings
  const layers = sizes.length - 1
  return {
    sizes,
    activations: activations ?? Array.from({ length: layers }, (_, l) => (l === layers - 1 ? output! : hidden!)),
    optimizer: optimizer.name,
    learningRate: learningRate as number,
    batchSize,
    l2,
    init,
    seed,
  }
}

/** The number of the network of each tile. */
export function networksOfTiles(
  tiles: readonly Settings[],
  prepared: Prepared,
  networks: readonly LiveNetwork[],
): number[] {
  const numbers = new Map(networks.map((network, index) => [keyOf(differingIn(network)), index]))
  return tiles.map((settings) => numbers.get(keyOf(differingOf(settings, prepared)))!)
}
