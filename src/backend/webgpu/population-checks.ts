import { InputError } from '../../core/errors.ts'
import { countParameters } from '../../model/layout.ts'
import type { EpochOrder, PlacementSettings, PopulationState, SeededEpochs } from '../backend.ts'
import type { DeviceLayer } from './kernels/packs.ts'
import { MOST_GROUPS } from './kernels/tiling.ts'
import type { ResidentForm } from './plans/choice.ts'

/** Each network has its own workgroup, but for the straight form. */
export function checkForm(form: ResidentForm, isPossible: boolean, networks: number): void {
  if (!isPossible)
    throw new InputError(`population: networks of this size cannot be trained in the form '${form}' here`)
  if (form === 'straight' || networks <= MOST_GROUPS) return
  throw new InputError(
    `population: at most ${MOST_GROUPS} networks of this size side by side, got ${networks}; train them in parts`,
  )
}

/** What the state of a population has to fit. */
interface StateShape {
  readonly form: string
  readonly networks: number
  readonly layers: readonly DeviceLayer[]
  readonly slots: number
}

export function checkState(state: PopulationState, { form, networks, layers, slots }: StateShape): void {
  if (state.form !== form) {
    throw new InputError(`population: expected the state of a population of the form '${form}', got '${state.form}'`)
  }
  const count = networks * countParameters(layers)
  const lengths = { parameters: count, state: slots * count, ended: networks } as const
  for (const [name, length] of Object.entries(lengths) as [keyof typeof lengths, number][]) {
    if (state[name].length === length) continue
    throw new InputError(`population: ${name}: expected ${length} values, got ${state[name].length}`)
  }
}

export function checkSeeds(seeds: Uint32Array, networks: number): void {
  if (seeds.length === networks) return
  throw new InputError(`population: expected a seed for each of ${networks} networks, got ${seeds.length}`)
}

export function checkSeeded({ seeds, first, count }: SeededEpochs, settings: readonly PlacementSettings[]): void {
  checkSeeds(seeds, settings.length)
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 1 || count < 1) {
    throw new InputError(
      `population: expected epochs counted from 1, and at least one of them, got ${count} from ${first} on`,
    )
  }
  if (settings.some(({ optimizer: { learningRate } }) => typeof learningRate !== 'number' && learningRate.plateau)) {
    throw new InputError(
      'population: reduceOnPlateau follows the loss of each epoch; train one network at a time with it',
    )
  }
}

export function checkEpochs(epochs: readonly (readonly EpochOrder[])[], networks: number): void {
  if (epochs.length !== networks || epochs.some((own) => own.length !== epochs[0]!.length)) {
    throw new InputError(`population: expected the same number of epochs for each of ${networks} networks`)
  }
  const [first] = epochs.flat()
  const differs = ({ order, batchSize }: EpochOrder) =>
    order.length !== first!.order.length || batchSize !== first!.batchSize
  if (epochs.flat().some(differs)) {
    throw new InputError('population: the epochs of all networks have orders of the same length, and one batchSize')
  }
}
