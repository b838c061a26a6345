import { InputError } from '../core/errors.ts'
import type { DescriptionJSON } from '../model/description.ts'
import type { PlainError } from './values.ts'

/** A worker, a port, or the scope of a worker: of browsers, or of Node's `worker_threads`. */
export interface Endpoint {
  /**
   * Sends a message.
   * @param message any value that the structured clone algorithm copies
   */
  postMessage(message: unknown): void
  /**
   * Calls a function with each message, in browsers.
   * @param type the kind of event: `message` or `error`
   * @param listener called with each event of that kind
   */
  addEventListener?(type: string, listener: (event: Event) => void): void
  /** Of Node; the values differ by the type. */
  on?: unknown
  /** Begins to receive, of a port. */
  start?(): void
  /** Ends a worker. */
  terminate?(): unknown
  /** Ends a port. */
  close?(): void
}

/** What is asked of a worker. Every call has a number, which its answer, its events and its abort name. */
export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly trainer: number; readonly method: string; readonly values: readonly unknown[]; readonly rates: readonly number[] | undefined; readonly callbacks: readonly string[] } // prettier-ignore
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'handled'; readonly id: number; readonly error: PlainError | undefined }

/** What a worker answers. */
export type FromWorker =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown; readonly state: TrainerState | undefined }
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly error: PlainError
      readonly state: TrainerState | undefined
    }
  | { readonly kind: 'event'; readonly id: number; readonly name: string; readonly value: unknown }

/** What a trainer in a worker was when it answered. */
export interface TrainerState {
  readonly epoch: number
  readonly step: number
  readonly memory: number
  readonly recoveries: number
  readonly backend: { readonly name: string; readonly description: string }
  readonly seed: number
  readonly description: DescriptionJSON
}

/** Calls a function with each message, in browsers and in Node. @throws InputError for what is neither worker nor port */
export function listen(endpoint: Endpoint, receive: (message: never) => void, fail: (error: Error) => void): void {
  if (typeof endpoint?.postMessage !== 'function') throw new InputError('worker: expected a Worker or a MessagePort')
  if (typeof endpoint.on === 'function') {
    const on = endpoint.on.bind(endpoint) as (type: string, listener: (value: never) => void) => void
    on('message', receive)
    on('error', fail)
    on('exit', () => fail(new Error('the worker ended')))
  } else if (endpoint.addEventListener) {
    endpoint.addEventListener('message', ((event: MessageEvent) => receive(event.data as never)) as (
      event: Event,
    ) => void)
    endpoint.addEventListener('error', ((event: ErrorEvent) => fail(new Error(`the worker failed: ${event.message || 'its script could not be loaded'}`))) as (event: Event) => void) // prettier-ignore
    endpoint.start?.()
  } else throw new InputError('worker: expected a Worker or a MessagePort')
}
