/**
 * The parts of a trainer's time: `open` the adapter and its device, `compile` kernels (and measure their tiles),
 * `upload` data and orders, `encode` commands, `submit` them, `kernel`: one entry per stage and layer, `idle`: waiting for
 * the device in excess of its kernels' time (launching them, waking up), `read-back` of results, `host`: orders and sums,
 * `other`: not measured.
 */
export const profileParts = [
  'open',
  'compile',
  'upload',
  'encode',
  'submit',
  'kernel',
  'idle',
  'read-back',
  'host',
  'other',
] as const
/** What the time of a profile's entry was spent on. */
export type ProfilePart = (typeof profileParts)[number]

/** One entry of a profile. */
export interface ProfileEntry {
  /** What the time was spent on. */
  part: ProfilePart
  /** For example `gradient[0]`: the stage and its layer. */
  name: string
  /** The duration in seconds. */
  seconds: number
  /** The share of all seconds, 0 to 1. */
  share: number
  /** How many times it ran. */
  count: number
}

/** Where the time went; the entries' seconds add up to `seconds`. */
export interface Profile {
  /** Wall time spent in the trainer's calls, its creation included. */
  seconds: number
  /** In the order of {@link ProfilePart}; the kernels in the order in which they first ran. */
  entries: ProfileEntry[]
}

/** Sums measured times. The times that are added must not overlap, or they would count twice. */
export class Profiler {
  readonly #entries = new Map<string, { part: ProfilePart; name: string; milliseconds: number; count: number }>()
  #wall = 0

  add(part: ProfilePart, name: string, milliseconds: number, count = 1): void {
    const key = `${part} ${name}`
    const entry = this.#entries.get(key)
    if (entry) {
      entry.milliseconds += milliseconds
      entry.count += count
    } else this.#entries.set(key, { part, name, milliseconds, count })
  }

  /** Adds to the wall time, of which the entries are parts. */
  addWall(milliseconds: number): void {
    this.#wall += milliseconds
  }

  report(): Profile {
    const measured = [...this.#entries.values()]
    const rest = this.#wall - measured.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
    measured.push({ part: 'other', name: 'not measured', milliseconds: Math.max(0, rest), count: 1 })
    const entries = profileParts
      .flatMap((wanted) => measured.filter(({ part }) => part === wanted))
      .map(({ part, name, milliseconds, count }) => ({
        part,
        name,
        seconds: milliseconds / 1000,
        share: this.#wall > 0 ? milliseconds / this.#wall : 0,
        count,
      }))
    return { seconds: this.#wall / 1000, entries }
  }
}

/** Runs `work`, and measures it if there is a profiler. */
export async function timed<T>(
  profiler: Profiler | undefined,
  part: ProfilePart,
  name: string,
  work: () => T | Promise<T>,
): Promise<T> {
  if (!profiler) return work()
  const began = performance.now()
  try {
    return await work()
  } finally {
    profiler.add(part, name, performance.now() - began)
  }
}
