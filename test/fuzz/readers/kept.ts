import { recentPart, withReport } from '../../../demo/history.ts'
import { checkRecord, type KeptRun, VERSION } from '../../../demo/kept/record.ts'
import type { KeptMessage } from '../../../demo/kept/protocol.ts'
import { fromHash, toHash } from '../../../demo/link.ts'
import { type Settings, defaults } from '../../../demo/settings.ts'
import { Keeper } from '../../../demo/worker/kept/keeper.ts'
import { prepare } from '../../../demo/worker/prepare.ts'
import { Run } from '../../../demo/worker/run.ts'
import { DivergedError } from '../../../src/index.ts'
import { json, toText } from '../mutate.ts'
import { type Reader, reader } from './reader.ts'

/** A request of IndexedDB, or a transaction: its result is there in the next turn. */
class Answer {
  oncomplete?: () => void
  onsuccess?: () => void
  readonly result: unknown
  constructor(result?: unknown) {
    this.result = result
    queueMicrotask(() => this.onsuccess?.())
  }
}

/** IndexedDB in memory, as far as the page uses it: values are copied as a browser copies them. */
function storageWith(entries: Map<string, unknown>): unknown {
  const store = {
    get: (key: string) => new Answer(structuredClone(entries.get(key))),
    getAllKeys: () => new Answer([...entries.keys()]),
    put: (value: unknown, key: string) => void entries.set(key, structuredClone(value)),
    delete: (key: string) => void entries.delete(key),
    get transaction() {
      return new Answer()
    },
  }
  return { open: () => new Answer({ transaction: () => ({ objectStore: () => store }) }) }
}

const locks = {
  request: (_name: string, ...rest: (() => unknown)[]) => Promise.resolve(rest.length),
  query: () => Promise.resolve({ held: [] }),
}

/** Runs `work` as in a browser with this storage. */
async function withStorage<T>(entries: Map<string, unknown>, work: () => Promise<T>): Promise<T> {
  const replaced = { navigator: { locks }, indexedDB: storageWith(entries) }
  const before = Object.keys(replaced).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
  for (const [name, value] of Object.entries(replaced)) Object.defineProperty(globalThis, name, { value, configurable: true })
  try {
    return await work()
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else Reflect.deleteProperty(globalThis, name)
    }
  }
} // prettier-ignore

/** JSON has no infinity, and no arrays of numbers of one type: an object with one of these keys becomes one. */
const arrays = { $floats: Float32Array, $doubles: Float64Array, $integers: Int32Array } as const
const kinds = Object.entries(arrays)

const toJson = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) => {
      if (part === Infinity) return { $infinity: 1 }
      const [key] = kinds.find(([, kind]) => part instanceof kind) ?? []
      return key === undefined ? part : { [key]: [...(part as Float32Array)] }
    }),
  )

const fromJson = (text: string): object | null =>
  JSON.parse(text, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part
    if ('$infinity' in part) return Infinity
    const [key, kind] = kinds.find(([key]) => Array.isArray((part as Record<string, unknown>)[key])) ?? []
    return kind ? kind.from((part as Record<string, unknown[]>)[key!] as number[]) : part
  }) as object | null

/** What the settings of a kept run may say, without those that need what only browsers have. */
const inNode = (settings: Settings): Settings & { problem: Exclude<Settings['problem'], 'file'> } => ({
  ...settings,
  backend: 'cpu',
  problem: settings.problem === 'file' ? 'circle' : settings.problem,
})

/** Goes on with a run as the page does, and trains it on. */
async function goOn({ address, history, state }: KeptRun): Promise<void> {
  const settings = inNode(fromHash(address).settings)
  const run = new Run(settings, prepare(settings, settings.problem))
  try {
    await run.scoreUntrained()
    await run.continueFrom(state)
    await run.minibatch()
    const { checkpoint, train, test } = run.moments.latest
    recentPart(withReport(history, { epoch: checkpoint.epoch, step: checkpoint.step, train, test } as never))
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
  } finally {
    await run.release()
  }
}

/** Finds the runs that a browser kept, and goes on with each. */
async function findAndGoOn(value: unknown): Promise<void> {
  const entries = new Map<string, unknown>()
  try {
    for (const [key, entry] of Object.entries(fromJson(toText(value)) ?? {})) entries.set(key, structuredClone(entry))
  } catch (error) {
    if (error instanceof RangeError) return // Nested so deeply that no browser stores it.
    throw error
  }
  const taken = await withStorage(entries, async () => {
    const messages: KeptMessage[] = []
    const keeper = new Keeper((message) => messages.push(structuredClone(message)), () => undefined) // prettier-ignore
    await keeper.handle({ type: 'find', last: undefined })
    const [found] = messages
    if (found?.type !== 'found') throw new Error('no answer')
    for (const { id } of found.runs) await keeper.handle({ type: 'take', id })
    return messages.flatMap((message) => (message.type === 'taken' && message.kept ? [message.kept] : []))
  })
  for (const kept of taken) await goOn(kept)
}

/** What a browser keeps of a run after an epoch. */
async function makeEntries(id: string, changed: Partial<Settings>): Promise<Record<string, unknown>> {
  const settings = inNode({ ...defaults, samples: 20, batch: 10, hidden: [2], activations: ['tanh', 'sigmoid'], ...changed }) // prettier-ignore
  const run = new Run(settings, prepare(settings, settings.problem))
  await run.scoreUntrained()
  await run.epoch()
  await run.minibatch()
  const { checkpoint, train, test } = run.moments.latest
  await run.release()
  const history = [{ epoch: 1, trainLoss: 0.3, testLoss: null, trainScore: 0.5, testScore: null }]
  const state = { checkpoint, train, test, best: { loss: 0.3, epoch: 1 } }
  const [address, time] = [toHash(settings), Date.now()]
  const kept: KeptRun = { version: VERSION, id, time, address, run: address, playing: true, history, state, files: 0 }
  return { [`run ${id}`]: kept }
}

/** Runs that the browser kept of closed tabs: the page goes on with them, or ignores them. */
export async function keptReader(): Promise<Reader<unknown>> {
  const one = await makeEntries('a', {})
  const two = await makeEntries('b', { optimizer: 'adam', dropout: 0.2, problem: 'hills', activations: ['relu', 'linear'], loss: 'meanSquaredError' }) // prettier-ignore
  const seeds = [one, { ...one, ...two, 'files b': [], 'files c': [1] }].map(toJson)
  for (const seed of seeds) {
    for (const [name, record] of Object.entries(fromJson(toText(seed)) ?? {})) {
      if (name.startsWith('run ') && !checkRecord(record)) throw new Error(`the seed ${name} is not accepted`)
    }
  }
  const files = ['demo/kept/', 'demo/worker/kept/']
  return reader('kept runs of the page', json(seeds), files, findAndGoOn)
}
