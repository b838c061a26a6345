import { createStore, delMany, get, keys, setMany, type UseStore } from 'idb-keyval'
import { checkRecord, type KeptRun } from '../../kept/record.ts'

/** The most bytes that a run and its files may occupy. */
const MAX_BYTES = 64 * 2 ** 20

const runKey = (id: string) => `run ${id}`
const filesKey = (id: string) => `files ${id}`

/** The kept runs in IndexedDB: for each a record, and an entry with its files. */
export class KeptRuns {
  #store: UseStore | undefined

  /** @throws where the browser has no IndexedDB, or does not allow it */
  #opened(): UseStore {
    return (this.#store ??= createStore('webgpu-mlp-runs', 'runs'))
  }

  /**
   * Keeps a run.
   * @param files that it needs
   * @param filesChanged whether they are other files than at the last call
   * @returns whether it was kept: it is not if it is too large
   * @throws where the storage is full, or not allowed
   */
  async keep(run: KeptRun, files: readonly File[], filesChanged: boolean): Promise<boolean> {
    const { parameters, state } = run.state.checkpoint.snapshot
    const bytes = files.reduce((sum, { size }) => sum + size, parameters.byteLength + state.byteLength)
    if (bytes > MAX_BYTES) {
      await this.remove(run.id)
      return false
    }
    const store = this.#opened()
    if (!filesChanged) await setMany([[runKey(run.id), run]], store)
    else if (files.length === 0) {
      await setMany([[runKey(run.id), run]], store)
      await delMany([filesKey(run.id)], store)
    } else {
      // In one transaction: a record without its files would be of no use.
      await setMany([[filesKey(run.id), files], [runKey(run.id), run]], store) // prettier-ignore
    }
    return true
  }

  /** A run; undefined if there is none that can be used. */
  async read(id: string): Promise<KeptRun | undefined> {
    return checkRecord(await readOrUndefined(runKey(id), this.#opened()))
  }

  /** The files of a run; fewer than it needs if they cannot be read. */
  async files(id: string): Promise<readonly File[]> {
    const files = await readOrUndefined(filesKey(id), this.#opened())
    return Array.isArray(files) ? files.filter((file) => file instanceof File) : []
  }

  async remove(id: string): Promise<void> {
    await delMany([runKey(id), filesKey(id)], this.#opened())
  }

  /** All runs, the latest one first. Those that are old, damaged or of another version are removed. */
  async all(): Promise<KeptRun[]> {
    const store = this.#opened()
    const names = (await keys(store)).filter((key) => typeof key === 'string')
    const runs: KeptRun[] = []
    for (const name of names.filter((key) => key.startsWith(runKey('')))) {
      const run = checkRecord(await readOrUndefined(name, store))
      if (run && runKey(run.id) === name) runs.push(run)
    }
    const known = new Set(runs.flatMap(({ id }) => [runKey(id), filesKey(id)]))
    await delMany(names.filter((name) => !known.has(name)), store) // prettier-ignore
    return runs.sort((a, b) => b.time - a.time)
  }
}

/** An entry; undefined also where the browser can no longer read it. */
async function readOrUndefined(key: string, store: UseStore): Promise<unknown> {
  try {
    return await get<unknown>(key, store)
  } catch {
    return undefined
  }
}
