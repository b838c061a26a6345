import type { FromKept, KeptRequest, ToKept } from '../kept/protocol.ts'
import { type FromSession, SHOWN, type ToSession } from '../protocol.ts'
import type { FromWall, ToWall, WallRequest } from '../sweep/protocol.ts'
import type { Keeper } from './kept/keeper.ts'
import { Session } from './session.ts'
import type { Wall } from './sweep/wall.ts'

/** The sessions of this worker, by the numbers that the page gave them. */
const sessions = new Map<number, Session>()

function openSession(id: number): Session {
  const session = new Session((message, transfer = []) => {
    const posted: FromSession = { session: id, message }
    self.postMessage(posted, { transfer })
  })
  sessions.set(id, session)
  return session
}

/** The wall of networks, whose code is loaded when the page opens it. */
let wall: Promise<Wall> | undefined

async function handleWall(request: WallRequest): Promise<void> {
  wall ??= import('./sweep/wall.ts').then(
    ({ Wall }) =>
      new Wall((message, transfer = []) => {
        const posted: FromWall = { wall: message }
        self.postMessage(posted, { transfer })
      }),
  )
  await (await wall).handle(request)
}

/** Keeps the run that the page shows; its code is loaded after that of the training. */
let keeper: Promise<Keeper> | undefined

async function handleKept(request: KeptRequest): Promise<void> {
  keeper ??= import('./kept/keeper.ts').then(
    ({ Keeper }) =>
      new Keeper(
        (message) => {
          const posted: FromKept = { kept: message }
          self.postMessage(posted)
        },
        () => sessions.get(SHOWN)?.active,
      ),
  )
  await (await keeper).handle(request)
}

self.onmessage = ({ data }: MessageEvent<ToSession | ToWall | ToKept>) => {
  if ('kept' in data) {
    void handleKept(data.kept)
    return
  }
  if ('wall' in data) {
    void handleWall(data.wall)
    return
  }
  const { session: id, request } = data
  const session = sessions.get(id) ?? openSession(id)
  if (request.type === 'close') {
    sessions.delete(id)
    void session.close()
  } else void session.handle(request)
}
