/** Keeps the most recently used entries, at most `limit` of them. */
export class RecentMap<Value> {
  readonly #limit: number
  /** A Map iterates in the order of insertion, and each use inserts anew: the first entry is the least recently used. */
  readonly #entries = new Map<string, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  /** The entry of a key, made by `make` if it is missing. The least recently used entry may be removed for it. */
  getOrMake(key: string, make: () => Value): Value {
    const known = this.#entries.get(key)
    const value = known ?? make()
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#limit) {
      const [oldest] = this.#entries.keys()
      this.#entries.delete(oldest!)
    }
    return value
  }

  /** Removes an entry, if it is still the one given. */
  remove(key: string, value: Value): void {
    if (this.#entries.get(key) === value) this.#entries.delete(key)
  }
}
