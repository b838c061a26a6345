import type { Backend } from '../../backend/backend.ts'
import { recipeOf } from '../../backend/host/recipe.ts'
import { usualThreads } from '../../backend/host/wasm/threads.ts'
import { usualDataMemory } from '../../backend/webgpu/device/adapter.ts'
import { BackendWithFallback } from '../fallback.ts'
import type { RunContext } from './context.ts'
import { type Combination, type Member, networkOf } from './members.ts'
import type { TrainingSetup } from './jobs.ts'
import { OneByOne } from './one-by-one.ts'

/** Threads are started for a sweep that takes longer than this on one thread: starting them takes about a tenth of it. */
const LEAST_SECONDS = 0.4
/** Rough times, in seconds, of a step and of a parameter for a sample. */
const STEP_SECONDS = 3e-7
const PARAMETER_SECONDS = 5e-10

/** Groups networks that are trained one at a time by where they are trained: on threads of the host, or on the device. */
export async function* placeSeparately(
  members: readonly Member[],
  context: RunContext,
  reason: string,
): AsyncGenerator<OneByOne> {
  const places = new Map<Backend, Member[]>()
  for (const member of members) {
    const backend = (await hostFor(member, context)) ?? context.replacement.backend
    const own = places.get(backend)
    if (own) own.push(member)
    else places.set(backend, [member])
  }
  for (const [backend, own] of places) yield await placeOn(backend, own, context, reason)
}

const hosts = new WeakMap<Combination, Promise<Backend | undefined>>()

/** The backend of the host that trains a network, where the choice was left to the library. */
async function hostFor(member: Member, { replacement }: RunContext): Promise<Backend | undefined> {
  const { backend } = replacement
  if (!(backend instanceof BackendWithFallback)) return undefined
  const { combination, seed } = member
  let host = hosts.get(combination)
  if (!host) {
    host = backend.hostFor(networkOf(member), { ...combination.placement, seed })
    hosts.set(combination, host)
  }
  return host
}

async function placeOn(
  backend: Backend,
  members: readonly Member[],
  context: RunContext,
  reason: string,
): Promise<OneByOne> {
  const { options, parts, threads } = context
  const { earlyStopping, dataMemory = usualDataMemory() } = options
  const signal = abortedOrEnding(options.signal, context.ending)
  const setup: TrainingSetup = { backend, earlyStopping, dataMemory, signal, replacement: context.replacement }
  const recipe = recipeOf(backend)
  const most = recipe && requestedThreads(recipe, context)
  if (!recipe || most === undefined || most < 2 || context.members.length < 2) {
    return new OneByOne(members, context, { reason, setup, threads: undefined })
  }
  const count = Math.min(most, context.members.length)
  // Where there are fewer networks than threads, each has several.
  const own = recipe.name === 'wasm' ? { ...recipe, threads: Math.floor(most / count) } : recipe
  await threads.open(count, setup, own, parts)
  const { obstacle } = threads
  const reasons = obstacle === undefined ? reason : `${reason}; ${threads.count || 'no'} threads, because ${obstacle}`
  return new OneByOne(members, context, { reason: reasons, setup, threads: threads.count > 0 ? threads : undefined })
}

/** A signal that is aborted when the user's is, and when the sweep ends. */
function abortedOrEnding(signal: AbortSignal | undefined, ending: AbortSignal): AbortSignal {
  if (!signal) return ending
  const either = new AbortController()
  for (const one of [signal, ending]) {
    const abort = () => {
      either.abort(one.reason)
    }
    if (one.aborted) abort()
    else one.addEventListener('abort', abort, { once: true, signal: either.signal })
  }
  return either.signal
}

/** How many threads to train on; undefined where starting them takes longer than it saves. */
function requestedThreads(recipe: { name: string; threads?: number | undefined }, context: RunContext) {
  const { members, options } = context
  if (options.threads !== undefined) return options.threads
  let seconds = 0
  for (const { combination, part } of members) {
    const { epochs, batchSize } = combination.settings
    const samples = part.train.length
    const steps = Math.ceil(samples / batchSize)
    seconds += epochs * (steps * STEP_SECONDS + samples * combination.parameters * PARAMETER_SECONDS)
  }
  return seconds < LEAST_SECONDS ? undefined : (recipe.threads ?? usualThreads())
}
