import type { PlacementSettings } from '../../backend/backend.ts'
import { InputError } from '../../core/errors.ts'
import type { Dataset } from '../../data/dataset.ts'
import { countParameters } from '../../model/layout.ts'
import type { Task } from '../../model/description.ts'
import { Network } from '../../model/network.ts'
import { describeFit, taskFor } from '../decide-task.ts'
import { adoptPreprocessing } from '../prepared.ts'
import { checkFit, checkSettings } from '../settings.ts'
import { combinationsOf } from './combinations.ts'
import type { CheckedSweep } from './options.ts'
import { divideSamples, type Part, type Samples } from './parts.ts'
import type { SweepSettings } from './settings.ts'

/** What all networks with the same settings have in common. */
export interface Combination {
  readonly settings: SweepSettings
  /** As a backend takes them; each network has its seed. */
  readonly placement: Omit<PlacementSettings, 'seed' | 'profiler'>
  readonly parameters: number
  readonly outputs: number
  readonly task: Task
  /** The activations of the layers. */
  readonly activations: readonly string[]
}

/** One of the trainings of a sweep. */
export interface Member {
  /** The number of its combination and seed, from 0 on; the trainings of cross-validation have it in common. */
  readonly index: number
  readonly seed: number
  readonly combination: Combination
  /** What it is trained on. */
  readonly part: Part
}

/** What a sweep trains, checked. */
export interface Plan {
  readonly options: CheckedSweep
  /** All samples first, then the folds of cross-validation. */
  readonly parts: readonly Part[]
  /** The trainings of the same combination and seed follow one another, in the order of the parts. */
  readonly members: readonly Member[]
  /** How many combinations with a seed the whole sweep has, all shards together. */
  readonly combinations: number
}

/** A network as it is before its training. */
export function networkOf({ combination, seed, part: { train } }: Member): Network {
  const network = createNetwork(combination.settings, seed)
  adoptPreprocessing(network, train)
  describeFit(network, combination.settings.loss, train)
  return network
}

/** A network with trained parameters. */
export function trainedNetwork(member: Member, parameters: Float32Array): Network {
  const network = networkOf(member)
  network.parameters.set(parameters)
  return network
}

const createNetwork = (settings: SweepSettings, seed: number) => {
  const { sizes, activation, hidden, output, activations, init } = settings
  return Network.create({ sizes, activation, hidden, output, activations, init, seed })
}

/** Checks everything that can be checked before the first network is trained. */
export function planOf(data: Dataset, options: CheckedSweep): Plan {
  if (options.halving && options.earlyStopping) {
    throw new InputError('halving: ends the training of weak networks itself; leave earlyStopping out')
  }
  const samples = divideSamples(data, options)
  const checked = new Map<string, ReturnType<typeof checkNetwork>>()
  const combinations = combinationsOf(options, data.length).map((settings): Combination => {
    const { optimizer, batchSize, l1, l2, epochs: _, shuffle: __, learningRate: ___, ...shape } = settings
    const key = JSON.stringify(shape)
    const known = checked.get(key) ?? checkNetwork(settings, samples, options)
    checked.set(key, known)
    return { settings, ...known.common, placement: { ...known.placement, optimizer, batchSize, l1, l2 } }
  })
  const [{ parts }] = checked.values() as unknown as [ReturnType<typeof checkNetwork>]
  const { seeds, shard } = options
  const isOwn = (index: number) => !shard || index % shard.count === shard.index - 1
  const members = combinations.flatMap((combination, c) =>
    seeds.flatMap((seed, s) => {
      const index = c * seeds.length + s
      return isOwn(index) ? parts.map((part) => ({ index, seed, combination, part })) : []
    }),
  )
  return { options, parts, members, combinations: combinations.length * seeds.length }
}

/** Checks a network against the data and the options, as a single training does. */
function checkNetwork(settings: SweepSettings, samples: readonly Samples[], options: CheckedSweep) {
  const { loss, dropout, epochs } = settings
  const example = createNetwork(settings, 1)
  const { settings: placement } = checkSettings(example, { loss, dropout })
  const { classWeights, earlyStopping } = options
  const placed = { network: example, loss, epoch: 0 }
  const parts = samples.map(({ train, validation, held }, number): Part => {
    const fit = checkFit(placed, train, { epochs, validation, classWeights, earlyStopping })
    return { number, train: fit.train as Dataset, validation: fit.validation as Dataset | undefined, held }
  })
  const common = {
    parameters: countParameters(example.layers),
    outputs: example.sizes.at(-1)!,
    task: taskFor(example, loss, parts[0]!.train),
    activations: example.activations,
  }
  return { parts, common, placement: { loss, dropout: placement.dropout } }
}
