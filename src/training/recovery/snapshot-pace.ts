import type { Journal } from './journal.ts'

/** Milliseconds of training between two snapshots, at least. */
const SHORTEST = 500
/** Snapshots take at most this share of the time. */
const SHARE = 0.01
/** Bytes of host memory for orders and passing data; then a snapshot is due, however long it takes. */
const MOST_BYTES = 1 << 25

/** When the next snapshot is due: the time that one takes is learned. */
export class SnapshotPace {
  #time = performance.now()
  /** Milliseconds. */
  #cost = 0

  isDue(journal: Journal): boolean {
    const isDue = this.isTimeOver || journal.bytes > Math.max(MOST_BYTES, 2 * journal.baseBytes)
    return isDue && journal.hasTraining && !journal.hasDiverged
  }

  /** Whether it is long enough since the last one. */
  get isTimeOver(): boolean {
    return performance.now() - this.#time > Math.max(SHORTEST, this.#cost / SHARE)
  }

  /** A snapshot was taken. */
  note(): void {
    this.#time = performance.now()
  }

  /** Takes the duration of a snapshot, in which the device was idle; the same time again is lost until it is busy. */
  learn(milliseconds: number): void {
    this.#cost = 2 * milliseconds
  }
}
