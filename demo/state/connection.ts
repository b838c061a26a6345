import type { FromKept, KeptMessage, KeptRequest, ToKept } from '../kept/protocol.ts'
import { type FromSession, type Request, SHOWN, type ToSession, type WorkerMessage } from '../protocol.ts'
import type { FromWall, ToWall, WallMessage, WallRequest } from '../sweep/protocol.ts'
import { setNotices, wallBackend } from './signals.ts'

/** The worker that trains. */
const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })

export const send = (request: Request) => {
  const posted: ToSession = { session: SHOWN, request }
  worker.postMessage(posted)
}

/** A function for each type of message from the worker. */
export type Handlers = { [T in WorkerMessage['type']]: (message: WorkerMessage & { type: T }) => void }

export function receive(handlers: Handlers): void {
  worker.onmessage = ({ data }: MessageEvent<FromSession | FromWall | FromKept>) => {
    if ('wall' in data) {
      if ('backend' in data.wall) wallBackend.value = data.wall.backend
      receiveFromWall?.(data.wall)
      return
    }
    if ('kept' in data) {
      receiveFromKept?.(data.kept)
      return
    }
    const { session, message } = data
    if (session === SHOWN) (handlers[message.type] as (message: WorkerMessage) => void)(message)
  }
}

let receiveFromWall: ((message: WallMessage) => void) | undefined

/** Receives the messages about the wall of networks, which is loaded when its tab is opened. */
export function receiveWall(receiver: (message: WallMessage) => void): void {
  receiveFromWall = receiver
}

export const sendToWall = (request: WallRequest) => {
  const posted: ToWall = { wall: request }
  worker.postMessage(posted)
}

let receiveFromKept: ((message: KeptMessage) => void) | undefined

/** Receives the messages about runs that are kept in the browser's storage. */
export function receiveKept(receiver: (message: KeptMessage) => void): void {
  receiveFromKept = receiver
}

export const sendToKept = (request: KeptRequest) => {
  const posted: ToKept = { kept: request }
  worker.postMessage(posted)
}

worker.onerror = ({ message }) => {
  setNotices('training', `The training has stopped: ${message}. Reload the page.`)
}
