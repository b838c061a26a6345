import { BackendUnavailableError, InputError, OutOfMemoryError } from '../../core/errors.ts'
import type { Optimizer } from '../../optimizer/optimizer.ts'
import type { Context, Group, RunContext } from './context.ts'
import type { Combination, Member, Plan } from './members.ts'
import { placeSeparately } from './separate.ts'
import { SideBySide } from './side-by-side.ts'

/** The most networks that are trained side by side: more would not be faster, and take more memory. */
const MOST_NETWORKS = 65_536

/** Networks that can be trained by the same kernel, or one after another. */
interface Alike {
  readonly members: readonly Member[]
  /** Why they are trained separately, if they are. */
  readonly reason: string | undefined
}

/** Whether each constant of an optimizer is used, and those that kernels have as numbers. */
const traitsOfOptimizer = (optimizer: Optimizer) =>
  Object.entries(optimizer).map(([name, value]: [string, unknown]) =>
    name === 'learningRate' || typeof value === 'string' || name === 'initialAccumulator' ? value : Boolean(value),
  )

/** What the networks of a population have in common; finer than a backend may need. */
function traitsOf({ settings, activations }: Combination): string {
  const { sizes, init, loss, batchSize, epochs, l1, l2, optimizer } = settings
  const traits = traitsOfOptimizer({ ...optimizer, learningRate: 0 })
  return JSON.stringify([sizes, activations, init, loss, batchSize, epochs, l1 > 0, l2 > 0, traits])
}

/** Why a network cannot be one of a population, whatever the backend. */
function reasonAgainst({ settings, placement }: Combination, { options, parts }: Plan): string | undefined {
  const { optimizer, learningRate, shuffle } = settings
  if (placement.dropout?.some((share) => share > 0)) return 'dropout'
  if (optimizer.clipNorm > 0) return 'gradients are clipped (clipNorm)'
  if (typeof learningRate === 'object' && learningRate.plateau) return 'reduceOnPlateau follows the loss of each epoch'
  if (options.earlyStopping) return 'early stopping follows the loss of each epoch'
  if (!shuffle) return 'the samples are not shuffled'
  if (parts.some(({ train, validation }) => train.weights ?? validation?.weights)) return 'the samples have weights'
  return undefined
}

/** Why a backend trains no networks side by side. */
export function reasonOf({ replacement }: Context): string | undefined {
  const { backend } = replacement
  return backend.populate ? undefined : `the backend ${backend.name} trains one network at a time`
}

/** Divides networks into those that can be trained together; a group has the same number of epochs. */
export function divide(context: Context): Alike[] {
  const groups = new Map<string, { members: Member[]; reason: string | undefined }>()
  const kinds = new Map<Combination, { readonly key: string; readonly reason: string | undefined }>()
  const general = reasonOf(context)
  for (const member of context.members) {
    const { combination, part } = member
    let known = kinds.get(combination)
    if (known === undefined) {
      const reason = general ?? reasonAgainst(combination, context)
      const key = reason === undefined ? traitsOf(combination) : `${combination.settings.epochs} ${reason}`
      known = { key, reason }
      kinds.set(combination, known)
    }
    const { epoch: trained = 0, form = '' } = context.states.get(member) ?? {}
    // Networks that are trained one after another may have different data, and go on from different epochs.
    const key = known.reason === undefined ? `${part.number} ${trained} ${form} ${known.key}` : known.key
    const group = groups.get(key) ?? { members: [], reason: known.reason }
    group.members.push(member)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/**
 * Places networks, as many side by side as the device takes; each group is placed when it is asked for, so that one that was
 * disposed of frees the memory for the next.
 */
export async function* placeGroups({ members, reason }: Alike, context: RunContext): AsyncGenerator<Group> {
  if (reason !== undefined) {
    yield* placeSeparately(members, context, reason)
    return
  }
  let most = MOST_NETWORKS
  for (let from = 0; from < members.length;) {
    const part = members.slice(from, from + most)
    const group = await placeTogether(part, context)
    if (typeof group !== 'string') {
      yield group
      from += part.length
    } else if (part.length > 1) most = Math.ceil(part.length / 2)
    else {
      yield* placeSeparately(members.slice(from), context, group)
      return
    }
  }
}

/** @returns the networks side by side; or why that is not possible for this number of networks */
async function placeTogether(members: readonly Member[], context: Context): Promise<Group | string> {
  const { replacement } = context
  for (;;) {
    // A loss may have been replaced by the CPU.
    const reason = reasonOf(context)
    if (reason !== undefined) return reason
    const { generation } = replacement
    try {
      return await SideBySide.place(members, context)
    } catch (error) {
      const isRefusal =
        error instanceof InputError || error instanceof OutOfMemoryError || error instanceof BackendUnavailableError
      if (isRefusal) return error.message
      if (!(await replacement.replaces(error, generation))) throw error
    }
  }
}
