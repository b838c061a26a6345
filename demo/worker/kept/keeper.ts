import type { KeepRequest, KeptMessage, KeptRequest, KeptSummary } from '../../kept/protocol.ts'
import { type KeptRun, VERSION } from '../../kept/record.ts'
import type { RunState } from '../../kept/run-state.ts'
import { KeptRuns } from './store.ts'

/** The run that the page shows, as far as the worker knows it. */
export interface ActiveRun extends RunState {
  /** The number that the page gave it. */
  number: number
  /** The opened files, if it is trained on them. */
  files: readonly File[]
}

/** The most runs of closed tabs to keep. */
const MOST_CLOSED = 4
/** Milliseconds in which the browser ends the worker of a page that was reloaded. */
const ENDING = 2000

const lockName = (id: string) => `webgpu-mlp run ${id}`

/** Keeps the run of this page in IndexedDB, and finds those of closed tabs. Where the browser does not allow it, the page says so. */
export class Keeper {
  readonly #post: (message: KeptMessage) => void
  readonly #active: () => ActiveRun | undefined
  readonly #runs = new KeptRuns()
  /** Identifies this page; its lock is held until the browser ends the worker. */
  readonly #id = crypto.randomUUID()
  #keptFiles: readonly File[] | undefined
  /** Whether the storage refused a run, even after others were removed. */
  #isFull = false

  constructor(post: (message: KeptMessage) => void, active: () => ActiveRun | undefined) {
    this.#post = post
    this.#active = active
    if (isPossible()) void navigator.locks.request(lockName(this.#id), () => new Promise(() => undefined))
  }

  async handle(request: KeptRequest): Promise<void> {
    if (request.type === 'find') await this.#find(request.last)
    else if (request.type === 'take') await this.#take(request.id)
    else if (request.type === 'keep') await this.#keep(request)
    else await this.#attempt(() => this.#runs.remove(request.id))
  }

  /** Where the storage is missing or refused, the page works without it. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return isPossible() ? await work() : undefined
    } catch {
      return undefined
    }
  }

  async #find(last: string | undefined): Promise<void> {
    const closed = await this.#attempt(() => this.#closedRuns(last))
    this.#post({ type: 'found', id: this.#id, runs: (closed ?? []).map(summarize) })
  }

  /** The runs of closed tabs, the latest one first. Of several with the same settings, only the latest is kept. */
  async #closedRuns(last: string | undefined): Promise<KeptRun[]> {
    if (last !== undefined) await waitForEnd(last)
    const { held = [] } = await navigator.locks.query()
    const live = new Set(held.map(({ name }) => name))
    const closed = (await this.#runs.all()).filter(({ id }) => !live.has(lockName(id)))
    const isRepeated = ({ run }: KeptRun, i: number) => closed.findIndex((other) => other.run === run) < i
    const kept = closed.filter((run, i) => !isRepeated(run, i)).slice(0, MOST_CLOSED)
    for (const run of closed) if (!kept.includes(run)) await this.#runs.remove(run.id)
    return kept
  }

  async #take(id: string): Promise<void> {
    const taken = await this.#attempt(async () => {
      const kept = await this.#runs.read(id)
      const files = kept && kept.files > 0 ? await this.#runs.files(id) : []
      return kept?.files === files.length ? { kept, files } : undefined
    })
    this.#post({ type: 'taken', id, kept: taken?.kept, files: taken?.files ?? [] })
  }

  async #keep({ type: _, number, replaces, ...shown }: KeepRequest): Promise<void> {
    const active = this.#active()
    if (active?.number !== number || active.checkpoint.epoch === 0 || this.#isFull) return
    const { checkpoint, train, test, best, files } = active
    const state = { checkpoint, train, test, best }
    const run: KeptRun = { version: VERSION, id: this.#id, time: Date.now(), ...shown, state, files: files.length }
    const isKept = (await this.#attempt(() => this.#write(run, files))) ?? (await this.#writeAlone(run, files))
    this.#isFull = isKept === undefined
    this.#post({ type: 'stored', isStored: isKept === true })
    if (isKept && replaces !== undefined) await this.#attempt(() => this.#runs.remove(replaces))
  }

  async #write(run: KeptRun, files: readonly File[]): Promise<boolean> {
    const isKept = await this.#runs.keep(run, files, files !== this.#keptFiles)
    this.#keptFiles = files
    return isKept
  }

  /** Writes a run after those of closed tabs were removed, because the storage may be full. */
  async #writeAlone(run: KeptRun, files: readonly File[]): Promise<boolean | undefined> {
    return this.#attempt(async () => {
      for (const { id } of await this.#closedRuns(undefined)) await this.#runs.remove(id)
      return this.#write(run, files)
    })
  }
}

/** Whether the browser has what is needed. Pages without https have no locks. */
const isPossible = () => 'locks' in navigator && 'indexedDB' in globalThis

/** Waits until the worker of a page has ended; not if it belongs to another tab, which was duplicated. */
async function waitForEnd(id: string): Promise<void> {
  const signal = AbortSignal.timeout(ENDING)
  await navigator.locks.request(lockName(id), { signal }, () => undefined).catch(() => undefined)
}

function summarize({ id, address, run, state: { checkpoint, train, test } }: KeptRun): KeptSummary {
  const { accuracy, loss } = test ?? train
  return { id, address, run, epoch: checkpoint.epoch, accuracy, loss }
}
