import type { Backend } from '../../backend/backend.ts'
import { loadCode } from '../../backend/loading.ts'
import { BackendUnavailableError, DeviceLostError } from '../../core/errors.ts'

/**
 * Whether an error is the consequence of a lost device: an error of another kind may come before the loss is reported.
 * A backend that was disposed of is not lost.
 */
export async function isLoss(error: unknown, backend: Backend): Promise<boolean> {
  if (error instanceof DeviceLostError) return true
  if (backend.isLost === undefined) return false
  await new Promise((resolve) => setTimeout(resolve))
  return backend.isLost
}

/**
 * Replaces devices that were lost. The first loss is answered by another device, the second in a row without progress by
 * a device that gets less work at a time, the third by the CPU, as is a loss after which there is no other device.
 */
export class Replacement {
  readonly #given: Backend
  readonly #threads: number | undefined
  #host: Backend | undefined
  #losses = 0
  #isDisposedOf = false

  /** @param threads of the backend wasm, where it goes on there */
  constructor(backend: Backend, threads?: number) {
    this.#given = backend
    this.#threads = threads
  }

  /** What is computed on now. */
  get backend(): Backend {
    return this.#host ?? this.#given
  }

  /** Whether the CPU replaced the device. */
  get isOnHost(): boolean {
    return this.#host !== undefined
  }

  /** Whether the program disposed of the backend: that is not a loss. */
  get isDisposedOf(): boolean {
    return this.#isDisposedOf
  }

  /** Results arrived: the next loss is the first one again. */
  noteProgress(): void {
    this.#losses = 0
  }

  /**
   * The backend to go on with.
   * @param cause the error by which the loss was found
   * @throws DeviceLostError where the backend was not lost, but disposed of ({@link isDisposedOf})
   */
  async next(cause: unknown): Promise<Backend> {
    this.#losses++
    let reason = summaryOf(cause)
    if (this.#losses <= 2 && this.#given.reopen) {
      try {
        await this.#given.reopen({ smaller: this.#losses === 2 })
        return this.#given
      } catch (error) {
        if (error instanceof DeviceLostError && this.#given.isLost !== true) {
          this.#isDisposedOf = true
          throw error
        }
        reason += `; ${summaryOf(error)}`
      }
    }
    return (this.#host = await openHostsAfter(reason, this.#threads))
  }

  /** Frees what was opened here. */
  dispose(): void {
    this.#host?.dispose()
  }
}

/** @throws BackendUnavailableError where their code cannot be loaded; it says what was lost, too */
async function openHostsAfter(reason: string, threads: number | undefined): Promise<Backend> {
  try {
    const { openHosts } = await loadCode('cpu', () => import('../hosts.ts'))
    return openHosts(threads, { reason })
  } catch (cause) {
    throw new BackendUnavailableError(`${reason}; ${(cause as Error).message}`, { cause })
  }
}

/** What happened: messages say after a semicolon what to do about it, which is done here. */
export const summaryOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('; ', 1)[0]!
