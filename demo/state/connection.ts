import type { FromSession, Request, ToSession, WorkerMessage } from '../protocol.ts'
import { setNotices } from './signals.ts'

/** The worker that trains. */
const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })

/** The session of the run that the page shows. */
const SHOWN = 0

export const send = (request: Request) => {
  const posted: ToSession = { session: SHOWN, request }
  worker.postMessage(posted)
}

/** A function for each type of message from the worker. */
export type Handlers = { [T in WorkerMessage['type']]: (message: WorkerMessage & { type: T }) => void }

export function receive(handlers: Handlers): void {
  worker.onmessage = ({ data: { session, message } }: MessageEvent<FromSession>) => {
    if (session === SHOWN) (handlers[message.type] as (message: WorkerMessage) => void)(message)
  }
}

worker.onerror = ({ message }) => {
  setNotices('training', `The training has stopped: ${message}. Reload the page.`)
}
