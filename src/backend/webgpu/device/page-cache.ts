/**
 * `#cache` where the platform itself provides WebGPU: browsers and workers keep what is known about adapters in IndexedDB.
 * Where that is missing or refused (Deno, private windows), nothing outlives the program. In Node
 * `src/node/adapter-cache.ts` takes its place.
 */

const DATABASE = 'webgpu-mlp'
const STORE = 'adapters'
/** The most entries. Where there are as many, all are dropped before another one is written. */
const MOST_ENTRIES = 16
/** Milliseconds after which a database that does not answer counts as missing. */
const LONGEST_WAIT = 500

/** The versions, other than the adapter's, on which a kernel's behaviour depends. */
export function engineVersion(): string {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? 'unknown engine'
}

/** The entry of a key, as it was written; undefined where there is none. */
export function readEntry(key: string): Promise<unknown> {
  return inStore('readonly', (store) => store.get(key))
}

/** Writes the entry of a key, in the place of an older one. */
export async function writeEntry(key: string, entry: unknown): Promise<void> {
  const count = await inStore('readonly', (store) => store.count())
  if (typeof count === 'number' && count >= MOST_ENTRIES) await inStore('readwrite', (store) => store.clear())
  await inStore('readwrite', (store) => store.put(entry, key))
}

/** The result of one request; undefined where there is no database, or it fails or does not answer. */
async function inStore(mode: IDBTransactionMode, request: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, LONGEST_WAIT, undefined)))
  try {
    return await Promise.race([runRequest(mode, request), late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

async function runRequest(mode: IDBTransactionMode, request: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const { indexedDB } = globalThis as { indexedDB?: IDBFactory }
  if (!indexedDB) return undefined
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  const database = (await resultOf(opening)) as IDBDatabase
  try {
    return await resultOf(request(database.transaction(STORE, mode).objectStore(STORE)))
  } finally {
    database.close()
  }
}

function resultOf(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as unknown)
    request.onerror = () => reject(request.error ?? new Error('the database refused a request'))
  })
}
