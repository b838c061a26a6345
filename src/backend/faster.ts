import { BackendUnavailableError } from '../core/errors.ts'
import { hashText } from '../core/hash.ts'
import { Matrix } from '../core/matrix.ts'
import { Random } from '../core/random.ts'
import { version } from '../core/version.ts'
import type { Network } from '../model/network.ts'
import type { Backend, DataSource, EpochOrder, PlacementSettings } from './backend.ts'
import { KeptMap } from './webgpu/device/choices.ts'
import { engineVersion, readEntry, writeEntry } from '#cache'

/**
 * Which of several backends trains a small network faster is measured, because no rule covers all machines: a step of a
 * few multiplications costs less on one core than the way to a GPU and back. The results are kept between processes.
 */

/** The largest networks that are measured, in parameters, and the most multiplications of a step. */
const MOST_PARAMETERS = 2000
const MOST_PRODUCTS = 200_000
/** Milliseconds of training that a measurement takes at least, once the code is compiled. */
const LEAST_MILLISECONDS = 10
/** More measurements, of which the fastest counts. */
const REPEATS = 2
const STEPS = 50
const MOST_ROWS = 2000
/** How many times faster a backend must be to replace one that comes before it. */
const CLEARLY = 1.1

/** A backend with its name and description from before it was opened, under which results are kept. */
export interface Candidate {
  readonly backend: Backend
  readonly name: string
  readonly description: string
}

export const candidateOf = (backend: Backend): Candidate => ({
  backend,
  name: backend.name,
  description: backend.description,
})

const isText = (value: unknown): value is string => typeof value === 'string'
/** Names of backends, by network and candidates. */
const known = new KeptMap(isText)
let restoring: Promise<void> | undefined

/** What the measurements are kept under. */
function cacheKey(): string {
  const { process } = globalThis as { process?: { version?: string } }
  return hashText(JSON.stringify(['faster backends', version, engineVersion(), process?.version]))
}

async function restore(): Promise<void> {
  const key = cacheKey()
  const entry = (await readEntry(key).catch(() => undefined)) as { faster?: unknown } | undefined
  known.restore(entry?.faster)
  known.watch(
    () => void writeEntry(key, { faster: JSON.parse(JSON.stringify(known)) as unknown }).catch(() => undefined),
  )
}

const keyOf = (candidates: readonly Candidate[], { layers }: Network, settings: PlacementSettings): string => {
  const { loss, optimizer, batchSize, l1 = 0, l2 = 0, dropout = [] } = settings
  const shape = layers.map(({ inputs, outputs, activation }) => [inputs, outputs, activation])
  const extras = [l1 > 0, l2 > 0, dropout.some((share) => share > 0), optimizer.clipNorm > 0]
  const names = candidates.map(({ name, description }) => `${name}: ${description}`)
  return hashText(JSON.stringify([shape, loss, optimizer.name, batchSize, extras, names]))
}

/**
 * The fastest backend for a small network.
 * @param candidates in the order in which they are preferred
 * @param onUnavailable is called for those that turn out not to be available, which are passed over
 * @returns the first of them for networks that are not small
 */
export async function fastestBackend(
  candidates: readonly Candidate[],
  network: Network,
  settings: PlacementSettings,
  onUnavailable: (candidate: Candidate, error: BackendUnavailableError) => void,
): Promise<Candidate> {
  const first = candidates[0]!
  const count = network.parameters.length
  if (candidates.length === 1 || count > MOST_PARAMETERS || count * settings.batchSize > MOST_PRODUCTS) return first
  await (restoring ??= restore())
  const key = keyOf(candidates, network, settings)
  const remembered = known.get(key)
  const kept = candidates.find(({ name }) => name === remembered)
  if (kept) return kept
  let best = { candidate: first, rate: 0 }
  for (const candidate of candidates) {
    try {
      const rate = await stepsPerMillisecond(candidate.backend, network, settings)
      if (rate > best.rate * CLEARLY) best = { candidate, rate }
    } catch (error) {
      if (!(error instanceof BackendUnavailableError)) throw error
      onUnavailable(candidate, error)
    }
  }
  // Where none is available, whoever places the network on the last one gets its error.
  if (best.rate === 0) return candidates.at(-1)!
  known.set(key, best.candidate.name)
  return best.candidate
}

/** The rate at which a backend trains, with all that is paid for each epoch; nothing changes, because the rate is 0. */
async function stepsPerMillisecond(
  backend: Backend,
  network: Network,
  { profiler: _, ...settings }: PlacementSettings,
): Promise<number> {
  const { batchSize } = settings
  const placement = await backend.place(network, settings)
  try {
    const data = makeSamples(network, Math.max(batchSize, Math.min(STEPS * batchSize, MOST_ROWS)))
    const rows = data.inputs.rows
    const handle = await placement.upload(data, 'repeatedly')
    const order = Uint32Array.from({ length: rows }, (_, i) => i)
    const epoch: EpochOrder = { order, batchSize, learningRate: 0, stepsBefore: 0 }
    // The first epoch compiles.
    await placement.train(handle, [epoch]).result
    const train = async (count: number) => {
      const began = performance.now()
      await placement.train(handle, new Array<EpochOrder>(count).fill(epoch)).result
      return performance.now() - began
    }
    let count = 1
    let milliseconds
    while ((milliseconds = await train(count)) < LEAST_MILLISECONDS) count *= 4
    // Other programs may have run meanwhile.
    for (let i = 0; i < REPEATS; i++) milliseconds = Math.min(milliseconds, await train(count))
    handle.dispose()
    return (count * Math.ceil(rows / batchSize)) / milliseconds
  } finally {
    placement.dispose()
  }
}

/** Normal inputs, and a random class for each. */
function makeSamples({ sizes }: Network, rows: number): DataSource {
  const random = new Random(0, 'data')
  const inputs = new Matrix(rows, sizes[0]!)
  for (let i = 0; i < inputs.data.length; i++) inputs.data[i] = random.normal()
  const targets = new Matrix(rows, sizes.at(-1)!)
  for (let row = 0; row < rows; row++) targets.data[row * targets.cols + random.below(targets.cols)] = 1
  return { inputs, targets }
}
