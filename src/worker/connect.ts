import { InputError } from '../core/errors.ts'
import { listen, type Endpoint, type FromWorker, type ToWorker, type TrainerState } from './endpoint.ts'
import { errorOf, fromMessage, plainError, toMessage } from './values.ts'

/** One call that a worker has not answered. */
interface Pending {
  readonly resolve: (answer: { value: unknown; state: TrainerState | undefined }) => void
  readonly reject: (error: unknown) => void
  readonly callbacks: Readonly<Record<string, (value: never) => unknown>>
  readonly onState: (state: TrainerState | undefined) => void
}

/** What a call takes in addition to its method. */
export interface CallOptions {
  readonly values?: readonly unknown[]
  readonly rates?: readonly number[] | undefined
  readonly callbacks?: Pending['callbacks']
  readonly onState?: Pending['onState']
}

/** The connection to a worker: calls with answers, events and aborts, several at a time. */
export class Connection {
  readonly #endpoint: Endpoint
  readonly #pending = new Map<number, Pending>()
  #failure: Error | undefined
  #calls = 0
  #trainers = 0

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    listen(endpoint, (message: FromWorker) => this.#receive(message), (error) => this.#fail(error)) // prettier-ignore
  }

  newTrainer(): number {
    return ++this.#trainers
  }

  /** @returns the number of the call, which aborts it, and its answer */
  call(
    trainer: number,
    method: string,
    { values = [], rates, callbacks = {}, onState = () => undefined }: CallOptions = {},
  ) {
    const id = ++this.#calls
    const answer = new Promise<{ value: unknown; state: TrainerState | undefined }>((resolve, reject) => {
      if (this.#failure) throw this.#failure
      const message = { kind: 'call', id, trainer, method, values: values.map(toMessage), rates, callbacks: Object.keys(callbacks) } as const // prettier-ignore
      this.#post(message)
      this.#pending.set(id, { resolve, reject, callbacks, onState })
    })
    return { id, answer }
  }

  abort(id: number): void {
    this.#post({ kind: 'abort', id })
  }

  end(): void {
    this.#fail(new InputError('worker: it was ended by terminate()'))
    if (this.#endpoint.terminate) this.#endpoint.terminate()
    else this.#endpoint.close?.()
  }

  #post(message: ToWorker): void {
    try {
      this.#endpoint.postMessage(message)
    } catch (cause) {
      throw new InputError(`worker: a value cannot be sent to a worker: ${(cause as Error).message}`, { cause })
    }
  }

  #receive(message: FromWorker): void {
    const pending = this.#pending.get(message.id)
    if (!pending) return
    if (message.kind === 'event') return void this.#handle(pending, message)
    this.#pending.delete(message.id)
    pending.onState(message.state)
    if (message.kind === 'failed') pending.reject(errorOf(message.error))
    else pending.resolve({ value: fromMessage(message.value), state: message.state })
  }

  async #handle({ callbacks }: Pending, { id, name, value }: Extract<FromWorker, { kind: 'event' }>): Promise<void> {
    try {
      await callbacks[name]?.(fromMessage(value) as never)
      if (name !== 'onRecovery') this.#post({ kind: 'handled', id, error: undefined })
    } catch (error) {
      this.#errors.set(id, error)
      this.#post({ kind: 'handled', id, error: plainError(error) })
    }
  }

  /** What functions of this side threw; the call rejects with the same object. */
  readonly #errors = new Map<number, unknown>()

  /** The error that a call rejects with: what a function of this side threw, else the one of the worker. */
  errorFor(id: number, error: unknown): unknown {
    const own = this.#errors.has(id) ? this.#errors.get(id) : error
    this.#errors.delete(id)
    return own
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#pending.values()) reject(this.#failure)
    this.#pending.clear()
  }
}
