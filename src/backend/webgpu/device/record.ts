import { hashText } from '../../../core/hash.ts'
import { version } from '../../../core/version.ts'
import { shaderTexts } from '../kernels/manifest.ts'
import { nameAdapter } from './adapter.ts'
import { KeptMap, MeasuredChoices } from './choices.ts'
import { engineVersion, readEntry, writeEntry } from '#cache'

/** Milliseconds after which a record is discarded, where the platform does not name the driver: it may be another one. */
const WEEK = 7 * 24 * 3600 * 1000

/** Whether the platform names the version of the driver, as Dawn does in Node; browsers do not. */
export const namesDriver = ({ description }: GPUAdapterInfo): boolean => /\d+\.\d+/.test(description)

let shadersHash: string | undefined

/**
 * What a record is kept under: everything that determines how kernels behave on this machine. Where a browser names no
 * driver, features and limits are what is left of it.
 */
function keyOf({ adapterInfo, features, limits }: GPUDevice): string {
  const { vendor, architecture, device, description } = adapterInfo
  const numbers: unknown[] = []
  for (const name in limits) numbers.push(limits[name as keyof GPUSupportedLimits])
  shadersHash ??= hashText(Object.values(shaderTexts).join())
  const library = [version, shadersHash, engineVersion()]
  return hashText(JSON.stringify([library, vendor, architecture, device, description, [...features].sort(), numbers]))
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** What is kept of a record, as an entry of the cache. */
interface Entry {
  /** For people who look into the file. */
  adapter: string
  /** Milliseconds since 1970, when the first result was kept. */
  began: number
}

/** The records of this process: all devices on the same adapter share one. */
const records = new Map<string, Promise<AdapterRecord>>()

/**
 * What was found out about an adapter: the results of the self-test, and measured choices. It is kept between processes
 * (`#cache`). Deterministic backends use the results of the self-test and ignore the choices, which depend on the time
 * that a measurement took.
 */
export class AdapterRecord {
  /** The results of the self-test, by case: empty where the result was correct, else what was wrong. */
  readonly tests = new KeptMap(isText)
  readonly choices = new MeasuredChoices()

  /** The record of a device's adapter, with what earlier processes found out. */
  static of(gpu: GPUDevice): Promise<AdapterRecord> {
    const key = keyOf(gpu)
    let record = records.get(key)
    if (!record) records.set(key, (record = AdapterRecord.open(gpu, key)))
    return record
  }

  /** Reads a record. Exported for tests, which read the cache again as another process would. */
  static async open(gpu: GPUDevice, key = keyOf(gpu)): Promise<AdapterRecord> {
    const record = new AdapterRecord()
    await new Keeper(record, gpu.adapterInfo, key).start()
    return record
  }

  /** Everything that is kept, by name. */
  get maps(): Record<string, KeptMap<unknown>> {
    return { tests: this.tests, ...this.choices.maps }
  }
}

/** Restores a record from the cache, and writes it there after changes. */
class Keeper {
  readonly #record: AdapterRecord
  readonly #info: GPUAdapterInfo
  readonly #key: string
  #writing: Promise<void> | undefined

  constructor(record: AdapterRecord, info: GPUAdapterInfo, key: string) {
    this.#record = record
    this.#info = info
    this.#key = key
  }

  async start(): Promise<void> {
    await this.#restore()
    for (const map of Object.values(this.#record.maps)) map.watch(() => this.#writeSoon())
  }

  /** Takes in what is in the cache. @returns when the first of it was kept */
  async #restore(): Promise<number> {
    const kept = await readEntry(this.#key).catch(() => undefined)
    const now = Date.now()
    if (typeof kept !== 'object' || kept === null) return now
    const entry = kept as Partial<Record<keyof Entry, unknown>>
    const began = typeof entry.began === 'number' ? entry.began : 0
    // A time in the future is as good as none.
    const isCurrent = namesDriver(this.#info) || (began > now - WEEK && began <= now)
    if (!isCurrent) return now
    for (const [name, map] of Object.entries(this.#record.maps)) map.restore(entry[name as keyof Entry])
    return began || now
  }

  /** Changes that happen together are written together. */
  #writeSoon(): void {
    this.#writing ??= Promise.resolve().then(async () => {
      this.#writing = undefined
      // Another process may have written meanwhile.
      const began = await this.#restore()
      const entry: Entry = { adapter: nameAdapter(this.#info), began, ...this.#record.maps }
      // As plain data: IndexedDB would keep subclasses of Map as maps.
      await writeEntry(this.#key, JSON.parse(JSON.stringify(entry))).catch(() => undefined)
    })
  }
}
