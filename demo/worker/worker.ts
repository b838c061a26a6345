import type { FromSession, ToSession } from '../protocol.ts'
import type { FromWall, ToWall, WallRequest } from '../sweep/protocol.ts'
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

self.onmessage = ({ data }: MessageEvent<ToSession | ToWall>) => {
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
