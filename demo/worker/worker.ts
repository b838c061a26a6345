import type { FromSession, ToSession } from '../protocol.ts'
import { Session } from './session.ts'

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

self.onmessage = ({ data: { session: id, request } }: MessageEvent<ToSession>) => {
  const session = sessions.get(id) ?? openSession(id)
  if (request.type === 'close') {
    sessions.delete(id)
    void session.close()
  } else void session.handle(request)
}
