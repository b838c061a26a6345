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

/** One of the networks of a sweep. */
export interface Member {
  /** Its number, from 0 on. */
  readonly index: number
  readonly seed: number
  readonly combination: Combination
}

/** What a sweep trains, checked. */
export interface Plan {
  readonly options: CheckedSweep
  /** As the networks take them, with the weights of the classes. */
  readonly train: Dataset
  readonly validation: Dataset | undefined
  readonly members: readonly Member[]
}

/** A network as it is before its training. */
export function networkOf({ combination, seed }: Member, train: Dataset): Network {
  const network = createNetwork(combination.settings, seed)
  adoptPreprocessing(network, train)
  describeFit(network, combination.settings.loss, train)
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
  const checked = new Map<string, ReturnType<typeof checkNetwork>>()
  const combinations = combinationsOf(options).map((settings): Combination => {
    const { optimizer, batchSize, l1, l2, epochs: _, shuffle: __, learningRate: ___, ...shape } = settings
    const key = JSON.stringify(shape)
    const known = checked.get(key) ?? checkNetwork(settings, data, options)
    checked.set(key, known)
    return { settings, ...known.common, placement: { ...known.placement, optimizer, batchSize, l1, l2 } }
  })
  const [{ train, validation }] = checked.values() as unknown as [ReturnType<typeof checkNetwork>]
  const members = combinations.flatMap((combination) => options.seeds.map((seed) => ({ seed, combination })))
  return { options, train, validation, members: members.map((member, index) => ({ ...member, index })) }
}

/** Checks a network against the data and the options, as a single training does. */
function checkNetwork(settings: SweepSettings, data: Dataset, options: CheckedSweep) {
  const { loss, dropout, epochs } = settings
  const example = createNetwork(settings, 1)
  const { settings: placement } = checkSettings(example, { loss, dropout })
  const { classWeights, earlyStopping } = options
  const placed = { network: example, loss, epoch: 0 }
  const fit = checkFit(placed, data, { epochs, validation: options.validation, classWeights, earlyStopping })
  const [train, validation] = [fit.train as Dataset, fit.validation as Dataset | undefined]
  const common = {
    parameters: countParameters(example.layers),
    outputs: example.sizes.at(-1)!,
    task: taskFor(example, loss, train),
    activations: example.activations,
  }
  return { train, validation, common, placement: { loss, dropout: placement.dropout } }
}
