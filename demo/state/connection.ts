import type { Request, WorkerMessage } from '../protocol.ts'
import { setNotices } from './signals.ts'

/** The worker that trains. */
const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })

export const send = (request: Request) => {
  worker.postMessage(request)
}

/** A function for each type of message from the worker. */
export type Handlers = { [T in WorkerMessage['type']]: (message: WorkerMessage & { type: T }) => void }

export function receive(handlers: Handlers): void {
  worker.onmessage = ({ data: message }: MessageEvent<WorkerMessage>) => {
    ;(handlers[message.type] as (message: WorkerMessage) => void)(message)
  }
}

worker.onerror = ({ message }) => {
  setNotices('training', `The training has stopped: ${message}. Reload the page.`)
}
